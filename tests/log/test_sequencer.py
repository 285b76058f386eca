"""The sequencer: one of several signs, and none signs what is not so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

import trace_core
from trace_api.capture.road import CaptureRequest, Door
from trace_api.errors import Unavailable
from trace_api.log.fsck import fsck
from trace_api.log.keys import LogKeys
from trace_api.log.sequencer import Fenced, Sequencer, sequence_once
from trace_api.store import log as log_store

if TYPE_CHECKING:
    from trace_api.store.pool import Store

ORIGIN = "wayproof.test/sequencer"
KEYS = LogKeys(signing_seed=bytes(range(32)), blinding_key=bytes(32))


async def start_log(store: Store) -> None:
    async with store.session() as connection:
        empty = trace_core.root_hash(b"")
        note = KEYS.sign_checkpoint(ORIGIN, 0, empty)
        await log_store.create_head(connection, ORIGIN, empty, note, KEYS.blinding_token())


async def capture(store: Store, seed: int, events: int = 40) -> None:
    document = trace_core.Simulator(events=events, seed=seed).next_document(events)
    assert document is not None
    captured = await Door(store, KEYS.blinding_key).capture(CaptureRequest(document, "test"))
    assert captured.job.outcome.stored == events


async def sequence(store: Store) -> None:
    async with store.session() as connection:
        assert await sequence_once(connection, KEYS, ORIGIN, await log_store.begin_epoch(connection)) is not None


async def test_overtaken_sequencer_is_fenced_and_changes_nothing(store: Store) -> None:
    await start_log(store)
    await capture(store, seed=1)
    async with store.session() as connection:
        stale = await log_store.begin_epoch(connection)
        current = await log_store.begin_epoch(connection)
        with pytest.raises(Fenced):
            await sequence_once(connection, KEYS, ORIGIN, stale)
        assert (await log_store.read_head(connection)).tree_size == 0
        assert await sequence_once(connection, KEYS, ORIGIN, current) is not None
    assert (await fsck(store, KEYS)).findings == []


async def test_two_sequencers_and_many_captures_make_one_log(store: Store) -> None:
    await start_log(store)
    both = [Sequencer(store, KEYS, ORIGIN, period_ms=20) for _ in range(2)]
    tasks = [asyncio.create_task(sequencer.run()) for sequencer in both]
    await asyncio.gather(*(capture(store, seed) for seed in range(12)))
    async with store.session() as connection, asyncio.timeout(30):
        while (await log_store.read_head(connection)).tree_size < 12 * 40:
            await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    report = await fsck(store, KEYS)
    assert (report.findings, report.events) == ([], 480)


async def test_captures_that_do_not_fit_into_a_round_do_not_wait_for_the_period_to_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trace_api.log.sequencer.SEQUENCE_CAPTURES_MAX", 2)
    await start_log(store)
    for seed in range(7):
        await capture(store, seed, events=1)
    sequencer = Sequencer(store, KEYS, ORIGIN, period_ms=3_600_000)
    task = asyncio.create_task(sequencer.run())
    try:
        async with asyncio.timeout(20):
            while await tree_size(store) < 7:
                await sequencer.wait_sequenced(0.1)
    finally:
        task.cancel()


async def tree_size(store: Store) -> int:
    async with store.session() as connection:
        return (await log_store.read_head(connection)).tree_size


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM event WHERE event_key = (SELECT max(event_key) FROM event)",
        "UPDATE tile SET hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) WHERE level = 0",
    ],
    ids=["event-lost", "bit-flipped-in-a-tile"],
)
async def test_damaged_storage_is_noticed_before_anything_is_signed(store: Store, damage: str) -> None:
    await start_log(store)
    await capture(store, seed=1)
    await sequence(store)
    await capture(store, seed=2)
    async with store.session() as connection:
        before = await log_store.read_head(connection)
        await connection.execute(damage)
        epoch = await log_store.begin_epoch(connection)
        with pytest.raises((Unavailable, trace_core.ProofError)):
            await sequence_once(connection, KEYS, ORIGIN, epoch)
        assert (await log_store.read_head(connection)).checkpoint == before.checkpoint
