"""The whole road over HTTP beside raw COPY of the same rows; questions about what is there; what it weighs."""

from __future__ import annotations

import asyncio
import itertools
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import orjson

from benches.captures import prepared
from benches.footprint import restart, storage
from benches.half_load import half_load
from benches.plans import query_plans
from benches.queries import export, queries
from benches.questions import answers
from benches.server import DOCUMENT_EVENTS, PART_DOCUMENTS, WAYPROOF, WRITERS, command, fill, running, simulator
from benches.table import Goal, Row
from benches.trust import trust
from trace_api.store.captures import TABLES, copy_rows
from trace_api.store.embedded import embedded_postgres
from trace_api.store.migrate import known_migrations, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import trace_core

COPY_GOAL, FSCK_MB_MAX = 0.8, 500


def system(events: int, plans: Path | None) -> Iterator[Row | Goal]:
    """Captures `events`, then asks. How Postgres answered goes to `plans`."""
    with tempfile.TemporaryDirectory(prefix="wayproof-bench-") as folder:
        limit = raw_copy(Path(folder) / "copy", events)
        yield Row(f"raw binary COPY of the same rows, {WRITERS} writers, {events:,} events", f"{limit:,.0f} events/s")
        yield from _over_http(Path(folder) / "http", events, limit)
        if plans is not None:
            plans.write_text(query_plans(Path(folder) / "http") + "\n")


def _over_http(data: Path, events: int, limit: float) -> Iterator[Row | Goal]:
    with running(data) as server:
        filled = fill(server, events)
        what = f"capture over HTTP, durable, indexed, sequenced, {events:,} events"
        share = filled.rate / limit
        yield Row(what, f"{filled.rate:,.0f} events/s", f"raw COPY: {limit:,.0f} events/s", f"{share:.2f}")
        yield Goal(what, f"≥ {COPY_GOAL} × raw COPY", share / COPY_GOAL)
        bodies = f"{WRITERS} captures of {filled.body / 1e6:.1f} MB at a time"
        yield Row("peak memory of the server while capturing", f"{filled.peak / 1e6:,.0f} MB, {bodies}")
        yield from answers(server, filled)
        yield from queries(server.client, filled.landmarks, events)
        yield from trust(server.client, filled.landmarks, events)
        yield from export(server.client, events, server.resident)
    # All of the rows are counted as they were captured, before anything else is sent.
    yield from storage(data)
    yield from restart(command(data), server.url, events)
    yield from _fsck(data, events)
    with running(data) as server:
        yield from half_load(server)


def _fsck(data: Path, events: int) -> Iterator[Row | Goal]:
    fsck = ["/usr/bin/time", "-f", "%M", WAYPROOF, "log", "fsck", "--data", data, "--json"]
    start = time.perf_counter()
    try:
        done = subprocess.run(fsck, capture_output=True, check=True, text=True)
    except FileNotFoundError:
        done = subprocess.run(fsck[3:], capture_output=True, check=True, text=True)
    took = time.perf_counter() - start
    assert orjson.loads(done.stdout)["findings"] == []
    what = f"fsck of {events:,} events"
    memory = re.search(r"(\d+)\s*$", done.stderr)
    if memory is None:
        yield Row(what, f"{events / took:,.0f} events/s, peak not measured")
        return
    peak_mb = int(memory[1]) / 1000
    yield Row(what, f"{events / took:,.0f} events/s, peak {peak_mb:,.0f} MB")
    yield Goal(what, f"peak ≤ {FSCK_MB_MAX} MB", FSCK_MB_MAX / peak_mb)


def raw_copy(data: Path, events: int) -> float:
    """Events a second of the same rows into the same tables and indexes, in the same kind of transactions. They are
    prepared part by part outside the clock, so that memory stays small."""
    captures = prepared(simulator(events), DOCUMENT_EVENTS)

    def next_part() -> list[trace_core.Copies]:
        return [copies for _, _, copies in itertools.islice(captures, PART_DOCUMENTS)]

    return asyncio.run(_copy_all(data, next_part, events))


async def _copy_all(data: Path, next_part: Callable[[], list[trace_core.Copies]], events: int) -> float:
    async with embedded_postgres(data) as url:
        connections = [await asyncpg.connect(url) for _ in range(WRITERS)]
        await migrate(connections[0], known_migrations())

        async def write(connection: asyncpg.Connection, part: list[trace_core.Copies]) -> None:
            for copies in part:
                async with connection.transaction():
                    for table in TABLES:
                        await copy_rows(connection, table, copies)

        took = 0.0
        while part := next_part():
            start = time.perf_counter()
            await asyncio.gather(*(write(c, part[n::WRITERS]) for n, c in enumerate(connections)))
            took += time.perf_counter() - start
        for connection in connections:
            await connection.close()
    return events / took
