"""GS1 Digital Link paths: the barcode's own address answers. Browsers get the page, programs the verdict."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import orjson
from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from trace_api.http.items import json_response
from trace_api.http.service import OnBehalfOf, ServiceOf

router = APIRouter(tags=["digital link"])

PRIMARY_KEYS = (
    "00",
    "01",
    "253",
    "255",
    "401",
    "402",
    "414",
    "415",
    "417",
    "8003",
    "8004",
    "8006",
    "8010",
    "8013",
    "8017",
    "8018",
)
"""Application identifiers that may begin a Digital Link path (GS1 Digital Link URI Syntax 1.4 §4.3)."""
CANONICAL_DOMAIN = "https://id.gs1.org"


async def get_digital_link(request: Request, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """The verdict on the item of this Digital Link, or with `Accept: text/html` the page that shows it."""
    # The raw path: a serial may hold an encoded slash, which the decoded path would split.
    path = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    query = f"?{request.url.query}" if request.url.query else ""
    link = CANONICAL_DOMAIN + path + query
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/?" + urlencode({"scan": link}, quote_via=quote), status_code=303)
    return json_response(orjson.dumps(await service.questions.verify(link, partner)))


for _key in PRIMARY_KEYS:
    router.add_api_route(f"/{_key}/{{rest:path}}", get_digital_link, methods=["GET"], name=f"digital_link_{_key}")
