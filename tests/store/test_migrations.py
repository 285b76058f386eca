"""Databases of older schemas, with what was stored in them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import asyncpg
import pytest

import trace_core
from trace_api.store import events
from trace_api.store.migrate import known_migrations, migrate

BEFORE_LEAN_ROWS = 9
CAPTURE_NO = 3
FIRST = CAPTURE_NO << 20
TIME = datetime(2025, 1, 2, tzinfo=UTC)
ERASED, EMPTY = 5, 6
LARGE = (0, 7, 33, 34, 39)
"""Each beside others in a group."""
COUNT = 40
ROLE = 1


def body_of(place: int) -> bytes | None:
    if place in LARGE:
        return b"%d" % place + bytes(900_000)
    return {ERASED: None, EMPTY: b""}.get(place, b'{"place":%d}' % place)


@pytest.fixture
async def connection(database_url):
    """To a database whose events each have their body in a row of their own, and all one name."""
    opened = await asyncpg.connect(database_url)
    await migrate(opened, known_migrations()[:BEFORE_LEAN_ROWS])
    await opened.execute(
        "INSERT INTO capture VALUES ($1, $2, 'anonymous', $3, '[]', '', $4, NULL, '{}')",
        *(CAPTURE_NO, uuid.UUID(int=1), TIME, COUNT),
    )
    rows = [(FIRST + place, TIME, body_of(place)) for place in range(COUNT)]
    await opened.executemany(
        "INSERT INTO event (event_key, partner, event_time, record_time, event_type, event_hash_id, body, entry)"
        " VALUES ($1, 'anonymous', $2, $2, 1, '', $3, '')",
        rows,
    )
    await opened.executemany(
        "INSERT INTO reference (name_hash, event_time, event_key, role) VALUES (7, $1, $2, $3)",
        [(TIME, FIRST + place, ROLE) for place in range(COUNT)],
    )
    await migrate(opened, known_migrations())
    yield opened
    await opened.close()


async def bodies(connection):
    rows = await connection.fetch("SELECT event_key, body_place FROM event ORDER BY event_key")
    found = await events.bodies_at(connection, [tuple(row) for row in rows])
    return dict(enumerate(found))


async def test_bodies_and_names_are_what_they_were(connection):
    assert await bodies(connection) == {place: body_of(place) or b"" for place in range(COUNT)}
    erased = await connection.fetch("SELECT event_key FROM event WHERE body_bytes IS NULL")
    assert [row[0] for row in erased] == [FIRST + ERASED]
    named = await connection.fetch("SELECT event_ref FROM filed WHERE name_hash = 7 ORDER BY event_ref")
    assert [row[0] for row in named] == [(FIRST + place) << 4 | ROLE for place in range(COUNT)]


async def test_no_group_is_larger_than_one_event_and_few_others(connection):
    largest = await connection.fetchval("SELECT max(octet_length(bodies)) FROM event")
    assert largest < 900_000 + 64 * 1024


@pytest.mark.parametrize("gone", [0, 1, 7, 34])
async def test_body_that_is_taken_away_is_the_only_one(connection, gone):
    query = "SELECT event_key - body_place, body_place FROM event WHERE event_key = $1"
    first, place = await connection.fetchrow(query, FIRST + gone)
    packed = await connection.fetchval("SELECT bodies FROM event WHERE event_key = $1", first)
    kept = trace_core.without_body(packed, place)
    await connection.execute("UPDATE event SET bodies = $2 WHERE event_key = $1", first, kept)
    assert await bodies(connection) == {at: b"" if at == gone else body_of(at) or b"" for at in range(COUNT)}
