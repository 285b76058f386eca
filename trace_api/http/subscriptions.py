"""`/queries/{queryName}/subscriptions`: who is told what a query finds anew."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpcore
import orjson
from fastapi import APIRouter, Request, Response

from trace_api.delivery.addresses import AddressRefused, Destination, resolve
from trace_api.delivery.schedule import Schedule
from trace_api.errors import NotFound, Subscription, TooMany
from trace_api.http import negotiation, parameters, schemas
from trace_api.http.queries import NOT_FOUND, Name
from trace_api.http.service import OnBehalfOf, Service, ServiceOf
from trace_api.query import named
from trace_api.query.simple.values import read_time
from trace_api.store import queries

if TYPE_CHECKING:
    from trace_api.query.documents import EpcFormat

router = APIRouter(tags=["subscriptions"])

BODY_BYTES_MAX = 16 * 1024
TOKEN_CHARACTERS_MAX = 1_000
_MEMBERS = frozenset({"dest", "signatureToken", "schedule", "stream", "reportIfEmpty", "initialRecordTime"})
_SUBSCRIPTION = schemas.ref("Subscription")
_CREATED = schemas.made(_SUBSCRIPTION) | schemas.problems(400, 404, 408, 413, 415, 429)
MIN_RECORD_TIME = "GS1-Query-Min-Record-Time"


@dataclass(frozen=True, slots=True)
class Wanted:
    """When to be told, and of what: `schedule` is None for a stream."""

    schedule: dict[str, object] | None
    report_if_empty: bool
    initial_record_time: datetime | None

    @classmethod
    def of(cls, members: dict[str, Any]) -> Wanted:
        """Raises `Subscription` unless there is either a schedule or `stream: true`."""
        schedule, stream = members.get("schedule"), members.get("stream")
        if (schedule is None) == (stream is not True) or stream not in (None, True, False):
            raise Subscription("", "either a schedule, or stream: true")
        if schedule is not None and not isinstance(schedule, dict):
            raise Subscription("/schedule", "an object such as {'hour': '1', 'minute': '5'}")
        if schedule is not None:
            Schedule.parse(schedule)
        report_if_empty = members.get("reportIfEmpty", False)
        if not isinstance(report_if_empty, bool):
            raise Subscription("/reportIfEmpty", "true or false")
        since = members.get("initialRecordTime")
        if since is not None and not isinstance(since, str):
            raise Subscription("/initialRecordTime", "a time with its offset")
        return cls(schedule, report_if_empty, None if since is None else read_time("initialRecordTime", since))


@router.post(
    "/queries/{queryName}/subscriptions",
    status_code=201,
    responses=_CREATED,
    openapi_extra=schemas.body(schemas.ref("NewSubscription")) | {"parameters": negotiation.OPENAPI[:1]},
)
async def create_subscription(name: Name, request: Request, service: ServiceOf, partner: OnBehalfOf) -> Response:
    """Tells a URL (`dest`) what the query finds anew, by a schedule or as a stream; signed with `signatureToken`."""
    epc_format = negotiation.epc_format(request)
    async with service.bodies.read(request, bytes_max=BODY_BYTES_MAX) as body:
        members = _read(body)
    query = await service.questions.named_query(name, partner)
    named.check_standing(named.question_of(query.definition))
    subscription = await _subscription(service, members, name, partner, epc_format)
    async with service.store.session() as connection:
        if not await queries.create_subscription(connection, subscription):
            if await queries.read_query(connection, partner, name) is None:
                raise NotFound("no such query")
            raise TooMany(f"there are {queries.SUBSCRIPTIONS_MAX} subscriptions already")
    location = f"{str(request.base_url).rstrip('/')}/queries/{quote(name, safe='')}/subscriptions/"
    headers = {"Location": location + str(subscription.subscription_id)}
    return Response(orjson.dumps(_as_dict(subscription)), 201, headers, "application/json")


@router.get("/queries/{queryName}/subscriptions", responses=schemas.found(schemas.list_of("Subscription")) | NOT_FOUND)
async def get_subscriptions(
    name: Name,
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    per_page: parameters.PerPage = parameters.PER_PAGE,
    token: parameters.NextPageToken = None,
) -> Response:
    """The subscriptions to a query, page by page, each with how its deliveries go."""
    await service.questions.named_query(name, partner)
    found, next_token = await service.questions.subscriptions(name, token, per_page, partner)
    body = orjson.dumps([_as_dict(subscription) for subscription in found])
    return Response(body, headers=parameters.next_page(request, next_token), media_type="application/json")


@router.get("/queries/{queryName}/subscriptions/{subscriptionID}", responses=schemas.found(_SUBSCRIPTION) | NOT_FOUND)
async def get_subscription(name: Name, subscriptionID: str, service: ServiceOf, partner: OnBehalfOf) -> Response:  # noqa: N803
    """A subscription, and how its deliveries go."""
    async with service.store.session() as connection:
        found = await queries.read_subscription(connection, partner, name, _uuid(subscriptionID))
    if found is None:
        raise NotFound("no such subscription")
    headers = {MIN_RECORD_TIME: (found.last_notified_at or found.initial_record_time or found.created_at).isoformat()}
    return Response(orjson.dumps(_as_dict(found)), headers=headers, media_type="application/json")


@router.delete("/queries/{queryName}/subscriptions/{subscriptionID}", status_code=204, responses=NOT_FOUND)
async def delete_subscription(name: Name, subscriptionID: str, service: ServiceOf, partner: OnBehalfOf) -> Response:  # noqa: N803
    """Ends a subscription; a delivery that is on its way may still come."""
    async with service.store.session() as connection:
        if not await queries.drop_subscription(connection, partner, name, _uuid(subscriptionID)):
            raise NotFound("no such subscription")
    return Response(status_code=204)


def _read(body: bytes) -> dict[str, Any]:
    try:
        members = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Subscription("", f"the body is no JSON: {error}") from None
    if not isinstance(members, dict):
        raise Subscription("", "an object")
    if unknown := sorted(set(members) - _MEMBERS):
        raise Subscription(f"/{unknown[0][:40]}", "no such member")
    token = members.get("signatureToken")
    is_text = isinstance(token, str) and 0 < len(token) <= TOKEN_CHARACTERS_MAX and token.isprintable()
    if token is not None and not is_text:
        raise Subscription("/signatureToken", f"a text of 1 to {TOKEN_CHARACTERS_MAX} characters")
    return members


async def _subscription(
    service: Service, members: dict[str, Any], name: str, partner: str, epc_format: EpcFormat
) -> queries.Subscription:
    wanted, dest = Wanted.of(members), Destination.parse(members.get("dest"))
    private = service.settings.webhook_private_addresses
    try:
        # Looked at again at each delivery; here so that a mistake is noticed at once.
        await resolve(dest.host, dest.port, private=private)
    except AddressRefused as refused:
        raise Subscription("/dest", str(refused)) from None
    except httpcore.ConnectError:
        pass  # A receiver may be away.
    now = datetime.now(UTC)
    schedule = None if wanted.schedule is None else Schedule.parse(wanted.schedule)
    return queries.Subscription(
        subscription_id=uuid.uuid4(),
        partner=partner,
        query_name=name,
        dest=dest.url,
        signature_token=members.get("signatureToken"),
        schedule=None if wanted.schedule is None else orjson.dumps(wanted.schedule),
        report_if_empty=wanted.report_if_empty,
        epc_format=epc_format.value,
        initial_record_time=wanted.initial_record_time,
        created_at=now,
        next_leaf_index=await service.questions.leaf_of_record_time(wanted.initial_record_time),
        due_at=now if schedule is None else schedule.next_after(now) or now,
        failures=0,
        last_failure=None,
        last_notified_at=None,
    )


def _as_dict(subscription: queries.Subscription) -> dict[str, object]:
    """As the REST bindings have it, never with the token; `failures` and `lastFailure` are ours."""
    schedule = subscription.schedule
    when = {"stream": True} if schedule is None else {"schedule": orjson.loads(schedule)}
    known = {
        "initialRecordTime": subscription.initial_record_time,
        "lastNotifiedAt": subscription.last_notified_at,
        "lastFailure": subscription.last_failure,
    }
    return {
        "subscriptionID": str(subscription.subscription_id),
        "dest": subscription.dest,
        "createdAt": subscription.created_at,
        "minRecordTime": subscription.last_notified_at or subscription.initial_record_time or subscription.created_at,
        "epcFormat": subscription.epc_format,
        "reportIfEmpty": subscription.report_if_empty,
        "failures": subscription.failures,
        **when,
        **{name: value for name, value in known.items() if value is not None},
    }


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("no such subscription") from None
