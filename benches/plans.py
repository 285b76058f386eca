"""How Postgres answers the statements behind each question, on the database that was just measured."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg

from trace_api.query.simple.values import TIME_MAX, microseconds
from trace_api.store.embedded import embedded_postgres
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LINE_MAX = 150
"""Characters of a plan's line; conditions name every argument."""
_TIME_US_MAX = microseconds(TIME_MAX)


def query_plans(data: Path) -> str:
    """Markdown: each statement's name and its plan with row counts, with arguments taken from the data."""

    async def collect() -> str:
        async with embedded_postgres(data) as url:
            connection = await asyncpg.connect(url)
            await connection.execute("ANALYZE")
            parts = [f"### `{name}`\n\n```\n{plan}\n```" async for name, plan in _plans(connection)]
            await connection.close()
            return "\n\n".join(parts)

    return asyncio.run(collect())


async def _plans(connection: asyncpg.Connection) -> AsyncIterator[tuple[str, str]]:
    name_hash, key = await connection.fetchrow("SELECT name_hash, event_key FROM reference LIMIT 1")
    keys = [row[0] for row in await connection.fetch("SELECT event_key FROM event ORDER BY event_key LIMIT 20")]
    digest = await connection.fetchval("SELECT content_digest FROM event_digest LIMIT 1")
    size = await connection.fetchval("SELECT tree_size FROM log_head")
    asked: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        ("events", "references", ([name_hash], [0], [_TIME_US_MAX], 1_000)),
        ("events", "events_by_key", (keys,)),
        ("events", "captures_by_number", ([key >> 20],)),
        ("events", "event_by_digest", (digest,)),
        ("log", "entries_of_leaves", (size // 2, size // 2 + 256)),
        ("log", "captures_to_sequence", (10_000, 1_000)),
    )
    for file, name, arguments in asked:
        statement = f"EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF) {load(file)[name]}"
        lines = (row[0] for row in await connection.fetch(statement, *arguments))
        yield name, "\n".join(_cut(line) for line in lines)


def _cut(line: str) -> str:
    return line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]}…"
