"""Keys of trading partners: whose, from when to when, and which records in the log say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("partner_keys")
KEYS_OF_NOTE_MAX = 16
"""Keys of one partner with one short hash that are looked at: more are somebody's trick."""


@dataclass(frozen=True, slots=True)
class PartnerKeyRow:
    """A registered key. `record` and `revocation_record` are ids of events."""

    key_id: str
    partner: str
    jwk: bytes
    valid_from: datetime
    valid_until: datetime | None
    registered_at: datetime
    record: str
    revoked_at: datetime | None = None
    compromised_since: datetime | None = None
    revocation_record: str | None = None


async def insert(connection: asyncpg.Connection, row: PartnerKeyRow, note_hash: str | None) -> bool:
    """Registers a key; False when it was registered before, whoever's it is."""
    values = (row.key_id, row.partner, row.jwk, note_hash, row.valid_from, row.valid_until, row.registered_at)
    return await connection.fetchval(_SQL["insert_key"], *values, row.record) is not None


async def revoke(
    connection: asyncpg.Connection, key_id: str, at: datetime, compromised_since: datetime | None, record: str
) -> bool:
    """Ends a key; False when it had ended before, or is not there."""
    return await connection.fetchval(_SQL["revoke_key"], key_id, at, compromised_since, record) is not None


async def by_id(connection: asyncpg.Connection, key_ids: Sequence[str]) -> dict[str, PartnerKeyRow]:
    """Those of these keys that are registered."""
    rows = await connection.fetch(_SQL["keys_by_id"], key_ids)
    return {row["key_id"]: PartnerKeyRow(**row) for row in rows}


async def of_note(connection: asyncpg.Connection, partner: str, note_hash: str) -> list[PartnerKeyRow]:
    """The keys of a partner that a note with this short hash can mean."""
    rows = await connection.fetch(_SQL["keys_of_note"], partner, note_hash, KEYS_OF_NOTE_MAX)
    return [PartnerKeyRow(**row) for row in rows]


async def page(
    connection: asyncpg.Connection, after: tuple[str, str], partner: str | None, limit: int
) -> list[PartnerKeyRow]:
    """Keys in the order of partner and id, behind one of them; of one partner, or of all."""
    rows = await connection.fetch(_SQL["page_of_keys"], *after, partner, limit)
    return [PartnerKeyRow(**row) for row in rows]
