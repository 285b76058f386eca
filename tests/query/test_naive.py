"""Random queries over random events find what a naive filter finds, in its order, in pages of any size."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query import naive
from tests.query.chance import FIELDS, PARAMETERS, Chance
from trace_api.query.simple.parse import parse_parameters

if TYPE_CHECKING:
    from datetime import datetime

    from tests.query.conftest import World

EVENTS = 600
CAPTURES = 6
CASES = 1_500
NAMESPACES = {"ex": "https://example.org/tests/"}


@dataclass(frozen=True)
class Told:
    """An event as it was captured, and what the store made of it."""

    event: dict[str, Any]
    event_key: int
    record_time: datetime


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(world: World) -> list[Told]:
    chance = Chance(7)
    events = {event["eventID"]: event for event in map(chance.event, range(EVENTS))}
    for n in range(CAPTURES):
        await world.capture(list(events.values())[n::CAPTURES], NAMESPACES)
    stored, _ = await world.questions.page(parse_parameters([], {}), None, EVENTS, "anonymous")
    return [Told(events[row.event_id or ""], row.event_key, row.record_time) for row in stored]


ORDERS = st.one_of(
    st.just([]),
    st.tuples(
        st.sampled_from(["eventTime", "recordTime", *FIELDS]).map(lambda field: ("orderBy", field)),
        st.sampled_from(["ASC", "DESC"]).map(lambda direction: ("orderDirection", direction)),
        st.one_of(st.none(), st.integers(1, 40).map(lambda n: ("eventCountLimit", str(n)))),
    ).map(lambda parts: [part for part in parts if part]),
)


def place(told: Told, order_by: str, *, descending: bool) -> tuple[float, int]:
    if order_by == "eventTime":
        value = naive.instant(told.event["eventTime"])
    elif order_by == "recordTime":
        value = told.record_time.timestamp()
    else:
        found = naive.fields(told.event, "", order_by, deep=False)
        values = [v for occurrence in found for v in naive.scalars(occurrence)]
        times = [t * 1e6 for v in values if (t := naive.as_instant(v)) is not None]
        numbers = [n for v in values if (n := naive.as_number(v)) is not None]
        value = min(times + numbers, default=-math.inf if descending else math.inf)
    return value, told.event_key


def expected(told: list[Told], asked: list[tuple[str, str]], order: dict[str, str]) -> list[str]:
    found = [
        one
        for one in told
        if all(naive.holds(one.event, one.record_time, name, text.split("|")) for name, text in asked)
    ]
    descending = order.get("orderDirection") == "DESC"
    found.sort(key=lambda one: place(one, order.get("orderBy", "eventTime"), descending=descending), reverse=descending)
    limit = int(order.get("eventCountLimit", len(found)))
    return [one.event["eventID"] for one in found[:limit]]


async def test_random_queries_find_what_a_naive_filter_finds(world: World, told: list[Told]) -> None:
    loop = asyncio.get_running_loop()
    sizes: list[int] = []

    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(PARAMETERS, max_size=4, unique_by=lambda pair: pair[0]),
        ORDERS,
        st.sampled_from([3, 50, 1_000, 1_000, 1_000]),
    )
    def holds(asked: list[tuple[str, str]], order: list[tuple[str, str]], per_page: int) -> None:
        query = parse_parameters([*asked, *order], NAMESPACES)
        found = asyncio.run_coroutine_threadsafe(world.find(query, per_page), loop).result()
        sizes.append(len(found))
        assert found == expected(told, asked, dict(order))

    await asyncio.to_thread(holds)
    # A test that finds nothing, or all, says nothing.
    assert sum(0 < size < EVENTS for size in sizes) > len(sizes) / 3
