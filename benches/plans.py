"""How Postgres answers the statements behind each question, on the database that was just measured."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from trace_api.log.keys import LogKeys
from trace_api.query.simple import pages, parse
from trace_api.query.simple.filters import Keys
from trace_api.query.simple.values import TIME_MAX, microseconds
from trace_api.store.embedded import embedded_postgres
from trace_api.store.events import bodies_at
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
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
            keys = Keys.of(LogKeys.load(data / "keys").blinding_key)
            parts = [part async for part in _plans(connection)]
            parts += [part async for part in _query_plans(connection, keys)]
            await connection.close()
            return "\n\n".join(f"### `{name}`\n\n```\n{plan}\n```" for name, plan in parts)

    return asyncio.run(collect())


async def _plans(connection: asyncpg.Connection) -> AsyncIterator[tuple[str, str]]:
    name_hash, key = await connection.fetchrow("SELECT name_hash, event_ref >> 4 FROM reference LIMIT 1")
    keys = [row[0] for row in await connection.fetch("SELECT event_key FROM event ORDER BY event_key LIMIT 20")]
    digest = (await connection.fetchval("SELECT content_digest FROM event LIMIT 1")).bytes
    size = await connection.fetchval("SELECT tree_size FROM log_head")
    asked: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        ("walks", "round_of_walk", ([name_hash], [0], [_TIME_US_MAX], 1_000, [], [], 2_048, 8 << 20)),
        ("events", "references", ([name_hash], 1_000)),
        ("events", "events_by_key", (keys,)),
        ("events", "captures_by_number", ([key >> 20],)),
        ("events", "event_by_digest", (digest,)),
        ("log", "entries_of_leaves", (size // 2, size // 2 + 256)),
        ("log", "captures_to_sequence", (10_000, 1_000)),
    )
    for file, name, arguments in asked:
        yield name, await _plan(connection, load(file)[name], arguments)


async def _query_plans(connection: asyncpg.Connection, keys: Keys) -> AsyncIterator[tuple[str, str]]:
    place = await connection.fetchval("SELECT value FROM event_value WHERE field = 3 LIMIT 1")
    rows = await connection.fetch("SELECT event_key, body_place FROM event WHERE event_type = 1 LIMIT 1000")
    bodies = await bodies_at(connection, [(row[0], row[1]) for row in rows])
    items = [item for body in bodies for item in orjson.loads(body).get("epcList", [])]
    last = [("orderBy", "eventTime"), ("orderDirection", "DESC")]
    for asked in (
        [("MATCH_anyEPC", items[0])],
        [("EQ_bizStep", "shipping"), *last],
        [("EQ_bizStep", "receiving"), ("EQ_readPoint", place)],
        [("GT_value_CEL", "8.5"), *last],
        [("GE_recordTime", "2020-01-01T00:00:00Z"), ("orderBy", "recordTime")],
    ):
        name = "&".join(f"{parameter}={value}" for parameter, value in asked)
        compiled = pages.compile_query(parse.parse_parameters(asked, {}), keys, place=None, limit=31)
        async with connection.transaction(readonly=True):
            await pages.limit_statements(connection, pages.Limits())
            _, text = await pages.choose(connection, compiled)
            yield f"GET /events?{name}", await _plan(connection, text, compiled.arguments)


async def _plan(connection: asyncpg.Connection, text: str, arguments: Iterable[object]) -> str:
    statement = f"EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF) {text}"
    return "\n".join(_cut(row[0]) for row in await connection.fetch(statement, *arguments))


def _cut(line: str) -> str:
    return line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]}…"
