"""`/events`: what was captured comes back as it was sent, with its receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.routing import Route

from trace_api.errors import TraceError
from trace_api.http import parameters
from trace_api.http.problems import of_trace_error
from trace_api.http.service import OPEN_PARTNER, OnBehalfOf, Service, ServiceOf
from trace_api.query import listing
from trace_api.store.events import StoredEvent

router = APIRouter(tags=["events"])

JSON_LD = "application/ld+json"
EVENT_ID_CHARACTERS_MAX = 2_000


@router.get("/events", responses=parameters.REFUSALS, openapi_extra={"parameters": parameters.OPENAPI})
async def get_events(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    per_page: parameters.PerPage = parameters.PER_PAGE,
    token: parameters.NextPageToken = None,
    extensions: parameters.Extensions = "",
) -> Response:
    """The events that a query of EPCIS 2.0's language finds (`docs/queries.md`), page by page, as an
    EPCISQueryDocument; in order of event time unless `orderBy` says otherwise. `Link: …; rel="next"` leads on."""
    query = parameters.read(request, extensions)
    events, next_token = await service.questions.page(query, token, per_page, partner)
    return page_response(request, events, next_token)


def page_response(request: Request, events: list[StoredEvent], next_token: str | None) -> Response:
    """A page of events and the link to the next one."""
    headers = {"GS1-EPCIS-Version": "2.0.0"}
    if next_token is not None:
        link = request.url.include_query_params(nextPageToken=next_token)
        headers["Link"] = f'<{link}>; rel="next"'
    return Response(_query_document(events), headers=headers, media_type=JSON_LD)


@router.get("/receipt")
async def get_receipt(
    service: ServiceOf,
    partner: OnBehalfOf,
    event: Annotated[str, Query(max_length=EVENT_ID_CHARACTERS_MAX, description="Event id, or content digest in hex")],
) -> Response:
    """The receipt of an event: its log entry, the proof that it is in the log, and what opens it."""
    receipt = await service.questions.receipt(event, partner)
    return Response(orjson.dumps(receipt), media_type="application/json")


def _query_document(events: list[StoredEvent]) -> bytes:
    # Each event carries its own context, so that events of several documents can stand side by side.
    bodies = b",".join(listing.as_bare_event(event) for event in events if event.body is not None)
    return (
        b'{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],"type":"EPCISQueryDocument",'
        b'"schemaVersion":"2.0","creationDate":"%s","epcisBody":{"queryResults":{"queryName":"SimpleEventQuery",'
        b'"resultsBody":{"eventList":[%s]}}}}'
    ) % (_now().encode(), bodies)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


async def get_event(request: Request) -> Response:
    """One event, or its receipt. Routed by the raw path, because ids are URIs and hold slashes."""
    service: Service = request.app.state.service
    event_id = request.path_params["event_id"]
    try:
        # In the raw path: there an id that ends so itself has its slash encoded.
        if request.scope["raw_path"].endswith(b"/receipt"):
            receipt = await service.questions.receipt(event_id.removesuffix("/receipt"), OPEN_PARTNER)
            return Response(orjson.dumps(receipt), media_type="application/json")
        found, is_truncated = await service.questions.events(event_id, OPEN_PARTNER)
    except TraceError as error:
        return of_trace_error(error)
    headers = {"GS1-EPCIS-Version": "2.0.0"}
    if len(found) > 1 or is_truncated:
        # Different events under one id: they are shown together, and that is said.
        headers |= {"Wayproof-Shared-Id": "true", "Wayproof-Truncated": str(is_truncated).lower()}
        return Response(_query_document(found), headers=headers, media_type=JSON_LD)
    return Response(listing.as_bare_event(found[0]), headers=headers, media_type=JSON_LD)


event_route = Route("/events/{event_id:path}", get_event, methods=["GET"])
