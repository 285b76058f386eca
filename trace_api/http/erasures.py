"""`/erasures`: the operator takes away what an event says. That it was done, by whom and why is itself an event."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

import trace_core
from trace_api.capture.road import CaptureRequest
from trace_api.errors import Unavailable
from trace_api.http import schemas
from trace_api.http.operator import Operator
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.query.documents import CONTEXT
from trace_api.store import events

router = APIRouter(tags=["events"])

NAMESPACE = "urn:wayproof:erasure:"
"""Of the fields of a record of erasure."""
EVENT_ID_CHARACTERS_MAX = 2_000
REASON_CHARACTERS_MAX = 2_000


class Erasure(BaseModel):
    """`event` is an event id or a content digest in hex."""

    event: Annotated[str, Field(min_length=1, max_length=EVENT_ID_CHARACTERS_MAX)]
    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARACTERS_MAX)]
    by: Annotated[str, Field(min_length=1, max_length=REASON_CHARACTERS_MAX)]


@router.post("/erasures", status_code=201, responses=schemas.problems(400, 401, 403, 404, 503))
async def post_erasure(
    erasure: Annotated[Erasure, Body()], service: ServiceOf, partner: OnBehalfOf, _: Operator
) -> Response:
    """Erases an event: its text, its salts, its digest, its event hash id and all that queries ask by. Its log entry
    stays, and says nothing without them; proofs of other events are not touched. A record of it is captured first: an
    ObjectEvent about the leaf, with the reason and who asked."""
    found = await service.questions.event_to_erase(erasure.event, partner)
    if found.leaf_index is None:
        raise Unavailable("the event is not in the published log yet; erase it a moment later")
    assert found.body is not None
    assert found.secret is not None
    opened = trace_core.open_event(found.body, found.context, secret=found.secret, partner=found.partner)
    record_id = f"urn:uuid:{uuid.uuid4()}"
    record = _record(
        record_id, f"https://{service.origin}/proof/{found.leaf_index}.tlog-proof", found.leaf_index, erasure
    )
    # Written down before it is done: a crash between leaves a record of what is done when it is asked for again.
    captured = await service.door.capture(CaptureRequest(orjson.dumps(record), partner, strict=True))
    service.sequencer.wake()
    if not captured.job.success:
        raise Unavailable("the record of the erasure was refused; nothing was erased")
    async with service.store.session() as connection:
        await events.erase(connection, found.event_key, opened.content_digest)
    answer = {"record": record_id, "leafIndex": found.leaf_index}
    return Response(orjson.dumps(answer), 201, media_type="application/json")


def _record(record_id: str, leaf: str, leaf_index: int, erasure: Erasure) -> dict[str, object]:
    """An event about a leaf, and not about what it said: no id that is made from its content."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    event = {
        "type": "ObjectEvent",
        "eventID": record_id,
        "eventTime": now,
        "eventTimeZoneOffset": "+00:00",
        "action": "DELETE",
        "epcList": [leaf],
        "erasure:leafIndex": leaf_index,
        "erasure:reason": erasure.reason,
        "erasure:by": erasure.by,
    }
    return {
        "@context": [CONTEXT, {"erasure": NAMESPACE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": now,
        "epcisBody": {"eventList": [event]},
    }
