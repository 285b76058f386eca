"""Named queries: a question that a partner keeps, and what it finds anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from trace_api.errors import QueryInvalid, QueryTooComplex, Subscription
from trace_api.query.simple import pages, parse
from trace_api.query.simple.lookup import looked_up
from trace_api.store import events, queries
from trace_api.store.events import POSITION_BITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trace_api.query.simple.filters import Keys
    from trace_api.query.simple.parse import Query
    from trace_api.store.events import StoredEvent

NAME_CHARACTERS_MAX = 200
PREDEFINED = frozenset({"SimpleEventQuery", "SimpleMasterDataQuery"})
"""Names that the standard gives to what everybody has."""
WINDOW_LEAVES = 16_384
"""Leaves that one look for news goes through."""
NEWS_EVENTS_MAX = 500
NEWS_BYTES_MAX = 4 * 1024 * 1024
"""Bodies of events that are told at a time, and one event more."""


@dataclass(frozen=True, slots=True)
class News:
    """Events that were logged since a leaf, in the order of the log, and the leaf behind those that were looked at;
    `is_all` when that is the end of the log."""

    events: list[StoredEvent]
    next_leaf_index: int
    is_all: bool


def read_definition(body: bytes, namespaces: Mapping[str, str], keys: Keys) -> tuple[str, bytes]:
    """Name and definition of a query as the REST bindings have it. What prefixes stand for becomes part of it.
    Raises `QueryInvalid`, or `QueryParameter` for a parameter that is none."""
    try:
        wanted = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise QueryInvalid("", f"the body is no JSON: {error}") from None
    if not isinstance(wanted, dict) or set(wanted) - {"name", "query", "@context"}:
        raise QueryInvalid("", 'an object of "name" and "query"')
    name, query = wanted.get("name"), wanted.get("query")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable() or "/" in name:
        raise QueryInvalid("/name", f"a text of 1 to {NAME_CHARACTERS_MAX} characters, without /")
    if not isinstance(query, dict):
        raise QueryInvalid("/query", "an object of parameters")
    contexts = [query.get("@context"), wanted.get("@context"), dict(namespaces) or None]
    parts = [part for context in contexts for part in (context if isinstance(context, list) else [context]) if part]
    definition = ({"@context": parts} if parts else {}) | {n: v for n, v in query.items() if n != "@context"}
    pages.compile_query(parse.parse_json(definition), keys, place=None, limit=1)
    try:
        return name, orjson.dumps(definition)
    except orjson.JSONEncodeError:  # It reads deeper than it writes.
        raise QueryInvalid("/query", "it is nested too deeply") from None


def question_of(definition: bytes) -> Query:
    """The query of a stored definition."""
    return parse.parse_json(orjson.loads(definition))


def check_standing(query: Query) -> None:
    """Raises `Subscription` for a query whose answer is cut: what it finds anew is no part of an order."""
    if query.order_by is not None or query.limit is not None or query.max_events is not None:
        cuts = "orderBy, eventCountLimit and maxEventCount"
        raise Subscription("", f"nobody can subscribe to a query with {cuts}")


async def news(
    connection: asyncpg.Connection, query: Query, keys: Keys, since: int, recorded_since: datetime | None, *, limit: int
) -> News:
    """The first events from a leaf on that a query finds, at most `limit` of `NEWS_BYTES_MAX` bytes, in a transaction
    that only reads. Raises `QueryTooComplex` where that takes too long. Cost: a scan of `WINDOW_LEAVES` events at
    most, by their keys."""
    tree_size = await queries.tree_size(connection)
    until = min(tree_size, since + WINDOW_LEAVES)
    query = await looked_up(connection, query, keys)
    await pages.limit_statements(connection, pages.Limits())
    try:
        rows = await connection.fetch(*_statement(query, keys, since, until, recorded_since, limit))
    except asyncpg.QueryCanceledError:
        raise QueryTooComplex("it takes too long to look for what is new; narrow the query") from None
    places: dict[int, int] = {row["event_key"]: row["leaf_index"] for row in rows}
    fitting = list(places)[: await events.count_within(connection, list(places), NEWS_BYTES_MAX)] if places else []
    found = {event.event_key: event for event in await events.events_by_key(connection, fitting)}
    is_cut = len(rows) == limit or len(fitting) < len(rows)
    next_leaf = places[fitting[-1]] + 1 if is_cut else until
    return News([found[key] for key in fitting], next_leaf, is_all=next_leaf == tree_size)


def _statement(
    query: Query, keys: Keys, since: int, until: int, recorded_since: datetime | None, limit: int
) -> tuple[Any, ...]:
    sql = pages.filtered(query, keys)
    if recorded_since is not None:
        sql.require([f"record_time >= {sql.bind(recorded_since, 'timestamptz')}"])
    first, last = sql.bind(since, "bigint"), sql.bind(until, "bigint")
    text = (  # Made of our own words and $n alone.
        "SELECT event_key, first_leaf_index + event_key - (capture_no << "  # noqa: S608
        f"{POSITION_BITS}) AS leaf_index FROM ("
        "SELECT capture_no, first_leaf_index, event_count FROM capture WHERE event_count > 0"
        f" AND first_leaf_index < {last} AND first_leaf_index >= coalesce((SELECT max(first_leaf_index) FROM capture"
        f" WHERE event_count > 0 AND first_leaf_index <= {first}), 0)"
        ") AS told JOIN event ON"
        f" event_key >= (capture_no << {POSITION_BITS}) + greatest({first} - first_leaf_index, 0)"
        f" AND event_key < (capture_no << {POSITION_BITS}) + least({last} - first_leaf_index, event_count)"
        f" WHERE {' AND '.join(sql.conditions)} ORDER BY leaf_index LIMIT {sql.bind(limit, 'bigint')}"
    )
    return text, *sql.arguments
