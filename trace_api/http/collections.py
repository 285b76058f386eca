"""EPCIS 2.0's top-level resources: `/bizSteps`, `/epcs` and the others, each with the events of one of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response

from trace_api.errors import NotFound
from trace_api.http import events, negotiation, parameters, schemas
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.query import documents
from trace_api.query.collections import COLLECTIONS
from trace_api.query.simple import parse
from trace_api.query.simple.filters import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

router = APIRouter(tags=["collections"])

KEYS = frozenset({"epcs", "bizLocations", "readPoints"})
"""Collections whose values may be GS1 keys."""
VALUE_CHARACTERS_MAX = 2_000
Value = Annotated[str, Path(max_length=VALUE_CHARACTERS_MAX, description="Percent-encoded, in any of its forms")]
_FOUND = schemas.found(schemas.ref("Collection"))


def collection_of(members: list[str], headers: dict[str, str] | None = None) -> Response:
    """A list of names as the REST bindings have it."""
    body = {"@context": documents.CONTEXT, "type": "Collection", "member": members}
    return Response(orjson.dumps(body), headers=headers, media_type="application/json")


def _values_of(collection: str) -> Callable[..., Awaitable[Response]]:
    async def get_values(
        request: Request,
        service: ServiceOf,
        partner: OnBehalfOf,
        per_page: parameters.PerPage = parameters.PER_PAGE,
        token: parameters.NextPageToken = None,
    ) -> Response:
        """The values that events have, as they were captured, each once."""
        values, next_token = await service.questions.values(collection, token, per_page, partner)
        members = documents.keys_as(values, negotiation.epc_format(request)) if collection in KEYS else values
        return collection_of(members, parameters.next_page(request, next_token))

    return get_values


def _resources_of(collection: str) -> Callable[..., Awaitable[Response]]:
    async def get_resources(service: ServiceOf, partner: OnBehalfOf, value: Value) -> Response:
        """What there is of one value: its events."""
        query = parse.narrowed(parse.Query(), COLLECTIONS[collection], value)
        if value not in EVENT_TYPES and not (await service.questions.page(query, None, 1, partner))[0]:
            raise NotFound("no event has this value")
        return collection_of(["events"])

    return get_resources


def _events_of(collection: str) -> Callable[..., Awaitable[Response]]:
    async def get_events_of(
        request: Request,
        service: ServiceOf,
        partner: OnBehalfOf,
        value: Value,
        form: negotiation.FormOf,
        per_page: parameters.PerPage = parameters.PER_PAGE,
        token: parameters.NextPageToken = None,
        extensions: parameters.Extensions = "",
    ) -> Response:
        """The events of one value that a query finds besides, as `GET /events` gives them."""
        query = parse.narrowed(parameters.read(request, extensions), COLLECTIONS[collection], value)
        return await events.answer(request, service, query, form, per_page=per_page, token=token, partner=partner)

    return get_events_of


for _name in COLLECTIONS:
    router.add_api_route(f"/{_name}", _values_of(_name), name=_name, operation_id=f"get_{_name}", responses=_FOUND)
    router.add_api_route(
        f"/{_name}/{{value:path}}/events",
        _events_of(_name),
        name=f"events of {_name}",
        operation_id=f"get_events_of_{_name}",
        responses=events.RESPONSES | schemas.problems(404),
        openapi_extra=events.PARAMETERS,
    )
    router.add_api_route(
        f"/{_name}/{{value:path}}",
        _resources_of(_name),
        name=f"resources of {_name}",
        operation_id=f"get_resources_of_{_name}",
        responses=_FOUND | schemas.problems(404, 413),
    )
