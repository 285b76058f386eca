"""`/capture` and `POST /events`: scan events come in."""

from __future__ import annotations

import enum
import uuid
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response

from trace_api.capture.road import CaptureRequest, ErrorBehaviour
from trace_api.errors import Invalid
from trace_api.http import jobs
from trace_api.http.body import JSON_TYPES, XML_TYPES, media_type_of
from trace_api.http.service import OnBehalfOf, ServiceOf

if TYPE_CHECKING:
    from trace_api.http.service import Service
    from trace_api.store.captures import Job

router = APIRouter(tags=["capture"])

EVENT_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"type": "object"}},
        "application/ld+json": {"schema": {"type": "object"}},
    },
}
CAPTURE_BODY = {
    "required": True,
    "content": EVENT_BODY["content"] | {media_type: {"schema": {"type": "string"}} for media_type in sorted(XML_TYPES)},
}
PROBLEM: dict[str, Any] = {
    "description": "A problem document (RFC 9457)",
    "content": {"application/problem+json": {}},
}
REFUSALS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 408, 413, 415, 503), PROBLEM)


class Acknowledge(enum.StrEnum):
    """What must have happened before the answer is sent. Each includes the ones before it."""

    STORED = "stored"
    SEQUENCED = "sequenced"
    PUBLISHED = "published"


@router.post("/capture", status_code=202, responses=REFUSALS, openapi_extra={"requestBody": CAPTURE_BODY})
async def post_capture(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    acknowledge: Annotated[Acknowledge, Query(alias="ack")] = Acknowledge.STORED,
    strict: Annotated[bool, Query(description="Refuse events with findings, such as a wrong check digit")] = False,
    error_behaviour: Annotated[ErrorBehaviour, Header(alias="GS1-Capture-Error-Behaviour")] = ErrorBehaviour.ROLLBACK,
) -> Response:
    """Captures an EPCISDocument, an EPCISQueryDocument or one bare event, in JSON; or documents of EPCIS 1.2 or
    2.0 in XML, whose events are stored in their JSON form.

    202 with the capture job. The job has finished: it says what was stored and what is wrong, by event
    and JSON pointer. With `rollback` a capture is stored whole or not at all; with `proceed` the good
    events of it are. What is acknowledged is durable.
    """
    is_xml = media_type_of(request) in XML_TYPES
    bytes_max = service.settings.capture_body_bytes_max
    async with service.bodies.read(request, bytes_max=bytes_max, media_types=JSON_TYPES | XML_TYPES) as body:
        wanted = CaptureRequest(body, partner, error_behaviour, strict, is_xml=is_xml)
        captured = await service.door.capture(wanted)
    job = await _acknowledged(service, captured.capture_id, acknowledge)
    headers = {
        "Location": str(request.url_for("get_capture", capture_id=str(captured.capture_id))),
        "GS1-EPCIS-Version": "2.0.0",
        "GS1-Capture-Error-Behaviour": error_behaviour.value,
    }
    return Response(jobs.as_json(job), 202, headers, "application/json")


@router.get("/capture/{capture_id}", name="get_capture", responses={404: PROBLEM})
async def get_capture(capture_id: str, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """One capture job: `success`, `errors` by event, and how far its events are in the log."""
    job = await jobs.load(service, _uuid(capture_id), partner)
    return Response(jobs.as_json(job), media_type="application/json")


@router.post("/events", status_code=201, responses=REFUSALS, openapi_extra={"requestBody": EVENT_BODY})
async def post_event(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    acknowledge: Annotated[Acknowledge, Query(alias="ack")] = Acknowledge.STORED,
    strict: bool = False,
) -> Response:
    """Captures one bare event. 201 with its place in `Location`, or 400 with every error."""
    async with service.bodies.read(request, bytes_max=service.settings.event_bytes_max) as body:
        wanted = CaptureRequest(body, partner, ErrorBehaviour.ROLLBACK, strict, one_event=True)
        captured = await service.door.capture(wanted)
    if not captured.job.success:
        raise Invalid("the event was refused", problems=captured.job.problems)
    job = await _acknowledged(service, captured.capture_id, acknowledge)
    location = f"{str(request.base_url).rstrip('/')}/events/{quote(captured.event_ids[0], safe='')}"
    answer = jobs.as_json(job, eventID=captured.event_ids[0])
    return Response(answer, 201, {"Location": location, "GS1-EPCIS-Version": "2.0.0"}, "application/json")


async def _acknowledged(service: Service, capture_id: uuid.UUID, acknowledge: Acknowledge) -> Job:
    service.sequencer.wake()
    if acknowledge is Acknowledge.STORED:
        return await jobs.load(service, capture_id)
    return await jobs.wait_sequenced(service, capture_id)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        # No job has such an id: the same answer as for one that is not there.
        return uuid.UUID(int=0)
