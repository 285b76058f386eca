"""The fault table of the sequencer, in the manner of sunlight's: each step, not done or done and reported
as failed; then the next round, and a full fsck. On each Postgres, with faults where the driver ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import trace_core
from trace_api.capture.road import CaptureRequest, Door
from trace_api.errors import Unavailable
from trace_api.log.fsck import fsck
from trace_api.log.keys import LogKeys
from trace_api.log.sequencer import Fenced, Sequencer, sequence_once
from trace_api.store import log as log_store

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.pool import Store

ORIGIN = "wayproof.test/sequencer"
KEYS = LogKeys(signing_seed=bytes(range(32)), blinding_key=bytes(32))
CALLS = ("fetch", "fetchrow", "fetchval", "execute")


class Cut(Exception):
    """The link to the database is gone."""


class CutConnection:
    """A connection that is cut at its n-th exchange with the server: before it arrives, or after it took
    effect and before the answer is there. The beginning and end of a transaction are exchanges, too."""

    def __init__(self, connection: asyncpg.Connection, cut_at: int, *, done: bool) -> None:
        self._connection = connection
        self._cut_at = cut_at
        self._done = done
        self.exchanges = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._connection, name)
        if name not in CALLS:
            return real

        async def call(*arguments: Any) -> Any:
            return await self.exchange(lambda: real(*arguments))

        return call

    def transaction(self) -> CutTransaction:
        return CutTransaction(self, self._connection.transaction())

    async def exchange(self, send: Any) -> Any:
        self.exchanges += 1
        if self.exchanges != self._cut_at:
            return await send()
        if self._done:
            await send()
        raise Cut


class CutTransaction:
    def __init__(self, link: CutConnection, real: Any) -> None:
        self._link = link
        self._real = real

    async def __aenter__(self) -> None:
        await self._exchange(self._real.start)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await (self._exchange(self._real.commit) if kind is None else self._real.rollback())

    async def _exchange(self, send: Any) -> None:
        try:
            await self._link.exchange(send)
        except Cut:
            # The server sees the link break: what it has not committed it rolls back.
            if self._link.is_in_transaction():
                await self._real.rollback()
            raise


async def start_log(store: Store) -> None:
    async with store.session() as connection:
        empty = trace_core.root_hash(b"")
        note = KEYS.sign_checkpoint(ORIGIN, 0, empty)
        await log_store.create_head(connection, ORIGIN, empty, note, KEYS.blinding_token())


async def capture(store: Store, seed: int, events: int = 40) -> None:
    document = trace_core.Simulator(events=events, seed=seed).next_document(events)
    assert document is not None
    captured = await Door(store, KEYS.blinding_key).capture(CaptureRequest(document, "test"))
    assert captured.job.stored == events


async def exchanges_of_a_step(store: Store) -> int:
    async with store.session() as connection:
        epoch = await log_store.begin_epoch(connection)
        link = CutConnection(connection, cut_at=0, done=False)
        assert await sequence_once(link, KEYS, ORIGIN, epoch) is not None  # type: ignore[arg-type]
    return link.exchanges


async def test_each_step_cut_before_or_after_it_took_effect_loses_nothing(store: Store) -> None:
    await start_log(store)
    await capture(store, seed=1000)
    steps = await exchanges_of_a_step(store)
    assert steps >= 9
    size, cuts = 40, 0
    for cut_at in range(1, steps + 1):
        for done in (False, True):
            await capture(store, seed=cut_at * 2 + done)
            size += 40
            async with store.session() as connection:
                epoch = await log_store.begin_epoch(connection)
                link = CutConnection(connection, cut_at, done=done)
                with pytest.raises(Cut):
                    await sequence_once(link, KEYS, ORIGIN, epoch)  # type: ignore[arg-type]
                head = await log_store.read_head(connection)
                # Only when the commit took effect is there progress, whatever we were told.
                committed = done and cut_at == steps
                assert head.tree_size == (size if committed else size - 40), (cut_at, done)
                epoch = await log_store.begin_epoch(connection)
                again = await sequence_once(connection, KEYS, ORIGIN, epoch)
                assert (again is None) == committed
                assert (await log_store.read_head(connection)).tree_size == size
            cuts += 1
    report = await fsck(store, KEYS)
    assert (report.findings, report.events) == ([], size)
    assert cuts == 2 * steps


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
    await exchanges_of_a_step(store)
    await capture(store, seed=2)
    async with store.session() as connection:
        before = await log_store.read_head(connection)
        await connection.execute(damage)
        epoch = await log_store.begin_epoch(connection)
        with pytest.raises((Unavailable, trace_core.ProofError)):
            await sequence_once(connection, KEYS, ORIGIN, epoch)
        assert (await log_store.read_head(connection)).checkpoint == before.checkpoint
