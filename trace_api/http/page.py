"""`/`: one plain page. Whatever a scanner types goes into one box; what is known comes out."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.staticfiles import StaticFiles

from trace_api.errors import Invalid
from trace_api.http.collections import collection_of
from trace_api.http.items import NAME_CHARACTERS_MAX, TimelineEvents
from trace_api.http.negotiation import media_type
from trace_api.http.profile import RESOURCES
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.query.verification import TIMELINE_EVENTS, TIMELINE_EVENTS_MAX

if TYPE_CHECKING:
    import jinja2

router = APIRouter(include_in_schema=False)
_WEB = Path(__file__).parent.parent / "web"

WORDS = {
    "genuine": "Genuine",
    "genuine-with-warnings": "Genuine, with warnings",
    "unverifiable": "Cannot be verified",
    "suspect": "Suspect",
    "rejected": "Rejected",
}
SIGNS = {"genuine": "✓", "genuine-with-warnings": "!", "unverifiable": "?", "suspect": "⚠", "rejected": "✕"}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@router.get("/")
async def get_page(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    scan: Annotated[str, Query(max_length=NAME_CHARACTERS_MAX)] = "",
    events: TimelineEvents = TIMELINE_EVENTS,
) -> Response:
    """The page; with `scan`, the verdict, its reasons, the current state and the timeline with receipts. For a
    program that asks for JSON, the top-level resources."""
    if not scan and media_type(request, ("application/json", "text/html")) == "application/json":
        return collection_of(list(RESOURCES))
    answer, refusal = None, None
    if scan.strip():
        try:
            answer = await service.questions.verify(scan, partner, events)
        except Invalid as invalid:
            refusal = str(invalid)
    html = _template().render(
        scan=scan,
        answer=answer,
        shown={step["event_id"] for step in answer["timeline"]} if answer else (),
        events_max=TIMELINE_EVENTS_MAX,
        refusal=refusal,
        words=WORDS,
        signs=SIGNS,
    )
    return Response(html, headers=HEADERS, media_type="text/html; charset=utf-8")


@functools.cache
def _template() -> jinja2.Template:
    # A start need not wait for it.
    import jinja2

    loader = jinja2.FileSystemLoader(_WEB)
    pages = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    pages.filters["moment"] = lambda time: f"{time[:10]} {time[11:16]} UTC"
    pages.filters["words"] = lambda name: name.replace("_", " ")
    return pages.get_template("page.html")


static = StaticFiles(directory=_WEB / "static")
