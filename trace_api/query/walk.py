"""Runs a question of lineage: the core says what it has to see, the database shows it, until it is done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import trace_core
from trace_api.store import walks

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    from trace_api.store.walks import Slice

EVENTS_MAX = 200_000
"""Events that one answer looks at; past that it says that it is truncated."""
ITEMS_MAX = 100_000
"""Items in one answer."""
REFERENCES_MAX = 200_000
"""References read in one round; past that the answer says that it is truncated."""
BODY_BYTES_MAX = 256 * 1024 * 1024
"""Bytes of events that one answer reads, 1.3 kB for each of the events that it may look at; past that it says
that it is truncated. They are in memory a slice at a time."""
SMALL_EVENTS, SMALL_BYTES, SMALL_SHARED_BYTES = 64, 128 * 1024, 1024 * 1024
"""So many events, of so many bytes together, in packed groups and contexts of so many, are read, and what they say is
searched, in two milliseconds: no thread is asked for that, which would take as long as half of them."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Walked:
    """The answer as JSON, and the keys of all events that may name what was asked about: ascending, erased ones and
    those of other things with their hash among them."""

    answer: bytes
    named: list[int]


def machine(question: trace_core.Question, item: str, blinding: trace_core.Blinding) -> trace_core.Walk:
    """A question about one item, within the limits."""
    return trace_core.Walk(question, [item], blinding=blinding, events_max=EVENTS_MAX, items_max=ITEMS_MAX)


async def walk(connection: asyncpg.Connection, question: trace_core.Walk, *, with_keys: bool = False) -> Walked:
    """The answer from the snapshot of a connection; `with_keys` it names events by their keys, too.

    Cost: one read a round, set-wise, and one for each further slice of events; the rounds are the depth of the
    answer, not its size.
    """
    known: set[int] = set()
    named: list[int] = []
    bytes_left = BODY_BYTES_MAX
    while bytes_left > 0:
        wanted = await _run(question.wanted, len(known), BODY_BYTES_MAX - bytes_left)
        if not wanted.name_hashes:
            break
        columns = (wanted.name_hashes, wanted.from_us, wanted.to_us)
        found = await walks.find(connection, columns, known, limit=REFERENCES_MAX)
        if found.references == REFERENCES_MAX:
            question.truncate()
        named = named if known else found.keys
        known.update(found.keys)
        bytes_left = await _feed(connection, question, found.first, bytes_left)
    answer = await _run(lambda: question.finish(keys=with_keys), len(known), BODY_BYTES_MAX - bytes_left)
    return Walked(answer, named)


async def _feed(connection: asyncpg.Connection, question: trace_core.Walk, next_: Slice, bytes_left: int) -> int:
    """Feeds a slice and those behind it, and says how many bytes may still be read."""
    while True:
        feed = partial(question.feed, next_.columns, next_.groups, next_.contexts)
        await _run(feed, len(next_.columns[0]), next_.body_bytes, next_.shared_bytes)
        bytes_left -= next_.body_bytes
        if bytes_left <= 0:
            question.truncate()
        if bytes_left <= 0 or not next_.left:
            return bytes_left
        next_ = await walks.look_up(connection, next_.left)


async def _run(call: Callable[[], Value], events: int, body_bytes: int, shared_bytes: int = 0) -> Value:
    """A call of the core that takes as long as it has events, and bytes of them, to deal with."""
    is_small = events <= SMALL_EVENTS and body_bytes <= SMALL_BYTES and shared_bytes <= SMALL_SHARED_BYTES
    return call() if is_small else await asyncio.to_thread(call)
