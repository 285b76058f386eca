"""`/masterData`: what places, parties, products and lots are called and are like, now or at an earlier time."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from trace_api.errors import Invalid
from trace_api.http.service import OnBehalfOf, ServiceOf

router = APIRouter(tags=["master data"])

IDS_MAX = 100
"""Things that one request may ask for by id."""
PAGE_ELEMENTS_MAX = 1_000
_ID = Annotated[str, Query(max_length=2_000, pattern=r"^[^\x00]+$")]


@router.get("/masterData")
async def get_master_data(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    ids: Annotated[list[_ID], Query(alias="id", max_length=IDS_MAX, description="Of these things alone")] = [],  # noqa: B006
    vocabulary: Annotated[_ID | None, Query(description="Type of vocabulary")] = None,
    at: Annotated[datetime | None, Query(description="As it was known at this time")] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=PAGE_ELEMENTS_MAX)] = 100,
    token: Annotated[str | None, Query(alias="nextPageToken", max_length=8_000)] = None,
) -> Response:
    """Master data as `vocabularyList`, elements as they were captured: of some things, or of all, page by page.
    `Link: …; rel="next"` leads on."""
    if at is not None and at.tzinfo is None:
        raise Invalid("a time needs an offset from UTC")
    moment = at or datetime.now(UTC)
    if ids:
        found = await service.questions.master_data_of(ids, vocabulary, moment, partner)
        return Response(orjson.dumps({"vocabularyList": found}), media_type="application/json")
    after = _read_token(token) if token else ("", "")
    found, last = await service.questions.page_of_master_data(after, vocabulary, moment, per_page, partner)
    headers = {}
    if last is not None:
        link = request.url.include_query_params(nextPageToken=_write_token(*last))
        headers["Link"] = f'<{link}>; rel="next"'
    return Response(orjson.dumps({"vocabularyList": found}), headers=headers, media_type="application/json")


def _write_token(vocabulary: str, element_id: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([vocabulary, element_id])).decode().rstrip("=")


def _read_token(token: str) -> tuple[str, str]:
    try:
        vocabulary, element_id = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not all(isinstance(part, str) and "\x00" not in part for part in (vocabulary, element_id)):
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise Invalid("the page token is not one of ours") from None
    return vocabulary, element_id
