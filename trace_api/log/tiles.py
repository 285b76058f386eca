"""Reading the log: checkpoint, tiles, entry bundles, proofs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import NotFound, Unavailable
from trace_api.store import log as log_store

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.pool import Store

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One leaf in the tree of a checkpoint. `proof` goes from the leaf upwards, 32 bytes a hash."""

    leaf_index: int
    tree_size: int
    root_hash: bytes
    proof: list[bytes]
    checkpoint: bytes


async def checkpoint_note(store: Store) -> bytes:
    """The latest checkpoint. There is one from the first start on."""
    async with store.session() as connection:
        head = await log_store.read_head(connection)
    return head.checkpoint


async def read_tile(store: Store, path: str) -> bytes:
    """The bytes under a tlog-tiles path. Raises `NotFound` for a path that is malformed, or lies beyond
    the latest checkpoint. A partial tile stays readable after it has been filled up."""
    place = trace_core.parse_tile_path(path)
    if place is None:
        raise NotFound("no such tile")
    level, index, width = place
    async with store.session() as connection:
        if level is None:
            content = await _entries(connection, index, width)
        else:
            content = await _hashes(connection, level, index, width)
    if content is None:
        raise NotFound("no such tile")
    return content


async def _hashes(connection: asyncpg.Connection, level: int, index: int, width: int) -> bytes | None:
    for _, _, hashes in await log_store.tiles_at(connection, [level], [index]):
        if len(hashes) >= width * HASH_BYTES:
            return hashes[: width * HASH_BYTES]
    return None


async def _entries(connection: asyncpg.Connection, index: int, width: int) -> bytes | None:
    head = await log_store.read_head(connection)
    start = index * trace_core.TILE_WIDTH
    if start + width > head.tree_size:
        return None
    return await log_store.entries_of_leaves(connection, start, start + width)


async def prove_inclusion(connection: asyncpg.Connection, leaf_indexes: list[int]) -> list[Inclusion]:
    """Inclusion proofs of leaves in the tree of the latest checkpoint, for leaves below its size.

    Cost: 1 read of the head, 1 read of tiles, 1 native call, for any number of leaves.
    """
    head = await log_store.read_head(connection)
    if any(index >= head.tree_size for index in leaf_indexes):
        raise Unavailable("not in the log yet")
    levels, indexes = trace_core.inclusion_tiles(leaf_indexes, head.tree_size)
    stored = await log_store.tiles_at(connection, levels, indexes)
    proofs = await asyncio.to_thread(trace_core.prove_inclusions, leaf_indexes, head.tree_size, stored)
    return [
        Inclusion(leaf_index, head.tree_size, head.root_hash, proof, head.checkpoint)
        for leaf_index, proof in zip(leaf_indexes, proofs, strict=True)
    ]
