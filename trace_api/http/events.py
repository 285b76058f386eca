"""`/events`: what was captured comes back, in the form that is wished for, with its receipt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse
from starlette.routing import Route

from trace_api.errors import NotFound, TraceError
from trace_api.http import negotiation, parameters
from trace_api.http.problems import of_trace_error
from trace_api.http.service import OPEN_PARTNER, OnBehalfOf, Service, ServiceOf
from trace_api.query import documents
from trace_api.query.documents import Form, Media
from trace_api.query.receipts import event_id_of
from trace_api.query.simple.pages import PAGE_EVENTS_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from trace_api.query.page_tokens import PageToken
    from trace_api.query.simple.parse import Query as EventQuery
    from trace_api.store.events import StoredEvent

router = APIRouter(tags=["events"])

COSE_RECEIPT = "application/scitt-receipt+cose"
"""The one media type that is registered for COSE receipts, by RFC 9943; RFC 9942 registers none."""
FOUND: dict[str, Any] = {"description": "The events", "content": negotiation.EVENTS_CONTENT}
PARAMETERS: dict[str, Any] = {"parameters": [*parameters.OPENAPI, *negotiation.OPENAPI]}
RESPONSES: dict[int | str, dict[str, Any]] = {200: FOUND, **parameters.REFUSALS}


@router.get("/events", responses=RESPONSES, openapi_extra=PARAMETERS)
async def get_events(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    form: negotiation.FormOf,
    per_page: parameters.PerPage = parameters.PER_PAGE,
    token: parameters.NextPageToken = None,
    extensions: parameters.Extensions = "",
) -> Response:
    """The events that a query of EPCIS 2.0's language finds (`docs/queries.md`), page by page, as an
    EPCISQueryDocument; in order of event time unless `orderBy` says otherwise. `Link: …; rel="next"` leads on.
    As `application/x-ndjson`, all of them in one answer."""
    query = parameters.read(request, extensions)
    return await answer(request, service, query, form, per_page=per_page, token=token, partner=partner)


async def answer(
    request: Request,
    service: Service,
    query: EventQuery,
    form: Form,
    *,
    per_page: int,
    token: str | None,
    partner: str,
    query_name: str = "SimpleEventQuery",
) -> Response:
    """What a query finds: a page and the link to the next one, or all of it, line by line."""
    # The first page of lines, too, before anything is sent: what is refused is a problem document.
    size = PAGE_EVENTS_MAX if form.media is Media.NDJSON else per_page
    events, next_token = await service.questions.page(query, token, size, partner)
    if form.media is Media.NDJSON:
        lines = _lines(service, query, form, events, next_token, partner)
        return StreamingResponse(lines, media_type=form.media)
    headers = parameters.next_page(request, next_token)
    return await document(events, form, headers, query_name=query_name)


async def _lines(
    service: Service,
    query: EventQuery,
    form: Form,
    events: Sequence[StoredEvent],
    token: PageToken | None,
    partner: str,
) -> AsyncIterator[bytes]:
    while True:
        yield await asyncio.to_thread(documents.query_document, events, form)
        if token is None:
            return
        events, token = await service.questions.page(query, token.text, PAGE_EVENTS_MAX, partner)


async def document(
    events: Sequence[StoredEvent],
    form: Form,
    headers: dict[str, str] | None = None,
    *,
    query_name: str = "SimpleEventQuery",
) -> Response:
    """These events as a document."""
    body = await asyncio.to_thread(documents.query_document, events, form, query_name=query_name)
    return Response(body, headers=headers, media_type=form.media)


async def get_event(request: Request) -> Response:
    """One event, or its receipt in either form. Routed by the raw path, because ids are URIs and hold slashes."""
    service: Service = request.app.state.service
    event_id = request.path_params["event_id"]
    try:
        # In the raw path: there an id that ends so itself has its slash encoded.
        if request.scope["raw_path"].endswith(b"/receipt"):
            receipt = await service.questions.receipt(event_id.removesuffix("/receipt"), OPEN_PARTNER)
            return Response(orjson.dumps(receipt), media_type="application/json")
        if request.scope["raw_path"].endswith(b"/receipt.cose"):
            inclusion = await service.questions.inclusion(event_id.removesuffix("/receipt.cose"), OPEN_PARTNER)
            return Response(service.keys.cose_receipt(inclusion), media_type=COSE_RECEIPT)
        form = negotiation.form(request)
        found, is_truncated = await service.questions.events(event_id, OPEN_PARTNER)
        headers = {}
        if len(found) > 1 or is_truncated:
            # Different events under one id: they are shown together, and that is said.
            headers = {"Wayproof-Shared-Id": "true", "Wayproof-Truncated": str(is_truncated).lower()}
        elif found[0].body is None:
            raise NotFound(f"{event_id_of(found[0])} was erased")
        return await document(found, form, headers)
    except TraceError as error:
        return of_trace_error(error)


event_route = Route("/events/{event_id:path}", get_event, methods=["GET"])
