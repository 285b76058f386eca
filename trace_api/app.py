"""The composition root: settings in, a running application out."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI

import trace_core
from trace_api.capture.road import Door
from trace_api.errors import Unavailable
from trace_api.http import (
    capture,
    collections,
    digital_link,
    events,
    items,
    master_data,
    openapi,
    operations,
    page,
    problems,
)
from trace_api.http import log as log_routes
from trace_api.http.service import Service
from trace_api.log.keys import LogKeys
from trace_api.log.sequencer import Sequencer
from trace_api.query.questions import Questions
from trace_api.store import log as log_store
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trace_api.settings import Settings

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Database, keys, log and sequencer, in that order; all ended again in the other.

    Raises `Unavailable` when the stored log was not signed by the key that is here.
    """
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(settings))
        keys = LogKeys.load_or_create(settings.key_dir)
        origin = await _open_log(store, keys, settings.origin)
        sequencer = Sequencer(store, keys, origin, period_ms=settings.sequence_period_ms)
        task = asyncio.create_task(sequencer.run(), name="sequencer")
        stack.push_async_callback(_cancel, task)
        door = Door(store, keys.blinding_key)
        questions = Questions(store, keys.blinding_key)
        yield Service(settings, store, keys, origin, door, sequencer, questions)


async def _open_log(store: Store, keys: LogKeys, origin: str) -> str:
    """Starts the log, or finds it as it was left. A log keeps the origin of its first start."""
    empty_root = trace_core.root_hash(b"")
    async with store.session() as connection:
        note = keys.sign_checkpoint(origin, 0, empty_root)
        await log_store.create_head(connection, origin, empty_root, note)
        head = await log_store.read_head(connection)
    if head.origin != origin:
        log.warning("origin_kept", stored=head.origin, ignored=origin)
    try:
        trace_core.open_checkpoint(head.checkpoint, keys.verifier_key(head.origin))
    except trace_core.SignatureError:
        raise Unavailable("the stored log was signed with another key than the one in the key folder") from None
    return head.origin


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def create_app(settings: Settings, on_ready: Callable[[Service], None] | None = None) -> FastAPI:
    """The application; the service lives as long as its lifespan. `on_ready` is called when it begins."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_service(settings) as service:
            app.state.service = service
            if on_ready is not None:
                on_ready(service)
            yield

    app = FastAPI(
        title="Wayproof",
        version=trace_core.__version__,
        summary="Where has this thing been, is it genuine and safe, and how can I prove it?",
        lifespan=lifespan,
        openapi_url="/openapi.json",
        redoc_url=None,
    )
    problems.install(app)
    openapi.install(app)
    for room in (capture, collections, events, items, master_data, log_routes, operations, digital_link, page):
        app.include_router(room.router)
    app.router.routes += [log_routes.tile_route, events.event_route]
    app.mount("/web", page.static)
    app.add_middleware(operations.Observe)
    return app
