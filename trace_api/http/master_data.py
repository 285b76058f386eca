"""`/masterData`: what places, parties, products and lots are called and are like, now or at an earlier time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from trace_api.http import parameters, schemas
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.query.simple.values import read_time

router = APIRouter(tags=["master data"])

IDS_MAX = 100
"""Things that one request may ask for by id."""
PAGE_ELEMENTS_MAX = 1_000
_TIME = {"format": "date-time"}
_ID = Annotated[str, Query(max_length=2_000, pattern=r"^[^\x00]+$")]


@router.get("/masterData", responses=schemas.found(schemas.ref("MasterData")))
async def get_master_data(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    ids: Annotated[list[_ID], Query(alias="id", max_length=IDS_MAX, description="Of these things alone")] = [],  # noqa: B006
    vocabulary: Annotated[_ID | None, Query(description="Type of vocabulary")] = None,
    at: Annotated[str | None, Query(description="As it was known at this time", json_schema_extra=_TIME)] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=PAGE_ELEMENTS_MAX)] = 100,
    token: parameters.NextPageToken = None,
) -> Response:
    """Master data as `vocabularyList`, elements as they were captured: of some things, or of all, page by page.
    `Link: …; rel="next"` leads on."""
    moment = datetime.now(UTC) if at is None else read_time("at", at)
    if ids:
        found = await service.questions.master_data_of(ids, vocabulary, moment, partner)
        return Response(orjson.dumps({"vocabularyList": found}), media_type="application/json")
    found, next_token = await service.questions.page_of_master_data(token, vocabulary, moment, per_page, partner)
    headers = parameters.next_page(request, next_token)
    return Response(orjson.dumps({"vocabularyList": found}), headers=headers, media_type="application/json")
