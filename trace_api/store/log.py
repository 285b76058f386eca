"""The log's tables: head, tiles, checkpoints, and the captures that wait for leaves."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from trace_api.errors import Unavailable
from trace_api.store.events import bodies_at
from trace_api.store.pool import is_lost
from trace_api.store.statements import load

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("log")


class Log(enum.IntEnum):
    """Which of the two logs."""

    EVENTS = 1
    INDEX = 2


WHOLE_READ_S_MAX = 86_400.0
"""How long one statement may take that reads all there is; others have the pool's limit."""
ROWS_AT_A_TIME = 16
"""Rows in memory where each may hold an event of the largest size."""


class SignedHead(Protocol):
    """What is stored of a checkpoint."""

    @property
    def tree_size(self) -> int: ...
    @property
    def root_hash(self) -> bytes: ...
    @property
    def note(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class LogHead:
    """The head as stored. `root_hash` has 32 bytes; `checkpoint` is a signed note from the first start on;
    `blinding_token` is that of `keys.FINGERPRINTED` under the blinding key that files the log's names. What is
    `published` is the last checkpoint that went out, with its cosignatures; before the first it is the empty tree's."""

    origin: str
    epoch: int
    tree_size: int
    root_hash: bytes
    checkpoint: bytes
    blinding_token: bytes
    published_size: int
    published_root_hash: bytes
    published_checkpoint: bytes
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Tree:
    """What is published of a log: its size, its root, and the checkpoint that says so."""

    size: int
    root_hash: bytes
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of both logs. `index_entry` is the last leaf of the index' log, whose root is over
    `indexed_size` leaves of the log of events; there is none before the first."""

    events: Tree
    index: Tree | None
    indexed_size: int
    index_entry: bytes


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
    if not is_lost(connection):
        await connection.fetchval(_SQL["release_sequencer_lock"])


async def take_publisher_lock(connection: asyncpg.Connection, log: Log) -> bool:
    """False when another session holds it."""
    return bool(await connection.fetchval(_SQL["take_publisher_lock"], log))


async def release_publisher_lock(connection: asyncpg.Connection, log: Log) -> None:
    """Gives the lock back; a connection that is gone has given it back already."""
    if not is_lost(connection):
        await connection.fetchval(_SQL["release_publisher_lock"], log)


async def publish(connection: asyncpg.Connection, head: SignedHead, published_at: datetime, log: Log) -> bool:
    """Shows a checkpoint to everybody. False when a later one is out."""
    async with connection.transaction():
        arguments = (head.tree_size, head.root_hash, head.note, published_at, log)
        is_out = await connection.fetchval(_SQL["publish"], *arguments) is not None
        if is_out:
            await connection.execute(_SQL["keep_cosignatures"], head.tree_size, head.note, log)
        return is_out


async def create_head(
    connection: asyncpg.Connection,
    origin: str,
    empty_root: bytes,
    note: bytes,
    blinding_token: bytes = b"",
    log: Log = Log.EVENTS,
) -> None:
    """The first start of a log; a later one changes nothing."""
    await connection.execute(_SQL["create_log_head"], origin, empty_root, note, blinding_token, log)


async def find_head(connection: asyncpg.Connection, log: Log = Log.EVENTS) -> LogHead | None:
    """The head as stored; None when no server has ever started a log here."""
    row = await connection.fetchrow(_SQL["read_log_head"], log)
    return None if row is None else LogHead(*row)


async def read_head(connection: asyncpg.Connection, log: Log = Log.EVENTS) -> LogHead:
    """The head as stored. Raises `Unavailable` when no server has ever started a log here."""
    head = await find_head(connection, log)
    if head is None:
        raise Unavailable("there is no log in this database")
    return head


async def read_published(connection: asyncpg.Connection) -> Published:
    """What is published; nothing before a server has started a log here. Cost: one read."""
    published = Published(Tree(0, b"", b""), None, 0, b"")
    for log, size, root_hash, checkpoint, indexed_size, entry in await connection.fetch(_SQL["read_published"]):
        tree = Tree(size, root_hash, checkpoint)
        if log == Log.EVENTS:
            published = replace(published, events=tree)
        elif entry is not None:
            published = replace(published, index=tree, indexed_size=indexed_size, index_entry=entry)
    return published


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
    return _joined(await connection.fetch(_SQL["entries_of_captures"], capture_nos))


async def entries_of_leaves(connection: asyncpg.Connection, start: int, end: int) -> bytes:
    """The entries of the leaves start … end - 1 as one entry bundle."""
    return _joined(await connection.fetch(_SQL["entries_of_leaves"], start, end))


def _joined(bundles: list[asyncpg.Record]) -> bytes:
    """A capture whose events are gone has none."""
    return b"".join(bundle for (bundle,) in bundles if bundle is not None)


async def tiles_at(
    connection: asyncpg.Connection, levels: Sequence[int], indexes: Sequence[int], log: Log = Log.EVENTS
) -> list[StoredTile]:
    """The tiles at these coordinates that exist, in no order."""
    return [tuple(row) for row in await connection.fetch(_SQL["tiles_at"], levels, indexes, log)]


async def swap_head(
    connection: asyncpg.Connection, epoch: int, old_size: int, head: SignedHead, log: Log = Log.EVENTS
) -> bool:
    """False when the head is no longer at `old_size` in `epoch`."""
    arguments = (epoch, old_size, head.tree_size, head.root_hash, head.note, log)
    return await connection.fetchval(_SQL["swap_log_head"], *arguments) is not None


async def write_tiles(
    connection: asyncpg.Connection,
    levels: Sequence[int],
    indexes: Sequence[int],
    hashes: Sequence[bytes],
    log: Log = Log.EVENTS,
) -> None:
    """New tiles, and tiles that have grown."""
    await connection.execute(_SQL["write_tiles"], levels, indexes, hashes, log)


async def drop_tiles_beyond(connection: asyncpg.Connection, tree_size: int, log: Log) -> None:
    """Takes away tiles that a tree of this size does not have."""
    await connection.execute(_SQL["drop_tiles_beyond"], log, tree_size)


async def file_digests(connection: asyncpg.Connection, digests: Mapping[int, uuid.UUID | None]) -> None:
    """Gives events the first halves of their content digests, by event key; none to erased ones."""
    await connection.execute(_SQL["drop_digests"], list(digests))
    await connection.execute(_SQL["file_digests"], list(digests), list(digests.values()))


async def file_references(connection: asyncpg.Connection, counts: Mapping[tuple[int, int], int]) -> None:
    """Has each of these rows stand so often: name hash, and event key with role."""
    await connection.execute(_SQL["drop_references"], *_columns(counts))
    await connection.execute(_SQL["add_references"], *_columns(row for row, n in counts.items() for _ in range(n)))


async def file_events(connection: asyncpg.Connection, names: Mapping[int, int]) -> None:
    """Files events under hashes of their event hash ids, by their keys."""
    await connection.execute(_SQL["file_events"], *_columns(names.items()))


def _columns(rows: Iterable[tuple[int, int]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[], []]


async def number_captures(
    connection: asyncpg.Connection, capture_nos: Sequence[int], first_leaf_indexes: Sequence[int]
) -> None:
    """The leaf index of each capture's first event."""
    await connection.execute(_SQL["number_captures"], capture_nos, first_leaf_indexes)


async def keep_checkpoint(
    connection: asyncpg.Connection, head: SignedHead, signed_at: datetime, log: Log = Log.EVENTS
) -> None:
    """Every checkpoint that was signed and stored stays."""
    await connection.execute(_SQL["keep_checkpoint"], head.tree_size, head.root_hash, head.note, signed_at, log)


async def keep_index_entry(connection: asyncpg.Connection, leaf_index: int, indexed_size: int, entry: bytes) -> None:
    """What a leaf of the index' log says."""
    await connection.execute(_SQL["keep_index_entry"], leaf_index, indexed_size, entry)


async def index_entries(connection: asyncpg.Connection, start: int, end: int) -> list[tuple[int, bytes]]:
    """The size that was indexed, and the entry, of the leaves start … end - 1 of the index' log."""
    return [tuple(row) for row in await connection.fetch(_SQL["index_entries"], start, end)]


@dataclass(frozen=True, slots=True)
class SequencedCapture:
    """A capture whose events are leaves."""

    capture_no: int
    partner: str
    first_leaf_index: int
    event_count: int
    context: bytes
    issuer: bytes | None


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """What of an event the log speaks of. `secret`, `body` and the first half of its content digest are None once
    erased; `name_hash` is under what its event hash id is filed; `issuer` is JSON, of one that was signed on its own
    among several."""

    event_key: int
    record_time_us: int
    event_time_us: int
    event_id: str | None
    event_hash_id: bytes
    entry: bytes
    secret: bytes | None
    name_hash: int
    content_digest: uuid.UUID | None
    issuer: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint that was signed and stored."""

    tree_size: int
    root_hash: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many rows there are of what the log speaks of."""

    tiles: int
    stray_events: int


async def captures_in_log_order(
    connection: asyncpg.Connection, first_leaf_index: int, limit: int
) -> list[SequencedCapture]:
    """Sequenced captures that begin at this leaf or later."""
    rows = await connection.fetch(_SQL["captures_in_log_order"], first_leaf_index, limit)
    return [SequencedCapture(*row) for row in rows]


async def rows_of_capture(
    connection: asyncpg.Connection, capture_no: int, position: int, *, limit: int, bytes_max: int
) -> list[CheckedRow]:
    """Events of a capture from a position on, in order: `limit` at most, with bodies of `bytes_max` bytes
    together or one event more."""
    rows = await connection.fetch(_SQL["rows_of_capture"], capture_no, position, limit, bytes_max)
    return await _checked(connection, rows)


async def _checked(connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> list[CheckedRow]:
    """Rows that begin with the columns of `CheckedRow`, size and place of the body in place of the body."""
    bodies = await bodies_at(connection, [(row["event_key"], row["body_place"]) for row in rows]) if rows else []
    return [
        # A body that is gone in one place alone is no erasure, and not left out: it is an empty one.
        CheckedRow(*(*row[:10], None if row["body_bytes"] is None and not body else body))
        for row, body in zip(rows, bodies, strict=True)
    ]


async def lift_time_limit(connection: asyncpg.Connection) -> None:
    """For the rest of the transaction, statements may take as long as they need."""
    await connection.execute(_SQL["no_time_limit"])


async def copy_references(connection: asyncpg.Connection, take: Callable[[bytes], None]) -> None:
    """All references of events that were not erased, in pieces of a binary COPY stream.
    Cost: a scan of the table."""

    async def pass_on(piece: bytes) -> None:
        take(bytes(piece))  # The driver gives a bytearray.

    query = _SQL["all_references"].removesuffix(";")  # It becomes a part of a COPY statement.
    await connection.copy_from_query(query, output=pass_on, format="binary", timeout=WHOLE_READ_S_MAX)


async def references_in_buckets(connection: asyncpg.Connection, buckets: Sequence[int]) -> list[tuple[int, int]]:
    """Name hash, and event key with role, of the references in these buckets of `EventCheck`. Cost: a scan of the
    tables."""
    rows = await connection.fetch(_SQL["references_in_buckets"], buckets, timeout=WHOLE_READ_S_MAX)
    return [tuple(row) for row in rows]


async def events_in_buckets(
    connection: asyncpg.Connection, buckets: Sequence[int]
) -> AsyncIterator[tuple[CheckedRow, str, bytes, bytes | None]]:
    """Events in these buckets, each with its capture's partner, context and issuer, a few at a time. Cost: a scan of
    the table."""
    cursor = await connection.cursor(_SQL["events_in_buckets"], buckets, timeout=WHOLE_READ_S_MAX)
    while rows := await cursor.fetch(ROWS_AT_A_TIME, timeout=WHOLE_READ_S_MAX):
        for row, checked in zip(rows, await _checked(connection, rows), strict=True):
            yield checked, row["partner"], row["context"], row["capture_issuer"]


async def checkpoints_from(connection: asyncpg.Connection, tree_size: int, limit: int) -> list[KeptCheckpoint]:
    """Kept checkpoints of at least this size, smallest first."""
    rows = await connection.fetch(_SQL["checkpoints_in_order"], tree_size, limit)
    return [KeptCheckpoint(*row) for row in rows]


async def count_rows(connection: asyncpg.Connection) -> RowCounts:
    """Cost: a scan of events and their captures."""
    tiles = await connection.fetchval(_SQL["count_tiles"], timeout=WHOLE_READ_S_MAX)
    stray = await connection.fetchval(_SQL["count_stray_events"], timeout=WHOLE_READ_S_MAX)
    return RowCounts(tiles, stray)
