"""Shows the log to everybody: at a fixed pace, and only what enough witnesses have cosigned.

What is stored and sequenced waits for nobody; what is published is one history for all. A checkpoint that is signed
but not published is seen by witnesses alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

import trace_core
from trace_api.errors import Unavailable
from trace_api.log import tiles
from trace_api.log.cosigners import OtherHistory
from trace_api.log.proofread import Unsound, check_growth
from trace_api.log.sequencer import Checkpoint
from trace_api.log.shelf import NotShown
from trace_api.store import log as log_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import asyncpg

    from trace_api.log.cosigners import Cosigners
    from trace_api.log.shelf import Shelf
    from trace_api.store.log import Log, LogHead
    from trace_api.store.pool import Store

REPUBLISH_AFTER = timedelta(hours=1)
"""A log in which nothing happens has its last checkpoint cosigned again, so that silence is not mistaken for age."""
RETRY_PAUSE_S = 1.0
"""Pause after a failure, and between attempts to become the publisher."""

log = structlog.get_logger()


def no_witnesses(vkeys: list[str]) -> bytes:
    """The policy of logs whose checkpoints need nobody's cosignature."""
    return "".join([*(f"log {vkey}\n" for vkey in vkeys), "quorum none\n"]).encode()


class NoQuorum(Unavailable):
    """Too few witnesses have cosigned; what was published last stays."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How a log grows, and by which key its checkpoints are told: `wait` returns when there may be something new, or
    after so many seconds; `prepare` is called before each look at the head."""

    log: Log
    verifier_key: str
    wait: Callable[[float], Awaitable[None]]
    prepare: Callable[[asyncpg.Connection], Awaitable[None]] | None = None


class Publisher:
    """Publishes one log. Runs in the server's process. Several may run against one database; one of them is active."""

    def __init__(
        self, store: Store, cosigners: Cosigners, growth: Growth, *, period_ms: int, shelf: Shelf | None = None
    ) -> None:
        self._store = store
        self._cosigners = cosigners
        self._growth = growth
        self._period_s = period_ms / 1000
        self._shelf = shelf
        self._published = asyncio.Condition()

    @property
    def policy_text(self) -> bytes:
        """The policy that it follows."""
        return self._cosigners.policy_text

    async def wait_published(self, timeout_s: float) -> None:
        """Returns when this process has published, or after the time-out; the caller looks again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._published:
                await self._published.wait()

    async def check_nothing_lost(self) -> None:
        """Asks the witnesses, before anything is served, whether they have cosigned what is not here. Raises
        `OtherHistory`. Witnesses that do not answer say nothing; they are asked again at each publication."""
        if self._cosigners.is_alone:
            return
        async with self._store.session() as connection:
            head = await log_store.read_head(connection, self._growth.log)
            if head.tree_size > 0:
                await self._cosign(connection, head)

    async def run(self) -> None:
        """Publishes until cancelled."""
        while True:
            try:
                async with self._active() as connection:
                    await self._publish(connection)
            except NoQuorum as failure:
                log.error("no_quorum", detail=str(failure))
            except NotShown as failure:
                log.error("not_shown", log=self._growth.log.name.lower(), detail=str(failure))
            except OtherHistory as failure:
                # Nobody must see what would contradict what a witness saw. The operator decides; until then all stays
                # as it was published last.
                log.critical("other_history", detail=str(failure))
            except (Unsound, trace_core.TraceError) as failure:
                log.critical("refuses_to_publish", log=self._growth.log.name.lower(), detail=str(failure))
            except Exception as failure:  # The loop must outlive whatever Postgres and the network do.
                log.warning("publisher_restarts", reason=type(failure).__name__, detail=str(failure))
            await asyncio.sleep(RETRY_PAUSE_S)

    @contextlib.asynccontextmanager
    async def _active(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._store.session() as connection:
            while not await log_store.take_publisher_lock(connection, self._growth.log):
                await asyncio.sleep(RETRY_PAUSE_S)
            try:
                yield connection
            finally:
                await log_store.release_publisher_lock(connection, self._growth.log)

    async def _publish(self, connection: asyncpg.Connection) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            if self._growth.prepare is not None:
                await self._growth.prepare(connection)
            if await self.publish_once(connection, datetime.now(UTC)) is None:
                # What another process does is seen by looking again.
                await self._growth.wait(self._period_s)
                continue
            async with self._published:
                self._published.notify_all()
            await asyncio.sleep(max(0.0, began + self._period_s - clock()))

    async def publish_once(self, connection: asyncpg.Connection, now: datetime) -> Checkpoint | None:
        """Publishes the head if it is new, or was published long ago; None when there was nothing to do. Raises
        `NoQuorum`, `OtherHistory`, `NotShown`, and `Unsound` or `SignatureError` for what is not what was signed."""
        # (1) The head as stored. A crash here: nothing has happened.
        head = await log_store.read_head(connection, self._growth.log)
        if head.tree_size == head.published_size and now - head.published_at < REPUBLISH_AFTER:
            await self._show(connection, head.published_checkpoint)
            return None

        # (2) A second look: what goes out follows from the stored tiles, and continues what went out last.
        last, new = (head.published_size, head.published_root_hash), (head.tree_size, head.root_hash)
        await check_growth(connection, last, new, self._growth.log)
        if trace_core.open_checkpoint(head.checkpoint, self._growth.verifier_key) != (head.origin, *new):
            raise Unsound("the checkpoint is of another tree than the head")

        # (3) Cosignatures. A crash here: witnesses know a checkpoint that nobody else has seen. It stays true, for
        # the head never goes back, and the next one is proven to continue it.
        note = await self._cosign(connection, head)
        if note is None:
            raise NoQuorum(f"of {head.tree_size} leaves {head.published_size} are published")

        # (4) As files, where the log is shown so. A crash here: some readers know it already, and it stays true.
        await self._show(connection, note)

        # (5) Out. A crash here: it is published or it is not.
        published = Checkpoint(head.tree_size, head.root_hash, note)
        if not await log_store.publish(connection, published, now, self._growth.log):
            return None
        log.info("published", origin=head.origin, tree_size=head.tree_size)
        return published

    async def _show(self, connection: asyncpg.Connection, note: bytes) -> None:
        if self._shelf is not None and trace_core.checkpoint_size(note) > 0:
            await self._shelf.show(note, tiles.StoredLeaves(connection, self._growth.log))

    async def _cosign(self, connection: asyncpg.Connection, head: LogHead) -> bytes | None:
        one_at_a_time = asyncio.Lock()

        async def prove(old_size: int, new_size: int) -> list[bytes]:
            async with one_at_a_time:
                return await tiles.prove_consistency(connection, old_size, new_size, self._growth.log)

        return await self._cosigners.cosign(head.checkpoint, prove)
