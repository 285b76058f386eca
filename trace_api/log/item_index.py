"""The index over items in memory, and its log: what makes "nothing was left out" provable.

The index is a function of the log's entries alone, so it can be lost and made again; a snapshot saves the time.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

import trace_core
from trace_api.errors import Unavailable
from trace_api.log import tiles
from trace_api.log.proofread import Unsound, check_entries, check_extension
from trace_api.log.sequencer import Checkpoint, Fenced
from trace_api.store import log as log_store
from trace_api.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import asyncpg

    from trace_api.log.keys import LogKeys
    from trace_api.store.log import LogHead, Published, Tree

SLICE_ENTRIES = 16_384
"""Entries read at a time."""
SNAPSHOT_ENTRIES = 1_000_000
"""A snapshot is written when so many entries have come since the last one, and at the end."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is said of some tokens: the lookup proof of each, in the index whose root the entry binds to a checkpoint of
    the log of events with `indexed_size` leaves, and that entry's place in the index' log."""

    indexed_size: int
    proofs: list[bytes]
    entry: bytes
    inclusion: tiles.Inclusion


class IndexKeeper:
    """The index of one process. It goes forward only: to the size that the last leaf of the index' log names."""

    def __init__(self, snapshot: Path) -> None:
        self._snapshot = snapshot
        self._saved_size = 0
        self._index: trace_core.ItemIndex | None = None
        self._lock = asyncio.Lock()
        self._last_place: tiles.Inclusion | None = None

    async def prove(
        self, connection: asyncpg.Connection, tokens: Sequence[bytes], published: Published
    ) -> Lookup | None:
        """The lookup proofs of some tokens under the published checkpoint of the index' log; None while there is none,
        or the index of this process is further on than what is published. Cost: no read, but for the first after
        something was published."""
        if published.index is None:
            return None
        async with self._lock:
            index = await self._advance(connection, published.indexed_size)
            if index is None:
                return None
            proofs = [index.prove(token) for token in tokens]
        place = await self._place(connection, published.index)
        return Lookup(published.indexed_size, proofs, published.index_entry, place)

    async def _place(self, connection: asyncpg.Connection, tree: Tree) -> tiles.Inclusion:
        """Where the last leaf of the index' log stands: the same until the next one is published."""
        if self._last_place is None or self._last_place.checkpoint != tree.checkpoint:
            [self._last_place] = await tiles.prove_inclusion_in(connection, tree, [tree.size - 1], Log.INDEX)
        return self._last_place

    async def root_at(self, connection: asyncpg.Connection, size: int) -> bytes:
        """The root over the first `size` entries, of which none may be missing. Raises `Unavailable`."""
        async with self._lock:
            index = await self._advance(connection, size)
            if index is None:
                # Further on than the log that it is an index of: another log's snapshot, or a log that was shortened.
                self._index = trace_core.ItemIndex()
                index = await self._advance(connection, size)
            assert index is not None
            return index.root_hash

    async def save(self) -> None:
        """Keeps the index for the next start, as far as it is. What cannot be written is made again then."""
        async with self._lock:
            if self._index is not None and self._index.size != self._saved_size:
                await asyncio.to_thread(self._write, self._index)

    async def _advance(self, connection: asyncpg.Connection, size: int) -> trace_core.ItemIndex | None:
        if self._index is None:
            self._index = await asyncio.to_thread(self._read)
            self._saved_size = self._index.size
        index = self._index
        while index.size < size:
            end = min(size, index.size + SLICE_ENTRIES)
            entries = await log_store.entries_of_leaves(connection, index.size, end)
            before = index.size
            # What is in the index stays there: a flipped bit would be in every root from here on.
            await check_entries(connection, before, end, entries, Log.EVENTS)
            await asyncio.to_thread(index.append, before, entries)
            if index.size != end:
                self._index = None
                raise Unavailable(f"of the entries {before} to {end - 1} some are missing")
            if index.size - self._saved_size >= SNAPSHOT_ENTRIES:
                await asyncio.to_thread(self._write, index)
        return index if index.size == size else None

    def _read(self) -> trace_core.ItemIndex:
        try:
            return trace_core.ItemIndex.read_snapshot(str(self._snapshot))
        except FileNotFoundError:
            pass
        except (OSError, trace_core.ProofError) as damaged:
            log.warning("index_snapshot_unusable", detail=str(damaged))
        return trace_core.ItemIndex()

    def _write(self, index: trace_core.ItemIndex) -> None:
        unfinished = self._snapshot.with_suffix(".new")
        try:
            index.write_snapshot(str(unfinished))
            unfinished.replace(self._snapshot)
        except OSError as failure:
            log.warning("index_snapshot_not_written", detail=str(failure))
            with contextlib.suppress(OSError):
                unfinished.unlink()
            return
        self._saved_size = index.size


