"""Questions about items: history, trace, recall, verdict; by any name that the item has."""

from __future__ import annotations

import enum
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from trace_api.http import schemas
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.http.short_cuts import ShortCut, between, flag, of_length
from trace_api.query.verification import TIMELINE_EVENTS, TIMELINE_EVENTS_MAX

router = APIRouter(tags=["items"])

NAME_CHARACTERS_MAX = 2_000
"""Longer than any barcode: 7,089 digits fit a QR code, but a GS1 one is read up to 2,000 characters here."""

ItemName = Annotated[
    str,
    Query(
        max_length=NAME_CHARACTERS_MAX,
        description="GS1 element string, Digital Link, EPC URN, or the digits of an EAN, UPC or SSCC",
    ),
]


TimelineEvents = Annotated[
    int, Query(ge=0, le=TIMELINE_EVENTS_MAX, description="Events in the timeline, the latest, each with its proof")
]


class Direction(enum.StrEnum):
    """Where it came from, or what came of it."""

    BACKWARD = "backward"
    FORWARD = "forward"


def json_response(body: bytes) -> Response:
    """An answer that the core has already written."""
    return Response(body, media_type="application/json")


@router.get("/history")
async def get_history(item: ItemName, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """Everything that happened to an item, also inside containers, and its current state."""
    return json_response(await service.questions.history(item, partner))


@router.get("/state", responses=schemas.found(schemas.ref("State")) | schemas.problems(404))
async def get_state(item: ItemName, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """How an item stands now: where, since when, in what, with whom, with which disposition, and what is in it."""
    return json_response(orjson.dumps(await service.questions.state(item, partner)))


@router.get("/trace")
async def get_trace(
    item: ItemName, service: ServiceOf, partner: OnBehalfOf, direction: Direction = Direction.FORWARD
) -> Response:
    """Where an item came from, or what came of it, as a graph of items and events."""
    return json_response(await service.questions.trace(item, partner, forward=direction is Direction.FORWARD))


@router.get("/recall")
async def get_recall(
    item: ItemName,
    service: ServiceOf,
    partner: OnBehalfOf,
    proofs: Annotated[
        bool, Query(description="Prove for each item, affected or carrying, that no event of it was left out")
    ] = False,
) -> Response:
    """What a recall of a lot or item reaches: items with the path that explains why, where each is,
    who must be notified, what does not add up, and gaps. One consistent snapshot."""
    if proofs:
        return json_response(await service.questions.recall_with_proofs(item, partner))
    return json_response(await service.questions.recall(item, partner))


@router.get("/completeness", responses=schemas.problems(503))
async def get_completeness(item: ItemName, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """The leaf indexes of all entries that name an item, and the proof that there are no others; for an item that no
    event names, the proof of that."""
    return json_response(orjson.dumps(await service.questions.completeness(item, partner)))


@router.get("/verify", responses=schemas.found(schemas.ref("Verdict")))
async def get_verdict(
    scan: Annotated[str, Query(max_length=NAME_CHARACTERS_MAX, description="What the scanner gave")],
    service: ServiceOf,
    partner: OnBehalfOf,
    events: TimelineEvents = TIMELINE_EVENTS,
) -> Response:
    """The verdict on a barcode, with reasons, evidence and proofs."""
    verdict = await service.questions.verify(scan, partner, events)
    return json_response(orjson.dumps(verdict))


_ITEM, _SCAN = ({name: of_length(NAME_CHARACTERS_MAX)} for name in ("item", "scan"))
SHORT_CUTS = {
    "/history": ShortCut(get_history, _ITEM),
    "/state": ShortCut(get_state, _ITEM),
    "/trace": ShortCut(get_trace, _ITEM, {"direction": Direction}),
    "/recall": ShortCut(get_recall, _ITEM, {"proofs": flag}),
    "/completeness": ShortCut(get_completeness, _ITEM),
    "/verify": ShortCut(get_verdict, _SCAN, {"events": between(0, TIMELINE_EVENTS_MAX)}),
}
