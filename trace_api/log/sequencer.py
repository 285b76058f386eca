"""The single writer of the log: stored captures become leaves.

The order is that of sunlight: the data is durable before anything is signed, the signature is made
before the head moves, the head moves by compare-and-swap in the transaction that also writes the
tiles, and only then is anything published or acknowledged. Recovery is the same function run again.
Nothing is signed that was not computed twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

import trace_core
from trace_api.errors import StoreError
from trace_api.log.proofread import Unsound, check_extension
from trace_api.store import log as log_store
from trace_api.store.log import Log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncpg

    from trace_api.log.keys import LogKeys
    from trace_api.store.pool import Store

SEQUENCE_EVENTS_MAX = 65_536
"""Leaves in one step, unless a single capture is larger; 256 tiles of level 0."""
SEQUENCE_CAPTURES_MAX = 4_096
"""Captures in one step."""
RETRY_PAUSE_S = 1.0
"""Pause after a failure, and between attempts to become the sequencer."""

log = structlog.get_logger()


class Fenced(StoreError):
    """Another sequencer has taken over; this one must not sign again before it has read the head."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed tree head. `note` is the C2SP signed note, `root_hash` has 32 bytes."""

    tree_size: int
    root_hash: bytes
    note: bytes


class Sequencer:
    """Runs in the server's process. Several may run against one database; one of them is active."""

    def __init__(self, store: Store, keys: LogKeys, origin: str, *, period_ms: int) -> None:
        self._store = store
        self._keys = keys
        self._origin = origin
        self._period_s = period_ms / 1000
        self._wake = asyncio.Event()
        self._sequenced = asyncio.Condition()

    def wake(self) -> None:
        """Somebody waits for leaves of what is stored: it does not wait for the period to end."""
        self._wake.set()

    async def wait_sequenced(self, timeout_s: float) -> None:
        """Returns when this process has made leaves, or after the time-out; the caller looks again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._sequenced:
                await self._sequenced.wait()

    async def run(self) -> None:
        """Sequences until cancelled. A failure leaves nothing behind: the next round reads the head again."""
        while True:
            try:
                async with self._active() as (connection, epoch):
                    await self._sequence(connection, epoch)
            except (Unsound, trace_core.TraceError) as failure:
                # A bit that flipped in memory is gone with the next round; one on the disk is the operator's to mend.
                log.critical("refuses_to_sign", origin=self._origin, detail=str(failure))
            except Exception as failure:  # The loop must outlive whatever Postgres and the network do.
                log.warning("sequencer_restarts", reason=type(failure).__name__, detail=str(failure))
            await asyncio.sleep(RETRY_PAUSE_S)

    @contextlib.asynccontextmanager
    async def _active(self) -> AsyncIterator[tuple[asyncpg.Connection, int]]:
        """A connection that holds the sequencer's lock, and its epoch. Waits until it can have both."""
        async with self._store.session() as connection:
            while not await log_store.take_sequencer_lock(connection):
                await asyncio.sleep(RETRY_PAUSE_S)
            try:
                yield connection, await log_store.begin_epoch(connection)
            finally:
                await log_store.release_sequencer_lock(connection)

    async def _sequence(self, connection: asyncpg.Connection, epoch: int) -> None:
        clock = asyncio.get_running_loop().time
        size: int | None = None
        while True:
            self._wake.clear()
            next_round = clock() + self._period_s
            checkpoint = await sequence_once(connection, self._keys, self._origin, epoch)
            if checkpoint is not None:
                async with self._sequenced:
                    self._sequenced.notify_all()
                may_be_full = size is None or checkpoint.tree_size - size >= SEQUENCE_CAPTURES_MAX
                size = checkpoint.tree_size
                if may_be_full:
                    # What did not fit has waited for long enough: however long a period is, the log keeps up.
                    continue
            # What is stored within a period shares a round, which costs the same for one capture as for many.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(next_round):
                    await self._wake.wait()


async def sign_with_all(connection: asyncpg.Connection, keys: LogKeys, log_: Log) -> None:
    """Has the checkpoint of the head signed by all keys that sign now, which a rotation may have added to."""
    head = await log_store.read_head(connection, log_)
    if not keys.has_both_signed(head.checkpoint, head.origin):
        note = keys.sign_checkpoint(head.origin, head.tree_size, head.root_hash)
        # Whoever was faster has signed with them, too.
        await log_store.swap_head(
            connection, head.epoch, head.tree_size, Checkpoint(head.tree_size, head.root_hash, note), log_
        )


async def sequence_once(connection: asyncpg.Connection, keys: LogKeys, origin: str, epoch: int) -> Checkpoint | None:
    """Turns the oldest waiting captures into leaves. None when nothing waits.

    Raises `Fenced` when another sequencer moved the head, `Unsound` or `ProofError` when stored rows do not give
    what the head says, or something flipped in memory. Cost: 7 reads, 2 native calls over all that is new, 1
    transaction, for any number of captures.
    """
    # (1) What waits, and the head as stored. A crash here: nothing has happened.
    head = await log_store.read_head(connection)
    captures = await log_store.captures_to_sequence(connection, SEQUENCE_EVENTS_MAX, SEQUENCE_CAPTURES_MAX)
    if not captures:
        return None

    # (2) The stored entries are hashed again, from the rows, not from memory: a bit that flipped since
    # the capture was prepared is in the log as it is in the database. A crash here: nothing has happened.
    entries = await log_store.entries_of_captures(connection, [capture.capture_no for capture in captures])
    levels, indexes = trace_core.edge_tiles(head.tree_size)
    edge = await log_store.tiles_at(connection, levels, indexes)
    extension = await asyncio.to_thread(
        trace_core.extend_tree, tree_size=head.tree_size, root_hash=head.root_hash, edge=edge, entries=entries
    )
    if extension.leaf_count != sum(capture.event_count for capture in captures):
        raise Unsound("the events of a stored capture are not all there")

    first_leaf_indexes, next_leaf_index = [], head.tree_size
    for capture in captures:
        first_leaf_indexes.append(next_leaf_index)
        next_leaf_index += capture.event_count
    async with connection.transaction():
        # (3) Tiles and leaf indexes, and a second look at them: what was computed from the captures is compared with
        # what an auditor will read. A crash from here to the commit: nothing has happened.
        await log_store.write_tiles(connection, extension.levels, extension.tile_indexes, extension.hashes)
        await log_store.number_captures(connection, [capture.capture_no for capture in captures], first_leaf_indexes)
        await check_extension(connection, (head.tree_size, head.root_hash), extension, Log.EVENTS)

        # (4) Sign. A checkpoint that nobody has seen may be lost; it is made again from the same rows.
        note = keys.sign_checkpoint(origin, extension.tree_size, extension.root_hash)
        checkpoint = Checkpoint(extension.tree_size, extension.root_hash, note)

        # (5) Swap the head. All moves with it or nothing. If the commit succeeded and we were told otherwise, the
        # next round reads a head that is further on and finds nothing waiting.
        if not await log_store.swap_head(connection, epoch, head.tree_size, checkpoint):
            raise Fenced("the head has moved on")
        await log_store.keep_checkpoint(connection, checkpoint, datetime.now(UTC))

    # (6) Only now may anybody learn of it. A crash here: readers find it in the database.
    log.info("sequenced", tree_size=checkpoint.tree_size, leaves=extension.leaf_count, captures=len(captures))
    return checkpoint
