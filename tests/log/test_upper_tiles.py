"""Proofs over a log that is large enough to have full tiles above others, some of which are kept in memory."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest

import trace_core
from trace_api.log.tiles import UpperTiles
from trace_api.query import receipts
from trace_api.store import log as log_store
from trace_api.store.events import LoggedEvent
from trace_api.store.log import Log, Tree

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.pool import Store

LEAVES = 256 * 256 + 300
WIDTH = trace_core.TILE_WIDTH


async def grown(connection: asyncpg.Connection) -> Tree:
    """Tiles over many leaves, of which each says its number."""
    rebuilt = trace_core.TreeRebuild()
    full = rebuilt.append(trace_core.join_entries([entry(n) for n in range(LEAVES)]))
    for levels, indexes, hashes in (full, rebuilt.partial_tiles()):
        await log_store.write_tiles(connection, levels, indexes, hashes)
    return Tree(rebuilt.tree_size, rebuilt.root_hash, b"a checkpoint")


def entry(number: int) -> bytes:
    return number.to_bytes(4)


def event(number: int) -> LoggedEvent:
    now = datetime.now(UTC)
    return LoggedEvent(
        event_key=number,
        partner="us",
        event_time=now,
        record_time=now,
        event_id=f"urn:uuid:{uuid.UUID(int=number)}",
        event_hash_id=bytes(32),
        entry=entry(number),
        findings=None,
        body_bytes=1,
        leaf_index=number,
        signed_by=None,
    )


async def proofs(connection: asyncpg.Connection, tree: Tree, upper: UpperTiles, *numbers: int) -> Any:
    return orjson.loads(
        orjson.dumps(await receipts.proofs(connection, [event(n) for n in numbers], tree, numbers, upper))
    )


async def damage(connection: asyncpg.Connection, level: int, index: int) -> None:
    """The first hash of a tile; twice is never."""
    await connection.execute(
        "UPDATE tile SET hashes = set_byte(hashes, 7, get_byte(hashes, 7) # 1)"
        " WHERE log_id = 1 AND level = $1 AND tile_index = $2",
        level,
        index,
    )


async def test_kept_tiles_prove_what_stored_ones_do(store: Store) -> None:
    upper = UpperTiles()
    numbers = (0, WIDTH - 1, WIDTH, 40_000, 256 * 256 - 1, 256 * 256, LEAVES - 1)
    async with store.session() as connection:
        tree = await grown(connection)
        first = await proofs(connection, tree, UpperTiles(), *numbers)
        assert await proofs(connection, tree, upper, *numbers) == first
        assert await proofs(connection, tree, upper, *numbers) == first
        assert await proofs(connection, tree, upper, 300) == await proofs(connection, tree, UpperTiles(), 300)


async def test_full_tile_above_others_is_read_once_and_others_each_time(store: Store) -> None:
    upper = UpperTiles()
    async with store.session() as connection:
        tree = await grown(connection)
        first = await proofs(connection, tree, upper, 300)
        await damage(connection, 1, 0)
        assert await proofs(connection, tree, upper, 300) == first
        await damage(connection, 0, 1)
        with pytest.raises(trace_core.ProofError):
            await proofs(connection, tree, upper, 300)


async def test_damaged_tile_is_not_kept_beyond_the_proof_that_fails(store: Store) -> None:
    upper = UpperTiles()
    async with store.session() as connection:
        tree = await grown(connection)
        await damage(connection, 1, 0)
        with pytest.raises(trace_core.ProofError):
            await proofs(connection, tree, upper, 300)
        await damage(connection, 1, 0)
        assert await proofs(connection, tree, upper, 300) is not None


async def test_tile_that_was_kept_while_damaged_rejects_nothing_once_it_is_mended(store: Store) -> None:
    upper = UpperTiles()
    async with store.session() as connection:
        tree = await grown(connection)
        await damage(connection, 1, 0)
        # The proof of this leaf has no use for the first hash, which is over it.
        assert await proofs(connection, tree, upper, 5) is not None
        await damage(connection, 1, 0)
        assert await proofs(connection, tree, upper, 300) == await proofs(connection, tree, UpperTiles(), 300)


async def test_tile_that_is_missing_once_leaves_nothing_damaged(store: Store) -> None:
    upper = UpperTiles()
    async with store.session() as connection:
        tree = await grown(connection)
        await damage(connection, 1, 0)
        await connection.execute("CREATE TEMP TABLE away AS SELECT * FROM tile WHERE level = 0 AND tile_index = 1")
        await connection.execute("DELETE FROM tile WHERE level = 0 AND tile_index = 1")
        with pytest.raises(trace_core.ProofError):
            await proofs(connection, tree, upper, 300)
        await connection.execute("INSERT INTO tile SELECT * FROM away")
        await damage(connection, 1, 0)
        assert await proofs(connection, tree, upper, 300) is not None


async def test_tiles_of_two_logs_are_told_apart(store: Store) -> None:
    upper = UpperTiles()
    async with store.session() as connection:
        await grown(connection)
        assert len(await upper.read(connection, [1], [0], Log.EVENTS)) == 1
        assert await upper.read(connection, [1], [0], Log.INDEX) == []


async def test_partial_tile_that_grows_is_not_kept(store: Store) -> None:
    upper = UpperTiles()
    async with store.session() as connection:
        await grown(connection)
        read = await upper.read(connection, [1, 2, 0], [0, 0, 1], Log.EVENTS)
        widths = {(level, index): len(hashes) // 32 for level, index, hashes in read}
        assert widths == {(1, 0): WIDTH, (2, 0): 1, (0, 1): WIDTH}
        await connection.execute("DELETE FROM tile WHERE log_id = 1")
        kept = await upper.read(connection, [1, 2, 0], [0, 0, 1], Log.EVENTS)
        assert [(level, index) for level, index, _ in kept] == [(1, 0)]
