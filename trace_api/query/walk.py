"""Runs a question of lineage: the core says what it has to see, the database shows it, until it is done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trace_api.store import events

if TYPE_CHECKING:
    import trace_core
    from trace_api.store.pool import Store

REFERENCES_MAX = 200_000
"""References read in one round; past that the answer says that it is truncated."""


async def walk(store: Store, question: trace_core.Walk, *, with_keys: bool = False) -> bytes:
    """The answer as JSON, from one snapshot of the database; `with_keys` it names events by their keys, too.

    Cost: two reads a round, set-wise; the rounds are the depth of the answer, not its size.
    """
    seen: set[int] = set()
    async with store.snapshot() as connection:
        while True:
            wanted = question.wanted()
            if not wanted.name_hashes:
                break
            keys = await events.references(
                connection, wanted.name_hashes, wanted.from_us, wanted.to_us, limit=REFERENCES_MAX
            )
            if len(keys) == REFERENCES_MAX:
                question.truncate()
            new = [key for key in dict.fromkeys(keys) if key not in seen]
            seen.update(new)
            rows = await events.bodies_by_key(connection, new)
            await asyncio.to_thread(question.feed, rows.keys, rows.bodies, rows.contexts, rows.record_times_us)
    return await asyncio.to_thread(question.finish, keys=with_keys)
