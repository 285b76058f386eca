"""Runs a question of lineage: the core says what it has to see, the database shows it, until it is done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trace_api.store import events

if TYPE_CHECKING:
    import asyncpg

    import trace_core

REFERENCES_MAX = 200_000
"""References read in one round; past that the answer says that it is truncated."""
BODY_BYTES_MAX = 256 * 1024 * 1024
"""Bytes of events that one answer reads, 1.3 kB for each of the events that it may look at; past that it says
that it is truncated. They are in memory a slice at a time."""


async def walk(connection: asyncpg.Connection, question: trace_core.Walk, *, with_keys: bool = False) -> bytes:
    """The answer as JSON, from the snapshot of a connection; `with_keys` it names events by their keys, too.

    Cost: two reads a round, set-wise, and two for each further slice of events; the rounds are the depth of the
    answer, not its size.
    """
    seen: set[int] = set()
    bytes_left = BODY_BYTES_MAX
    while bytes_left > 0:
        wanted = question.wanted()
        if not wanted.name_hashes:
            break
        keys = await events.references(
            connection, wanted.name_hashes, wanted.from_us, wanted.to_us, limit=REFERENCES_MAX
        )
        if len(keys) == REFERENCES_MAX:
            question.truncate()
        new = set(keys) - seen
        seen |= new
        async for rows in events.bodies_in_slices(connection, new):
            await asyncio.to_thread(question.feed, rows.keys, rows.bodies, rows.contexts, rows.record_times_us)
            bytes_left -= sum(map(len, rows.bodies))
            if bytes_left <= 0:
                question.truncate()
                break
    return await asyncio.to_thread(question.finish, keys=with_keys)
