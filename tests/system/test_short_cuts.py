"""Questions asked in the plain way and in any other way have one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system.conftest import document_of, observation
from trace_api.http import items
from trace_api.http import log as log_routes

if TYPE_CHECKING:
    import httpx

ITEM = "(01)09521234543213(21)short1"
SCANS = {"/verify": "scan"}
OTHER_WAY = {"unknown": "1"}
"""No short cut takes what the route does not document, and the route passes over it."""
PROVEN = {"proofs", "completeness"}
"""They hold the checkpoint that is out at the moment."""
OF_EACH_ANSWER = ("date", "content-length", "x-request-id")


@pytest.mark.parametrize("path", [*items.SHORT_CUTS, *log_routes.SHORT_CUTS])
def test_short_cut_answers_as_its_route(client: httpx.Client, path: str) -> None:
    assert client.post("/capture?ack=published", json=document_of(observation("short1"))).status_code == 202
    asked = {SCANS.get(path, "item"): ITEM} if path in items.SHORT_CUTS else {}
    short, long = client.get(path, params=asked), client.get(path, params=asked | OTHER_WAY)
    assert short.status_code == long.status_code == 200
    for name in OF_EACH_ANSWER:
        del short.headers[name], long.headers[name]
    assert short.headers == long.headers
    if path in items.SHORT_CUTS:
        given, expected = short.json(), long.json()
        assert given.keys() == expected.keys()
        if path != "/completeness":
            assert all(given[name] == expected[name] for name in given.keys() - PROVEN)
    else:
        assert short.text.splitlines()[0] == long.text.splitlines()[0]


@pytest.mark.parametrize("events", ["0", "007", "8", "200", "201", "-1", "1.0", "", "１"])
def test_number_of_events_is_read_as_by_the_route(client: httpx.Client, events: str) -> None:
    begun = [observation("timed", eventTime=f"2025-03-0{day}T00:00:00Z") for day in range(1, 10)]
    assert client.post("/capture?ack=published", json=document_of(*begun)).status_code == 202
    asked = {"scan": ITEM.replace("short1", "timed"), "events": events}
    short, long = client.get("/verify", params=asked), client.get("/verify", params=asked | OTHER_WAY)
    assert short.status_code == long.status_code
    if short.status_code == 200:
        assert len(short.json()["timeline"]) == len(long.json()["timeline"]) == min(int(float(events)), 9)


@pytest.mark.parametrize("path", items.SHORT_CUTS)
@pytest.mark.parametrize("value", ["", "(01)09521234543214(21)1", "%00", "%ff", "x" * 9_000, "a&item=b&scan=b"])
def test_wrong_question_has_the_problem_of_its_route(client: httpx.Client, path: str, value: str) -> None:
    name = SCANS.get(path, "item")
    short = client.get(f"{path}?{name}={value}")
    long = client.get(f"{path}?{name}={value}&unknown=1")
    assert short.status_code == long.status_code < 500
    assert short.headers["content-type"] == long.headers["content-type"]
