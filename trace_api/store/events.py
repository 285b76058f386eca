"""Events and the index over their names."""

from __future__ import annotations

import enum
import itertools
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

import trace_core
from trace_api.errors import StoreError
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("events")
POSITION_BITS = 20
"""An event key is its capture's number and, in so many bits, its position in the capture."""


SLICE_EVENTS = 4_096
"""Events that are looked up for one slice of bodies."""
SLICE_BYTES_MAX = 8 * 1024 * 1024
"""Bytes of bodies in one slice, and one event more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One event without its body, which has `body_bytes` bytes, none once erased; `leaf_index` is None until it
    is in the log; `findings` is a JSON array or None; `signed_by` is the issuer, JSON, where a partner signed."""

    event_key: int
    partner: str
    event_time: datetime
    record_time: datetime
    event_id: str | None
    event_hash_id: bytes
    entry: bytes
    findings: bytes | None
    body_bytes: int
    leaf_index: int | None
    signed_by: bytes | None

    @property
    def issuer(self) -> bytes:
        """Who issued it: the first leaf of its commitment, JSON."""
        return self.signed_by or trace_core.issuer_of(self.partner)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent(LoggedEvent):
    """One event. `body` and `secret` are None once erased; `context` is the JSON array of its capture; `signed_place`
    is where it stands in its signed capture."""

    secret: bytes | None
    signed_place: bytes | None
    body: bytes | None
    context: bytes


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
    """The events with these keys, in order of event time, all of them in memory at once.
    Cost: two reads, for any number of keys."""
    rows = await connection.fetch(_SQL["events_by_key"], keys)
    captures = await _captures_of(connection, (row["event_key"] for row in rows))
    events = []
    for row in rows:
        capture = captures[row["event_key"] >> POSITION_BITS]
        event = StoredEvent(
            **row,
            context=capture.context,
            signed_by=capture.issuer,
            leaf_index=_leaf_index(row["event_key"], capture.first_leaf_index),
            body_bytes=len(row["body"] or b""),
        )
        events.append(event)
    return events


async def logged_by_key(connection: asyncpg.Connection, keys: Sequence[int]) -> list[LoggedEvent]:
    """The events with these keys without their bodies, in order of event time.
    Cost: two reads, for any number of keys; 64 KiB an event at most."""
    rows = await connection.fetch(_SQL["logged_by_key"], keys)
    captures = await _captures_of(connection, (row["event_key"] for row in rows))
    events = []
    for row in rows:
        capture = captures[row["event_key"] >> POSITION_BITS]
        leaf_index = _leaf_index(row["event_key"], capture.first_leaf_index)
        events.append(LoggedEvent(**row, leaf_index=leaf_index, signed_by=capture.issuer))
    return events


def _leaf_index(event_key: int, first_leaf_index: int | None) -> int | None:
    return None if first_leaf_index is None else first_leaf_index + (event_key & ((1 << POSITION_BITS) - 1))


async def bodies_in_slices(connection: asyncpg.Connection, keys: Collection[int]) -> AsyncIterator[Bodies]:
    """The events with these keys that were not erased, in order of their keys, in slices of `SLICE_BYTES_MAX`
    bytes; one slice at least, which may be empty. Cost: two reads a slice."""
    wanted = sorted(keys)
    while True:
        look_up = wanted[:SLICE_EVENTS]
        rows = await connection.fetch(_SQL["slice_of_bodies"], look_up, SLICE_BYTES_MAX)
        found, bodies, record_times_us = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
        captures = await _captures_of(connection, found) if found else {}
        yield Bodies(found, bodies, [captures[key >> POSITION_BITS].context for key in found], record_times_us)
        # A slice that is not full has all that was looked up, but for what was erased.
        is_full = sum(map(len, bodies)) >= SLICE_BYTES_MAX
        wanted = wanted[bisect_right(wanted, found[-1]) if is_full else len(look_up) :]
        if not wanted:
            return


async def key_of_digest(connection: asyncpg.Connection, content_digest: bytes) -> int | None:
    """The key of the event with this content, or None."""
    key: int | None = await connection.fetchval(_SQL["event_by_digest"], content_digest)
    return key


async def count_within(connection: asyncpg.Connection, keys: Sequence[int], bytes_max: int) -> int:
    """How many of the first of these events have bodies of at most so many bytes together; one at least.
    Cost: one read, of no body."""
    sizes = {row[0]: row[1] or 0 for row in await connection.fetch(_SQL["body_sizes"], keys)}
    sums = itertools.accumulate(sizes.get(key, 0) for key in keys)
    return max(1, sum(1 for total in sums if total <= bytes_max))


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


@dataclass(frozen=True, slots=True)
class _Capture:
    """What the events of a capture share."""

    context: bytes
    first_leaf_index: int | None
    issuer: bytes | None


async def _captures_of(connection: asyncpg.Connection, keys: Iterable[int]) -> Mapping[int, _Capture]:
    """The captures that hold these events, by number."""
    numbers = list({key >> POSITION_BITS for key in keys})
    captures = {row[0]: _Capture(*row[1:]) for row in await connection.fetch(_SQL["captures_by_number"], numbers)}
    if len(captures) != len(numbers):
        raise StoreError("the captures of some events are not there, or were read at another moment")
    return captures


async def erase(connection: asyncpg.Connection, event_key: int, content_digest: bytes) -> bool:
    """Takes away what an event said and what was made from it, in one transaction; its log entry stays. What its
    capture's job quotes of events goes as well. Whether there was anything to take away."""
    async with connection.transaction():
        if await connection.fetchval(_SQL["erase_event"], event_key) is None:
            return False
        await connection.execute(_SQL["erase_digest"], content_digest, event_key)
        await connection.execute(_SQL["erase_issuer"], event_key >> POSITION_BITS)
        outcome = orjson.loads(await connection.fetchval(_SQL["read_outcome"], event_key >> POSITION_BITS))
        for problem in outcome["problems"]:
            problem["message"] = "withheld, for an event of this capture was erased"
        await connection.execute(_SQL["write_outcome"], event_key >> POSITION_BITS, orjson.dumps(outcome))
    return True


async def count_erased(connection: asyncpg.Connection, name_hash: int, limit: int) -> int:
    """How many of the events that are filed under a name were erased, up to `limit`. Cost: one index scan."""
    return len(await connection.fetch(_SQL["erased_events"], name_hash, limit))
