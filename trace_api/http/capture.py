"""`/capture` and `POST /events`: scan events come in."""

from __future__ import annotations

import enum
import uuid
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Header, Query, Request, Response

import trace_core
from trace_api.capture.road import CaptureRequest, ErrorBehaviour
from trace_api.errors import Invalid
from trace_api.http import jobs, parameters, schemas
from trace_api.http.body import JSON_TYPES, LINES_TYPES, XML_TYPES, media_type_of
from trace_api.http.service import OnBehalfOf, ServiceOf

if TYPE_CHECKING:
    from trace_api.http.service import Service
    from trace_api.store.captures import Job

router = APIRouter(tags=["capture"])

JOBS_ON_PAGE, JOBS_ON_PAGE_MAX = 30, 100
SIGNATURE_CHARACTERS_MAX = 8_000
EVENT_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"type": "object"}},
        "application/ld+json": {"schema": {"type": "object"}},
    },
}
SYNTAXES: dict[str, trace_core.Syntax] = {
    **dict.fromkeys(sorted(JSON_TYPES), "json"),
    **dict.fromkeys(sorted(XML_TYPES), "xml"),
    **dict.fromkeys(sorted(LINES_TYPES), "lines"),
}
"""Media types of captures, and how the core reads them."""
CAPTURE_BODY: dict[str, Any] = {
    "required": True,
    "content": EVENT_BODY["content"]
    | {type_: {"schema": {"type": "string"}} for type_ in sorted(XML_TYPES | LINES_TYPES)},
}
Signature = Annotated[
    str | None,
    Header(
        alias="Wayproof-Signature",
        max_length=SIGNATURE_CHARACTERS_MAX,
        description="Who signed it: `note=…, secret=…` for all events, `jws=…` or `cose=…` for the one",
    ),
]
REFUSALS = schemas.problems(400, 408, 413, 415, 503)


class Acknowledge(enum.StrEnum):
    """What must have happened before the answer is sent. Each includes the ones before it."""

    STORED = "stored"
    SEQUENCED = "sequenced"
    PUBLISHED = "published"


@router.post(
    "/capture",
    status_code=202,
    responses=schemas.made(schemas.ref("CaptureJob"), 202, "The finished job") | REFUSALS,
    openapi_extra={"requestBody": CAPTURE_BODY},
)
async def post_capture(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    acknowledge: Annotated[Acknowledge, Query(alias="ack")] = Acknowledge.STORED,
    strict: Annotated[bool, Query(description="Refuse events with findings, such as a wrong check digit")] = False,
    error_behaviour: Annotated[ErrorBehaviour, Header(alias="GS1-Capture-Error-Behaviour")] = ErrorBehaviour.ROLLBACK,
    signature: Signature = None,
) -> Response:
    """Captures an EPCISDocument, an EPCISQueryDocument or one bare event, in JSON; bare events, one a line; or
    documents of EPCIS 1.2 or 2.0 in XML, whose events are stored in their JSON form. Bodies may be compressed
    (`Content-Encoding: gzip` or `zstd`).

    202 with the capture job. The job has finished: it says what was stored and what is wrong, by event
    and JSON pointer. With `rollback` a capture is stored whole or not at all; with `proceed` the good
    events of it are. What is acknowledged is durable.
    """
    bytes_max = service.settings.capture_body_bytes_max
    async with service.bodies.read(request, bytes_max=bytes_max, media_types=frozenset(SYNTAXES)) as body:
        syntax = SYNTAXES[media_type_of(request)]
        wanted = CaptureRequest(body, partner, error_behaviour, strict, syntax=syntax, signature=signature)
        captured = await service.door.capture(wanted)
    job = await _acknowledged(service, captured.job, acknowledge)
    headers = {
        "Location": str(request.url_for("get_capture", capture_id=str(job.capture_id))),
        "GS1-Capture-Error-Behaviour": error_behaviour.value,
    }
    return Response(orjson.dumps(jobs.as_dict(job)), 202, headers, "application/json")


@router.get("/capture", responses=schemas.found(schemas.list_of("CaptureJob")))
async def get_captures(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    per_page: Annotated[int, Query(alias=parameters.PER_PAGE_NAME, ge=1, le=JOBS_ON_PAGE_MAX)] = JOBS_ON_PAGE,
    token: parameters.NextPageToken = None,
) -> Response:
    """Capture jobs, the newest first, page by page."""
    found, next_token = await service.questions.captures(token, per_page, partner)
    body = orjson.dumps([jobs.as_dict(job) for job in found])
    return Response(body, headers=parameters.next_page(request, next_token), media_type="application/json")


@router.get(
    "/capture/{capture_id}",
    name="get_capture",
    responses=schemas.found(schemas.ref("CaptureJob")) | schemas.problems(404),
)
async def get_capture(capture_id: str, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """One capture job: `success`, `errors` by event, and how far its events are in the log."""
    job = await jobs.load(service, _uuid(capture_id), partner)
    return Response(orjson.dumps(jobs.as_dict(job)), media_type="application/json")


@router.post(
    "/events",
    status_code=201,
    responses=schemas.made(schemas.ref("Event"), description="The event, with its id") | REFUSALS,
    openapi_extra={"requestBody": EVENT_BODY},
)
async def post_event(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    acknowledge: Annotated[Acknowledge, Query(alias="ack")] = Acknowledge.STORED,
    strict: bool = False,
    signature: Signature = None,
) -> Response:
    """Captures one bare event. 201 with the event and its place in `Location`, or 400 with every error."""
    async with service.bodies.read(request, bytes_max=service.settings.event_bytes_max) as body:
        wanted = CaptureRequest(body, partner, ErrorBehaviour.ROLLBACK, strict, one_event=True, signature=signature)
        captured = await service.door.capture(wanted)
        if not captured.job.outcome.success:
            raise Invalid("the event was refused", problems=captured.job.outcome.problems)
        event = _with_id(body, captured.event_ids)
    await _acknowledged(service, captured.job, acknowledge)
    location = f"{str(request.base_url).rstrip('/')}/events/{quote(captured.event_ids[0], safe='')}"
    capture = request.url_for("get_capture", capture_id=str(captured.job.capture_id))
    headers = {"Location": location, "Link": f'<{capture}>; rel="via"'}
    return Response(event, 201, headers, "application/json")


async def _acknowledged(service: Service, stored: Job, acknowledge: Acknowledge) -> Job:
    """The job as it is once that has happened."""
    if acknowledge is Acknowledge.STORED:
        return stored
    service.sequencer.wake()
    return await jobs.wait_logged(service, stored.capture_id, published=acknowledge is Acknowledge.PUBLISHED)


def _with_id(body: bytes, event_ids: list[str]) -> bytes:
    """The event as it came, with the id that it has now. A document around it is left away."""
    event = orjson.loads(body)
    if "epcisBody" in event:
        epcis_body = event["epcisBody"]
        events = epcis_body.get("eventList") or epcis_body["queryResults"]["resultsBody"]["eventList"]
        event = {"@context": event.get("@context"), **events[0]}
    return orjson.dumps(event | {"eventID": event_ids[0]})


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        # No job has such an id: the same answer as for one that is not there.
        return uuid.UUID(int=0)
