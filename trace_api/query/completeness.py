"""That nothing was left out of what is said of an item: its leaves, all of them, by the index over items."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import trace_core
from trace_api.errors import Unavailable
from trace_api.store import events
from trace_api.store import log as log_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from trace_api.log.item_index import IndexKeeper, Lookup
    from trace_api.store.events import LoggedEvent
    from trace_api.store.log import Published

LEAVES_MAX = 10_000
"""Leaves of one item that an answer names; an item in more events gets no proof of completeness."""
EVENTS_MISSING = "events that are filed under the item are missing"
LISTS_MAX, LEAVES_OF_LISTS_MAX = 10_000, 200_000
"""Items of one answer, and their leaves together; with more, it has no proofs."""


SMALL_EVENTS = 64
"""So many entries are usually looked through in a fraction of a millisecond: no thread is asked for that."""


class IndexBehind(Unavailable):
    """The index is not published yet, or its next root is on its way out: a moment later it can be asked."""


async def completeness(
    connection: asyncpg.Connection, keeper: IndexKeeper, blinding: trace_core.Blinding, item: str
) -> dict[str, Any] | None:
    """The leaves of an item and the proof that there are no others (`docs/formats.md`, "Completeness"); an empty list
    and the proof that there are none, where no event names it. None and errors as of `lists`."""
    found = await lists(connection, keeper, blinding, [item], leaves_max=LEAVES_MAX)
    return None if found is None else _of_one(found)


async def lists(
    connection: asyncpg.Connection,
    keeper: IndexKeeper,
    blinding: trace_core.Blinding,
    items: Sequence[str],
    *,
    leaves_max: int = LEAVES_OF_LISTS_MAX,
) -> dict[str, Any] | None:
    """The same of several items under one root. None for items in too many events. Each is checked before it is given
    out: raises `ProofError` when the index does not hold, `IndexBehind`, and `Unavailable` when events are missing.

    Cost: 3 reads, set-wise; microseconds for each item and event.
    """
    published = await log_store.read_published(connection)
    lookup, tokens = await _look_up(connection, keeper, blinding, published, items)
    named = await _named(connection, [blinding.name_hash(item) for item in tokens], leaves_max)
    return None if named is None else await _made(lookup, tokens, named)


async def of_named(
    connection: asyncpg.Connection,
    keeper: IndexKeeper,
    blinding: trace_core.Blinding,
    published: Published,
    item: str,
    named: Sequence[LoggedEvent],
) -> dict[str, Any]:
    """The same as `completeness` of an item, when all events that may name it were read before. Errors as of `lists`.
    Cost: as `IndexKeeper.prove`."""
    lookup, tokens = await _look_up(connection, keeper, blinding, published, [item])
    return _of_one(await _made(lookup, tokens, named))


def _of_one(found: dict[str, Any]) -> dict[str, Any]:
    [one] = found.pop("lists")
    return {name: value for name, value in one.items() if name != "item"} | found


async def _look_up(
    connection: asyncpg.Connection,
    keeper: IndexKeeper,
    blinding: trace_core.Blinding,
    published: Published,
    items: Sequence[str],
) -> tuple[Lookup, dict[str, bytes]]:
    """What the index says of items, and their tokens. Raises `IndexBehind`."""
    tokens = {item: blinding.token(item) for item in items}
    lookup = await keeper.prove(connection, list(tokens.values()), published)
    if lookup is None:
        raise IndexBehind("the index over items is not published yet; try again")
    return lookup, tokens


async def _made(lookup: Lookup, tokens: Mapping[str, bytes], named: Sequence[LoggedEvent]) -> dict[str, Any]:
    """`_lists`, beside the event loop where there are many: an entry may have thousands of tokens."""
    if len(named) <= SMALL_EVENTS:
        return _lists(lookup, tokens, named)
    return await asyncio.to_thread(_lists, lookup, tokens, named)


def _lists(lookup: Lookup, tokens: Mapping[str, bytes], named: Sequence[LoggedEvent]) -> dict[str, Any]:
    """The leaves of each item with what proves them, checked, of all events that may name one. What is filed under a
    name is a hint: the entry's tokens decide. Raises `ProofError`."""
    root_hash, _ = trace_core.read_index_entry(lookup.entry)
    logged = [(event.leaf_index, event.entry) for event in named if event.leaf_index is not None]
    leaves_of = trace_core.leaves_of(list(tokens.values()), logged, end=lookup.indexed_size)
    shown = []
    for (item, token), leaves, proof in zip(tokens.items(), leaves_of, lookup.proofs, strict=True):
        if leaves:
            trace_core.check_item_history(root_hash=root_hash, token=token, leaf_indexes=leaves, proof=proof)
        else:
            trace_core.check_item_absence(root_hash=root_hash, token=token, proof=proof)
        one = {"item": item, "token": _base64(token), "leaf_indexes": leaves, "lookup_proof": _base64(proof)}
        shown.append(one)
    return {
        "indexed_size": lookup.indexed_size,
        "lists": shown,
        "entry": _base64(lookup.entry),
        "leaf_index": lookup.inclusion.leaf_index,
        "tree_size": lookup.inclusion.tree_size,
        "inclusion_proof": [_base64(step) for step in lookup.inclusion.proof],
        "checkpoint": lookup.inclusion.checkpoint.decode(),
    }


async def _named(
    connection: asyncpg.Connection, name_hashes: Sequence[int], leaves_max: int
) -> list[LoggedEvent] | None:
    """All events under these names; None for too many."""
    keys = await events.references(connection, name_hashes, limit=leaves_max + 1)
    if len(keys) > leaves_max:
        return None
    named = await events.logged_by_key(connection, sorted(set(keys)))
    if len(named) != len(set(keys)):
        raise Unavailable(EVENTS_MISSING)
    return named


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
