"""The composition root: settings in, a running application out."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI
from starlette_compress import CompressMiddleware, add_compress_type

import trace_core
from trace_api.capture.road import Door
from trace_api.delivery.office import Office
from trace_api.errors import Unavailable
from trace_api.http import (
    capture,
    collections,
    digital_link,
    erasures,
    events,
    evidence,
    items,
    keys,
    links,
    lists,
    master_data,
    openapi,
    operations,
    page,
    problems,
    queries,
    streams,
    subscriptions,
)
from trace_api.http import log as log_routes
from trace_api.http.body import BodyBudget
from trace_api.http.methods import Methods
from trace_api.http.profile import Profile
from trace_api.http.service import LISTENERS_MAX, Service
from trace_api.http.short_cuts import ShortCuts
from trace_api.log.cosigners import Cosigners
from trace_api.log.item_index import IndexKeeper, index_once, index_origin, open_index_log
from trace_api.log.keys import LogKeys
from trace_api.log.publisher import Growth, Publisher, no_witnesses
from trace_api.log.retention import Retention
from trace_api.log.sequencer import Sequencer, sign_with_all
from trace_api.log.shelf import Shelf
from trace_api.query.questions import Questions
from trace_api.store import log as log_store
from trace_api.store.log import Log
from trace_api.store.objects import open_objects
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trace_api.settings import Settings

log = structlog.get_logger()

ROOMS = (
    capture,
    collections,
    events,
    evidence,
    erasures,
    keys,
    queries,
    subscriptions,
    streams,
    items,
    keys,
    links,
    lists,
    master_data,
    log_routes,
    operations,
    digital_link,
    page,
)
"""Resources in the order in which their routes are tried."""
COMPRESSED_BYTES_MIN = 1_024
"""Shorter answers are sent as they are."""
ZSTD_LEVEL = 2
"""Takes half as long as level 4, the default, for answers of one size: what they repeat is near."""
COMPRESSED = ("application/problem+json", "application/linkset+json", "application/x-ndjson")
"""Media types that are compressed besides those that everybody has."""


@contextlib.asynccontextmanager
async def open_service(settings: Settings, on_lost: Callable[[], None]) -> AsyncIterator[Service]:
    """Database, keys, log and sequencer, in that order; all ended again in the other. `on_lost` is called when
    the database has ended for good.

    Raises `Unavailable` when the stored log was made with other keys than those that are here.
    """
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(settings, on_lost))
        keys, origin = await _open_log(store, settings)
        sequencer = Sequencer(store, keys, origin, period_ms=settings.sequence_period_ms)
        stack.push_async_callback(_cancel, asyncio.create_task(sequencer.run(), name="sequencer"))
        policy, period_ms = _policy(settings, keys, origin), settings.publish_period_ms
        cosigners = await stack.enter_async_context(Cosigners.open(policy))
        growth = Growth(Log.EVENTS, keys.verifier_key(origin), sequencer.wait_sequenced)
        shelf, index_shelf = _shelves(settings.tiles, origin)
        publisher = Publisher(store, cosigners, growth, period_ms=period_ms, shelf=shelf)
        keeper = IndexKeeper(settings.data_dir / "item-index")
        stack.push_async_callback(keeper.save)
        index_key = keys.for_index().verifier_key(index_origin(origin))
        prepare = partial(index_once, keeper=keeper, keys=keys)
        growth = Growth(Log.INDEX, index_key, publisher.wait_published, prepare)
        index_cosigners = await stack.enter_async_context(Cosigners.open(policy))
        index_publisher = Publisher(store, index_cosigners, growth, period_ms=period_ms, shelf=index_shelf)
        for each in (publisher, index_publisher):
            await each.check_nothing_lost()
            stack.push_async_callback(_cancel, asyncio.create_task(each.run(), name="publisher"))
        door = Door(store, keys.blinding_key)
        questions = Questions(store, keys.blinding_key, keeper)
        bodies = BodyBudget(settings.bodies_bytes_max)
        office = Office(store, questions.keys, sequencer.wait_sequenced, private=settings.webhook_private_addresses)
        stack.push_async_callback(_cancel, asyncio.create_task(office.run(), name="office"))
        listeners = asyncio.Semaphore(LISTENERS_MAX)
        retention = Retention(store, settings.retention_days)
        yield Service(
            settings, store, keys, origin, door, sequencer, publisher, retention, questions, bodies, listeners
        )


async def _open_log(store: Store, settings: Settings) -> tuple[LogKeys, str]:
    """Starts the log, or finds it as it was left. A log keeps the keys and the origin of its first start."""
    async with store.session() as connection:
        head = await log_store.find_head(connection)
        if head is None:
            keys = LogKeys.load_or_create(settings.key_dir)
            empty_root = trace_core.root_hash(b"")
            note = keys.sign_checkpoint(settings.origin, 0, empty_root)
            await log_store.create_head(connection, settings.origin, empty_root, note, keys.blinding_token())
            # Another server may have been faster, with keys of its own.
            head = await log_store.read_head(connection)
        else:
            # A key made now would be another than the log's: its names would be filed, and never found.
            keys = LogKeys.load(settings.key_dir)
    keys.check(head)
    if settings.log_ml_dsa:
        keys = keys.with_ml_dsa(settings.key_dir)
    async with store.session() as connection:
        await open_index_log(connection, keys, head.origin)
        for of, log_ in ((keys, Log.EVENTS), (keys.for_index(), Log.INDEX)):
            await sign_with_all(connection, of, log_)
    if head.origin != settings.origin:
        log.warning("origin_kept", stored=head.origin, ignored=settings.origin)
    return keys, head.origin


def _shelves(place: str | None, origin: str) -> tuple[Shelf | None, Shelf | None]:
    """Where the log, and that of the index, are shown as files. Raises `Unavailable`."""
    if place is None:
        return None, None
    objects = open_objects(place)
    return Shelf(objects, "", origin), Shelf(objects, "index/", index_origin(origin))


def _policy(settings: Settings, keys: LogKeys, origin: str) -> bytes:
    """The text of the policy file; without one, this log's keys and nobody's cosignature."""
    vkeys = [*keys.verifier_keys(origin), *keys.for_index().verifier_keys(index_origin(origin))]
    if settings.policy_file is None:
        return no_witnesses(vkeys)
    try:
        text = settings.policy_file.read_bytes()
        policy = trace_core.Policy(text)
    except (OSError, trace_core.SignatureError) as failure:
        raise Unavailable(f"the policy {settings.policy_file} cannot be used: {failure}") from None
    named = {key for _, key, _ in policy.logs}
    if missing := [f"log {vkey}" for vkey in vkeys if vkey not in named]:
        raise Unavailable(
            f"the policy {settings.policy_file} does not name this log or its index: {', '.join(missing)}"
        )
    return text


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def create_app(
    settings: Settings,
    on_ready: Callable[[Service], None] = lambda _service: None,
    on_lost: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The application; the service lives as long as its lifespan. `on_ready` is called when it begins, `on_lost`
    when it cannot go on."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_service(settings, on_lost) as service:
            app.state.service = service
            on_ready(service)
            yield

    app = FastAPI(
        title="Wayproof",
        version=trace_core.__version__,
        summary="Where has this thing been, is it genuine and safe, and how can I prove it?",
        lifespan=lifespan,
        openapi_url="/openapi.json",
        docs_url=None,  # That page, and its twin, load scripts from elsewhere.
        redoc_url=None,
    )
    problems.install(app)
    openapi.install(app)
    app.router.routes.insert(0, ShortCuts(items.SHORT_CUTS | log_routes.SHORT_CUTS))
    for room in ROOMS:
        app.include_router(room.router)
    app.router.routes += [*log_routes.tile_routes, events.event_route]
    app.mount("/web", page.static)
    app.add_middleware(Methods, router=app.router)
    app.add_middleware(Profile, settings=settings)
    for media_type in COMPRESSED:
        add_compress_type(media_type)
    app.add_middleware(CompressMiddleware, minimum_size=COMPRESSED_BYTES_MIN, zstd_level=ZSTD_LEVEL)
    app.add_middleware(operations.Observe)
    return app
