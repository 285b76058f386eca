"""The product's log with one route more, which the product must never have: `POST /log/add` takes any bytes as an
entry and answers with its leaf index, once it is durable and sequenced. For load testers of others.

    python -m tests.other_tools.add_server --data FOLDER --port 2025
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import click
from fastapi import FastAPI

from tests.other_tools.raw_entries import RawEntries, open_raw_log, store_entries
from trace_api.capture.numbers import CaptureNumbers
from trace_api.capture.road import Door
from trace_api.cli.serve import server_of
from trace_api.errors import StoreError
from trace_api.http import jobs, log, problems
from trace_api.http.body import BodyBudget
from trace_api.http.operations import configure_logging
from trace_api.http.service import LISTENERS_MAX, Service
from trace_api.log.cosigners import Cosigners
from trace_api.log.item_index import IndexKeeper
from trace_api.log.publisher import Growth, Publisher, no_witnesses
from trace_api.log.retention import Retention
from trace_api.log.sequencer import Sequencer
from trace_api.query.questions import Questions
from trace_api.settings import Settings
from trace_api.store.log import Log
from trace_api.store.pool import Store

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

ENTRY_BYTES_MAX = 65_535
"""What an entry bundle can say of an entry's length."""


class Adder:
    """Adds entries. Those that come while others are being stored share the next transaction."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._numbers = CaptureNumbers(service.store)
        self._waiting: list[tuple[bytes, asyncio.Future[int]]] = []
        self._arrived = asyncio.Event()

    async def add(self, entry: bytes) -> int:
        """The leaf index of an entry, once it is durable and sequenced. Raises `StoreError`."""
        index: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, index))
        self._arrived.set()
        return await index

    async def run(self) -> None:
        """Stores until cancelled."""
        async with asyncio.TaskGroup() as answering:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                taken, self._waiting = self._waiting, []
                indexes = [index for _, index in taken]
                try:
                    copies = RawEntries(await self._numbers.next(), [entry for entry, _ in taken])
                    capture_id = await store_entries(self._service.store, copies)
                except StoreError as failure:
                    _refuse(indexes, failure)
                    continue
                self._service.sequencer.wake()
                answering.create_task(self._answer(capture_id, indexes))

    async def _answer(self, capture_id: uuid.UUID, indexes: list[asyncio.Future[int]]) -> None:
        try:
            job = await jobs.wait_logged(self._service, capture_id, published=False)
        except StoreError as failure:
            _refuse(indexes, failure)
            return
        for leaf_index, index in enumerate(indexes, job.first_leaf_index or 0):
            if not index.cancelled():
                index.set_result(leaf_index)


def _refuse(indexes: list[asyncio.Future[int]], failure: StoreError) -> None:
    for index in indexes:
        if not index.cancelled():
            index.set_exception(failure)


class WithAdd:
    """The one route more, in front of all others, as close to the protocol as the product's tiles are."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/log/add" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        entry, more = b"", True
        while more and len(entry) <= ENTRY_BYTES_MAX:
            message = await receive()
            entry, more = entry + message.get("body", b""), message.get("more_body", False)
        status, text = await self._add(entry)
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    async def _add(self, entry: bytes) -> tuple[int, bytes]:
        if len(entry) > ENTRY_BYTES_MAX:
            return 413, b"an entry has at most %d bytes" % ENTRY_BYTES_MAX
        try:
            return 200, b"%d" % await self._app.state.adder.add(entry)
        except StoreError as failure:
            return 503, str(failure).encode()


@contextlib.asynccontextmanager
async def open_raw_service(settings: Settings) -> AsyncIterator[Service]:
    """The product's parts that a log needs: everything but the index over items, for raw entries name none."""
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(settings))
        keys, origin = await open_raw_log(store, settings)
        sequencer = Sequencer(store, keys, origin, period_ms=settings.sequence_period_ms)
        policy = no_witnesses([keys.verifier_key(origin)])
        cosigners = await stack.enter_async_context(Cosigners.open(policy))
        growth = Growth(Log.EVENTS, keys.verifier_key(origin), sequencer.wait_sequenced)
        publisher = Publisher(store, cosigners, growth, period_ms=settings.publish_period_ms)
        for part in (sequencer, publisher):
            stack.push_async_callback(_cancel, asyncio.create_task(part.run()))
        questions = Questions(store, keys.blinding_key, IndexKeeper(settings.data_dir / "item-index"))
        door, bodies = Door(store, keys.blinding_key), BodyBudget(settings.bodies_bytes_max)
        listeners, retention = asyncio.Semaphore(LISTENERS_MAX), Retention(store, None)
        yield Service(
            settings, store, keys, origin, door, sequencer, publisher, retention, questions, bodies, listeners
        )


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def create_app(settings: Settings) -> ASGIApp:
    """The routes of the product's log, and the one route more."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_raw_service(settings) as service:
            app.state.service, app.state.adder = service, Adder(service)
            adding = asyncio.create_task(app.state.adder.run())
            yield
            await _cancel(adding)

    app = FastAPI(lifespan=lifespan)
    problems.install(app)
    app.include_router(log.router)
    app.router.routes += log.tile_routes
    return WithAdd(app)


@click.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--port", type=click.IntRange(1, 65_535), required=True)
def main(data: Path, port: int) -> None:
    """Serve until a signal."""
    # A load tester holds a connection for each of its writers.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    configure_logging("warning")
    server_of(create_app(Settings.of(data_dir=data, port=port, origin="wayproof.test/raw")), "127.0.0.1", port).run()


if __name__ == "__main__":
    main()
