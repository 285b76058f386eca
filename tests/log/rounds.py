"""One round of the log, captures to published index, every step of which can be cut: not done, done and reported as
failed, or its process killed before or behind it. Steps are exchanges with Postgres and with the witness, and
signatures.

As a program it runs rounds in children of its own, `N DONE` a line on standard input, and kills each at its step.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import structlog

import trace_core
from trace_api.log.cosigners import Cosigners
from trace_api.log.item_index import IndexKeeper, index_once, index_origin, open_index_log
from trace_api.log.keys import LogKeys
from trace_api.log.publisher import Growth, Publisher
from trace_api.log.sequencer import sequence_once
from trace_api.store import log as log_store
from trace_api.store.log import Log
from trace_api.witness.app import Witness, create_app
from trace_api.witness.book import Book

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trace_api.store.pool import Store

ORIGIN = "wayproof.test/rounds"
KEYS = LogKeys(signing_seed=bytes(range(32)), blinding_key=bytes(32))
VKEYS = [KEYS.verifier_key(ORIGIN), KEYS.for_index().verifier_key(index_origin(ORIGIN))]
WITNESS = trace_core.NoteSigner("cosignature", "w.test", b"w" * 32)
CALLS = ("fetch", "fetchrow", "fetchval", "execute")


class Cut(Exception):
    """A step was cut."""


def cut_off() -> None:
    raise Cut


def kill_ourselves() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Link:
    """Counts steps, and cuts one of them: before it is done, or after it took effect and before that is known. One
    that is not `atomic` leaves out the transactions."""

    cut_at: int = 0
    done: bool = False
    cut: Callable[[], None] = cut_off
    atomic: bool = True
    steps: list[str] = field(default_factory=list)

    async def exchange(self, what: str, send: Any) -> Any:
        self.steps.append(what)
        if len(self.steps) != self.cut_at:
            return await send()
        if self.done:
            await send()
        self.cut()
        return None

    def step(self, what: str, act: Any) -> Any:
        self.steps.append(what)
        if len(self.steps) != self.cut_at:
            return act()
        if self.done:
            act()
        self.cut()
        return None


class CutConnection:
    """A connection to Postgres over a link. The beginning and end of a transaction are steps, too."""

    def __init__(self, connection: asyncpg.Connection, link: Link) -> None:
        self._connection = connection
        self._link = link

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._connection, name)
        if name not in CALLS:
            return real

        async def call(*arguments: Any) -> Any:
            return await self._link.exchange(arguments[0].strip().split("\n")[0], lambda: real(*arguments))

        return call

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if not self._link.atomic:
            yield
            return
        real = self._connection.transaction()
        try:
            await self._link.exchange("BEGIN", real.start)
            yield
            await self._link.exchange("COMMIT", real.commit)
        except BaseException:
            # The server sees the link break: what it has not committed it rolls back.
            if self._connection.is_in_transaction():
                await real.rollback()
            raise


class CutKeys:
    """Keys whose signatures are steps."""

    def __init__(self, keys: LogKeys, link: Link) -> None:
        self._keys = keys
        self._link = link

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keys, name)

    def for_index(self) -> CutKeys:
        return CutKeys(self._keys.for_index(), self._link)

    def sign_checkpoint(self, *head: Any) -> bytes:
        return self._link.step("sign", lambda: self._keys.sign_checkpoint(*head))


class CutTransport(httpx.AsyncBaseTransport):
    """The way to the witness."""

    def __init__(self, witness: Witness, link: Link) -> None:
        self._witness = httpx.ASGITransport(create_app(witness))
        self._link = link

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._link.exchange("witness", lambda: self._witness.handle_async_request(request))
        except Cut:
            raise httpx.ReadError("cut") from None


async def start_log(store: Store) -> None:
    async with store.session() as connection:
        empty = trace_core.root_hash(b"")
        note = KEYS.sign_checkpoint(ORIGIN, 0, empty)
        await log_store.create_head(connection, ORIGIN, empty, note, KEYS.blinding_token())
        await open_index_log(connection, KEYS, ORIGIN)


async def run_round(
    connection: asyncpg.Connection, folder: Path, link: Link, keeper: IndexKeeper | None = None
) -> None:
    """Sequences, publishes, indexes and publishes the index, as four tasks of a server do, one after the other."""
    keeper = keeper or IndexKeeper(folder / "item-index")
    cut: Any = CutConnection(connection, link)
    keys: Any = CutKeys(KEYS, link)
    with Book.open(folder / "book.sqlite") as book:
        witness = Witness(
            [WITNESS], dict(zip((ORIGIN, index_origin(ORIGIN)), ([key] for key in VKEYS), strict=True)), book
        )
        policy = [f"log {key}\n" for key in VKEYS]
        policy += [f"witness w {WITNESS.verifier_key} http://w.test\n", "quorum w\n"]
        async with httpx.AsyncClient(transport=CutTransport(witness, link)) as client:
            cosigners = Cosigners("".join(policy).encode(), client)
            while await sequence_once(cut, keys, ORIGIN, await log_store.begin_epoch(cut)) is not None:
                pass
            for log, key in zip(Log, VKEYS, strict=True):
                if log is Log.INDEX:
                    await index_once(cut, keeper, keys)
                store: Any = None
                publisher = Publisher(store, cosigners, Growth(log, key, asyncio.sleep), period_ms=1)
                await publisher.publish_once(cut, datetime.now(UTC))


async def _run_killed(url: str, folder: Path, cut_at: int, *, done: bool) -> None:
    connection = await asyncpg.connect(url)
    await run_round(connection, folder, Link(cut_at, done, kill_ourselves))


def main(url: str, folder: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    for line in sys.stdin:
        cut_at, done = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(_run_killed(url, folder, int(cut_at), done=done == "1"))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
