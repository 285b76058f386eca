"""The parameters of queries as HTTP has them, and as the OpenAPI document shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Header, Query

from trace_api.http import schemas
from trace_api.query.page_tokens import TOKEN_CHARACTERS_MAX
from trace_api.query.simple import parse
from trace_api.query.simple.pages import PAGE_EVENTS_MAX
from trace_api.query.simple.table import ROWS, Row, Takes

if TYPE_CHECKING:
    from starlette.requests import Request

    from trace_api.query.page_tokens import PageToken

PER_PAGE = 100
PER_PAGE_NAME, TOKEN_NAME = "perPage", "nextPageToken"
EXTENSIONS_CHARACTERS_MAX = 8_000

PerPage = Annotated[int, Query(alias=PER_PAGE_NAME, ge=1, le=PAGE_EVENTS_MAX)]
NextPageToken = Annotated[str | None, Query(alias=TOKEN_NAME, max_length=TOKEN_CHARACTERS_MAX)]
Extensions = Annotated[
    str,
    Header(
        alias="GS1-Extensions",
        max_length=EXTENSIONS_CHARACTERS_MAX,
        description="What prefixes in parameters stand for: `ex=https://example.org/ns/,other=…`",
    ),
]


def read(request: Request, extensions: str) -> parse.Query:
    """The query of a request. Raises `QueryParameter`."""
    items = request.query_params.multi_items()
    asked = [(name, text) for name, text in items if name not in (PER_PAGE_NAME, TOKEN_NAME)]
    return parse.parse_parameters(asked, parse.namespaces_of_header(extensions))


_PATH = "/%-._~!$&'()*+,;=:@"
"""Characters of a path (RFC 3986 §3.3) that stand for themselves."""


def path_of(request: Request) -> str:
    """The path as it came, fit for a header; decoded, it may hold any character, and slashes of a name split it."""
    return quote(request.scope["raw_path"].partition(b"?")[0], safe=_PATH)


def next_page(request: Request, token: PageToken | None) -> dict[str, str]:
    """The headers that lead to the next page, if there is one, and say until when."""
    if token is None:
        return {}
    asked = [(name, text) for name, text in request.query_params.multi_items() if name != TOKEN_NAME]
    base = f"{request.base_url.scheme}://{request.base_url.netloc}"
    link = f"{base}{path_of(request)}?{urlencode([*asked, (TOKEN_NAME, token.text)])}"
    return {"Link": f'<{link}>; rel="next"', "GS1-Next-Page-Token-Expires": f"{token.expires:%Y-%m-%dT%H:%M:%SZ}"}


REFUSALS = schemas.problems(400, 406, 413, 503)

_SCHEMAS: dict[Takes, dict[str, Any]] = {
    Takes.TIME: {"type": "string", "format": "date-time"},
    Takes.NUMBER: {"type": "number"},
    Takes.FLAG: {"type": "string", "enum": ["true", "false", "1", "0", "null", ""]},
    Takes.BOOLEAN: {"type": "string", "enum": ["true", "false", "1", "0"]},
    Takes.COUNT: {"type": "integer", "minimum": 1},
}


def _schema(row: Row) -> dict[str, Any]:
    if row.takes.several:
        item = {"type": "number"} if row.takes is Takes.NUMBERS else {"type": "string"}
        return {"type": "array", "minItems": 1, "items": item}
    return _SCHEMAS.get(row.takes, {"type": "string"})


def _parameter(row: Row) -> dict[str, Any]:
    style = {"style": "pipeDelimited", "explode": False} if row.takes.several else {}
    return {"name": row.form, "in": "query", "required": False, "description": row.doc, "schema": _schema(row), **style}


def _families() -> dict[str, Any]:
    """Parameters whose names vary: an exploded object, whose members are parameters of their own."""
    families = [row for row in ROWS if row.is_family]
    patterns = {f"^(?:{row.pattern.pattern.replace('?P<', '?<')})$": {"type": "string"} for row in families}
    described = "\n".join(f"- `{row.form}`: {row.doc}" for row in families)
    schema = {"type": "object", "patternProperties": patterns, "additionalProperties": False}
    description = f"Parameters whose names vary, each a parameter by itself:\n{described}"
    return {
        "name": "families", "in": "query", "required": False, "description": description,
        "schema": schema, "style": "form", "explode": True,
    }  # fmt: skip


OPENAPI: list[dict[str, Any]] = [*(_parameter(row) for row in ROWS if not row.is_family), _families()]
"""Each parameter of the language for the OpenAPI document."""
