"""`/erasures`: the operator takes away what an event says. That it was done, by whom and why is itself an event."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from trace_api.errors import Unavailable
from trace_api.http import schemas
from trace_api.http.operator import Operator
from trace_api.http.records import record
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.query import collections
from trace_api.store import events

router = APIRouter(tags=["events"])

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
    ObjectEvent about the leaf, and not about what it said, with the reason and who asked."""
    found = await service.questions.event_to_erase(erasure.event, partner)
    if found.leaf_index is None:
        raise Unavailable("the event is not in the published log yet; erase it a moment later")
    record_id = await record(
        service,
        partner,
        about=f"https://{service.origin}/proof/{found.leaf_index}.tlog-proof",
        action="DELETE",
        prefix="erasure",
        fields={"leafIndex": found.leaf_index, "reason": erasure.reason, "by": erasure.by},
    )
    async with service.store.session() as connection:
        terms = collections.terms_of(service.questions.keys, found)
        await events.erase(connection, found.event_key, terms)
    answer = {"record": record_id, "leafIndex": found.leaf_index}
    return Response(orjson.dumps(answer), 201, media_type="application/json")
