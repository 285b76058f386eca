"""`/healthz` and `/metrics`, and the middleware that counts and logs requests. No business data in either."""

from __future__ import annotations

import logging
import sys
import time
import uuid
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from trace_api.http.service import ServiceOf
from trace_api.store import log as log_store

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

router = APIRouter(tags=["operations"])
log = structlog.get_logger()

registry = CollectorRegistry()
REQUESTS = Counter("wayproof_requests", "Requests by route and status", ["route", "status"], registry=registry)
SECONDS = Histogram("wayproof_request_seconds", "Time to the end of the answer", ["route"], registry=registry)
TREE_SIZE = Gauge("wayproof_log_tree_size", "Leaves in the log", registry=registry)
EVENTS = Counter("wayproof_events_stored", "Events stored by this process", registry=registry)


@router.get("/healthz")
async def get_health(service: ServiceOf) -> dict[str, object]:
    """200 when the database answers and the log's head can be read."""
    async with service.store.session() as connection:
        head = await log_store.read_head(connection)
    return {"status": "ok", "tree_size": head.tree_size, "origin": service.origin}


@router.get("/metrics", response_class=Response)
async def get_metrics(service: ServiceOf) -> Response:
    """Prometheus' text format."""
    async with service.store.session() as connection:
        TREE_SIZE.set((await log_store.read_head(connection)).tree_size)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def configure_logging(level: str = "info") -> None:
    """One JSON object a line on standard error, with time, level and request id."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(),
    ]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[*shared, structlog.processors.JSONRenderer()],
        # Each line in one piece: threads write beside each other, and so does what others log.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    # What others log, asyncio and the HTTP server, in the same form.
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn.error").addFilter(_once_in_one_line)


def _once_in_one_line(record: logging.LogRecord) -> bool:
    """An exception of the application is logged already where it becomes an answer. Why a start failed is in the
    last line; the way there is of no use to whoever starts a server."""
    if str(record.msg).startswith("Traceback"):
        record.msg = str(record.msg).strip().splitlines()[-1]
    return not str(record.msg).startswith("Exception in ASGI application")


class Observe:
    """Gives each request an id, counts it by its route (never by its path), and logs one line for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, start, status = uuid.uuid4().hex, time.perf_counter(), 500
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            route = getattr(scope.get("route"), "path", "unrouted")
            seconds = time.perf_counter() - start
            REQUESTS.labels(route, status).inc()
            SECONDS.labels(route).observe(seconds)
            log.info("request", route=route, method=scope["method"], status=status, ms=round(seconds * 1000, 2))
            structlog.contextvars.unbind_contextvars("request_id")
