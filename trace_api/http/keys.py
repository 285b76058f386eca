"""`/keys`: with which keys trading partners sign. What is said of a key stands in the log, as events about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel, Field

import trace_core
from trace_api.errors import AlreadyThere, Forbidden, Invalid, NotFound
from trace_api.http import parameters, schemas
from trace_api.http.operator import require_operator
from trace_api.http.records import record
from trace_api.http.service import OnBehalfOf, ServiceOf
from trace_api.partners import statements
from trace_api.partners.registry import fault_of
from trace_api.store import partner_keys
from trace_api.store.partner_keys import PartnerKeyRow
from trace_core.key_records import THUMBPRINT

if TYPE_CHECKING:
    from trace_api.http.service import Service

router = APIRouter(tags=["keys"])

KEY_ID_CHARACTERS = 43
KeyId = Annotated[str, Path(alias="keyID", max_length=KEY_ID_CHARACTERS, description="JWK thumbprint (RFC 7638)")]
_REFUSALS = schemas.problems(400, 401, 403, 404, 409, 503)
_KEYS_OF_PARTNER_MAX = 1_000
"""Keys of one partner that are looked at for one that may speak for another."""


class Statement(BaseModel):
    """A statement, and detached JWS over its digest (`docs/formats.md`, "Key statements")."""

    statement: Annotated[str, Field(min_length=2, max_length=statements.STATEMENT_BYTES_MAX)]
    signatures: Annotated[list[str], Field(max_length=statements.SIGNATURES_MAX)] = []


@router.post("/keys", status_code=201, responses=schemas.made(schemas.ref("Key")) | _REFUSALS)
async def post_key(
    request: Request, statement: Annotated[Statement, Body()], service: ServiceOf, partner: OnBehalfOf
) -> Response:
    """Registers a partner's key, by a statement that the key itself has signed. A first key comes from the operator; a
    next one also from whoever has a key of the partner that counts, and signed the statement, too."""
    registration, signed = statements.read_registration(statement.statement, statement.signatures)
    allowed_by = await _allowed(request, service, registration.partner, signed, but=registration.key.key_id)
    key_id = registration.key.key_id
    if (await _find(service, key_id)) is not None:
        raise AlreadyThere("the key is registered; a key is one partner's, and stays so")
    fields = {"statement": signed.text, "signatures": list(signed.signatures), "allowedBy": allowed_by}
    now = datetime.now(UTC)
    recorded = await record(service, partner, about=THUMBPRINT + key_id, action="ADD", prefix="key", fields=fields)
    row = PartnerKeyRow(
        key_id=key_id,
        partner=registration.partner,
        jwk=registration.key.jwk.encode(),
        valid_from=registration.valid_from,
        valid_until=registration.valid_until,
        registered_at=now,
        record=recorded,
    )
    verifier_key = registration.key.verifier_key(registration.partner)
    note_hash = None if verifier_key is None else verifier_key.split("+")[1]
    async with service.store.session() as connection:
        if not await partner_keys.insert(connection, row, note_hash):
            raise AlreadyThere("the key is registered; a key is one partner's, and stays so")
    location = str(request.url_for("get_key", keyID=key_id))
    return Response(orjson.dumps(_members(row)), 201, {"Location": location}, "application/json")


@router.post("/keys/{keyID}/revocation", status_code=201, responses=schemas.made(schemas.ref("Key")) | _REFUSALS)
async def post_revocation(
    request: Request, key_id: KeyId, statement: Annotated[Statement, Body()], service: ServiceOf, partner: OnBehalfOf
) -> Response:
    """Revokes a key: what it signs from now on does not count, and what it signed since `compromisedSince` is in
    doubt. By the operator, or by a statement that the key itself or another one of its partner has signed."""
    revocation, signed = statements.read_revocation(statement.statement, statement.signatures)
    if revocation.key_id != key_id:
        raise Invalid("the statement is about another key", [{"pointer": "/statement/keyId", "code": "key_statement"}])
    key = await _find(service, key_id)
    if key is None:
        raise NotFound("no such key")
    if key.revoked_at is not None:
        raise AlreadyThere("the key was revoked before")
    allowed_by = await _allowed(request, service, key.partner, signed)
    fields = {"statement": signed.text, "signatures": list(signed.signatures), "allowedBy": allowed_by}
    now = datetime.now(UTC)
    recorded = await record(service, partner, about=THUMBPRINT + key_id, action="DELETE", prefix="key", fields=fields)
    async with service.store.session() as connection:
        await partner_keys.revoke(connection, key_id, now, revocation.compromised_since, recorded)
        row = (await partner_keys.by_id(connection, [key_id]))[key_id]
    return Response(orjson.dumps(_members(row)), 201, media_type="application/json")


@router.get("/keys", responses=schemas.found(schemas.list_of("Key")))
async def get_keys(
    request: Request,
    service: ServiceOf,
    of: Annotated[str | None, Query(alias="partner", max_length=statements.PARTNER_CHARACTERS_MAX)] = None,
    per_page: parameters.PerPage = parameters.PER_PAGE,
    token: parameters.NextPageToken = None,
) -> Response:
    """The keys of trading partners, of all or of one, page by page."""
    found, next_token = await service.questions.keys_of_partners(of, token, per_page)
    body = orjson.dumps([_members(row) for row in found])
    return Response(body, headers=parameters.next_page(request, next_token), media_type="application/json")


@router.get("/keys/{keyID}", name="get_key", responses=schemas.found(schemas.ref("Key")) | schemas.problems(404))
async def get_key(key_id: KeyId, service: ServiceOf) -> Response:
    """One key: whose, from when to when, and which events record that."""
    row = await _find(service, key_id)
    if row is None:
        raise NotFound("no such key")
    return Response(orjson.dumps(_members(row)), media_type="application/json")


@router.get("/keys/{keyID}/records", responses=schemas.found({"type": "object"}) | schemas.problems(404, 503))
async def get_key_records(key_id: KeyId, service: ServiceOf) -> Response:
    """Receipts of all records of a key, and the proof that there are no others."""
    return Response(orjson.dumps(await service.questions.key_records(key_id)), media_type="application/json")


async def _allowed(
    request: Request, service: Service, partner: str, signed: statements.Signed, *, but: str | None = None
) -> str:
    """Who allows it: `operator`, or the id of a key of the partner that counts now. Raises `Unauthorised` or
    `Forbidden`."""
    now = datetime.now(UTC)
    async with service.store.session() as connection:
        rows = await partner_keys.page(connection, (partner, ""), partner, _KEYS_OF_PARTNER_MAX)
    for row in rows:
        if row.key_id != but and fault_of(row, now) is None and signed.is_by(trace_core.PartnerKey(row.jwk)):
            return row.key_id
    if signed.signatures and "authorization" not in request.headers:
        raise Forbidden("no key of the partner that counts now has signed the statement; or send the operator's token")
    require_operator(request, service)
    return "operator"


async def _find(service: Service, key_id: str) -> PartnerKeyRow | None:
    if "\0" in key_id:
        return None
    async with service.store.session() as connection:
        return (await partner_keys.by_id(connection, [key_id])).get(key_id)


def _members(row: PartnerKeyRow) -> dict[str, Any]:
    key = trace_core.PartnerKey(row.jwk)
    members = {
        "keyID": row.key_id,
        "partner": row.partner,
        "key": orjson.loads(row.jwk),
        "verifierKey": key.verifier_key(row.partner),
        "validFrom": row.valid_from,
        "validUntil": row.valid_until,
        "registeredAt": row.registered_at,
        "record": row.record,
        "revokedAt": row.revoked_at,
        "compromisedSince": row.compromised_since,
        "revocationRecord": row.revocation_record,
    }
    return {name: value for name, value in members.items() if value is not None}
