"""The log beside Tessera's on a file system: over HTTP under its load tester, in process, and until published."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import orjson
import structlog
import uvloop

import trace_core
from benches.interleaved import Ratio, ratio_of
from benches.item_index import index_updates
from benches.table import Goal, Row, said
from tests.other_tools import tessera
from tests.other_tools.add_server import open_raw_service
from tests.other_tools.raw_entries import RawEntries, open_raw_log, store_entries
from trace_api.capture.numbers import CaptureNumbers
from trace_api.http import jobs
from trace_api.log.sequencer import Sequencer, sequence_once
from trace_api.settings import Settings
from trace_api.store import log as log_store
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from trace_api.log.keys import LogKeys

PAIRS = 3
HAMMER_PAIRS = 3
HAMMER_ENTRIES, HAMMER_WRITERS, HAMMER_PER_S = 60_000, 1_024, 50_000
OURS_PORT, PEER_PORT = 8_932, 8_933
KIB, COMMITMENT_BYTES = 1_024, 94
"""Bytes of an entry: of the usual comparison, and of a commitment with three tokens."""
ENTRIES = 100_000
CAPTURE_ENTRIES = 1_000
WRITERS = 2
PEER_BATCH = 4_096
"""Where Tessera's appender is fastest here; larger batches give it nothing."""
WAITS, WAIT_APART_S = 200, 0.053
CADENCE_S, CADENCE_SLACK_S = 1.0, 0.2


def log_rows() -> Iterator[Row | Goal]:
    """Needs a Go compiler."""
    if shutil.which("go") is None:
        yield Row("log beside Tessera's", "-", peer="left out: no Go compiler")
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    with tempfile.TemporaryDirectory(prefix="wayproof-bench-") as name:
        folder = Path(name)
        programs = {each: tessera.build(each, folder) for each in (tessera.HAMMER, tessera.POSIX, tessera.APPEND)}
        yield from _over_http(programs, folder)
        append = programs[tessera.APPEND]
        yield from uvloop.run(_in_process(append, folder))
        yield from uvloop.run(_published(append, folder))
        yield from uvloop.run(index_updates(folder))


def _over_http(programs: dict[str, Path], folder: Path) -> Iterator[Row]:
    """The rate at which the published checkpoint grows while the load tester adds one entry a request."""
    times = []
    for pair in range(HAMMER_PAIRS):
        ours, peer = folder / f"ours-{pair}", folder / f"peer-{pair}"
        with tessera.wayproof(ours, OURS_PORT) as log:
            a = _hammered(programs[tessera.HAMMER], log)
        with tessera.posix(programs[tessera.POSIX], peer, PEER_PORT) as log:
            b = _hammered(programs[tessera.HAMMER], log)
        times.append((a, b))
    what = f"log over HTTP under Tessera's load tester, one entry a request, {HAMMER_WRITERS:,} writers"
    yield _row(what, "Tessera's POSIX server", ratio_of(times), entries=1)


def _hammered(binary: Path, log: tessera.RawLog) -> float:
    """Seconds an entry, from the first checkpoint with entries to the last."""
    command = tessera.hammer(
        binary, log, entries=HAMMER_ENTRIES, writers=HAMMER_WRITERS, per_s=HAMMER_PER_S, size=COMMITMENT_BYTES
    )
    seen: list[tuple[float, int]] = []
    with httpx.Client(timeout=30) as client, subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            size = trace_core.checkpoint_size(client.get(f"{log.prefix}/checkpoint").content)
            if size > (seen[-1][1] if seen else 0):
                seen.append((time.perf_counter(), size))
            time.sleep(0.02)
    assert process.returncode == 0
    return (seen[-1][0] - seen[0][0]) / (seen[-1][1] - seen[0][1])


async def _in_process(append: Path, folder: Path) -> list[Row]:
    """Each row on a database of its own, as each run of Tessera has a folder of its own."""
    rows = []
    for what, ours, size, batch in (
        ("stored and sequenced", _whole, KIB, PEER_BATCH),
        ("stored and sequenced", _whole, KIB, CAPTURE_ENTRIES),
        ("sequenced, being stored", _alone, KIB, PEER_BATCH),
        ("stored and sequenced", _whole, COMMITMENT_BYTES, PEER_BATCH),
        ("sequenced, being stored", _alone, COMMITMENT_BYTES, PEER_BATCH),
    ):
        async with _raw_log(folder / f"in-process-{len(rows)}") as log:
            ratio = await _compare(partial(ours, *log, size), append, folder, size, batch)
        named = f"log in process: {size:,}-byte entries {what}"
        rows.append(_row(named, f"Tessera, stored and sequenced, batches of {batch:,}", ratio, ENTRIES))
    return rows


