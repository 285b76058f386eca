"""Schedules against a naive scan, second by second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_api.delivery.schedule import BOUNDS, Schedule
from trace_api.errors import Subscription

FIELDS = {"second": "second", "minute": "minute", "hour": "hour", "dayOfMonth": "day", "month": "month"}


def element(bounds):
    number = st.integers(*bounds)
    return number.map(str) | st.tuples(number, number).map(lambda ends: f"[{min(ends)}-{max(ends)}]")


def field(name):
    return st.lists(element(BOUNDS[name]), min_size=1, max_size=3).map(",".join)


def moments(first, days):
    return st.integers(0, days * 86_400_000).map(lambda ms: first + timedelta(milliseconds=ms))


def numbers(text):
    found = set()
    for part in text.split(","):
        ends = [int(end) for end in part.strip("[]").split("-")]
        found |= set(range(ends[0], ends[-1] + 1))
    return found


def naive(fields, moment):
    """The rule as the manual says it, for one second."""
    named = [name for name in ("second", "minute", "hour") if name in fields]
    for name, attribute in FIELDS.items():
        value = getattr(moment, attribute)
        if name in fields:
            if value not in numbers(fields[name]):
                return False
        elif name in ("second", "minute", "hour"):
            order = ("second", "minute", "hour")
            finer_is_named = any(order.index(other) < order.index(name) for other in named)
            if not finer_is_named and value != 0:
                return False
    return "dayOfWeek" not in fields or moment.isoweekday() in numbers(fields["dayOfWeek"])


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={name: field(name) for name in ("second", "minute", "hour")}).filter(bool),
    moments(datetime(2023, 12, 30, tzinfo=UTC), days=60),
)
def test_next_moment_within_a_day_is_the_first_that_fits(fields, start):
    found = Schedule.parse(fields).next_after(start)
    moment = start.replace(microsecond=0) + timedelta(seconds=1)
    while not naive(fields, moment):
        moment += timedelta(seconds=1)
    assert found == moment


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={n: field(n) for n in ("dayOfMonth", "month", "dayOfWeek")}).filter(bool),
    moments(datetime(2023, 1, 1, tzinfo=UTC), days=1_000),
)
def test_next_day_is_the_first_that_fits(fields, start):
    try:
        found = Schedule.parse(fields).next_after(start)
    except Subscription:
        found = None
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(366 * 9):
        if day > start and naive(fields, day):
            break
        day += timedelta(days=1)
    else:
        day = None
    assert found == day or (day is None and found > start + timedelta(days=365 * 8))


def test_leap_day_on_a_monday_is_found_years_later():
    schedule = Schedule.parse({"dayOfMonth": "29", "month": "2", "dayOfWeek": "1"})
    assert schedule.next_after(datetime(2024, 3, 1, tzinfo=UTC)) == datetime(2044, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"year": "1"},
        {"second": "60"},
        {"second": "-1"},
        {"hour": "[5-1]"},
        {"hour": "[5-24]"},
        {"month": "0"},
        {"dayOfWeek": "8"},
        {"minute": ""},
        {"minute": "1,"},
        {"minute": "*"},
        {"minute": "1" * 300},
        {"minute": None},
        {"minute": True},
        {"minute": ["1"]},
        {"minute": "١"},
        {"dayOfMonth": "30", "month": "2"},
    ],
)
def test_schedule_that_is_none_is_refused(fields):
    with pytest.raises(Subscription):
        Schedule.parse(fields)


def test_standards_example_is_every_morning_at_five_past_one():
    schedule = Schedule.parse({"hour": "1", "minute": "5"})
    assert schedule.next_after(datetime(2025, 1, 1, 1, 5, tzinfo=UTC)) == datetime(2025, 1, 2, 1, 5, tzinfo=UTC)
