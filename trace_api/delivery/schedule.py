"""Schedules of query subscriptions, in the form of EPCIS 2.0 §8.2.5.3; all times are UTC."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from trace_api.errors import Subscription

if TYPE_CHECKING:
    from collections.abc import Mapping

BOUNDS = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "dayOfMonth": (1, 31),
    "month": (1, 12),
    "dayOfWeek": (1, 7),
}
"""Fields of a schedule, each with its lowest and highest number; Monday is 1."""
FIELD_CHARACTERS_MAX = 200
YEARS_MAX = 29
"""The longest wait: a 29 February on one day of the week."""
_ELEMENT = re.compile(r"([0-9]{1,2})|\[([0-9]{1,2})-([0-9]{1,2})\]")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The numbers that each field of a moment may have, in order."""

    second: tuple[int, ...]
    minute: tuple[int, ...]
    hour: tuple[int, ...]
    day_of_month: tuple[int, ...]
    month: tuple[int, ...]
    day_of_week: tuple[int, ...]

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """A schedule from its fields: numbers and ranges, apart by commas, such as `1,[5-7]`. A field that is missing
        is `0` where a smaller unit than all that are there, else any number.

        Raises `Subscription` for a field that is none, or a number out of its bounds, or no moment at all.
        """
        if unknown := set(fields) - set(BOUNDS):
            raise Subscription(f"/schedule/{sorted(unknown)[0][:40]}", f"a schedule has {', '.join(BOUNDS)}")
        if not fields:
            raise Subscription("/schedule", "a schedule says at least one thing")
        schedule = cls(*_numbers(fields))
        if schedule.next_after(datetime.now(UTC)) is None:
            raise Subscription("/schedule", "there is no such day")
        return schedule

    def next_after(self, moment: datetime) -> datetime | None:
        """The first moment of the schedule after this one, or None if there is none in `YEARS_MAX` years.
        Cost: a step for each day between."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        day = start.replace(hour=0, minute=0, second=0)
        for _ in range(YEARS_MAX * 366):
            if day.month not in self.month:
                days = calendar.monthrange(day.year, day.month)[1]
                day = day.replace(day=1) + timedelta(days=days)
                continue
            is_day = day.day in self.day_of_month and day.isoweekday() in self.day_of_week
            if is_day and (found := self._of_day(day, start)):
                return found
            day += timedelta(days=1)
        return None

    def _of_day(self, day: datetime, start: datetime) -> datetime | None:
        for hour in self.hour:
            if day + timedelta(hours=hour + 1) <= start:
                continue
            for minute in self.minute:
                at_minute = day + timedelta(hours=hour, minutes=minute)
                if at_minute + timedelta(minutes=1) <= start:
                    continue
                for second in self.second:
                    if (found := at_minute + timedelta(seconds=second)) >= start:
                        return found
        return None


def _numbers(fields: Mapping[str, object]) -> list[tuple[int, ...]]:
    numbers: list[tuple[int, ...]] = []
    is_finest = True
    for name, (lowest, highest) in BOUNDS.items():
        is_finest = is_finest and name not in fields and name in ("second", "minute", "hour")
        if name in fields:
            numbers.append(_read(name, fields[name], lowest, highest))
        else:
            numbers.append((lowest,) if is_finest else tuple(range(lowest, highest + 1)))
    return numbers


def _read(name: str, text: object, lowest: int, highest: int) -> tuple[int, ...]:
    where = f"/schedule/{name}"
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or len(text) > FIELD_CHARACTERS_MAX:
        raise Subscription(where, "a text of numbers and ranges, such as 1,[5-7]")
    found: set[int] = set()
    for element in text.split(","):
        parts = _ELEMENT.fullmatch(element.strip())
        if parts is None:
            raise Subscription(where, f"{element.strip()[:20]!r} is neither a number nor a range such as [5-7]")
        first, last = (int(parts[1]),) * 2 if parts[1] else (int(parts[2]), int(parts[3]))
        if not lowest <= first <= last <= highest:
            raise Subscription(where, f"numbers go from {lowest} to {highest}")
        found |= set(range(first, last + 1))
    return tuple(sorted(found))
