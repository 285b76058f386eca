"""What a request wishes its answer to look like (RFC 9110 §12.5, and the headers of the EPCIS REST bindings)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import mimeparse
from fastapi import Depends, Request

from trace_api.errors import NotAcceptable
from trace_api.http import schemas
from trace_api.query.documents import CbvFormat, EpcFormat, Form, Media

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import HTTPConnection

EPC_FORMAT, CBV_FORMAT = "GS1-EPC-Format", "GS1-CBV-XML-Format"
WISHES_MAX = 64
"""Elements that are read of `Accept` and of `Accept-Language`; browsers send a dozen at most."""
_TEXT_XML = "text/xml"
# The later one wins where a client wishes for two alike.
_EVENTS = (Media.NDJSON, _TEXT_XML, Media.XML, Media.JSON_LD, Media.JSON)


def wishes(request: Request, header: str) -> str:
    """The first `WISHES_MAX` elements of a header: each is weighed against each thing that is offered."""
    return ",".join(request.headers.get(header, "").split(",", WISHES_MAX)[:WISHES_MAX])


def media_type(request: Request, offered: Sequence[str]) -> str:
    """The one of these that the client likes best; the last one where it likes several. Raises `NotAcceptable`."""
    wished = wishes(request, "accept").strip() or "*/*"
    try:
        best = mimeparse.best_match(list(offered), wished)
    except ValueError:
        best = ""
    if not best:
        raise NotAcceptable(f"there is {', '.join(offered)}, and Accept asks for none of them")
    return str(best)


def form(request: Request) -> Form:
    """The wished form of a list of events. Raises `NotAcceptable`."""
    found = media_type(request, _EVENTS)
    media = Media.XML if found == _TEXT_XML else Media(found)
    return Form(media, epc_format(request), _one_of(CbvFormat, request, CBV_FORMAT))


def epc_format(request: HTTPConnection) -> EpcFormat:
    """GS1-EPC-Format. Raises `NotAcceptable` for another value than the standard's."""
    return _one_of(EpcFormat, request, EPC_FORMAT)


_Kind = TypeVar("_Kind", bound=StrEnum)


def _one_of(kind: type[_Kind], request: HTTPConnection, header: str) -> _Kind:
    value = request.headers.get(header, "No_Preference").strip()
    try:
        return kind(value)
    except ValueError:
        raise NotAcceptable(f"{header} is one of {', '.join(kind)}") from None


async def _form(request: Request) -> Form:
    # A coroutine, though it waits for nothing: FastAPI would call a plain function in a thread of its own.
    return form(request)


FormOf = Annotated[Form, Depends(_form)]


def _header(name: str, kind: type[StrEnum], doc: str) -> dict[str, Any]:
    schema = {"type": "string", "enum": list(kind), "default": "No_Preference"}
    return {"name": name, "in": "header", "required": False, "description": doc, "schema": schema}


OPENAPI: list[dict[str, Any]] = [
    _header(EPC_FORMAT, EpcFormat, "How GS1 keys are written; as they were captured by default"),
    _header(CBV_FORMAT, CbvFormat, "How words of the vocabulary are written in XML"),
]
EVENTS_CONTENT: dict[str, Any] = {
    Media.JSON.value: {"schema": schemas.ref("EPCISQueryDocument")},
    Media.JSON_LD.value: {"schema": schemas.ref("EPCISQueryDocument")},
    Media.XML.value: {"schema": {"type": "string"}},
    Media.NDJSON.value: {"schema": {"type": "string"}},
}
