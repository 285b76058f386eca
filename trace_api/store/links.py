"""Links that holders of keys registered, by the canonical Digital Link of each level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("links")
PAGE_BYTES_MAX = 4 * 1024 * 1024
"""Links of one page, and those of one level more."""


async def put(connection: asyncpg.Connection, anchor: str, links: bytes, changed_at: datetime) -> None:
    """Replaces all links of a level; `links` is a JSON array."""
    await connection.execute(_SQL["put_links"], anchor, links, changed_at)


async def of(connection: asyncpg.Connection, anchors: Sequence[str]) -> dict[str, bytes]:
    """The links of these levels, of those that have any. Cost: one read."""
    return {row[0]: row[1] for row in await connection.fetch(_SQL["links_of"], anchors)}


async def drop(connection: asyncpg.Connection, anchor: str) -> bool:
    """Ends all links of a level. Whether there were any."""
    return await connection.fetchval(_SQL["drop_links"], anchor) is not None


async def page(connection: asyncpg.Connection, after: str, limit: int) -> list[tuple[str, bytes]]:
    """The next levels with their links behind one of them, in the database's order; `limit` at most, and as many as
    have `PAGE_BYTES_MAX` bytes together, but one at least."""
    return [(row[0], row[1]) for row in await connection.fetch(_SQL["page_of_links"], after, limit, PAGE_BYTES_MAX)]
