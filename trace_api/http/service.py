"""What the resources work with, and on whose behalf."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from trace_api.capture.road import Door
from trace_api.http.body import BodyBudget
from trace_api.log.keys import LogKeys
from trace_api.log.publisher import Publisher
from trace_api.log.retention import Retention
from trace_api.log.sequencer import Sequencer
from trace_api.query.questions import Questions
from trace_api.settings import Settings
from trace_api.store.pool import Store

LISTENERS_MAX = 256
"""Websockets of one process."""
OPEN_PARTNER = "anonymous"
"""On whose behalf everything happens as long as no trading partners are registered."""


@dataclass(frozen=True, slots=True)
class Service:
    """The running parts; made once, in `app`."""

    settings: Settings
    store: Store
    keys: LogKeys
    origin: str
    door: Door
    sequencer: Sequencer
    publisher: Publisher
    retention: Retention
    questions: Questions
    bodies: BodyBudget
    listeners: asyncio.Semaphore


# Coroutines, though they wait for nothing: FastAPI would call a plain function in a thread of its own.
async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _on_behalf_of() -> str:
    # The one place where a request gets its trading partner; every read and write below carries it.
    return OPEN_PARTNER


ServiceOf = Annotated[Service, Depends(_service)]
OnBehalfOf = Annotated[str, Depends(_on_behalf_of)]
