"""Events and the index over their names."""

from __future__ import annotations

import asyncio
import enum
import itertools
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

import trace_core
from trace_api.errors import StoreError, Unavailable
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("events")
POSITION_BITS = 20
"""An event key is its capture's number and, in so many bits, its position in the capture."""
DIGEST_BYTES = 16
"""Of a content digest, that repetitions are known by."""


ROLE_BITS = 4
"""A reference is an event's key and, in so many bits, as what the event names something."""
SLICE_EVENTS = 2_048
"""Events that are looked up for one slice of bodies; each may stand in a group of 32 KiB of its own."""
SLICE_BYTES_MAX = 8 * 1024 * 1024
"""Bytes of bodies in one slice, and one event more."""
_CAPTURES_MISSING = "the captures of some events are not there, or were read at another moment"
_LOGGED = ("event_key", "event_time", "record_time", "event_id", "event_hash_id", "entry", "findings", "body_bytes")


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


async def references(connection: asyncpg.Connection, name_hashes: Sequence[int], *, limit: int) -> list[int]:
    """Keys of events of any time that may name these things, `limit` at most in all; an event stands there once for
    each name. A hash is a hint: compare the name itself. An event hash id is no name here: `events_called` knows it.
    Cost: one index scan for each name."""
    return [row[0] for row in await connection.fetch(_SQL["references"], name_hashes, limit)]


async def events_called(connection: asyncpg.Connection, name_hash: int, *, limit: int) -> list[int]:
    """Keys of events, `limit` at most, that may have this id, as captured or by hash. Cost: two index scans."""
    return [row[0] for row in await connection.fetch(_SQL["events_called"], name_hash, limit)]


async def event_that_says(connection: asyncpg.Connection, terms: Sequence[int]) -> int | None:
    """The key of an event that says one of these things, or None. Cost: a scan of their entries in the index, or,
    where many events say it, of the first of them."""
    key: int | None = await connection.fetchval(_SQL["event_that_says"], terms)
    return key


async def events_by_key(connection: asyncpg.Connection, keys: Sequence[int]) -> list[StoredEvent]:
    """The events with these keys, in order of event time, all of them in memory at once.
    Cost: three reads, for any number of keys."""
    rows = await connection.fetch(_SQL["events_by_key"], keys)
    captures = await _captures_of(connection, (row["event_key"] for row in rows))
    bodies = await bodies_at(connection, [(row["event_key"], row["body_place"]) for row in rows])
    return [
        StoredEvent(
            **_logged(row, captures),
            context=captures[row["event_key"] >> POSITION_BITS].context,
            secret=row["secret"],
            signed_place=row["signed_place"],
            body=body if row["body_bytes"] else None,
        )
        for row, body in zip(rows, bodies, strict=True)
    ]


async def logged_by_key(connection: asyncpg.Connection, keys: Sequence[int]) -> list[LoggedEvent]:
    """The events with these keys without their bodies, in order of event time.
    Cost: one read, for any number of keys; 64 KiB an event at most."""
    rows = await connection.fetch(_SQL["logged_by_key"], keys)
    if any(row["partner"] is None for row in rows):
        raise StoreError(_CAPTURES_MISSING)
    return [LoggedEvent(**row) for row in rows]


def _logged(row: asyncpg.Record, captures: Mapping[int, _Capture]) -> dict[str, Any]:
    capture = captures[row["event_key"] >> POSITION_BITS]
    return {name: row[name] for name in _LOGGED} | {
        "partner": capture.partner,
        "leaf_index": _leaf_index(row["event_key"], capture.first_leaf_index),
        "signed_by": row["issuer"] or capture.issuer,
    }


async def bodies_at(connection: asyncpg.Connection, places: Sequence[tuple[int, int]]) -> list[bytes]:
    """What events say, by their keys and the places of their bodies; empty for what was erased, or is not there.
    Cost: one read; one decompression, 20 µs, for each group of up to 32 neighbours."""
    firsts = sorted({key - place for key, place in places})
    groups = {row[0]: row[1] for row in await connection.fetch(_SQL["bodies_of_groups"], firsts)}
    numbers = {first: number for number, first in enumerate(firsts)}
    wanted = [(numbers[key - place], place) for key, place in places]
    packed = [groups.get(first, b"") for first in firsts]
    bodies = await asyncio.to_thread(trace_core.read_bodies, packed, wanted)
    return [body or b"" for body in bodies]


def _leaf_index(event_key: int, first_leaf_index: int | None) -> int | None:
    return None if first_leaf_index is None else first_leaf_index + (event_key & ((1 << POSITION_BITS) - 1))