async def _whole(store: Store, keys: LogKeys, origin: str, size: int) -> float:
    return await _store_and_sequence(store, Sequencer(store, keys, origin, period_ms=200), await _prepared(store, size))


async def _alone(store: Store, keys: LogKeys, origin: str, size: int) -> float:
    for copies in await _prepared(store, size):
        await store_entries(store, copies)
    return await _sequence(store, keys, origin)


async def _prepared(store: Store, size: int) -> list[RawEntries]:
    """Captures of a thousand entries, as rows that are ready for COPY, as the core gives them."""
    numbers, filler = CaptureNumbers(store), secrets.token_bytes(size)
    entries = [n.to_bytes(8, "little") + filler[8:] for n in range(CAPTURE_ENTRIES)]
    return [RawEntries(await numbers.next(), entries) for _ in range(ENTRIES // CAPTURE_ENTRIES)]


async def _compare(ours: Callable[[], Awaitable[float]], append: Path, folder: Path, size: int, batch: int) -> Ratio:
    times = []
    for pair in range(PAIRS):
        if pair % 2 == 0:
            a = await ours()
        b = ENTRIES / _append(append, folder, entries=ENTRIES, size=size, batch=batch)["entries_per_s"]
        if pair % 2 == 1:
            a = await ours()
        times.append((a, b))
    return ratio_of(times)


async def _store_and_sequence(store: Store, sequencer: Sequencer, prepared: list[RawEntries]) -> float:
    goal = await _tree_size(store) + sum(copies.event_count for copies in prepared)
    sequencing = asyncio.create_task(sequencer.run())
    waiting = iter(prepared)

    async def write() -> None:
        for copies in waiting:
            await store_entries(store, copies)
            sequencer.wake()

    start = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    while await _tree_size(store) < goal:
        await sequencer.wait_sequenced(0.01)
    took = time.perf_counter() - start
    sequencing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sequencing
    return took


async def _sequence(store: Store, keys: LogKeys, origin: str) -> float:
    async with store.session() as connection:
        epoch = await log_store.begin_epoch(connection)
        start = time.perf_counter()
        while await sequence_once(connection, keys, origin, epoch) is not None:
            pass
        return time.perf_counter() - start


async def _tree_size(store: Store) -> int:
    async with store.session() as connection:
        return (await log_store.read_head(connection)).tree_size


@contextlib.asynccontextmanager
async def _raw_log(data: Path) -> AsyncIterator[tuple[Store, LogKeys, str]]:
    settings = Settings.of(data_dir=data, origin="wayproof.test/bench")
    async with Store.open(settings) as store:
        yield store, *await open_raw_log(store, settings)


async def _published(append: Path, folder: Path) -> tuple[Row, Goal]:
    """From handing over an entry to the published checkpoint over it, at many moments of the cadence."""
    async with open_raw_service(Settings.of(data_dir=folder / "published")) as service:
        numbers = CaptureNumbers(service.store)

        async def wait(n: int) -> float:
            await asyncio.sleep(n * WAIT_APART_S)
            copies = RawEntries(await numbers.next(), [os.urandom(KIB)])
            start = time.perf_counter()
            capture_id = await store_entries(service.store, copies)
            service.sequencer.wake()
            await jobs.wait_logged(service, capture_id, published=True)
            return time.perf_counter() - start

        times = await asyncio.gather(*map(wait, range(WAITS)))
    peer = _append(append, folder, entries=0, size=KIB, batch=256, waits=WAITS)["published_s"]
    limit = CADENCE_S + CADENCE_SLACK_S
    p99 = statistics.quantiles(times, n=100)[98]
    what = "log in process: from an entry to its published checkpoint, every second"
    times_peer = f"{statistics.quantiles(peer, n=100)[98] / p99:.2f} (p99)"
    row = Row(what, _waits(times), peer=f"Tessera: {_waits(peer)}", times_peer=times_peer)
    return row, Goal(what, f"p99 ≤ {limit * 1000:.0f} ms", limit / p99)


def _waits(times: Sequence[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"


_folders = itertools.count()


def _append(append: Path, folder: Path, **options: int) -> dict:
    data = folder / f"append-{next(_folders)}"
    command = [append, f"-dir={data}", *(f"-{name}={value}" for name, value in options.items())]
    done = subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(data)
    return orjson.loads(done.stdout)


def _row(what: str, peer: str, ratio: Ratio, entries: int) -> Row:
    shown = f"{peer}: {entries / ratio.peer_s:,.0f}/s"
    return Row(what, f"{entries / ratio.ours_s:,.0f}/s", peer=shown, times_peer=said(ratio))
