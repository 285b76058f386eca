"""EPCIS 2.0's top-level resources: `/bizSteps`, `/epcs` and the others, each with the events of one of its values."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response

from trace_api.errors import Invalid, NotFound
from trace_api.http import parameters
from trace_api.http.events import page_response
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.query.collections import COLLECTIONS
from trace_api.query.simple import parse
from trace_api.query.simple.filters import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

router = APIRouter(tags=["collections"])

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
TOKEN_CHARACTERS_MAX = 3_000
VALUE_CHARACTERS_MAX = 2_000
Value = Annotated[str, Path(max_length=VALUE_CHARACTERS_MAX, description="Percent-encoded, in any of its forms")]
Token = Annotated[str | None, parameters.Query(alias=parameters.TOKEN_NAME, max_length=TOKEN_CHARACTERS_MAX)]
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "No event has this value"}}


def _collection(members: list[str], headers: dict[str, str] | None = None) -> Response:
    body = {"@context": CONTEXT, "type": "Collection", "member": members}
    headers = {"GS1-EPCIS-Version": "2.0.0", **(headers or {})}
    return Response(orjson.dumps(body), headers=headers, media_type="application/json")


def _values_of(collection: str) -> Callable[..., Awaitable[Response]]:
    async def get_values(
        request: Request,
        service: ServiceOf,
        partner: OnBehalfOf,
        per_page: parameters.PerPage = parameters.PER_PAGE,
        token: Token = None,
    ) -> Response:
        """The values that events have, as they were captured, each once."""
        after = "" if token is None else _read_token(token)
        try:
            values, place = await service.questions.values(collection, after, per_page, partner)
        except ValueError:
            raise Invalid("the page token is not one of ours") from None
        if place is None:
            return _collection(values)
        link = request.url.include_query_params(**{parameters.TOKEN_NAME: _write_token(place)})
        return _collection(values, {"Link": f'<{link}>; rel="next"'})

    return get_values


def _resources_of(collection: str) -> Callable[..., Awaitable[Response]]:
    async def get_resources(service: ServiceOf, partner: OnBehalfOf, value: Value) -> Response:
        """What there is of one value: its events."""
        query = parse.narrowed(parse.Query(), COLLECTIONS[collection], value)
        if value not in EVENT_TYPES and not (await service.questions.page(query, None, 1, partner))[0]:
            raise NotFound("no event has this value")
        return _collection(["events"])

    return get_resources


def _events_of(collection: str) -> Callable[..., Awaitable[Response]]:
    async def get_events_of(
        request: Request,
        service: ServiceOf,
        partner: OnBehalfOf,
        value: Value,
        per_page: parameters.PerPage = parameters.PER_PAGE,
        token: parameters.NextPageToken = None,
        extensions: parameters.Extensions = "",
    ) -> Response:
        """The events of one value that a query finds besides, as `GET /events` gives them."""
        query = parse.narrowed(parameters.read(request, extensions), COLLECTIONS[collection], value)
        events, next_token = await service.questions.page(query, token, per_page, partner)
        return page_response(request, events, next_token)

    return get_events_of


def _write_token(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_token(token: str) -> str:
    try:
        place = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except (ValueError, binascii.Error):
        raise Invalid("the page token is not one of ours") from None
    if "\0" in place:
        raise Invalid("the page token is not one of ours")
    return place


for _name in COLLECTIONS:
    _refusals = parameters.REFUSALS
    router.add_api_route(f"/{_name}", _values_of(_name), name=_name, operation_id=f"get_{_name}", responses=_refusals)
    router.add_api_route(
        f"/{_name}/{{value:path}}/events",
        _events_of(_name),
        name=f"events of {_name}",
        operation_id=f"get_events_of_{_name}",
        responses=_refusals,
        openapi_extra={"parameters": parameters.OPENAPI},
    )
    router.add_api_route(
        f"/{_name}/{{value:path}}",
        _resources_of(_name),
        name=f"resources of {_name}",
        operation_id=f"get_resources_of_{_name}",
        responses={**_refusals, **_NOT_FOUND},
    )
