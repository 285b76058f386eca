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
QUERY_MEMORY = "32MB"
"""What Postgres may use for one step of a statement: a bitmap over some million events."""
WINDOW_EVENTS_PER_COST = 1.0
WINDOW_EVENTS_MIN = 1_000
"""A window is this many events for each of the planner's units that finding all would cost, which makes it a fifth of
the time; none below the minimum."""
_COLUMNS: dict[str | None, str] = {None: "event_time", "eventTime": "event_time", "recordTime": "record_time"}
_IN_ORDER = {
    "event_time": "SELECT * FROM event WHERE body_bytes IS NOT NULL AND {bounds} AND {behind}"
    " ORDER BY event_time {direction}, event_key {direction}",
    # All events of a capture came at one time, and there are fewer captures to keep in order. No more of one is read
    # than the window has; and of no other, where one has enough: the order by the captures' own time is that of the
    # page, which the planner cannot know of the time that stands with each event.
    "record_time": "SELECT event.*, came_at AS record_time FROM (SELECT capture_no, record_time AS came_at FROM capture"
    " WHERE event_count > 0 AND {bounds}) AS came CROSS JOIN LATERAL (SELECT event_key, event_time, name_hash,"
    " body_bytes, event_type, action, terms, measures FROM event"
    " WHERE event_key >= capture_no << 20 AND event_key < (capture_no + 1) << 20"
    " AND body_bytes IS NOT NULL AND {behind} ORDER BY event_key {direction} LIMIT {{window}}) AS event"
    " ORDER BY came_at {direction}, event_key {direction}",
}
"""The events in the order of a column, from statements of our own words."""


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
    sql = Statement(["body_bytes IS NOT NULL"])
    for row, asked in query.filters:
        if row.filter is not None:
            row.filter(asked, keys, sql)
    return sql


@dataclass(frozen=True, slots=True)
class Compiled:
    """A page of a query as SQL: rows of `event_key` and `place`, what it is ordered by. The same arguments serve
    both statements."""

    arguments: list[object]
    whole: str
    """Finds all events, then takes the first: its cost grows with what there is to find, never with the table."""
    _nearest: str | None

    def nearest(self, window: int) -> str | None:
        """Looks at no more than the next `window` events in the order, for a query that many events meet; None where
        no index has the order."""
        return None if self._nearest is None else self._nearest.format(window=window)


def compile_query(query: Query, keys: Keys, *, place: Place | None, limit: int, skip: int = 0) -> Compiled:
    """The page behind a place, and behind so many events more."""
    sql = filtered(query, keys)
    order = _order(query, keys, sql)
    is_column = query.order_by in _COLUMNS
    sign, direction = ("<", "DESC") if query.descending else (">", "ASC")
    behind = "TRUE"
    if place is not None:
        value: object = TIME_MIN + timedelta(microseconds=int(place.value)) if is_column else place.value
        bound = sql.bind(value, "timestamptz" if is_column else "double precision")
        if is_column:
            sql.bound(order, f"{order} {sign}= {bound}")
        behind = f"({order}, event_key) {sign} ({bound}, {sql.bind(place.event_key, 'bigint')})"
        sql.conditions.append(behind)
    # Made of our own words and $n alone.
    first = f"ORDER BY place {direction}, event_key {direction} LIMIT {sql.bind(limit, 'bigint')}"
    if skip:
        first += f" OFFSET {sql.bind(skip, 'bigint')}"
    found = f"SELECT event_key, {order} AS place FROM {{table}} WHERE {' AND '.join(sql.conditions)}"  # noqa: S608
    bounds = " AND ".join(sql.bounds.get(order, ["TRUE"]))
    in_order = _IN_ORDER[order].format(bounds=bounds, behind=behind, direction=direction) if is_column else ""
    return Compiled(
        sql.arguments,
        # OFFSET 0 keeps the planner from walking through all events in the order until it has found enough of them.
        f"SELECT * FROM ({found.format(table='event')} OFFSET 0) AS found {first}",  # noqa: S608
        f"{found.format(table=f'({in_order} LIMIT {{window}}) AS event')} {first}" if is_column else None,
    )


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
        # The one event too many tells: nobody has to hold the others.
        if await _run(connection, compile_query(query, keys, place=None, limit=1, skip=most), 1, limits):
            raise QueryTooLarge(f"more than {most} events (maxEventCount)")
    rows = await _run(connection, compile_query(query, keys, place=place, limit=wanted + 1), wanted + 1, limits)
    shown = rows[:wanted]
    fitting = await events.count_within(connection, [row["event_key"] for row in shown], PAGE_BYTES_MAX)
    is_cut = fitting < len(shown)
    shown = shown[:fitting]
    next_left = None if left is None else left - len(shown)
    is_last = not is_cut and (len(rows) <= wanted or next_left == 0)
    last = None if is_last else Place(_number(shown[-1]["place"]), shown[-1]["event_key"], next_left)
    return Page([row["event_key"] for row in shown], None if last is None else _write_token(last, asked, keys))


async def limit_statements(connection: asyncpg.Connection, limits: Limits) -> None:
    """For the rest of a transaction: a time limit, a plan for the very arguments, and bitmaps that stay exact."""
    await connection.execute(
        "SELECT set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true),"
        " set_config('work_mem', $2, true)",
        str(max(1, int(limits.query_s_max * 1000))),
        QUERY_MEMORY,
    )


async def choose(connection: asyncpg.Connection, compiled: Compiled) -> tuple[float, str]:
    """What finding all would cost, in the planner's units, and the statement to try first: where all is not cheap, it
    is the one over a window of the order, as wide as costs little beside."""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {compiled.whole}", *compiled.arguments)
    cost = float(orjson.loads(plan)[0]["Plan"]["Total Cost"])
    window = int(cost * WINDOW_EVENTS_PER_COST)
    return cost, (window > WINDOW_EVENTS_MIN and compiled.nearest(window)) or compiled.whole


async def _run(connection: asyncpg.Connection, compiled: Compiled, limit: int, limits: Limits) -> list[asyncpg.Record]:
    """The first `limit` events."""
    try:
        cost, text = await choose(connection, compiled)
        if text != compiled.whole:
            rows: list[asyncpg.Record] = await connection.fetch(text, *compiled.arguments)
            if len(rows) == limit:
                return rows
        if cost > limits.cost_max:
            raise QueryTooComplex(f"it would cost {cost:.0f}, and {limits.cost_max:.0f} is allowed; narrow it")
        rows = await connection.fetch(compiled.whole, *compiled.arguments)
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
