"""`/` for programs, and `/nextPageToken`: what there is, and the end of a place in a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from trace_api.http import schemas
from trace_api.http.service import ServiceOf
from trace_api.query.page_tokens import TOKEN_CHARACTERS_MAX

router = APIRouter(tags=["discovery"])


@router.delete("/nextPageToken/{token}", status_code=204, responses=schemas.problems(404))
async def end_page_token(token: Annotated[str, Path(max_length=TOKEN_CHARACTERS_MAX)], service: ServiceOf) -> Response:
    """Ends a page token before its time; whoever uses it gets 400."""
    await service.questions.end_page_token(token)
    return Response(status_code=204)
