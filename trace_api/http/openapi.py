"""The OpenAPI document: what FastAPI knows, and the routes that go past its machinery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

_PROBLEM = {"description": "A problem document (RFC 9457)", "content": {"application/problem+json": {}}}


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def _get(
    summary: str, tag: str, media_type: str, parameters: list[dict[str, Any]], **others: dict[str, Any]
) -> dict[str, Any]:
    found = {"description": "Found", "content": {media_type: {}}}
    responses = {"200": found, "404": _PROBLEM, "503": _PROBLEM, **others}
    return {"get": {"summary": summary, "tags": [tag], "parameters": parameters, "responses": responses}}


_EVENT_ID = _parameter("eventID", "Event id as captured, event hash id, or content digest in hex; percent-encoded")
PLAIN_ROUTES: dict[str, Any] = {
    "/events/{eventID}": _get(
        "The event as it was captured; several of one id come together",
        "events",
        "application/ld+json",
        [_EVENT_ID],
    ),
    "/events/{eventID}/receipt": _get(
        "The receipt of an event",
        "events",
        "application/json",
        [_EVENT_ID],
        **{"400": _PROBLEM},
    ),
    "/log/tile/{level}/{index}": _get(
        "A tile of hashes, or with level `entries` of entries (C2SP tlog-tiles); `.p/W` for a partial one",
        "log",
        "application/octet-stream",
        [_parameter("level", "0 to 7, or entries"), _parameter("index", "As x001/x234/067")],
    ),
}


def install(app: FastAPI) -> None:
    """Adds the plain routes to the document that `app` gives."""
    made = app.openapi

    def with_plain_routes() -> dict[str, Any]:
        document = made()
        document["paths"].update(PLAIN_ROUTES)
        return document

    app.openapi = with_plain_routes  # type: ignore[method-assign]
