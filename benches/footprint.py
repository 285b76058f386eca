"""What a filled data folder costs: bytes of every kind an event, and the time until it answers again."""

from __future__ import annotations

import asyncio
import subprocess
import time
from typing import TYPE_CHECKING

import asyncpg
import httpx

from trace_api.store.embedded import embedded_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benches.table import Row

GOAL_TIMES = 1.5
START_GOAL_S = 2.0
PARTS_SHOWN = 8

_SIZES = """
SELECT relname, relkind = 'i' AS is_index, pg_relation_size(pg_class.oid) AS bytes
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname IN ('public', 'pg_toast') AND relkind IN ('r', 'i', 't', 'm') ORDER BY bytes DESC
"""


def storage(data: Path) -> Iterator[Row]:
    """Of the database in a data folder that nobody uses: tables, indexes, tiles and all, beside the events' JSON."""
    events, body, parts = asyncio.run(_sizes(data))
    total = sum(size for _, size in parts)
    total += (data / "item-index").stat().st_size  # the index over items lives in a file
    shown = ", ".join(f"{name} {size / events:,.0f}" for name, size in parts[:PARTS_SHOWN])
    yield (
        f"storage of {events:,} events, all included",
        f"{total / events:,.0f} B an event: {shown}",
        f"their JSON: {body / events:,.0f} B; goal {GOAL_TIMES} ×",
        f"{total / body:.2f}",
    )


async def _sizes(data: Path) -> tuple[int, int, list[tuple[str, int]]]:
    async with embedded_postgres(data) as url:
        connection = await asyncpg.connect(url)
        try:
            events, body = await connection.fetchrow("SELECT count(*), sum(body_bytes) FROM event")
            rows = await connection.fetch(_SIZES)
        finally:
            await connection.close()
    return events, body, [(row["relname"], row["bytes"]) for row in rows]


def restart(command: list[str | Path], url: str, events: int) -> Iterator[Row]:
    """From the start of the command on a data folder with events to its first answer, three times."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            while not _answers(url):
                assert server.poll() is None, "the server did not start"
                time.sleep(0.02)
            times.append(time.perf_counter() - began)
        finally:
            server.terminate()
            server.wait()
    yield (
        f"start on {events:,} events, Python, Postgres and index",
        f"{min(times):.1f} to {max(times):.1f} s",
        f"goal {START_GOAL_S:.0f} s",
        f"{max(times) / START_GOAL_S:.2f}",
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False
