"""The OpenAPI document: what FastAPI knows, the routes that go past its machinery, and what all operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trace_api.http import negotiation, schemas
from trace_api.http.events import COSE_RECEIPT
from trace_api.http.profile import DISCOVERED, EVERYWHERE, RESOURCES

if TYPE_CHECKING:
    from fastapi import FastAPI


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def _get(
    summary: str, tag: str, content: dict[str, Any], parameters: list[dict[str, Any]], *refused: int
) -> dict[str, Any]:
    answers = {200: {"description": "Found", "content": content}} | schemas.problems(404, *refused)
    responses = {str(status): answer for status, answer in answers.items()}
    return {"get": {"summary": summary, "tags": [tag], "parameters": parameters, "responses": responses}}


_EVENT_ID = _parameter("eventID", "Event id as captured, event hash id, or content digest in hex; percent-encoded")
PLAIN_ROUTES: dict[str, Any] = {
    "/events/{eventID}": _get(
        "The event as it was captured; several of one id come together",
        "events",
        negotiation.EVENTS_CONTENT,
        [_EVENT_ID, *negotiation.OPENAPI],
    ),
    "/events/{eventID}/receipt": _get(
        "The receipt of an event", "events", {"application/json": {"schema": {"type": "object"}}}, [_EVENT_ID], 400
    ),
    "/events/{eventID}/receipt.cose": _get(
        "That an event is in the log, as a COSE receipt (RFC 9942)",
        "events",
        {COSE_RECEIPT: {"schema": {"type": "string", "format": "binary"}}},
        [_EVENT_ID],
        400,
    ),
    "/log/tile/{level}/{index}": _get(
        "A tile of hashes, or with level `entries` of entries (C2SP tlog-tiles); `.p/W` for a partial one",
        "log",
        {"application/octet-stream": {}},
        [_parameter("level", "0 to 7, or entries"), _parameter("index", "As x001/x234/067")],
    ),
}
_DISCOVERY = "Versions, forms and methods of this resource, in headers"


def install(app: FastAPI) -> None:
    """Completes the document that `app` gives."""
    made = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            document["paths"].update(PLAIN_ROUTES)
            enums = document["components"]["schemas"]
            document["components"]["schemas"] = {
                **{name: schema for name, schema in enums.items() if "ValidationError" not in name},
                **schemas.COMPONENTS,
            }
            for path, operations in document["paths"].items():
                _complete(path, operations)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def _complete(path: str, operations: dict[str, Any]) -> None:
    is_resource = path.split("/")[1] in (*RESOURCES, "nextPageToken")
    refused = (400, 406, 414, 431, 503) if is_resource else (400, 414, 431, 503)
    for operation in operations.values():
        responses = operation["responses"]
        # FastAPI's own refusal is a problem document with 400 here.
        responses.pop("422", None)
        for status, answer in schemas.problems(*refused).items():
            responses.setdefault(str(status), answer)
    if is_resource:
        parameters = next(iter(operations.values())).get("parameters", [])
        operations["options"] = {
            "summary": _DISCOVERY,
            "tags": ["discovery"],
            "parameters": [_parameter(p["name"], p.get("description", "")) for p in parameters if p["in"] == "path"],
            "responses": {"204": {"description": _DISCOVERY, "headers": _headers(path)}}
            | {str(status): answer for status, answer in schemas.problems(404, 406, 414, 431).items()},
        }


def _headers(path: str) -> dict[str, Any]:
    names = ["Allow", *EVERYWHERE, *DISCOVERED.get(path.split("/")[1] if path.count("/") == 1 else "", ())]
    return {name: {"schema": {"type": "string"}} for name in names}
