"""Re-verifies the log of the index over items, and the index itself, from storage alone."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import trace_core
from trace_api.store import log as log_store
from trace_api.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    from trace_api.log.keys import LogKeys
    from trace_api.log.repair import Derived

CLAIMS_AT_ONCE = 1_000
"""Leaves of the index' log that are in memory at a time."""
ENTRIES_AT_ONCE = 16_384
"""Entries of the log of events that are in memory at a time."""


async def check_index_log(
    connection: asyncpg.Connection, keys: LogKeys, add: Callable[[str, Derived | None], bool], derived: Derived
) -> None:
    """Calls `add` with each finding. Cost: one read of all entries; memory as the index has it."""
    head = await log_store.find_head(connection, Log.INDEX)
    if head is None:
        return
    try:
        signed = trace_core.open_checkpoint(head.checkpoint, keys.for_index().verifier_key(head.origin))
    except trace_core.TraceError as failure:
        add(f"log_head: the checkpoint of the index' log does not verify: {failure}", None)
        return
    if signed[1:] != (head.tree_size, head.root_hash):
        add("log_head: the checkpoint of the index' log is of another tree than its head", None)
    read = partial(keys.open_kept, origin=head.origin.removesuffix("/index"))
    index, tree, place = trace_core.ItemIndex(), trace_core.TreeRebuild(), 0
    while batch := await log_store.index_entries(connection, place, place + CLAIMS_AT_ONCE):
        for indexed_size, entry in batch:
            wrong = await _wrong_with(connection, index, indexed_size, entry, read)
            if wrong is not None:
                add(f"index_entry {place}: {wrong}", None)
                return
            place += 1
        given = tree.append(trace_core.join_entries([entry for _, entry in batch]))
        await _check_tiles(connection, given, add, derived)
    await _check_tiles(connection, tree.partial_tiles(), add, derived)
    if (tree.tree_size, tree.root_hash) != (head.tree_size, head.root_hash):
        add(f"log_head: the entries of the index' log give a tree of {tree.tree_size} leaves with another root", None)


async def _wrong_with(
    connection: asyncpg.Connection,
    index: trace_core.ItemIndex,
    indexed_size: int,
    entry: bytes,
    read: Callable[[bytes], tuple[str, int, bytes]],
) -> str | None:
    """What is wrong with a leaf of the index' log; takes the entries up to it into the index."""
    try:
        root_hash, note = trace_core.read_index_entry(entry)
        _, size, _ = read(note)
    except trace_core.TraceError as failure:
        return str(failure)
    if size != indexed_size or size <= index.size:
        return f"is about {size} leaves, behind one about {index.size}, and filed under {indexed_size}"
    while index.size < size:
        begin, end = index.size, min(size, index.size + ENTRIES_AT_ONCE)
        entries = await log_store.entries_of_leaves(connection, begin, end)
        try:
            await asyncio.to_thread(index.append, begin, entries)
        except trace_core.ProofError as failure:
            return f"the entries from leaf {begin} on cannot be read: {failure}"
        if index.size != end:
            return f"some of the entries {begin} to {end - 1} are missing"
    return None if index.root_hash == root_hash else "has another root of the index than the entries give"


async def _check_tiles(
    connection: asyncpg.Connection,
    given: tuple[list[int], list[int], list[bytes]],
    add: Callable[[str, Derived | None], bool],
    derived: Derived,
) -> None:
    levels, indexes, hashes = given
    stored = {(lv, n): content for lv, n, content in await log_store.tiles_at(connection, levels, indexes, Log.INDEX)}
    for level, index, content in zip(levels, indexes, hashes, strict=True):
        finding = f"tile {level}/{index} of the index' log: not what the entries give"
        if stored.get((level, index)) != content and add(finding, derived):
            derived.tiles[Log.INDEX, level, index] = content
