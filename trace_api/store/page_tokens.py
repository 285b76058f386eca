"""Page tokens that were ended before their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trace_api.store.statements import load

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

_SQL = load("page_tokens")


async def end(connection: asyncpg.Connection, digest: bytes, expires: datetime) -> None:
    """Notes the end of a token until it would have expired, and forgets those that have."""
    await connection.execute(_SQL["forget_expired"])
    await connection.execute(_SQL["end_token"], digest, expires)


async def is_ended(connection: asyncpg.Connection, digest: bytes) -> bool:
    """Whether a token was ended. Cost: one look into an index."""
    found: bool = await connection.fetchval(_SQL["is_ended"], digest)
    return found
