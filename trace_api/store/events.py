"""Events and the index over their names."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trace_api.errors import StoreError
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("events")
POSITION_BITS = 20
"""An event key is its capture's number and, in so many bits, its position in the capture."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event. `body` and `secret` are None once erased; `context` is the JSON array of its capture;
    `leaf_index` is None until it is in the log; `findings` is a JSON array or None."""

    event_key: int
    partner: str
    event_time: datetime
    record_time: datetime
    event_id: str | None
    event_hash_id: bytes
    secret: bytes | None
    body: bytes | None
    entry: bytes
    findings: bytes | None
    context: bytes
    leaf_index: int | None


@dataclass(frozen=True, slots=True)
class Bodies:
    """Events by columns, as the core takes them: element n of each list is of one event, in no order."""

    keys: list[int]
    bodies: list[bytes]
    contexts: list[bytes]
    record_times_us: list[int]


async def references(
    connection: asyncpg.Connection,
    name_hashes: Sequence[int],
    from_us: Sequence[int],
    to_us: Sequence[int],
    *,
    limit: int,
) -> list[int]:
    """Keys of events that may name these things, `limit` at most in all; an event stands there once for
    each name. Times are µs since 1970, both ends included. A hash is a hint: compare the name itself.
    Cost: one index scan for each name."""
    rows = await connection.fetch(_SQL["references"], name_hashes, from_us, to_us, limit)
    return [row[0] for row in rows]


async def events_by_key(connection: asyncpg.Connection, keys: Sequence[int]) -> list[StoredEvent]:
    """The events with these keys, in order of event time. Cost: two reads, for any number of keys."""
    rows = await connection.fetch(_SQL["events_by_key"], keys)
    captures = await _captures_of(connection, (row["event_key"] for row in rows))
    events = []
    for row in rows:
        context, first_leaf_index = captures[row["event_key"] >> POSITION_BITS]
        position = row["event_key"] & ((1 << POSITION_BITS) - 1)
        leaf_index = None if first_leaf_index is None else first_leaf_index + position
        events.append(StoredEvent(**row, context=context, leaf_index=leaf_index))
    return events


async def bodies_by_key(connection: asyncpg.Connection, keys: Sequence[int]) -> Bodies:
    """The events with these keys that were not erased. Cost: two reads, for any number of keys."""
    rows = await connection.fetch(_SQL["bodies_by_key"], keys)
    if not rows:
        return Bodies([], [], [], [])
    found, bodies, record_times_us = map(list, zip(*rows, strict=True))
    captures = await _captures_of(connection, found)
    contexts = [captures[key >> POSITION_BITS][0] for key in found]
    return Bodies(found, bodies, contexts, record_times_us)


async def key_of_digest(connection: asyncpg.Connection, content_digest: bytes) -> int | None:
    """The key of the event with this content, or None."""
    key: int | None = await connection.fetchval(_SQL["event_by_digest"], content_digest)
    return key


class Column(enum.StrEnum):
    """A column of events whose values can be listed."""

    BIZ_STEP = "biz_step"
    DISPOSITION = "disposition"
    READ_POINT = "read_point"
    BIZ_LOCATION = "biz_location"


async def values_of(connection: asyncpg.Connection, column: Column, after: str, limit: int) -> list[str]:
    """The next values of a column behind `after`, in the database's order. Cost: one look into an index for each."""
    rows = await connection.fetch(_SQL["values_of_column"].format(column=column.value), after, limit)
    return [row[0] for row in rows]


async def items_named(
    connection: asyncpg.Connection, after: int, roles: Sequence[int], limit: int
) -> list[tuple[int, int]]:
    """Name hashes of the next items behind one, in the order of the hashes, each with the key of the last event that
    names it in one of these roles. Cost: two looks into an index for each, and a scan over other names between."""
    rows = await connection.fetch(_SQL["items_named"], after, roles, limit)
    return [(row[0], row[1]) for row in rows]


async def _captures_of(connection: asyncpg.Connection, keys: Iterable[int]) -> Mapping[int, tuple[bytes, int | None]]:
    """Context and first leaf index of the captures that hold these events, by number."""
    numbers = list({key >> POSITION_BITS for key in keys})
    captures = {row[0]: (row[1], row[2]) for row in await connection.fetch(_SQL["captures_by_number"], numbers)}
    if len(captures) != len(numbers):
        raise StoreError("the captures of some events are not there, or were read at another moment")
    return captures
