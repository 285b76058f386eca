"""What is about to be signed or shown, computed a second time and another way, from what is stored.

Memory and disks flip bits. One in a hash that was signed would end the log: nothing could follow it, and nothing take
it back. So the tiles are read back before anything is signed, and compared with the entries as any auditor would read
them; that the root follows from them is checked as a verifier checks it.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import Unavailable
from trace_api.log import tiles
from trace_api.log.tiles import HASH_BYTES
from trace_api.store import log as log_store

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.log import Log, StoredTile

Head = tuple[int, bytes]
"""Tree size and root hash, 32 bytes."""


class Unsound(Unavailable):
    """What is stored and what was computed contradict each other; nothing was signed, nothing published."""


async def check_extension(connection: asyncpg.Connection, old: Head, new: trace_core.TreeExtension, log: Log) -> None:
    """That the stored tiles are those of the entries that were added, as stored, and give the root, in the tree that
    `old` is of. Raises `Unsound`. Cost: 3 reads; a hash for each new leaf and node, and O(log n) more."""
    entries = await tiles.read_entries(connection, old[0], new.tree_size, log)
    stored = await log_store.tiles_at(connection, new.levels, new.tile_indexes, log)
    await asyncio.to_thread(_check_tiles, old[0], new.tree_size, entries, stored)
    await check_growth(connection, old, (new.tree_size, new.root_hash), log)


async def check_entries(connection: asyncpg.Connection, start: int, end: int, entries: bytes, log: Log) -> None:
    """That these are the entries of the leaves start … end - 1, as the stored tiles have them. Raises `Unsound`.
    Cost: 1 read; a hash for each entry."""
    indexes = list(range(start // trace_core.TILE_WIDTH, (end - 1) // trace_core.TILE_WIDTH + 1))
    stored = await log_store.tiles_at(connection, [0] * len(indexes), indexes, log)
    hashes_of = {index: hashes for _, index, hashes in stored}
    hashes = await asyncio.to_thread(_hashes, entries)
    _check_level(0, start, hashes, hashes_of)


async def check_growth(connection: asyncpg.Connection, old: Head, new: Head, log: Log) -> None:
    """That the new tree is that of the stored tiles, and the old one is its begin. Raises `Unsound`.
    Cost: 1 read of tiles; O(log n) hashes."""
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size == new_size:
        if old_root != new_root:
            raise Unsound(f"there are two roots of {new_size} leaves")
        return
    try:
        if old_size > 0:
            proof = await tiles.prove_consistency(connection, old_size, new_size, log)
            trace_core.check_consistency(
                old_size=old_size, new_size=new_size, old_root=old_root, new_root=new_root, proof=proof
            )
        else:
            await _check_first(connection, new_size, new_root, log)
    except trace_core.ProofError as failure:
        raise Unsound(f"the stored tiles do not give the root of {new_size} leaves: {failure}") from None


async def _check_first(connection: asyncpg.Connection, size: int, root_hash: bytes, log: Log) -> None:
    # Nothing is proven to continue the empty tree. The last leaf's path goes past everything before it.
    entry = await tiles.read_entries(connection, size - 1, size, log)
    [path] = await tiles.prove_leaves(connection, [size - 1], size, log)
    proof = [path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES)]
    trace_core.check_inclusion(
        leaf_hash=_hashes(entry), leaf_index=size - 1, tree_size=size, root_hash=root_hash, proof=proof
    )


def _check_tiles(old_size: int, new_size: int, entries: bytes, stored: list[StoredTile]) -> None:
    """Level by level: the new hashes are those of the full tiles of the level below."""
    levels: dict[int, dict[int, bytes]] = {}
    for level, index, hashes in stored:
        levels.setdefault(level, {})[index] = hashes
    level, old, new, given = 0, old_size, new_size, _hashes(entries)
    while old < new:
        if len(given) != (new - old) * HASH_BYTES:
            raise Unsound(f"of the entries {old_size} to {new_size - 1} not all are stored")
        tiles_of_level = levels.get(level, {})
        _check_level(level, old, given, tiles_of_level)
        old, new = old // trace_core.TILE_WIDTH, new // trace_core.TILE_WIDTH
        given = b"".join(trace_core.root_hash(tiles_of_level[index]) for index in range(old, new))
        level += 1


def _check_level(level: int, start: int, given: bytes, stored: dict[int, bytes]) -> None:
    """That the hashes `given`, from place `start` of the level on, stand in its tiles."""
    end, width = start + len(given) // HASH_BYTES, trace_core.TILE_WIDTH
    for begin, stop in pairwise([start, *range(start - start % width + width, end, width), end]):
        hashes = given[(begin - start) * HASH_BYTES : (stop - start) * HASH_BYTES]
        if not stored.get(begin // width, b"").startswith(hashes, begin % width * HASH_BYTES):
            raise Unsound(f"the tile {level}/{begin // width} is not that of the entries")


def _hashes(entries: bytes) -> bytes:
    try:
        return trace_core.entry_hashes(entries)
    except trace_core.ProofError as failure:
        raise Unsound(f"the entries cannot be read: {failure}") from None
