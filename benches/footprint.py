"""What a filled data folder costs: bytes of every kind an event, and the time until it answers again."""

from __future__ import annotations

import asyncio
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import httpx

from benches.table import Goal, Row
from trace_api.store.embedded import embedded_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOAL_TIMES = 1.5
START_GOAL_S = 2.0
PARTS_SHOWN = 8

_SIZES = """
SELECT relname, relkind = 'i' AS is_index, pg_relation_size(pg_class.oid) AS bytes
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname IN ('public', 'pg_toast') AND relkind IN ('r', 'i', 't', 'm') ORDER BY bytes DESC
"""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of a data folder: of the events' own JSON, of everything, and of the largest parts."""

    events: int
    body: int
    total: int
    parts: list[tuple[str, int]]


def footprint(data: Path) -> Footprint:
    """Of a data folder that nobody uses."""
    events, body, parts = asyncio.run(_sizes(data))
    total = sum(size for _, size in parts)
    total += (data / "item-index").stat().st_size  # the index over items lives in a file
    return Footprint(events, body, total, parts)


def storage(data: Path) -> Iterator[Row | Goal]:
    """Of the database in a data folder that nobody uses: tables, indexes, tiles and all, beside the events' JSON."""
    found = footprint(data)
    shown = ", ".join(f"{name} {size / found.events:,.0f}" for name, size in found.parts[:PARTS_SHOWN])
    what, times = f"storage of {found.events:,} events, all included", found.total / found.body
    ours = f"{found.total / found.events:,.0f} B an event: {shown}"
    yield Row(what, ours, f"their JSON: {found.body / found.events:,.0f} B", f"{1 / times:.2f}")
    yield Goal(what, f"≤ {GOAL_TIMES} × their JSON", GOAL_TIMES / times)


async def _sizes(data: Path) -> tuple[int, int, list[tuple[str, int]]]:
    async with embedded_postgres(data) as url:
        connection = await asyncpg.connect(url)
        try:
            events, body = await connection.fetchrow("SELECT count(*), sum(body_bytes) FROM event")
            rows = await connection.fetch(_SIZES)
        finally:
            await connection.close()
    return events, body, [(row["relname"], row["bytes"]) for row in rows]


def start_seconds(command: list[str | Path], url: str) -> float:
    """From the start of the command on a data folder with events to its first answer."""
    began = time.perf_counter()
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not _answers(url):
            assert server.poll() is None, "the server did not start"
            time.sleep(0.02)
        return time.perf_counter() - began
    finally:
        server.terminate()
        server.wait()


def restart(command: list[str | Path], url: str, events: int) -> Iterator[Row | Goal]:
    """Three times."""
    times = [start_seconds(command, url) for _ in range(3)]
    what = f"start on {events:,} events, Python, Postgres and index"
    yield Row(what, f"{min(times):.1f} to {max(times):.1f} s")
    yield Goal(what, f"≤ {START_GOAL_S:.0f} s", START_GOAL_S / max(times))


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False
