"""The OpenAPI document: true of the server, and no less than the standard's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

if TYPE_CHECKING:
    import httpx

    from tests.system.conftest import Server

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

NOT_DOCUMENTED = {
    "401": "nobody has to say who asks, but for `/links`, which is not the standard's",
    "403": "as 401",
    "500": "is always a fault of ours; none is meant",
}
"""Statuses that the standard lists everywhere and we do not, each with its reason."""
ELSEWHERE = {
    ("/", "get"): "for a program, and left out of the document with the page that it shares its address with",
    ("/", "options"): "as above",
}
OTHER_STATUS = {
    ("/events", "post", "409"): "what is captured again is no other event: 201, with the first one's id",
    ("/queries/{}", "get", "413"): "a definition is small, and costs nothing to show",
    ("/nextPageToken/{}", "delete", "501"): "it is implemented",
    ("/queries/{}/events", "get", "101"): "OpenAPI cannot describe an upgrade; it is in docs/subscriptions.md",
}


def normal(path: str) -> str:
    """A path without the names of its variable parts."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture(scope="module")
def ours(server: Server) -> dict[str, Any]:
    with server.client() as client:
        document: dict[str, Any] = client.get("/openapi.json").json()
        return document


@pytest.fixture(scope="module")
def standard(shared_data: Path) -> dict[str, Any]:
    path = shared_data / "epcis" / "gs1-EPCIS" / "REST-Bindings" / "openapi.json"
    document: dict[str, Any] = orjson.loads(path.read_bytes())
    return document


def resolved(document: dict[str, Any], part: Any) -> Any:
    while isinstance(part, dict) and "$ref" in part:
        _, kind, name = part["$ref"].removeprefix("#/").split("/")
        part = document["components"][kind][name]
    return part


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Each operation with all its parameters, by path and method."""
    found = {}
    for path, methods in document["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if method != "parameters":
                parameters = [resolved(document, p) for p in [*shared, *operation.get("parameters", [])]]
                found[normal(path), method] = {**operation, "parameters": parameters}
    return found


def test_every_operation_of_the_standard_is_in_ours(ours: dict[str, Any], standard: dict[str, Any]) -> None:
    left_out = set(operations(standard)) - set(operations(ours))
    assert left_out == set(ELSEWHERE)


def test_every_status_of_the_standard_is_in_ours(ours: dict[str, Any], standard: dict[str, Any]) -> None:
    mine = operations(ours)
    for (path, method), operation in operations(standard).items():
        if (path, method) in ELSEWHERE:
            continue
        missing = set(operation["responses"]) - set(mine[path, method]["responses"]) - set(NOT_DOCUMENTED)
        assert {(path, method, status) for status in missing} <= set(OTHER_STATUS), (path, method)


def test_every_query_parameter_of_the_standard_is_in_ours(ours: dict[str, Any], standard: dict[str, Any]) -> None:
    mine = operations(ours)
    socket = {"second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek", "stream", "reportIfEmpty"}
    for (path, method), operation in operations(standard).items():
        names = {p["name"] for p in operation["parameters"] if p["in"] == "query"} - socket - {"initialRecordTime"}
        if names and (path, method) not in ELSEWHERE:
            given = {p["name"] for p in mine[path, method]["parameters"] if p["in"] == "query"}
            # What there is of one value is one list of one word.
            paged = {"perPage", "nextPageToken"} if path.endswith("s/{}") else set()
            assert names - given - paged == set(), (path, method)


def test_every_header_of_the_standard_is_answered(client: httpx.Client, standard: dict[str, Any]) -> None:
    for (path, method), operation in operations(standard).items():
        if method != "options" or "{}" in path:
            continue
        answer = client.options(path)
        headers = set(resolved(standard, operation["responses"]["204"])["headers"]) - {"GS1-Extensions"}
        assert answer.status_code == 204, path
        assert headers <= {name for name in headers if name in answer.headers}, path


def test_server_does_as_its_document_says(server: Server) -> None:
    """Generated requests, good and bad, against every operation: no 5xx, no status, media type or body that the
    document does not have, and nothing accepted that it rules out."""
    command = [
        *(SCHEMATHESIS, "--config-file", Path(__file__).with_name("schemathesis.toml"), "run"),
        *(f"{server.url}/openapi.json", "--phases", "coverage,fuzzing", "--max-examples", "10"),
        *("--request-timeout", "30", "--seed", "20240917"),
    ]
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode == 0, ended.stdout[-6000:]
