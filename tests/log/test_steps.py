"""Each step from a stored capture to a published index, in the manner of sunlight's: not done, done and reported as
failed, killed before or behind it; then the next round, and a full fsck."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.conftest import REPOSITORY
from tests.log.rounds import KEYS, ORIGIN, VKEYS, Cut, Link, run_round, start_log
from tests.log.test_sequencer import capture
from trace_api.errors import Unavailable
from trace_api.log.cosigners import Cosigners
from trace_api.log.fsck import fsck
from trace_api.log.item_index import IndexKeeper, index_once, index_origin
from trace_api.log.publisher import Growth, NoQuorum, Publisher, no_witnesses
from trace_api.log.sequencer import Sequencer
from trace_api.store import log as log_store
from trace_api.store.log import Log
from trace_api.witness.book import Book

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from trace_api.store.pool import Store

    Cutter = Callable[[int, bool], Awaitable[None]]

EVENTS = 5


class Watched:
    """A log of which everything that was ever shown, to the public or to the witness, is remembered."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.size = 0
        self.shown: dict[tuple[Log, int], bytes] = {}

    async def look(self) -> None:
        async with self.store.session() as connection:
            heads = {log: await log_store.read_head(connection, log) for log in Log}
        with Book.open(self.folder / "book.sqlite") as book:
            for log, origin in zip(Log, (ORIGIN, index_origin(ORIGIN)), strict=True):
                head, cosigned = heads[log], book.last(origin)
                shown = [(head.tree_size, head.root_hash), (head.published_size, head.published_root_hash)]
                shown += [(cosigned.tree_size, cosigned.root_hash)] if cosigned is not None else []
                # Whatever was shown is in the log, and there is one history of it.
                assert all(size <= head.tree_size for size, _ in shown)
                for size, root_hash in shown:
                    assert self.shown.setdefault((log, size), root_hash) == root_hash

    async def add(self) -> None:
        await capture(self.store, seed=self.size + 1, events=EVENTS)
        self.size += EVENTS

    async def recover(self) -> list[str]:
        """The next round, undisturbed: all that is stored is published."""
        link = Link()
        async with self.store.session() as connection:
            await run_round(connection, self.folder, link)
            head = await log_store.read_head(connection)
            assert (head.tree_size, head.published_size) == (self.size, self.size)
        assert await self.indexed() == self.size
        await self.look()
        return link.steps

    async def indexed(self) -> int:
        """How many leaves the published index is about."""
        async with self.store.session() as connection:
            size = (await log_store.read_head(connection, Log.INDEX)).published_size
            return sum([indexed for indexed, _ in await log_store.index_entries(connection, size - 1, size)])

    async def cut_each_step(self, cut: Cutter) -> int:
        await start_log(self.store)
        await self.add()
        await self.recover()
        await self.add()
        steps = await self.recover()
        assert steps.count("sign") == 2
        assert steps.count("witness") >= 2
        assert steps.count("COMMIT") == 4
        for cut_at in range(1, len(steps) + 1):
            for done in (False, True):
                await self.add()
                await cut(cut_at, done)
                await self.look()
                await self.recover()
        report = await fsck(self.store, KEYS)
        assert (report.findings, report.events) == ([], self.size)
        assert report.checkpoints >= 2 * len(steps)
        return len(steps)


async def test_each_step_cut_before_or_after_it_took_effect_loses_nothing(store: Store, tmp_path: Path) -> None:
    watched = Watched(store, tmp_path)

    async def cut(cut_at: int, done: bool) -> None:
        async with store.session() as connection:
            with pytest.raises((Cut, NoQuorum)):
                await run_round(connection, tmp_path, Link(cut_at, done))

    assert await watched.cut_each_step(cut) > 50


async def test_each_step_cut_of_a_log_without_transactions_is_seen_to_break_it(store: Store, tmp_path: Path) -> None:
    """The control."""

    async def cut(cut_at: int, done: bool) -> None:
        async with store.session() as connection:
            with contextlib.suppress(Cut, NoQuorum):
                await run_round(connection, tmp_path, Link(cut_at, done, atomic=False))

    with pytest.raises((AssertionError, Unavailable, asyncpg.UniqueViolationError)):
        await Watched(store, tmp_path).cut_each_step(cut)


async def test_each_step_killed_before_or_behind_it_loses_nothing(
    database_url_18: str, open_store: Callable[..., object], tmp_path: Path
) -> None:
    # The embedded Postgres is reached through a descriptor of this process.
    reachable = database_url_18.replace("/proc/self/", f"/proc/{os.getpid()}/")
    command = [sys.executable, "-m", "tests.log.rounds", reachable, tmp_path]
    async with open_store(database_url_18) as store:  # type: ignore[attr-defined]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, text=True, cwd=REPOSITORY, **pipes) as rounds:

            async def cut(cut_at: int, done: bool) -> None:
                print(cut_at, int(done), file=rounds.stdin, flush=True)
                assert rounds.stdout.readline() == "9\n"

            await Watched(store, tmp_path).cut_each_step(cut)
            rounds.stdin.close()


async def test_two_of_each_at_once_make_one_log_and_one_index(store: Store, tmp_path: Path) -> None:
    watched = Watched(store, tmp_path)
    await start_log(store)
    async with contextlib.AsyncExitStack() as stack:
        cosigners = await stack.enter_async_context(Cosigners.open(no_witnesses(VKEYS)))
        running: list[Sequencer | Publisher] = []
        for n in range(2):
            sequencer = Sequencer(store, KEYS, ORIGIN, period_ms=5)
            events = Publisher(store, cosigners, Growth(Log.EVENTS, VKEYS[0], sequencer.wait_sequenced), period_ms=5)
            prepare = partial(index_once, keeper=IndexKeeper(tmp_path / f"item-index-{n}"), keys=KEYS)
            index = Growth(Log.INDEX, VKEYS[1], events.wait_published, prepare)
            running += [sequencer, events, Publisher(store, cosigners, index, period_ms=5)]
        tasks = [asyncio.create_task(each.run()) for each in running]
        for _ in range(20):
            await watched.add()
            await watched.look()
        async with asyncio.timeout(30):
            while await watched.indexed() < watched.size:
                await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    report = await fsck(store, KEYS)
    assert (report.findings, report.events) == ([], watched.size)
