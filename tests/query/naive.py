"""The query language once more, over plain JSON: each parameter is one look at the event. No index, no hash, no SQL.

Written from the standard's table of parameters (EPCIS 2.0 §8.2.7.1) alone; only the canonical form of keys is ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import trace_core

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT = dict[str, Any]
UNITS = {
    "CEL": ("temperature", lambda v: v + 273.15),
    "FAH": ("temperature", lambda v: (v + 459.67) * 5 / 9),
    "KGM": ("mass", lambda v: v),
    "GRM": ("mass", lambda v: v / 1000),
    "P1": ("ratio", lambda v: v / 100),
    "C62": ("ratio", lambda v: v),
}
CLOSE = 1e-6
"""The tests' values lie further apart than this, and conversions differ by less."""
COMPARE = {
    "EQ": lambda a, b: abs(a - b) < CLOSE,
    "GT": lambda a, b: a > b + CLOSE,
    "GE": lambda a, b: a > b - CLOSE,
    "LT": lambda a, b: a < b - CLOSE,
    "LE": lambda a, b: a < b + CLOSE,
}


def instant(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def word(text: str) -> str:
    for stem in ("https://ref.gs1.org/cbv/", "cbv:", "urn:epcglobal:cbv:"):
        if text.startswith(stem):
            return text.removeprefix(stem).replace("-", ":").rpartition(":")[2]
    return text.replace("ex:", "https://example.org/tests/")


def key(text: str) -> str:
    return trace_core.item_key(text) or text


def listed(event: EVENT, *names: str) -> list[Any]:
    return [element for name in names for element in event.get(name, [])]


def scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for element in value:
            yield from scalars(element)
    elif not isinstance(value, dict):
        yield value


def inner(value: Any) -> Iterator[tuple[str, Any]]:
    """Fields at any depth within a value."""
    if isinstance(value, list):
        for element in value:
            yield from inner(element)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from inner(member)


def own(part: EVENT) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in part.items() if ":" in name]


def area(event: EVENT, name: str) -> list[EVENT]:
    sensors = event.get("sensorElementList", [])
    return {
        "": [event],
        "ILMD": [event.get("ilmd", {})],
        "ERROR_DECLARATION": [event.get("errorDeclaration", {})],
        "SENSORELEMENT": sensors,
        "SENSORMETADATA": [sensor.get("sensorMetadata", {}) for sensor in sensors],
        "SENSORREPORT": [report for sensor in sensors for report in sensor["sensorReport"]],
        "readPoint": [event.get("readPoint", {})],
        "bizLocation": [event.get("bizLocation", {})],
    }[name]


def fields(event: EVENT, where: str, name: str, *, deep: bool) -> list[Any]:
    found = []
    for part in area(event, where):
        for field, value in own(part):
            if deep:
                found += [v for f, v in inner(value) if f == name]
            elif field == name:
                found.append(value)
    return found


def as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and (value[:1] == "0" and value[1:2].isdigit()):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def as_instant(value: Any) -> float | None:
    try:
        return instant(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        return None


def says(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, str) and key(value) == key(text):
        return True
    return any(read(value) is not None and read(value) == read(text) for read in (as_number, as_instant))


def compares(value: Any, operator: str, text: str) -> bool:
    for read in (as_number, as_instant):
        a, b = read(value), read(text)
        if a is not None and b is not None:
            return bool(COMPARE[operator](a, b))
    return False


def matches(item: str, pattern: str) -> bool:
    if not pattern.startswith("urn:epc:idpat:"):
        return key(item) == key(pattern)
    if key(item) == trace_core.item_key(pattern) and item.startswith("urn:epc:idpat"):
        return True
    scheme, _, parts = pattern.removeprefix("urn:epc:idpat:").partition(":")
    stem = f"urn:epc:{'class' if scheme == 'lgtin' else 'id'}:{scheme}:"
    fixed = parts.replace("*", "").rstrip(".") + ("." if parts[0] != "*" else "")
    return item.startswith(stem + fixed)


def measured(event: EVENT, name: str, uom: str) -> list[tuple[float, Any]]:
    """Values of a field with their units."""
    if name == "quantity":
        lists = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
        return [(e["quantity"], e.get("uom", "C62")) for e in listed(event, *lists) if "quantity" in e]
    return [(r[name], r.get("uom")) for r in area(event, "SENSORREPORT") if name in r]


def number_holds(event: EVENT, name: str, uom: str | None, operator: str, text: str) -> bool:
    for value, unit in measured(event, name, uom or ""):
        if uom is None:
            if COMPARE[operator](value, float(text)):
                return True
        elif unit in UNITS and UNITS[unit][0] == UNITS[uom][0]:
            if COMPARE[operator](UNITS[unit][1](value), UNITS[uom][1](float(text))):
                return True
    return False
