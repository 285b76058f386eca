"""`/events`: what was captured comes back as it was sent, with its receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.routing import Route

from trace_api.errors import Invalid, TraceError
from trace_api.http.problems import of_trace_error
from trace_api.http.service import OPEN_PARTNER, OnBehalfOf, Service, ServiceOf
from trace_api.query import listing
from trace_api.store.events import PageFilter, StoredEvent

router = APIRouter(tags=["events"])

EVENT_TYPES = {
    "ObjectEvent": 1,
    "AggregationEvent": 2,
    "TransactionEvent": 3,
    "TransformationEvent": 4,
    "AssociationEvent": 5,
}
JSON_LD = "application/ld+json"
EVENT_ID_CHARACTERS_MAX = 2_000


@router.get("/events")
async def get_events(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    event_type: Annotated[str | None, Query(alias="eventType")] = None,
    biz_step: Annotated[str | None, Query(alias="EQ_bizStep", max_length=200, pattern=r"^[^\x00]*$")] = None,
    from_time: Annotated[datetime | None, Query(alias="GE_eventTime")] = None,
    to_time: Annotated[datetime | None, Query(alias="LT_eventTime")] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=listing.PAGE_EVENTS_MAX)] = 100,
    token: Annotated[str | None, Query(alias="nextPageToken", max_length=200)] = None,
) -> Response:
    """A page of events in order of event time, as an EPCISQueryDocument. `Link: …; rel="next"` leads on."""
    if event_type is not None and event_type not in EVENT_TYPES:
        raise Invalid("eventType is one of the five event types")
    wanted = PageFilter(
        from_time=_bounded(from_time, listing.TIME_MIN),
        to_time=_bounded(to_time, listing.TIME_MAX),
        event_type=EVENT_TYPES.get(event_type or ""),
        biz_step=biz_step,
    )
    events, next_token = await service.questions.page(wanted, token, per_page, partner)
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


def _bounded(moment: datetime | None, default: datetime) -> datetime:
    if moment is None:
        return default
    if moment.tzinfo is None:
        raise Invalid("a time needs an offset from UTC")
    return min(max(moment, listing.TIME_MIN), listing.TIME_MAX)


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
