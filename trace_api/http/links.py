"""`/links`: where the holder of a key wants those to be led who scan it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from trace_api.errors import Invalid, NotFound
from trace_api.http import parameters, schemas
from trace_api.http.items import NAME_CHARACTERS_MAX
from trace_api.http.operator import Operator
from trace_api.http.service import ServiceOf
from trace_api.query.links import KeyPath, linkset, read_links, stored_links, write_links
from trace_api.store import links as stored

router = APIRouter(tags=["links"])

BODY_BYTES_MAX = 512 * 1024
Key = Annotated[str, Query(max_length=NAME_CHARACTERS_MAX, description="Digital Link, EPC URN or element string")]
_FOUND = schemas.found(schemas.ref("Linkset"), media_type="application/linkset+json")
_REFUSALS = schemas.problems(400, 401, 403, 404, 408, 413, 415, 503)


@router.put("/links", responses=_FOUND | _REFUSALS, openapi_extra=schemas.body(schemas.ref("Links")))
async def put_links(key: Key, request: Request, service: ServiceOf, _: Operator) -> Response:
    """Replaces the links of one level of a key by those of the body: `{"links": [{"linkType": "gs1:pip", "href": …,
    "title": …, "type": …, "hreflang": [...], "context": …, "fwqs": true}]}`."""
    path = KeyPath.read(key)
    async with service.bodies.read(request, bytes_max=BODY_BYTES_MAX) as body:
        try:
            members = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid(f"the body is no JSON: {error}") from None
    links = read_links(members.get("links") if isinstance(members, dict) else None)
    async with service.store.session() as connection:
        await stored.put(connection, path.anchor, write_links(links), datetime.now(UTC))
    return _linkset({path.anchor: links})


@router.get("/links", responses=_FOUND)
async def get_links(
    request: Request,
    service: ServiceOf,
    key: Annotated[str | None, Query(max_length=NAME_CHARACTERS_MAX)] = None,
    per_page: parameters.PerPage = parameters.PER_PAGE,
    token: parameters.NextPageToken = None,
) -> Response:
    """Registered links, of one level of a key or of all keys page by page, as a linkset."""
    if key is not None:
        anchor = KeyPath.read(key).anchor
        async with service.store.session() as connection:
            found = await stored.of(connection, [anchor])
        return _linkset({anchor: stored_links(found[anchor])} if anchor in found else {})
    listed, next_token = await service.questions.links(token, per_page)
    levels = {anchor: stored_links(links) for anchor, links in listed}
    return _linkset(levels, parameters.next_page(request, next_token))


@router.delete("/links", status_code=204, responses=_REFUSALS)
async def delete_links(key: Key, service: ServiceOf, _: Operator) -> Response:
    """Ends all links of one level of a key."""
    async with service.store.session() as connection:
        if not await stored.drop(connection, KeyPath.read(key).anchor):
            raise NotFound("this level of the key has no links")
    return Response(status_code=204)


def _linkset(levels: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(linkset(levels)), headers=headers, media_type="application/linkset+json")
