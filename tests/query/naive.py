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
            holds_here = COMPARE[operator](value, float(text))
        else:
            comparable = unit in UNITS and UNITS[unit][0] == UNITS[uom][0]
            holds_here = comparable and COMPARE[operator](UNITS[unit][1](value), UNITS[uom][1](float(text)))
        if holds_here:
            return True
    return False


EPCS = {"epc": ("epcList", "childEPCs"), "inputEPC": ("inputEPCList",), "outputEPC": ("outputEPCList",)}
CLASSES = {
    "epcClass": ("quantityList", "childQuantityList"),
    "inputEPCClass": ("inputQuantityList",),
    "outputEPCClass": ("outputQuantityList",),
}


def items(event: EVENT, of: str) -> list[str]:
    parent = [event["parentID"]] if "parentID" in event else []
    if of == "parentID":
        return parent
    if of == "anyEPC":
        return parent + [item for part in EPCS for item in items(event, part)]
    if of == "anyEPCClass":
        return [item for part in CLASSES for item in items(event, part)]
    if of in CLASSES:
        return [element["epcClass"] for element in listed(event, *CLASSES[of])]
    return listed(event, *EPCS[of])


def sensor_values(event: EVENT, name: str) -> list[Any]:
    parts = area(event, "SENSORMETADATA") + area(event, "SENSORREPORT")
    return [part[name] for part in parts if name in part]


def typed(event: EVENT, kind: str, type_: str) -> list[str]:
    return [key(e[kind]) for e in event.get(f"{kind}List", []) if word(e.get("type", "")) == word(type_)]


def times(event: EVENT, name: str, record_time: datetime) -> list[float]:
    if name == "recordTime":
        return [record_time.timestamp()]
    if name == "eventTime":
        return [instant(event["eventTime"])]
    if name == "errorDeclarationTime":
        return [instant(d["declarationTime"]) for d in area(event, "ERROR_DECLARATION") if d]
    return [instant(value) for value in sensor_values(event, name)]


def holds(event: EVENT, record_time: datetime, name: str, values: list[str]) -> bool:
    operator, _, field = name.partition("_")
    first = values[0]
    if name == "eventType":
        return event["type"] in values
    if field in ("eventTime", "recordTime", "errorDeclarationTime", "time", "startTime", "endTime"):
        ask = (lambda t: t >= instant(first)) if operator == "GE" else (lambda t: t < instant(first))
        return any(ask(t) for t in times(event, field, record_time))
    if operator == "MATCH":
        return any(matches(item, value) for item in items(event, field) for value in values)
    if field == "action":
        return event.get("action") in values
    if field in ("bizStep", "disposition"):
        return word(event.get(field, "")) in map(word, values)
    if field.startswith("persistentDisposition_"):
        listed_ = event.get("persistentDisposition", {}).get(field.partition("_")[2], [])
        return not {word(v) for v in values}.isdisjoint(map(word, listed_))
    if field in ("readPoint", "bizLocation"):
        place = key(event.get(field, {}).get("id", ""))
        wholes = {place, place.partition("/254/")[0]} if operator == "WD" else {place}
        return not wholes.isdisjoint(map(key, values))
    for kind in ("bizTransaction", "source", "destination"):
        if field.startswith(f"{kind}_"):
            return not set(map(key, values)).isdisjoint(typed(event, kind, field.partition("_")[2]))
    if field in ("eventID", "transformationID"):
        return event.get(field) in values
    if field == "errorDeclaration" or field == "sensorElementList":
        return field in event
    if field == "errorReason":
        return word(event.get("errorDeclaration", {}).get("reason", "")) in map(word, values)
    if field == "correctiveEventID":
        return not set(event.get("errorDeclaration", {}).get("correctiveEventIDs", [])).isdisjoint(values)
    if field == "type":
        return not {value.removeprefix("gs1:") for value in sensor_values(event, field)}.isdisjoint(values)
    if field in ("deviceID", "stringValue", "booleanValue"):
        return any(says(value, text) for value in sensor_values(event, field) for text in values)
    if ":" in field:
        return extension_holds(event, operator, field, values)
    quantity, _, uom = field.partition("_")
    return any(number_holds(event, quantity, uom or None, operator, text) for text in values)


def extension_holds(event: EVENT, operator: str, field: str, values: list[str]) -> bool:
    deep = field.startswith("INNER_")
    where, _, name = field.removeprefix("INNER_").rpartition("_")
    found = fields(event, where, name, deep=deep)
    if operator == "EXISTS":
        return bool(found)
    ask = says if operator == "EQ" else lambda value, text: compares(value, operator, text)
    return any(ask(value, text) for occurrence in found for value in scalars(occurrence) for text in values)
