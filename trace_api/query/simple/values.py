"""What parameters are given, read strictly. Every error names its parameter."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import trace_core
from trace_api.errors import QueryParameter

TIME_MIN = datetime(1970, 1, 1, tzinfo=UTC)
TIME_MAX = datetime(2113, 1, 1, tzinfo=UTC)
"""Events are of the years between these; bounds beyond them are cut."""


def read_time(name: str, text: str) -> datetime:
    """A time with its offset. A `+` that came unescaped, as a space, is one again."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        if moment.tzinfo is None:
            raise QueryParameter(name, "a time needs an offset from UTC")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise QueryParameter(name, "not a time with an offset, as 2025-01-31T12:00:00.000Z") from None
    return min(max(moment, TIME_MIN), TIME_MAX)


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - TIME_MIN) // timedelta(microseconds=1)


def read_number(name: str, text: str) -> float:
    """A finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    # Python reads underlines and digits of every script, too.
    if not math.isfinite(number) or not text.isascii() or "_" in text:
        raise QueryParameter(name, "not a number")
    return number


def read_scalar(name: str, text: str) -> tuple[str, float]:
    """`number` and its value, or `time` and µs since 1970."""
    scalar = trace_core.read_scalar(text) or trace_core.read_scalar(text.replace(" ", "+"))
    if scalar is None:
        raise QueryParameter(name, "neither a number nor a time with an offset nor a date")
    return scalar


def read_flag(name: str, text: str) -> bool:
    """What asks whether something exists has no value in the standard's JSON, and a boolean one in its OpenAPI."""
    match text:
        case "" | "true" | "1" | "null":
            return True
        case "false" | "0":
            return False
    raise QueryParameter(name, "neither true nor false")


def read_count(name: str, text: str) -> int:
    """A whole number from 1."""
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise QueryParameter(name, "not a whole number from 1 to 999999999")
    return int(text)


def read_offset(name: str, text: str) -> str:
    """Minutes east of UTC, as text, of `+01:00` or `Z`."""
    sign, rest = text[:1].replace(" ", "+"), text[1:]
    hours, colon, minutes = rest.partition(":")
    if text == "Z":
        return "0"
    if sign in {"+", "-"} and colon and len(rest) == 5 and (hours + minutes).isdecimal() and rest.isascii():
        total = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and total <= 14 * 60:
            return str(total if sign == "+" else -total)
    raise QueryParameter(name, "not an offset from UTC, as +01:00")
