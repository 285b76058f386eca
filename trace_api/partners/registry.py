"""Whose key signed, and whether it counted at the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import Invalid
from trace_api.store import partner_keys

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from trace_api.store.partner_keys import PartnerKeyRow


@dataclass(frozen=True, slots=True)
class Claim:
    """What came as a signature, and the key that it names, which counts now. Whether it holds is the core's to say."""

    authorship: trace_core.Authorship
    key: trace_core.PartnerKey
    partner: str


def fault_of(key: PartnerKeyRow, at: datetime) -> tuple[str, str] | None:
    """Why a key does not count at a time, as code and message; None when it does."""
    if at < key.valid_from:
        return "key_not_yet_valid", f"key {key.key_id} is valid from {key.valid_from.isoformat()} on"
    if key.revoked_at is not None and at >= key.revoked_at:
        return "key_revoked", f"key {key.key_id} was revoked at {key.revoked_at.isoformat()}"
    if key.valid_until is not None and at >= key.valid_until:
        return "key_expired", f"key {key.key_id} was valid until {key.valid_until.isoformat()}"
    return None


async def claim_of(connection: asyncpg.Connection, sent: str, at: datetime) -> Claim:
    """The claim that somebody sends with a capture. Raises `Invalid` for what is no signature, and for a key that is
    unknown or does not count at this time."""
    try:
        authorship = trace_core.Authorship(sent)
    except trace_core.SignatureError as refused:
        raise _invalid("signature", str(refused)) from None
    partner, hint = authorship.key_hint
    if "\0" in f"{partner}{hint}":
        raise _invalid("key_unknown", "no such key is registered")
    if partner is None:
        found = list((await partner_keys.by_id(connection, [hint])).values())
    else:
        found = await partner_keys.of_note(connection, partner, hint)
    if not found:
        raise _invalid("key_unknown", "no such key is registered")
    counting = [key for key in found if fault_of(key, at) is None]
    if not counting:
        fault = fault_of(found[0], at)
        assert fault is not None
        raise _invalid(*fault)
    return Claim(authorship, trace_core.PartnerKey(counting[0].jwk), counting[0].partner)


async def signers_of(connection: asyncpg.Connection, key_ids: list[str], at: datetime) -> trace_core.EventSigners:
    """What is known at this time of the keys that signatures of events name. Cost: one read."""
    found = await partner_keys.by_id(connection, [key_id for key_id in key_ids if "\0" not in key_id])
    keys, faults = [], []
    for key in found.values():
        fault = fault_of(key, at)
        if fault is None:
            keys.append((trace_core.PartnerKey(key.jwk), key.partner))
        else:
            faults.append((key.key_id, *fault))
    return trace_core.EventSigners(keys, faults)


def _invalid(code: str, message: str) -> Invalid:
    return Invalid(f"the signature does not count: {message}", [{"pointer": "", "code": code, "message": message}])