async def bodies_in_slices(connection: asyncpg.Connection, keys: Collection[int]) -> AsyncIterator[Bodies]:
    """The events with these keys that were not erased, in order of their keys, in slices of `SLICE_BYTES_MAX`
    bytes; one slice at least, which may be empty. Cost: three reads a slice."""
    wanted = sorted(keys)
    while True:
        look_up = wanted[:SLICE_EVENTS]
        rows = await connection.fetch(_SQL["slice_of_bodies"], look_up, SLICE_BYTES_MAX)
        found = [row[0] for row in rows]
        bodies = await bodies_at(connection, [(row[0], row[1]) for row in rows]) if rows else []
        captures = await _captures_of(connection, found) if found else {}
        record_times_us = [row[2] for row in rows]
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


class Field(enum.IntEnum):
    """A field of events whose values can be listed; the numbers stand in the database."""

    BIZ_STEP = 1
    DISPOSITION = 2
    READ_POINT = 3
    BIZ_LOCATION = 4


async def values_of(connection: asyncpg.Connection, field: Field, after: str, limit: int) -> list[str]:
    """The next values of a field behind `after`, in the database's order. Cost: one index scan."""
    return [row[0] for row in await connection.fetch(_SQL["values_of_field"], field, after, limit)]


async def items_named(
    connection: asyncpg.Connection, after: int, roles: Sequence[int], limit: int
) -> list[tuple[int, int | None]]:
    """Name hashes of the next items behind one, in the order of the hashes, each with the key of an event that names
    it in one of these roles; None where all of those were erased. Cost: a look into two indexes for each, one more
    for each erased event, and a scan over other names between."""
    rows = await connection.fetch(_SQL["items_named"], after, roles, limit)
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class _Capture:
    """What the events of a capture share."""

    partner: str
    context: bytes
    first_leaf_index: int | None
    issuer: bytes | None


async def _captures_of(connection: asyncpg.Connection, keys: Iterable[int]) -> Mapping[int, _Capture]:
    """The captures that hold these events, by number."""
    numbers = list({key >> POSITION_BITS for key in keys})
    captures = {row[0]: _Capture(*row[1:]) for row in await connection.fetch(_SQL["captures_by_number"], numbers)}
    if len(captures) != len(numbers):
        raise StoreError(_CAPTURES_MISSING)
    return captures


async def erase(connection: asyncpg.Connection, event_key: int, terms_of: Callable[[Field, str], list[int]]) -> bool:
    """Takes away what an event said and what was made from it, in one transaction; its log entry stays. What its
    capture's job quotes of events goes as well. `terms_of` gives the terms of a value, by which another event is found
    that has it, too. Whether there was anything to take away. Raises `Unavailable`, with nothing taken away, where the
    bodies that stand together with its own cannot be read."""
    async with connection.transaction():
        await connection.execute(_SQL["lock_values"])
        place = await connection.fetchval(_SQL["erase_event"], event_key)
        if place is None:
            return False
        bodies = await connection.fetchval(_SQL["read_bodies"], event_key - place)
        if trace_core.read_bodies([bodies or b""], [(0, place)]) == [None]:
            # What is written again in its place would have lost the others, too.
            raise Unavailable(f"the bodies beside event {event_key} cannot be read; `wayproof log fsck` tells more")
        kept = await asyncio.to_thread(trace_core.without_body, bodies, place)
        await connection.execute(_SQL["write_bodies"], event_key - place, kept)
        for field, value in await connection.fetch(_SQL["values_of_event"], event_key):
            other = await event_that_says(connection, terms_of(Field(field), value))
            if other is None:
                await connection.execute(_SQL["drop_value"], field, value)
            else:
                await connection.execute(_SQL["pass_value"], field, value, other)
        await connection.execute(_SQL["erase_issuer"], event_key >> POSITION_BITS)
        outcome = orjson.loads(await connection.fetchval(_SQL["read_outcome"], event_key >> POSITION_BITS))
        for problem in outcome["problems"]:
            problem["message"] = "withheld, for an event of this capture was erased"
        await connection.execute(_SQL["write_outcome"], event_key >> POSITION_BITS, orjson.dumps(outcome))
    return True


async def count_erased(connection: asyncpg.Connection, name_hash: int, limit: int) -> int:
    """How many of the events that are filed under a name were erased, up to `limit`. Cost: one index scan."""
    return len(await connection.fetch(_SQL["erased_events"], name_hash, limit))
