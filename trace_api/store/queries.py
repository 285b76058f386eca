"""Named queries, and who subscribed to them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from trace_api.store.statements import load

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("queries")
QUERIES_MAX = 1_000
"""Named queries of one partner."""
PAGE_BYTES_MAX = 4 * 1024 * 1024
"""Definitions of one page, and one more."""
SUBSCRIPTIONS_MAX = 1_000
"""Subscriptions of one partner."""


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """`definition` is the JSON of the query as it came."""

    name: str
    definition: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """As the table has it: `schedule` is JSON, None for a stream; leaves before `next_leaf_index` were told;
    `signature_token` is secret."""

    subscription_id: uuid.UUID
    partner: str
    query_name: str
    dest: str
    signature_token: str | None
    schedule: bytes | None
    report_if_empty: bool
    epc_format: str
    initial_record_time: datetime | None
    created_at: datetime
    next_leaf_index: int
    due_at: datetime
    failures: int
    last_failure: str | None
    last_notified_at: datetime | None


async def create_query(
    connection: asyncpg.Connection, partner: str, name: str, definition: bytes, created_at: datetime
) -> bool:
    """Whether there is this new query now: not where the name is taken, or there are `QUERIES_MAX` of the partner's."""
    made = await connection.fetchval(_SQL["create_query"], partner, name, definition, created_at, QUERIES_MAX)
    return made is not None


async def read_query(connection: asyncpg.Connection, partner: str, name: str) -> NamedQuery | None:
    """A named query, or None."""
    row = await connection.fetchrow(_SQL["read_query"], partner, name)
    return None if row is None else NamedQuery(**row)


async def page_of_queries(connection: asyncpg.Connection, partner: str, after: str, limit: int) -> list[NamedQuery]:
    """The next named queries behind a name, in the database's order; `limit` at most, and as many as have
    `PAGE_BYTES_MAX` bytes together, but one at least."""
    rows = await connection.fetch(_SQL["page_of_queries"], partner, after, limit, PAGE_BYTES_MAX)
    return [NamedQuery(**row) for row in rows]


async def drop_query(connection: asyncpg.Connection, partner: str, name: str) -> bool:
    """Ends a named query with all subscriptions to it. Whether there was one."""
    async with connection.transaction():
        # The query first: whoever subscribes now waits for this, and finds it gone.
        found = await connection.fetchval(_SQL["drop_query"], partner, name)
        await connection.execute(_SQL["drop_subscriptions"], partner, name)
    return found is not None


async def create_subscription(connection: asyncpg.Connection, wanted: Subscription) -> bool:
    """Whether there is this new subscription now: not where the query is gone, or there are `SUBSCRIPTIONS_MAX` of
    the partner's."""
    made = await connection.fetchval(
        _SQL["create_subscription"],
        wanted.subscription_id,
        wanted.partner,
        wanted.query_name,
        wanted.dest,
        wanted.signature_token,
        wanted.schedule,
        wanted.report_if_empty,
        wanted.epc_format,
        wanted.initial_record_time,
        wanted.next_leaf_index,
        wanted.due_at,
        SUBSCRIPTIONS_MAX,
    )
    return made is not None


async def read_subscription(
    connection: asyncpg.Connection, partner: str, query_name: str, subscription_id: uuid.UUID
) -> Subscription | None:
    """A subscription, or None."""
    found = await connection.fetch(_SQL["read_subscription"], partner, query_name, subscription_id)
    return _subscriptions(found)[0] if found else None


async def page_of_subscriptions(
    connection: asyncpg.Connection, partner: str, query_name: str, after: uuid.UUID, limit: int
) -> list[Subscription]:
    """The next subscriptions to a query behind one of them, by id."""
    return _subscriptions(await connection.fetch(_SQL["page_of_subscriptions"], partner, query_name, after, limit))


async def drop_subscription(
    connection: asyncpg.Connection, partner: str, query_name: str, subscription_id: uuid.UUID
) -> bool:
    """Ends a subscription. Whether there was one."""
    return await connection.fetchval(_SQL["drop_subscription"], partner, query_name, subscription_id) is not None


async def claim_due(
    connection: asyncpg.Connection, tree_size: int, now: datetime, until: datetime, limit: int
) -> list[Subscription]:
    """Takes subscriptions that are due, for this caller alone until a time."""
    return _subscriptions(await connection.fetch(_SQL["claim_due"], tree_size, now, until, limit))


async def advance(
    connection: asyncpg.Connection,
    taken: Subscription,
    next_leaf_index: int,
    due_at: datetime,
    notified_at: datetime | None,
) -> bool:
    """Notes how far a taken subscription has been told. False where it is gone, or somebody else has told it."""
    arguments = (taken.subscription_id, taken.next_leaf_index, next_leaf_index, due_at, notified_at)
    return await connection.fetchval(_SQL["advance"], *arguments) is not None


async def postpone(connection: asyncpg.Connection, taken: Subscription, due_at: datetime, failure: str) -> None:
    """Notes that a taken subscription could not be told, unless somebody else has told it."""
    await connection.execute(_SQL["postpone"], taken.subscription_id, taken.next_leaf_index, due_at, failure)


async def leaf_of_record_time(connection: asyncpg.Connection, since: datetime) -> int:
    """The first leaf of what was recorded since a time; other leaves behind it may be older by a little."""
    leaf: int = await connection.fetchval(_SQL["leaf_of_record_time"], since)
    return leaf


async def tree_size(connection: asyncpg.Connection) -> int:
    """How many leaves the log has."""
    size: int = await connection.fetchval(_SQL["tree_size"])
    return size


def _subscriptions(rows: Sequence[asyncpg.Record]) -> list[Subscription]:
    names = [field.name for field in fields(Subscription)]
    return [Subscription(**{name: row[name] for name in names}) for row in rows]
