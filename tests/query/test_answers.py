"""What answers say when there is more than they may look at, and when several events share an id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests.log.rounds import Link, run_round, start_log
from tests.system.conftest import document_of, observation
from trace_api.capture.road import CaptureRequest, Door
from trace_api.errors import Invalid, NotFound
from trace_api.log.item_index import IndexKeeper
from trace_api.query import by_id
from trace_api.query.questions import Questions

if TYPE_CHECKING:
    from trace_api.store.pool import Store

BLINDING_KEY = bytes(32)
ITEM = "https://id.gs1.org/01/09521234543213/21/item"


async def ask(store: Store, *events: dict[str, Any]) -> Questions:
    captured = await Door(store, BLINDING_KEY).capture(CaptureRequest(orjson.dumps(document_of(*events)), "test"))
    assert captured.job.outcome.stored == len(events)
    return Questions(store, BLINDING_KEY, IndexKeeper(Path("unused")))


@pytest.mark.parametrize("bytes_max", [1, 500, 1 << 20])
async def test_answer_over_its_bytes_is_cut_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, bytes_max: int
) -> None:
    questions = await ask(store, *(observation("item", **{"ex:n": str(n)}) for n in range(10)))
    monkeypatch.setattr("trace_api.query.walk.BODY_BYTES_MAX", bytes_max)
    monkeypatch.setattr("trace_api.store.walks.SLICE_BYTES_MAX", 300)
    history = orjson.loads(await questions.history(ITEM, "test"))
    shown = len(history["histories"][0]["events"])
    assert (history["truncated"], shown == 10) == (bytes_max <= 500, bytes_max > 500)
    assert shown >= 1
    verdict = await questions.verify(ITEM, "test")
    assert ("truncated" in [reason["code"] for reason in verdict["reasons"]]) == (bytes_max <= 500)


@pytest.mark.parametrize("shown", [0, 1, 50, 60, 200])
async def test_log_that_does_not_hold_is_rejected_however_little_is_shown(
    store: Store, tmp_path: Path, shown: int
) -> None:
    await start_log(store)
    questions = await ask(store, *(observation("item", **{"ex:n": str(n)}) for n in range(60)))
    async with store.session() as connection:
        await run_round(connection, tmp_path, Link())
    whole = await questions.verify(ITEM, "test", shown)
    assert "proof_failed" not in {reason["code"] for reason in whole["reasons"]}
    proven = {event["leaf_index"] for event in whole["proofs"]["events"]} if whole["proofs"] else set()
    assert proven == {step["leaf_index"] for step in whole["timeline"]}
    async with store.session() as connection:
        flip = "UPDATE event SET entry = set_byte(entry, 2, get_byte(entry, 2) # 1) WHERE event_key & 1048575 = 3"
        assert await connection.execute(flip) == "UPDATE 1"
    damaged = await questions.verify(ITEM, "test", shown)
    assert (damaged["verdict"], damaged["reasons"][0]["code"], damaged["proofs"]) == ("rejected", "proof_failed", None)


async def test_events_of_one_id_are_told_apart_by_their_contents(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {"eventID": "urn:uuid:00000000-0000-4000-8000-000000000001"}
    questions = await ask(store, *(observation("item", **shared, **{"ex:n": str(n)}) for n in range(25)))
    history = orjson.loads(await questions.history(ITEM, "test"))["histories"][0]["events"]
    timeline = (await questions.verify(ITEM, "test"))["timeline"]
    digests = {step["content_digest"] for step in history}
    assert digests == {step["content_digest"] for step in timeline}
    assert len(digests) == 25
    for digest in digests:
        [event], is_truncated = await questions.events(digest, "test")
        assert (event.event_id, is_truncated) == (shared["eventID"], False)
    with pytest.raises(Invalid, match="content digest") as refused:
        await questions.receipt(shared["eventID"], "test")
    named = [problem["content_digest"] for problem in refused.value.problems if "content_digest" in problem]
    assert set(named) <= digests
    assert len(named) == by_id.DIGESTS_NAMED_MAX
    assert refused.value.problems[-1]["message"] == "only 20 of them are named here"
    found, is_truncated = await questions.events(shared["eventID"], "test")
    assert (len(found), is_truncated) == (25, False)
    monkeypatch.setattr("trace_api.query.by_id.EVENTS_OF_ONE_ID_MAX", 10)
    found, is_truncated = await questions.events(shared["eventID"], "test")
    assert (len(found), is_truncated) == (10, True)
    with pytest.raises(NotFound):
        await questions.events("urn:uuid:none", "test")


async def test_events_of_one_id_are_cut_by_their_bytes_and_that_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = {"eventID": "urn:uuid:00000000-0000-4000-8000-000000000002"}
    questions = await ask(store, *(observation("item", **shared, **{"ex:n": "x" * 1000 * n}) for n in range(5)))
    monkeypatch.setattr("trace_api.query.by_id.SHARED_BYTES_MAX", 3_000)
    found, is_truncated = await questions.events(shared["eventID"], "test")
    assert (len(found), is_truncated) == (2, True)
