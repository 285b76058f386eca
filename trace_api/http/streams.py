"""Subscriptions over websockets: what a named query finds anew, for as long as somebody listens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, WebSocket

from trace_api.delivery.schedule import BOUNDS, Schedule
from trace_api.errors import NotFound, Subscription, TraceError, Unavailable
from trace_api.http import negotiation
from trace_api.http.problems import of_trace_error
from trace_api.http.service import OPEN_PARTNER
from trace_api.http.subscriptions import MIN_RECORD_TIME, Wanted
from trace_api.query import documents, named
from trace_api.query.documents import Form

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from trace_api.http.service import Service
    from trace_api.query.simple.parse import Query

router = APIRouter()

LOOK_AGAIN_S = 1.0
"""The longest wait for news of another process."""
STILL_THERE_S = 5.0
"""How often one who waits for a schedule looks whether the query is still there."""
CLOSE_GONE, CLOSE_FAILED = 1000, 1011
"""RFC 6455 §7.4.1."""
_OTHERS = frozenset({"stream", "reportIfEmpty", "initialRecordTime"})


@router.websocket("/queries/{queryName}/events")
async def listen(socket: WebSocket) -> None:
    """Sends an EPCISQueryDocument for each batch of news, a problem document before it closes for a reason."""
    service: Service = socket.app.state.service
    name = socket.path_params["queryName"]
    try:
        form = Form(epcs=negotiation.epc_format(socket))
        wanted = Wanted.of(_members(socket))
        query = named.question_of((await service.questions.named_query(name, OPEN_PARTNER)).definition)
        named.check_standing(query)
        since = await service.questions.leaf_of_record_time(wanted.initial_record_time)
    except TraceError as refusal:
        await socket.send_denial_response(of_trace_error(refusal))
        return
    if service.listeners.locked():
        await socket.send_denial_response(of_trace_error(Unavailable("there are too many listeners already")))
        return
    started = wanted.initial_record_time or datetime.now(UTC)
    # Before it is let in: whoever is let in is told.
    async with service.listeners:
        await socket.accept(headers=[(MIN_RECORD_TIME.lower().encode(), started.isoformat().encode())])
        await _until_gone(socket, _tell(socket, service, name, query, wanted, since, form))


async def _until_gone(socket: WebSocket, telling: Coroutine[Any, Any, None]) -> None:
    """Tells until that ends or the listener goes away, who has nothing to say to us."""
    tasks = {asyncio.create_task(telling), asyncio.create_task(_gone(socket))}
    _, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _tell(
    socket: WebSocket, service: Service, name: str, query: Query, wanted: Wanted, since: int, form: Form
) -> None:
    schedule = None if wanted.schedule is None else Schedule.parse(wanted.schedule)
    is_new_run = True
    try:
        while True:
            if schedule is not None and is_new_run:
                await _until_due(service, name, schedule)
            await service.questions.named_query(name, OPEN_PARTNER)
            news = await service.questions.news(query, since, wanted.initial_record_time)
            if news.events or (schedule and wanted.report_if_empty and is_new_run and news.is_all):
                body = await asyncio.to_thread(documents.query_document, news.events, form, query_name=name)
                await socket.send_text(body.decode())
            since, is_new_run = news.next_leaf_index, news.is_all
            if schedule is None and news.is_all:
                await service.sequencer.wait_sequenced(LOOK_AGAIN_S)
    except NotFound:
        await socket.close(CLOSE_GONE, "the query was deleted")
    except TraceError as failure:
        await socket.send_text(bytes(of_trace_error(failure).body).decode())
        await socket.close(CLOSE_FAILED)


async def _until_due(service: Service, name: str, schedule: Schedule) -> None:
    """Raises `NotFound` soon after the query was deleted."""
    due = schedule.next_after(datetime.now(UTC))
    while due is not None and (wait_s := (due - datetime.now(UTC)).total_seconds()) > 0:
        await asyncio.sleep(min(wait_s, STILL_THERE_S))
        await service.questions.named_query(name, OPEN_PARTNER)


def _members(socket: WebSocket) -> dict[str, Any]:
    """The parameters of the address as a subscription's body has them."""
    asked = dict(socket.query_params)
    if unknown := sorted(set(asked) - set(BOUNDS) - _OTHERS):
        raise Subscription(f"/{unknown[0][:40]}", "no such parameter")
    schedule = {name: text for name, text in asked.items() if name in BOUNDS}
    flags = {"true": True, "false": False}
    members: dict[str, Any] = {name: flags.get(text, text) for name, text in asked.items() if name in _OTHERS}
    return members | ({"schedule": schedule} if schedule else {})
