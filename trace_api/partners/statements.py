"""What partners say of their keys, signed: this key is ours from then on; that one is not any more.

A statement is a JSON text; who signs it makes a detached JWS over its digest (`docs/formats.md`, "Key statements").
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

import trace_core
from trace_api.errors import Invalid
from trace_core.key_records import REGISTRATION, REVOCATION, read_statement

DOMAIN = b"wayproof/v1/key-statement\n"
STATEMENT_BYTES_MAX = 8 * 1024
SIGNATURES_MAX = 4
REASON_CHARACTERS_MAX = 2_000
PARTNER_CHARACTERS_MAX = 200
_PARTNER = re.compile(r"[a-z0-9](?:[a-z0-9._/-]{0,198}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Registration:
    """A key that a partner says is its own, from `valid_from` until before `valid_until`."""

    partner: str
    key: trace_core.PartnerKey
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """A key that ends; `compromised_since` says from when on what it signed is in doubt."""

    key_id: str
    reason: str
    compromised_since: datetime | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement as it came: its text, and who may have signed it."""

    text: str
    signatures: tuple[str, ...]

    def is_by(self, key: trace_core.PartnerKey) -> bool:
        """Whether one of the signatures is by this key."""
        return any(self._holds(key, signature) for signature in self.signatures)

    def _holds(self, key: trace_core.PartnerKey, signature: str) -> bool:
        try:
            key.check_jws(signature, digest_of(self.text))
        except trace_core.SignatureError:
            return False
        return True


def digest_of(text: str) -> bytes:
    """What is signed of a statement, 32 bytes."""
    return hashlib.sha256(DOMAIN + text.encode()).digest()


def is_partner(name: str) -> bool:
    """Whether a trading partner may be called so: a-z, 0-9, and `.`, `_`, `/`, `-` between them; best a domain."""
    return _PARTNER.fullmatch(name) is not None


def write_registration(
    signer: trace_core.PartnerSigner, valid_from: datetime, valid_until: datetime | None, by: trace_core.PartnerSigner
) -> bytes:
    """A registration of the signer's key, signed by it, and by another key of its partner where it follows that."""
    statement: dict[str, Any] = {
        "type": REGISTRATION,
        "partner": signer.partner,
        "key": orjson.loads(signer.jwk),
        "validFrom": _text_of(valid_from),
    }
    if valid_until is not None:
        statement["validUntil"] = _text_of(valid_until)
    return _write(statement, [signer] if by.key_id == signer.key_id else [signer, by])


def write_revocation(
    key_id: str, reason: str, compromised_since: datetime | None, by: trace_core.PartnerSigner | None
) -> bytes:
    """A revocation of a key, signed by it or by another one of its partner; by nobody, where the operator asks."""
    statement: dict[str, Any] = {"type": REVOCATION, "keyId": key_id, "reason": reason}
    if compromised_since is not None:
        statement["compromisedSince"] = _text_of(compromised_since)
    return _write(statement, [] if by is None else [by])


def _write(statement: dict[str, Any], signers: list[trace_core.PartnerSigner]) -> bytes:
    text = orjson.dumps(statement).decode()
    signatures = [signer.sign_jws(digest_of(text)) for signer in signers]
    return orjson.dumps({"statement": text, "signatures": signatures}, option=orjson.OPT_INDENT_2)


def read_registration(statement: str, signatures: list[str]) -> tuple[Registration, Signed]:
    """A registration that its own key has signed: nobody registers a key that he does not have. Raises `Invalid`."""
    signed, members = _read(statement, signatures, REGISTRATION)
    partner = _string(members, "partner")
    if not is_partner(partner):
        raise _invalid("/partner", "a partner's name has 1 to 200 of a-z, 0-9 and, within, . _ / -")
    try:
        key = trace_core.PartnerKey(json.dumps(members.get("key")).encode())
    except trace_core.SignatureError as refused:
        raise _invalid("/key", str(refused)) from None
    valid_from, valid_until = _time(members, "validFrom"), _time(members, "validUntil")
    if valid_from is None or (valid_until is not None and valid_until <= valid_from):
        raise _invalid("/validFrom", "a key is valid from one time until a later one")
    if not signed.is_by(key):
        raise _invalid("", "the statement is not signed by the key that it registers")
    return Registration(partner, key, valid_from, valid_until), signed


def read_revocation(statement: str, signatures: list[str]) -> tuple[Revocation, Signed]:
    """A revocation, whoever has signed it. Raises `Invalid`."""
    signed, members = _read(statement, signatures, REVOCATION)
    reason = _string(members, "reason")
    if not 0 < len(reason) <= REASON_CHARACTERS_MAX:
        raise _invalid("/reason", f"a reason has 1 to {REASON_CHARACTERS_MAX} characters")
    return Revocation(_string(members, "keyId"), reason, _time(members, "compromisedSince")), signed


def _read(statement: str, signatures: list[str], kind: str) -> tuple[Signed, dict[str, Any]]:
    if len(statement) > STATEMENT_BYTES_MAX or len(signatures) > SIGNATURES_MAX:
        raise _invalid("", f"a statement has {STATEMENT_BYTES_MAX} bytes and {SIGNATURES_MAX} signatures at most")
    try:
        members = read_statement(statement)
    except trace_core.ProofError as refused:
        raise _invalid("", str(refused)) from None
    if members.get("type") != kind:
        raise _invalid("", f"the statement is not of type {kind}")
    return Signed(statement, tuple(signatures)), members


def _string(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or "\0" in value:
        raise _invalid(f"/{name}", "a text is missing")
    return value


def _time(members: dict[str, Any], name: str) -> datetime | None:
    if name not in members:
        return None
    try:
        moment = datetime.fromisoformat(_string(members, name))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _invalid(f"/{name}", "not a time with its zone, as 2026-01-31T12:00:00Z")


def _text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _invalid(pointer: str, message: str) -> Invalid:
    return Invalid(message, problems=[{"pointer": f"/statement{pointer}", "code": "key_statement", "message": message}])
