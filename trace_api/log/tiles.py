"""Reading the log: checkpoint, tiles, entry bundles, proofs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import NotFound, Unavailable
from trace_api.store import log as log_store
from trace_api.store.log import Log, Tree

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.log import StoredTile
    from trace_api.store.pool import Store

HASH_BYTES = 32
SMALL_TILES = 64
"""So many tiles are hashed in a millisecond: no thread is asked for that."""
UPPER_TILES_MAX = 1_024
"""Tiles that `UpperTiles` keeps, 8 MiB: those over 67 million leaves."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One leaf in the tree of a checkpoint. `path` is its proof: from the leaf upwards, 32 bytes a hash."""

    leaf_index: int
    tree_size: int
    root_hash: bytes
    path: bytes
    checkpoint: bytes

    @property
    def proof(self) -> list[bytes]:
        """The same, hash by hash."""
        return [self.path[at : at + HASH_BYTES] for at in range(0, len(self.path), HASH_BYTES)]


async def checkpoint_note(store: Store, log: Log = Log.EVENTS) -> bytes:
    """The latest checkpoint that was published. There is one from the first start on."""
    async with store.session() as connection:
        head = await log_store.read_head(connection, log)
    return head.published_checkpoint


async def read_tile(store: Store, path: str, log: Log = Log.EVENTS) -> bytes:
    """The bytes under a tlog-tiles path. Raises `NotFound` for a path that is malformed, or lies beyond
    the latest checkpoint. A partial tile stays readable after it has been filled up."""
    place = trace_core.parse_tile_path(path)
    if place is None:
        raise NotFound("no such tile")
    level, index, width = place
    async with store.session() as connection:
        if level is None:
            content = await _entries(connection, index, width, log)
        else:
            content = await _hashes(connection, level, index, width, log)
    if content is None:
        raise NotFound("no such tile")
    return content


async def _hashes(connection: asyncpg.Connection, level: int, index: int, width: int, log: Log) -> bytes | None:
    for _, _, hashes in await log_store.tiles_at(connection, [level], [index], log):
        if len(hashes) >= width * HASH_BYTES:
            return hashes[: width * HASH_BYTES]
    return None


async def _entries(connection: asyncpg.Connection, index: int, width: int, log: Log) -> bytes | None:
    head = await log_store.read_head(connection, log)
    start = index * trace_core.TILE_WIDTH
    if start + width > head.published_size:
        return None
    return await read_entries(connection, start, start + width, log)


async def read_entries(connection: asyncpg.Connection, start: int, end: int, log: Log) -> bytes:
    """The entries of the leaves start … end - 1 as one entry bundle."""
    if log is Log.INDEX:
        rows = await log_store.index_entries(connection, start, end)
        return trace_core.join_entries([entry for _, entry in rows])
    return await log_store.entries_of_leaves(connection, start, end)


@dataclass(frozen=True, slots=True)
class StoredLeaves:
    """Entries and tiles of a log as the database has them."""

    connection: asyncpg.Connection
    log: Log

    async def entries(self, start: int, end: int) -> bytes:
        """The entries of the leaves start … end - 1 as one entry bundle."""
        return await read_entries(self.connection, start, end, self.log)

    async def tiles(self, levels: list[int], indexes: list[int]) -> list[tuple[int, int, bytes]]:
        """Level, index and hashes of tiles, as wide as they are."""
        return await log_store.tiles_at(self.connection, levels, indexes, self.log)


class UpperTiles:
    """The full tiles of a database that stand over other tiles, as they were read. They never change, and a proof needs
    one besides the tile of its leaf. What was damaged when it was read stays so here: whoever meets a proof that fails
    forgets, and reads again."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[Log, int, int], StoredTile] = {}

    async def read(
        self, connection: asyncpg.Connection, levels: list[int], indexes: list[int], log: Log
    ) -> list[StoredTile]:
        """The tiles at these coordinates that exist, in no order. Cost: 1 read, of those that are not kept."""
        places = [(log, level, index) for level, index in zip(levels, indexes, strict=True)]
        kept = [self._tiles[place] for place in places if place in self._tiles]
        others = [place for place in places if place not in self._tiles]
        read = await log_store.tiles_at(connection, [place[1] for place in others], [place[2] for place in others], log)
        for level, index, hashes in read:
            if level > 0 and len(hashes) == trace_core.TILE_WIDTH * HASH_BYTES:
                self._tiles[log, level, index] = (level, index, hashes)
                if len(self._tiles) > UPPER_TILES_MAX:
                    del self._tiles[next(iter(self._tiles))]
        return [*kept, *read]

    def forget(self) -> None:
        """Nothing is kept any more."""
        self._tiles.clear()


async def prove_inclusion(
    connection: asyncpg.Connection, leaf_indexes: list[int], log: Log = Log.EVENTS
) -> list[Inclusion]:
    """Inclusion proofs of leaves in the tree of the published checkpoint, for leaves below its size.

    Cost: 1 read of the head, 1 read of tiles, 1 native call, for any number of leaves.
    """
    head = await log_store.read_head(connection, log)
    tree = Tree(head.published_size, head.published_root_hash, head.published_checkpoint)
    return await prove_inclusion_in(connection, tree, leaf_indexes, log)


async def prove_inclusion_in(
    connection: asyncpg.Connection,
    tree: Tree,
    leaf_indexes: list[int],
    log: Log = Log.EVENTS,
    upper: UpperTiles | None = None,
) -> list[Inclusion]:
    """The same in a published tree that was read before. Cost: 1 read of tiles, 1 native call."""
    if any(index >= tree.size for index in leaf_indexes):
        raise Unavailable("not in the published log yet")
    paths = await prove_leaves(connection, leaf_indexes, tree.size, log, upper)
    return [
        Inclusion(leaf_index, tree.size, tree.root_hash, path, tree.checkpoint)
        for leaf_index, path in zip(leaf_indexes, paths, strict=True)
    ]


async def prove_leaves(
    connection: asyncpg.Connection,
    leaf_indexes: list[int],
    tree_size: int,
    log: Log,
    upper: UpperTiles | None = None,
) -> list[bytes]:
    """The inclusion proofs of leaves in the tree of that size, published or not; each goes from the leaf upwards,
    32 bytes a hash.

    Cost: 1 read of tiles, 1 native call. Raises `ProofError` when a tile is missing.
    """
    levels, indexes = trace_core.inclusion_tiles(leaf_indexes, tree_size)
    stored = await (upper or UpperTiles()).read(connection, levels, indexes, log)
    prove = partial(trace_core.prove_inclusions, leaf_indexes, tree_size, stored)
    return prove() if len(stored) <= SMALL_TILES else await asyncio.to_thread(prove)


async def prove_consistency(
    connection: asyncpg.Connection, old_size: int, new_size: int, log: Log = Log.EVENTS
) -> list[bytes]:
    """The consistency proof between two trees of the log, 0 ≤ old_size ≤ new_size; empty from 0, and for equal sizes.

    Cost: 1 read of tiles, 1 native call. Raises `ProofError` for other sizes, or when a tile is missing.
    """
    if old_size in (0, new_size):
        return []
    levels, indexes = trace_core.consistency_tiles(old_size, new_size)
    stored = await log_store.tiles_at(connection, levels, indexes, log)
    return await asyncio.to_thread(trace_core.prove_consistency, old_size, new_size, stored)