async def open_index_log(connection: asyncpg.Connection, keys: LogKeys, origin: str) -> None:
    """Starts the index' log, or finds it."""
    empty_root = trace_core.root_hash(b"")
    note = keys.for_index().sign_checkpoint(index_origin(origin), 0, empty_root)
    await log_store.create_head(connection, index_origin(origin), empty_root, note, log=Log.INDEX)


def index_origin(origin: str) -> str:
    """What the index' log of a log is called."""
    return f"{origin}/index"


async def index_once(connection: asyncpg.Connection, keeper: IndexKeeper, keys: LogKeys) -> None:
    """Appends the root over all published entries to the index' log, unless that has been done. One process at a time.

    Raises `Fenced` when another process was faster, `Unsound` or `ProofError` as the sequencer does. Cost: the entries
    that are new, 7 reads, 1 transaction.
    """
    # (1) What is published, and up to where it is indexed. A crash here: nothing has happened.
    events = await log_store.read_head(connection)
    head = await log_store.read_head(connection, Log.INDEX)
    last = await log_store.index_entries(connection, head.tree_size - 1, head.tree_size)
    indexed_size = _indexed_size(*last[0]) if last else 0
    if head.origin != index_origin(events.origin):
        raise Unsound("the index' log is of another log")
    _check_published(events, keys)
    if indexed_size >= events.published_size:
        return

    # (2) The root, from the stored entries alone. A crash here: the index is made again.
    root_hash = await keeper.root_at(connection, events.published_size)
    entry = trace_core.write_index_entry(root_hash, events.published_checkpoint)
    levels, indexes = trace_core.edge_tiles(head.tree_size)
    extension = trace_core.extend_tree(
        tree_size=head.tree_size,
        root_hash=head.root_hash,
        edge=await log_store.tiles_at(connection, levels, indexes, Log.INDEX),
        entries=trace_core.join_entries([entry]),
    )

    # (3) All of it or nothing, and a second look before it is signed; what another process did in between shows in the
    # size.
    async with connection.transaction():
        hashes = (extension.levels, extension.tile_indexes, extension.hashes)
        await log_store.write_tiles(connection, *hashes, Log.INDEX)
        await log_store.keep_index_entry(connection, head.tree_size, events.published_size, entry)
        await check_extension(connection, (head.tree_size, head.root_hash), extension, Log.INDEX)
        note = keys.for_index().sign_checkpoint(head.origin, extension.tree_size, extension.root_hash)
        new = Checkpoint(extension.tree_size, extension.root_hash, note)
        if not await log_store.swap_head(connection, head.epoch, head.tree_size, new, Log.INDEX):
            raise Fenced("the head of the index' log has moved on")
        await log_store.keep_checkpoint(connection, new, datetime.now(UTC), Log.INDEX)


def _indexed_size(filed_under: int, entry: bytes) -> int:
    """Of how many leaves a leaf of the index' log says the root. Raises `Unsound`."""
    size = trace_core.checkpoint_size(trace_core.read_index_entry(entry)[1])
    if size != filed_under:
        raise Unsound(f"a leaf of the index' log is about {size} leaves, and filed under {filed_under}")
    return size


def _check_published(events: LogHead, keys: LogKeys) -> None:
    """That the log signed what it is said to have published. Raises `Unsound` or `SignatureError`."""
    published = (events.origin, events.published_size, events.published_root_hash)
    if trace_core.open_checkpoint(events.published_checkpoint, keys.verifier_key(events.origin)) != published:
        raise Unsound("the published checkpoint is of another tree than the head says")
