"""What answers say when there is more than they may look at, and when several events share an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests.system.conftest import document_of, observation
from trace_api.capture.road import CaptureRequest, Door
from trace_api.query.questions import Questions

if TYPE_CHECKING:
    from trace_api.store.pool import Store

BLINDING_KEY = bytes(32)
ITEM = "https://id.gs1.org/01/09521234543213/21/item"


async def ask(store: Store, *events: dict[str, Any]) -> Questions:
    captured = await Door(store, BLINDING_KEY).capture(CaptureRequest(orjson.dumps(document_of(*events)), "test"))
    assert captured.job.stored == len(events)
    return Questions(store, BLINDING_KEY)


@pytest.mark.parametrize("bytes_max", [1, 500, 1 << 20])
async def test_answer_over_its_bytes_is_cut_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, bytes_max: int
) -> None:
    questions = await ask(store, *(observation("item", **{"ex:n": str(n)}) for n in range(10)))
    monkeypatch.setattr("trace_api.query.walk.BODY_BYTES_MAX", bytes_max)
    monkeypatch.setattr("trace_api.store.events.SLICE_BYTES_MAX", 300)
    history = orjson.loads(await questions.history(ITEM, "test"))
    shown = len(history["histories"][0]["events"])
    assert (history["truncated"], shown == 10) == (bytes_max <= 500, bytes_max > 500)
    assert shown >= 1
    verdict = await questions.verify(ITEM, "test")
    assert ("truncated" in [reason["code"] for reason in verdict["reasons"]]) == (bytes_max <= 500)
