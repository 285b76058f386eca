"""`/queries`: questions that are kept under a name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Path, Request, Response

from trace_api.errors import AlreadyThere, NotFound, TooMany
from trace_api.http import events, negotiation, parameters, schemas
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.query import named
from trace_api.query.simple.parse import namespaces_of_header
from trace_api.store import queries
from trace_api.store.queries import NamedQuery

router = APIRouter(tags=["queries"])

DEFINITION_BYTES_MAX = 256 * 1024
Name = Annotated[str, Path(alias="queryName", max_length=named.NAME_CHARACTERS_MAX, pattern=r"^[^\x00]+$")]
NOT_FOUND = schemas.problems(404)
_QUERY = schemas.ref("NamedQuery")
_CREATED = schemas.made(_QUERY) | schemas.problems(400, 408, 409, 413, 415, 429)


@router.post("/queries", status_code=201, responses=_CREATED, openapi_extra=schemas.body(_QUERY))
async def create_query(
    request: Request, service: ServiceOf, partner: OnBehalfOf, extensions: parameters.Extensions = ""
) -> Response:
    """Keeps a query of EPCIS 2.0's language under a name: `{"name": …, "query": {…}}`, with an `@context` for the
    prefixes that it uses. 409 where the name is taken."""
    async with service.bodies.read(request, bytes_max=DEFINITION_BYTES_MAX) as body:
        name, definition = named.read_definition(body, namespaces_of_header(extensions), service.questions.keys)
    if name in named.PREDEFINED:
        raise AlreadyThere(f"{name} is a query that the standard names")
    async with service.store.session() as connection:
        made = await queries.create_query(connection, partner, name, definition, datetime.now(UTC))
        if not made and await queries.read_query(connection, partner, name) is not None:
            raise AlreadyThere(f"there is a query {name!r} already; delete it first")
    if not made:
        raise TooMany(f"there are {queries.QUERIES_MAX} queries already")
    location = f"{str(request.base_url).rstrip('/')}/queries/{quote(name, safe='')}"
    return Response(_json(NamedQuery(name, definition)), 201, {"Location": location}, "application/json")


@router.get("/queries", responses=schemas.found(schemas.list_of("NamedQuery")))
async def get_queries(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    per_page: parameters.PerPage = parameters.PER_PAGE,
    token: parameters.NextPageToken = None,
) -> Response:
    """The named queries with their definitions, page by page."""
    found, next_token = await service.questions.named_queries(token, per_page, partner)
    body = b"[%s]" % b",".join(_json(query) for query in found)
    return Response(body, headers=parameters.next_page(request, next_token), media_type="application/json")


@router.get("/queries/{queryName}", responses=schemas.found(_QUERY) | NOT_FOUND)
async def get_query(name: Name, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """A named query with its definition."""
    return Response(_json(await service.questions.named_query(name, partner)), media_type="application/json")


@router.delete("/queries/{queryName}", status_code=204, responses=NOT_FOUND)
async def delete_query(name: Name, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """Ends a named query, and all subscriptions to it."""
    async with service.store.session() as connection:
        if not await queries.drop_query(connection, partner, name):
            raise NotFound("no such query")
    return Response(status_code=204)


@router.get(
    "/queries/{queryName}/events",
    responses=NOT_FOUND | events.RESPONSES,
    openapi_extra={"parameters": negotiation.OPENAPI},
)
async def get_events_of_query(
    name: Name,
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    form: negotiation.FormOf,
    per_page: parameters.PerPage = parameters.PER_PAGE,
    token: parameters.NextPageToken = None,
) -> Response:
    """What a named query finds now, as `GET /events` gives it. With `Upgrade: websocket` and `stream=true` or a
    schedule, what it finds from now on (`docs/subscriptions.md`)."""
    query = named.question_of((await service.questions.named_query(name, partner)).definition)
    return await events.answer(
        request, service, query, form, per_page=per_page, token=token, partner=partner, query_name=name
    )


def _json(query: NamedQuery) -> bytes:
    return orjson.dumps({"name": query.name, "query": orjson.Fragment(query.definition)})
