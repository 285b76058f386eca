"""What the records of a partner's key say: whose it was, and whether it counted at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trace_core._native import PartnerKey, ProofError, SignatureError

THUMBPRINT = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"
"""What a key's id is as a URI (RFC 9278), under which the records of a key are filed."""
REGISTRATION, REVOCATION = "wayproof/v1/key", "wayproof/v1/key-revocation"
"""Types of key statements."""
STATEMENT_FIELD = "statement"
"""Name of the field of a record, whatever the prefix of its namespace, that has the statement."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One record: what the event in the log says, when it was recorded, at which leaf."""

    statement: dict[str, Any]
    recorded_us: int
    leaf_index: int


def read_statement(text: str) -> dict[str, Any]:
    """The members of a statement, each of which stands there once: else two readers could take two things from it.
    Raises `ProofError`."""
    try:
        members = json.loads(text, object_pairs_hook=_each_once)
        text.encode()
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise ProofError("a statement about a key is a JSON object, of members that stand there once")
    return members


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a member stands there twice")
    return found


def read_record(event: bytes, key_id: str, recorded_us: int, leaf_index: int) -> KeyRecord:
    """The record that an event is. Raises `ProofError` for an event that is none, or is about another key."""
    members = json.loads(event)
    statements = [value for name, value in members.items() if name.rpartition(":")[2] == STATEMENT_FIELD]
    try:
        [statement] = [read_statement(text) for text in statements]
        is_about = members.get("epcList") == [THUMBPRINT + key_id] and key_id == _key_of(statement)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ProofError, SignatureError):
        is_about = False
    if not is_about:
        raise ProofError("an event that is shown as a record of the key is none")
    return KeyRecord(statement, recorded_us, leaf_index)


def _key_of(statement: dict[str, Any]) -> str:
    if statement["type"] == REVOCATION:
        return str(statement["keyId"])
    return PartnerKey(json.dumps(statement["key"]).encode()).key_id


def check_counted(records: list[KeyRecord], partner: str, signed_us: int) -> None:
    """Raises `ProofError` unless these records, if they are all, say that the key was the partner's when something was
    recorded that it signed, and was not revoked by then, nor said later to have been in other hands."""
    registrations = [record for record in records if record.statement.get("type") == REGISTRATION]
    if len(registrations) != 1:
        raise ProofError("the key's records do not have one registration")
    [registration] = registrations
    statement = registration.statement
    if statement.get("partner") != partner:
        raise ProofError("the key is registered as another partner's")
    until = _time_us(statement, "validUntil")
    begin = max(registration.recorded_us, _time_us(statement, "validFrom") or 0)
    if signed_us < begin or (until is not None and signed_us >= until):
        raise ProofError("the key did not count when the event was recorded")
    for record in records:
        if record is registration:
            continue
        since = _time_us(record.statement, "compromisedSince")
        if signed_us >= record.recorded_us:
            raise ProofError("the key was revoked when the event was recorded")
        if since is not None and signed_us >= since:
            raise ProofError("the key was in doubt when the event was recorded: its partner said so later")


def _time_us(statement: dict[str, Any], name: str) -> int | None:
    if name not in statement:
        return None
    try:
        moment = datetime.fromisoformat(statement[name])
    except (TypeError, ValueError):
        raise ProofError(f"a key's record has no time as {name}") from None
    if moment.tzinfo is None:
        raise ProofError(f"a key's record has no zone in {name}")
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
