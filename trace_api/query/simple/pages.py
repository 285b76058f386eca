"""Runs a query page by page: each page is one statement, and its token a place in the order, not a count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from trace_api.errors import QueryParameter, QueryTooComplex, QueryTooLarge
from trace_api.query.simple.filters import Asked, Keys, extension_field
from trace_api.query.simple.lookup import looked_up
from trace_api.query.simple.statement import Statement
from trace_api.query.simple.values import TIME_MIN, microseconds
from trace_api.store import events

if TYPE_CHECKING:
    from trace_api.query.page_tokens import PageToken
    from trace_api.query.simple.parse import Query

PAGE_EVENTS_MAX = 1_000
PAGE_BYTES_MAX = 16 * 1024 * 1024
"""Bodies of one page, and one event more: a page may have fewer events than were asked for, and a next one."""
COST_MAX = 3_000_000.0
"""What the planner may expect of a statement, in its units: about a read of all of ten million events."""
QUERY_S_MAX = 10.0
"""How long a statement of a query may run; nobody waits longer for a page."""
_COLUMNS: dict[str | None, str] = {None: "event_time", "eventTime": "event_time", "recordTime": "record_time"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may cost."""

    cost_max: float = COST_MAX
    query_s_max: float = QUERY_S_MAX


@dataclass(frozen=True, slots=True)
class Place:
    """The last event of a page: what it is ordered by (µs since 1970, or a number) and its key, and how many events
    eventCountLimit leaves."""

    value: float
    event_key: int
    left: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Keys of events in order, and the token of the next page, if there may be one."""

    event_keys: list[int]
    token: PageToken | None


def filtered(query: Query, keys: Keys) -> Statement:
    """What an event has to meet to be found."""
    sql = Statement(["body IS NOT NULL"])
    for row, asked in query.filters:
        if row.filter is not None:
            row.filter(asked, keys, sql)
    return sql


def compile_query(query: Query, keys: Keys, *, place: Place | None, limit: int) -> tuple[str, list[object]]:
    """The statement of a page behind a place, and its arguments: rows of key and what it is ordered by."""
    sql = filtered(query, keys)
    order = _order(query, keys, sql)
    sign, direction = ("<", "DESC") if query.descending else (">", "ASC")
    if place is not None:
        is_time = query.order_by in _COLUMNS
        value: object = TIME_MIN + timedelta(microseconds=int(place.value)) if is_time else place.value
        bound = sql.bind(value, "timestamptz" if is_time else "double precision")
        sql.require([f"({order}, event_key) {sign} ({bound}, {sql.bind(place.event_key, 'bigint')})"])
    text = (  # Made of our own words and $n alone.
        f"SELECT event_key, {order} AS place FROM event WHERE {' AND '.join(sql.conditions)}"  # noqa: S608
        f" ORDER BY {order} {direction}, event_key {direction} LIMIT {sql.bind(limit, 'bigint')}"
    )
    return text, sql.arguments


def _order(query: Query, keys: Keys, sql: Statement) -> str:
    if query.order_by is None or query.order_by in _COLUMNS:
        return _COLUMNS[query.order_by]
    if ":" not in query.order_by:
        raise QueryParameter("orderBy", "neither eventTime nor recordTime nor an extension field")
    field = extension_field(Asked("orderBy", {"field": query.order_by}, (), query.namespaces))
    measures = [keys.terms.measure(field, kind) for kind in ("number", "time")]
    # What has none comes last in either direction.
    return sql.lowest(measures, absent="-Infinity" if query.descending else "Infinity")


async def page(
    connection: asyncpg.Connection, query: Query, keys: Keys, token: str | None, per_page: int, limits: Limits
) -> Page:
    """The page behind a token, within a transaction that only reads.

    Raises `QueryTooComplex` before a statement is run that would cost more than `limits`, or when it runs longer;
    `QueryTooLarge` where there are more events than the query's maxEventCount; `Invalid` for a token of another query.
    """
    place = None if token is None else await _read_token(connection, token, query, keys)
    asked, query = query, await looked_up(connection, query, keys)
    left = query.limit if place is None else place.left
    # One more than the page has tells whether there is a next one.
    wanted = per_page if left is None else min(per_page, left)
    await limit_statements(connection, limits)
    if query.max_events is not None and place is None:
        most = query.max_events
        counted = await _run(connection, *compile_query(query, keys, place=None, limit=most + 1), limits)
        if len(counted) > most:
            raise QueryTooLarge(f"more than {most} events (maxEventCount)")
    rows = await _run(connection, *compile_query(query, keys, place=place, limit=wanted + 1), limits)
    shown = rows[:wanted]
    fitting = await events.count_within(connection, [row["event_key"] for row in shown], PAGE_BYTES_MAX)
    is_cut = fitting < len(shown)
    shown = shown[:fitting]
    next_left = None if left is None else left - len(shown)
    is_last = not is_cut and (len(rows) <= wanted or next_left == 0)
    last = None if is_last else Place(_number(shown[-1]["place"]), shown[-1]["event_key"], next_left)
    return Page([row["event_key"] for row in shown], None if last is None else _write_token(last, asked, keys))


async def limit_statements(connection: asyncpg.Connection, limits: Limits) -> None:
    """For the rest of a transaction: a time limit, and a plan for the very arguments."""
    await connection.execute(f"SET LOCAL statement_timeout = {max(1, int(limits.query_s_max * 1000))}")
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")


async def _run(
    connection: asyncpg.Connection, text: str, arguments: list[object], limits: Limits
) -> list[asyncpg.Record]:
    try:
        plan = orjson.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments))
        if (cost := float(plan[0]["Plan"]["Total Cost"])) > limits.cost_max:
            raise QueryTooComplex(f"it would cost {cost:.0f}, and {limits.cost_max:.0f} is allowed; narrow it")
        rows: list[asyncpg.Record] = await connection.fetch(text, *arguments)
    except asyncpg.QueryCanceledError:
        raise QueryTooComplex(f"it would take longer than {limits.query_s_max:g} s; narrow it") from None
    return rows


def _number(value: Any) -> float:  # noqa: ANN401 (a column of either type)
    return float(microseconds(value)) if isinstance(value, datetime) else float(value)


def _list(query: Query) -> str:
    return f"events {query.identity()}"


def _write_token(place: Place, query: Query, keys: Keys) -> PageToken:
    # JSON has no infinity; only it is left out.
    value = None if math.isinf(place.value) else place.value
    return keys.page_tokens.write(_list(query), [value, place.event_key, place.left])


async def _read_token(connection: asyncpg.Connection, token: str, query: Query, keys: Keys) -> Place:
    value, event_key, left = await keys.page_tokens.read(connection, _list(query), token)
    absent = -math.inf if query.descending else math.inf
    return Place(absent if value is None else value, event_key, left)
