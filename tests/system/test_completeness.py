"""What is said of an item is proven to be all there is: by a second log, checked without the server."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

import trace_core
from tests.system.conftest import Server, document_of, observation, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

ITEM = "https://id.gs1.org/01/09521234543213/21/COMPLETE"
NEVER = "https://id.gs1.org/01/09521234543213/21/NEVER"
TIMES = 12


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("complete") / "data")
    with running.client() as client:
        for n in range(TIMES):
            seen = observation("x", epcList=[ITEM], eventTime=f"2025-05-01T{n:02}:00:00Z")
            assert client.post("/capture?ack=sequenced", json=document_of(seen)).json()["success"]
            headers = {"Content-Type": "application/json"}
            assert client.post("/capture?ack=published", content=simulated(50, n)[0], headers=headers).json()["success"]
        wait_indexed(client)
    yield running
    assert running.end() == 0


def wait_indexed(client: httpx.Client) -> None:
    """Until the index' log has caught up with what is published."""
    size = trace_core.checkpoint_size(client.get("/log/checkpoint").content)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = client.get("/completeness", params={"item": NEVER})
        if answer.status_code == 200 and answer.json()["indexed_size"] >= size:
            return
        time.sleep(0.05)
    pytest.fail("the index does not follow")


@pytest.fixture
def client(filled: Server) -> Iterator[httpx.Client]:
    with filled.client() as opened:
        yield opened


@pytest.fixture
def policy(client: httpx.Client) -> trace_core.Policy:
    return trace_core.Policy(client.get("/log/policy").content)


def test_history_of_an_item_is_proven_to_be_all_of_it(client: httpx.Client, policy: trace_core.Policy) -> None:
    answer = client.get("/completeness", params={"item": ITEM})
    proof = answer.json()
    assert len(proof["leaf_indexes"]) == TIMES
    assert proof["leaf_indexes"] == sorted(proof["leaf_indexes"])
    checked = trace_core.check_evidence(answer.content, policy)
    assert checked.kind == "completeness"
    assert any("exactly these" in step for step in checked.held)
    # Each of these leaves is an entry of the item's, and the verdict's proofs are of the same leaves.
    for leaf in proof["leaf_indexes"]:
        entry = trace_core.read_log_proof(client.get(f"/log/proof/{leaf}.tlog-proof").content)[3]
        assert entry is not None
        assert base64.b64decode(proof["token"]) in trace_core.entry_tokens(entry)
    verdict = client.get("/verify", params={"scan": ITEM}).json()
    assert {event["leaf_index"] for event in verdict["proofs"]["events"]} == set(proof["leaf_indexes"])
    assert verdict["completeness"]["leaf_indexes"] == proof["leaf_indexes"]


def test_item_that_was_never_named_is_proven_absent(client: httpx.Client, policy: trace_core.Policy) -> None:
    answer = client.get("/completeness", params={"item": NEVER})
    assert answer.json()["leaf_indexes"] == []
    assert any("none has the token" in step for step in trace_core.check_evidence(answer.content, policy).held)
    assert client.get("/verify", params={"scan": NEVER}).json()["completeness"]["leaf_indexes"] == []


def test_proof_of_completeness_holds_for_nothing_else(client: httpx.Client, policy: trace_core.Policy) -> None:
    there = client.get("/completeness", params={"item": ITEM}).json()
    absent = client.get("/completeness", params={"item": NEVER}).json()

    def refused(proof: dict[str, Any]) -> bool:
        try:
            trace_core.check_evidence(orjson.dumps(proof), policy)
        except trace_core.TraceError:
            return True
        return False

    leaves = there["leaf_indexes"]
    for wrong in ([], leaves[1:], leaves[:-1], [*leaves[:3], *leaves[4:]], [*leaves, leaves[-1] + 1], leaves[::-1]):
        assert refused({**there, "leaf_indexes": wrong}), wrong
    assert refused({**absent, "leaf_indexes": [0]})
    for name in ("token", "lookup_proof", "entry", "inclusion_proof", "leaf_index", "tree_size", "indexed_size"):
        other = absent[name] if absent[name] != there[name] else None
        assert refused({**there, name: other}), name
    assert refused({**absent, "token": there["token"]})
    raw = base64.b64decode(there["lookup_proof"])
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << (bit % 8)
        assert refused({**there, "lookup_proof": base64.b64encode(flipped).decode()}), bit
    assert not refused(there)
    assert not refused(absent)


def test_proof_of_a_history_of_ten_events_with_completeness_is_small(client: httpx.Client) -> None:
    proof = client.get("/completeness", params={"item": ITEM}).json()
    raw = sum(len(base64.b64decode(proof[name])) for name in ("token", "lookup_proof", "entry"))
    raw += sum(len(base64.b64decode(step)) for step in proof["inclusion_proof"]) + len(proof["checkpoint"])
    assert raw + 8 * len(proof["leaf_indexes"]) < 2_500


def test_index_is_made_again_without_its_snapshot_and_goes_on(
    filled: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tmp_path_factory.mktemp("again") / "data"
    server = Server.start(data)
    with server.client() as client:
        assert client.post("/capture?ack=published", json=document_of(observation("x", epcList=[ITEM]))).is_success
        wait_indexed(client)
        before = client.get("/log/index/checkpoint").content
    assert server.end() == 0
    snapshot = data / "item-index"
    assert snapshot.exists()
    for damage in (snapshot.unlink, lambda: snapshot.write_bytes(b"damaged")):
        damage()
        server = Server.start(data)
        with server.client() as client:
            wait_indexed(client)
            assert client.get("/completeness", params={"item": ITEM}).json()["leaf_indexes"] == [0]
            assert client.get("/log/index/checkpoint").content == before
        assert server.end() == 0


def test_recall_brings_the_proof_that_nothing_was_left_out_of_any_list(
    client: httpx.Client, policy: trace_core.Policy
) -> None:
    lot, case = "https://id.gs1.org/01/09521234543213/10/BAD", "https://id.gs1.org/00/095200000000000019"
    serials = [f"https://id.gs1.org/01/09521234543213/10/BAD/21/{n}" for n in range(3)]
    told = [
        observation("x", epcList=serials, action="ADD", bizStep="commissioning"),
        {
            **observation("x", action="ADD", bizStep="packing", eventTime="2025-01-01T13:00:00Z"),
            "type": "AggregationEvent",
            "parentID": case,
            "childEPCs": serials[:2],
        },
    ]
    del told[1]["epcList"]
    assert client.post("/capture?ack=published", json=document_of(*told)).json()["success"]
    wait_indexed(client)
    plain = client.get("/recall", params={"item": lot}).json()
    recall = client.get("/recall", params={"item": lot, "proofs": "true"}).json()
    proofs = recall.pop("completeness")
    assert recall == plain
    lists = {one["item"]: one["leaf_indexes"] for one in proofs["lists"]}
    names = [serial.replace("/10/BAD", "") for serial in serials]
    assert {*names, case} <= set(lists)
    assert [len(lists[item]) for item in (*names, case)] == [2, 2, 1, 1]
    checked = trace_core.check_evidence(orjson.dumps(proofs), policy)
    assert sum("exactly these have the token" in step for step in checked.held) == sum(map(bool, lists.values()))
    for n, one in enumerate(proofs["lists"]):
        changed = {**one, "leaf_indexes": one["leaf_indexes"][1:] if one["leaf_indexes"] else [1]}
        bad = {**proofs, "lists": [*proofs["lists"][:n], changed, *proofs["lists"][n + 1 :]]}
        with pytest.raises(trace_core.ProofError):
            trace_core.check_evidence(orjson.dumps(bad), policy)
