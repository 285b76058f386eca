"""What a question of lineage reads: events by name and time, round by round."""

from __future__ import annotations

import enum
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trace_api.errors import StoreError
from trace_api.store.events import POSITION_BITS
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import asyncpg

_SQL = load("walks")
SLICE_EVENTS = 2_048
"""Events that are looked up at a time; each may stand in a group of 32 KiB of its own."""
SLICE_BYTES_MAX = 8 * 1024 * 1024
"""Bytes of bodies that are read at a time, and one event more."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Events that were not erased, in the order of their keys. `columns` are their keys, the places of their bodies,
    their record times in µs and their event hash ids; the body of one stands in a group with the event that is its
    place before it. `groups` are packed bodies by the keys of their first events, `contexts` JSON arrays by the numbers
    of captures. `left` are keys that were found, ascending, and not looked up yet."""

    columns: tuple[list[int], list[int], list[int], list[bytes]]
    groups: dict[int, bytes]
    contexts: dict[int, bytes]
    body_bytes: int
    left: list[int]

    @property
    def shared_bytes(self) -> int:
        """Of groups, packed, and contexts: all of them are looked through, for whatever few events."""
        return sum(map(len, self.groups.values())) + sum(map(len, self.contexts.values()))


@dataclass(frozen=True, slots=True)
class Round:
    """The keys of all events that one round found, and how many references it looked at."""

    keys: list[int]
    references: int
    first: Slice


async def find(
    connection: asyncpg.Connection,
    wanted: tuple[Sequence[int], Sequence[int], Sequence[int]],
    known: Collection[int],
    *,
    limit: int,
) -> Round:
    """Events that may name what is wanted and are not known, and what the first of them say. Wanted are name hashes and
    times from and to, in µs since 1970, both ends included; of references `limit` are looked at, at most. A hash is a
    hint: compare the name itself. An event hash id is no name here.

    Cost: one read, with one index scan for each name; where times are bounded, one look more for each event under it.
    """
    rows = await connection.fetch(_SQL["round_of_walk"], *wanted, limit, list(known), [], SLICE_EVENTS, SLICE_BYTES_MAX)
    keys = sorted(row[1] for row in rows if row[0] == _Kind.FOUND)
    [references] = [row[2] for row in rows if row[0] == _Kind.COUNT]
    return Round(keys, references, _slice(rows, keys))


async def look_up(connection: asyncpg.Connection, keys: list[int]) -> Slice:
    """What the first of these events, by their keys, ascending, say. Cost: one read."""
    rows = await connection.fetch(
        _SQL["round_of_walk"], [], [], [], 0, [], keys[:SLICE_EVENTS], SLICE_EVENTS, SLICE_BYTES_MAX
    )
    return _slice(rows, keys)


class _Kind(enum.IntEnum):
    """What a row is; the numbers stand in the statement."""

    EVENT = 0
    GROUP = 1
    CAPTURE = 2
    FOUND = 3
    COUNT = 4


def _slice(rows: Sequence[asyncpg.Record], keys: list[int]) -> Slice:
    events = sorted((row[1:] for row in rows if row[0] == _Kind.EVENT), key=lambda event: event[0])
    groups = {row[1]: row[5] for row in rows if row[0] == _Kind.GROUP}
    contexts = {row[1]: row[5] for row in rows if row[0] == _Kind.CAPTURE}
    if any(event[0] >> POSITION_BITS not in contexts for event in events):
        raise StoreError("the captures of some events are not there, or were read at another moment")
    found, times, places, sizes, hash_ids = map(list, zip(*events, strict=True)) if events else ([], [], [], [], [])
    body_bytes = sum(sizes)
    # A slice that is not full has all that was looked up, but for what was erased.
    left = keys[bisect_right(keys, found[-1]) :] if body_bytes >= SLICE_BYTES_MAX else keys[SLICE_EVENTS:]
    return Slice((found, places, times, hash_ids), groups, contexts, body_bytes, left)
