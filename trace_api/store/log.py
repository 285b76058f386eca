"""The log's tables: head, tiles, checkpoints, and the captures that wait for leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("log")


class SignedHead(Protocol):
    """What is stored of a checkpoint."""

    tree_size: int
    root_hash: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class LogHead:
    """The head as stored. `root_hash` has 32 bytes; `checkpoint` is None before anything was signed."""

    origin: str
    epoch: int
    tree_size: int
    root_hash: bytes
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class WaitingCapture:
    """A stored capture without leaves."""

    capture_no: int
    event_count: int


StoredTile = tuple[int, int, bytes]
"""Level, index, and the hashes that are there so far, 32 bytes each."""


async def take_sequencer_lock(connection: asyncpg.Connection) -> bool:
    """False when another session holds it."""
    return bool(await connection.fetchval(_SQL["take_sequencer_lock"]))


async def release_sequencer_lock(connection: asyncpg.Connection) -> None:
    """Gives the lock back; a connection that is gone has given it back already."""
    if not connection.is_closed():
        await connection.fetchval(_SQL["release_sequencer_lock"])


async def create_head(connection: asyncpg.Connection, origin: str, empty_root: bytes, note: bytes) -> None:
    """The first start of a log; a later one changes nothing."""
    await connection.execute(_SQL["create_log_head"], origin, empty_root, note)


async def read_head(connection: asyncpg.Connection) -> LogHead:
    """The head as stored."""
    row = await connection.fetchrow(_SQL["read_log_head"])
    assert row is not None, "the head is created before anything reads it"
    return LogHead(*row)


async def begin_epoch(connection: asyncpg.Connection) -> int:
    """Fences every earlier sequencer."""
    return int(await connection.fetchval(_SQL["begin_epoch"]))


async def captures_to_sequence(
    connection: asyncpg.Connection, events_max: int, captures_max: int
) -> list[WaitingCapture]:
    """The oldest waiting captures, of at most `events_max` events together, but one at least if any waits."""
    rows = await connection.fetch(_SQL["captures_to_sequence"], events_max, captures_max)
    return [WaitingCapture(*row) for row in rows]


async def entries_of_captures(connection: asyncpg.Connection, capture_nos: Sequence[int]) -> bytes:
    """Their entries in order as one entry bundle."""
    return await connection.fetchval(_SQL["entries_of_captures"], capture_nos) or b""


async def entries_of_leaves(connection: asyncpg.Connection, start: int, end: int) -> bytes:
    """The entries of the leaves start … end - 1 as one entry bundle."""
    return await connection.fetchval(_SQL["entries_of_leaves"], start, end) or b""


async def tiles_at(
    connection: asyncpg.Connection, levels: Sequence[int], indexes: Sequence[int]
) -> list[StoredTile]:
    """The tiles at these coordinates that exist, in no order."""
    return [tuple(row) for row in await connection.fetch(_SQL["tiles_at"], levels, indexes)]


async def swap_head(connection: asyncpg.Connection, epoch: int, old_size: int, head: SignedHead) -> bool:
    """False when the head is no longer at `old_size` in `epoch`."""
    arguments = (epoch, old_size, head.tree_size, head.root_hash, head.note)
    return await connection.fetchval(_SQL["swap_log_head"], *arguments) is not None


async def write_tiles(
    connection: asyncpg.Connection, levels: Sequence[int], indexes: Sequence[int], hashes: Sequence[bytes]
) -> None:
    """New tiles, and tiles that have grown."""
    await connection.execute(_SQL["write_tiles"], levels, indexes, hashes)


async def number_captures(
    connection: asyncpg.Connection, capture_nos: Sequence[int], first_leaf_indexes: Sequence[int]
) -> None:
    """The leaf index of each capture's first event."""
    await connection.execute(_SQL["number_captures"], capture_nos, first_leaf_indexes)


async def keep_checkpoint(connection: asyncpg.Connection, head: SignedHead, signed_at: datetime) -> None:
    """Every checkpoint that was signed and stored stays."""
    await connection.execute(_SQL["keep_checkpoint"], head.tree_size, head.root_hash, head.note, signed_at)
