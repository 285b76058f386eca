"""That nothing was left out of what is said of an item: its leaves, all of them, by the index over items."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import trace_core
from trace_api.errors import Unavailable
from trace_api.query.by_id import TIME_US_MAX
from trace_api.store import events

if TYPE_CHECKING:
    import asyncpg

    from trace_api.log.item_index import IndexKeeper

LEAVES_MAX = 10_000
"""Leaves of one item that an answer names; an item in more events gets no proof of completeness."""


async def completeness(
    connection: asyncpg.Connection, keeper: IndexKeeper, blinding: trace_core.Blinding, item: str
) -> dict[str, Any] | None:
    """The leaves of an item and the proof that there are no others (`docs/formats.md`, "Completeness"); an empty list
    and the proof that there are none, where no event names it. None for an item in too many events, and for as long as
    the index is not published. It is checked before it is given out: raises `ProofError` when the index does not hold,
    and `Unavailable` when events are missing.

    Cost: one index scan, one read of entries, 2 reads, 1 native call.
    """
    token = blinding.token(item)
    lookup = await keeper.prove(connection, token)
    if lookup is None:
        return None
    leaves = await _leaves(connection, blinding, item, token)
    if leaves is None:
        return None
    leaves = [leaf for leaf in leaves if leaf < lookup.indexed_size]
    root_hash, _ = trace_core.read_index_entry(lookup.entry)
    if leaves:
        trace_core.check_item_history(root_hash=root_hash, token=token, leaf_indexes=leaves, proof=lookup.proof)
    else:
        trace_core.check_item_absence(root_hash=root_hash, token=token, proof=lookup.proof)
    return {
        "token": _base64(token),
        "indexed_size": lookup.indexed_size,
        "leaf_indexes": leaves,
        "lookup_proof": _base64(lookup.proof),
        "entry": _base64(lookup.entry),
        "leaf_index": lookup.inclusion.leaf_index,
        "tree_size": lookup.inclusion.tree_size,
        "inclusion_proof": [_base64(step) for step in lookup.inclusion.proof],
        "checkpoint": lookup.inclusion.checkpoint.decode(),
    }


async def _leaves(
    connection: asyncpg.Connection, blinding: trace_core.Blinding, item: str, token: bytes
) -> list[int] | None:
    """Ascending; None for too many. What is filed under the name is a hint: the entry's tokens decide."""
    keys = await events.references(connection, [blinding.name_hash(item)], [0], [TIME_US_MAX], limit=LEAVES_MAX + 1)
    if len(keys) > LEAVES_MAX:
        return None
    named = await events.logged_by_key(connection, sorted(set(keys)))
    if len(named) != len(set(keys)):
        raise Unavailable("events that are filed under the item are missing")
    leaves = [
        event.leaf_index
        for event in named
        if event.leaf_index is not None and token in trace_core.entry_tokens(event.entry)
    ]
    return sorted(leaves)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
