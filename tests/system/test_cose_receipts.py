"""COSE receipts over HTTP, checked by a stranger's decoder."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson
import pytest

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, observation, simulated
from tests.test_cose import KID, TREE_SIZE, read_receipt, thumbprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

JSON = {"Content-Type": "application/json"}
LIKE_A_RECEIPT = "https://example.org/events/17/receipt.cose"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a log of 302 events."""
    running = Server.start(tmp_path_factory.mktemp("cose") / "data")
    with running.client() as client:
        document = document_of(observation("first"), observation("like", eventID=LIKE_A_RECEIPT))
        for body in (orjson.dumps(document), simulated(300, 1)[0]):
            answer = client.post("/capture?ack=published", content=body, headers=JSON)
            assert answer.json()["success"]
    yield running
    assert running.end() == 0


def ids(client: httpx.Client) -> list[str]:
    return trace_core.event_hash_ids(client.get("/events", params={"perPage": 1000}).content)


def test_command_checks_a_receipt_with_its_entry(filled: Server, tmp_path: Path) -> None:
    receipt_file, entry, policy = tmp_path / "receipt.cose", tmp_path / "entry", tmp_path / "policy.txt"
    with filled.client() as client:
        path = f"/events/{quote(LIKE_A_RECEIPT, safe='')}/receipt"
        receipt_file.write_bytes(client.get(f"{path}.cose").content)
        entry.write_bytes(base64.b64decode(client.get(path).json()["entry"]))
        key = client.get("/log/key").text.strip()
        policy.write_bytes(client.get("/log/policy").content)

    def verify(*options: object) -> tuple[int, str]:
        command = [WAYPROOF, "verify", receipt_file, *options]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    for trust in (("--key", key), ("--policy", policy)):
        code, said = verify(*trust, "--entry", entry)
        assert (code, "is leaf 1 of 302" in said) == (0, True)
    assert verify("--key", key)[0] == 1
    entry.write_bytes(b"another")
    assert verify("--key", key, "--entry", entry)[0] == 1


def test_receipt_holds_by_another_decoder_and_by_ours(filled: Server) -> None:
    with filled.client() as client:
        key = base64.b64decode(client.get("/log/key").text.split()[0].split("+", 2)[2])[1:]
        checked = set()
        for event_id in [LIKE_A_RECEIPT, *ids(client)[::30]]:
            path = f"/events/{quote(event_id, safe='')}/receipt"
            answer, receipt = client.get(f"{path}.cose"), client.get(path).json()
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/scitt-receipt+cose")
            leaf = trace_core.leaf_hash(base64.b64decode(receipt["entry"]))
            headers, leaf_index, tree_size, root = read_receipt(answer.content, leaf, key)
            # What the log has published, and nothing else, is what it signs.
            published = receipt["checkpoint"].split("\n")
            assert (leaf_index, tree_size) == (receipt["leaf_index"], receipt["tree_size"])
            assert (str(tree_size), base64.b64encode(root).decode()) == (published[1], published[2])
            assert (headers[KID], headers[TREE_SIZE]) == (thumbprint(key), 302)
            assert trace_core.check_cose_receipt(answer.content, leaf, key) == (leaf_index, tree_size, root)
            with pytest.raises(trace_core.SignatureError):
                trace_core.check_cose_receipt(answer.content, trace_core.leaf_hash(b"another"), key)
            checked.add(leaf_index)
        assert len(checked) > 10


def test_event_id_that_ends_like_a_cose_receipt_is_an_event(filled: Server) -> None:
    with filled.client() as client:
        answer = client.get(f"/events/{quote(LIKE_A_RECEIPT, safe='')}")
        [event] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert event["eventID"] == LIKE_A_RECEIPT


def test_receipt_of_nothing_or_of_several_is_a_problem_document(filled: Server) -> None:
    with filled.client() as client:
        shared = document_of(observation("a", eventID="urn:uuid:1"), observation("b", eventID="urn:uuid:1"))
        client.post("/capture?ack=published", content=orjson.dumps(shared), headers=JSON)
        for event_id, status in (("urn:uuid:0", 404), ("urn:uuid:1", 400), ("", 404), ("%00", 404)):
            answer = client.get(f"/events/{event_id}/receipt.cose")
            assert answer.status_code == status, event_id
            assert answer.headers["content-type"] == "application/problem+json"
        assert len(client.get("/events/urn:uuid:1/receipt.cose").json()["errors"]) == 2
        described = client.get("/openapi.json").json()["paths"]["/events/{eventID}/receipt.cose"]["get"]
        assert set(described["responses"]["200"]["content"]) == {"application/scitt-receipt+cose"}
        assert {"400", "404"} <= set(described["responses"])
