"""From the parameters of a URL, or the JSON of a named query, to a query."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from trace_api.errors import QueryParameter
from trace_api.query.simple import values
from trace_api.query.simple.filters import Asked
from trace_api.query.simple.table import Row, Takes, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PARAMETERS_MAX = 100
"""Different parameters in one query."""
VALUES_MAX = 1_000
"""Values of one parameter."""
VALUE_CHARACTERS_MAX = 2_000
NAMESPACES_MAX = 100


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for, and how the answer is cut. `order_by` is None, `eventTime`, `recordTime` or an extension
    field; `limit` is eventCountLimit."""

    filters: tuple[tuple[Row, Asked], ...] = ()
    order_by: str | None = None
    descending: bool = False
    limit: int | None = None
    max_events: int | None = None
    namespaces: Mapping[str, str] = field(default_factory=dict)

    def identity(self) -> str:
        """One text for each question; a page token is good for one."""
        filters = sorted((asked.name, sorted(asked.values)) for _, asked in self.filters)
        cut = (self.order_by, self.descending, self.limit, self.max_events)
        return orjson.dumps([filters, cut, sorted(self.namespaces.items())]).decode()


def parse_parameters(items: Iterable[tuple[str, str]], namespaces: Mapping[str, str]) -> Query:
    """A query from the parameters of a URL: several values stand apart by `|`, or under one name again.
    Raises `QueryParameter`."""
    given: dict[str, list[str]] = {}
    for name, text in items:
        given.setdefault(name, []).append(text)
        if len(given) > PARAMETERS_MAX:
            raise QueryParameter(name[:80], f"more than {PARAMETERS_MAX} different parameters")
    return _query({name: _split(name, texts) for name, texts in given.items()}, namespaces)


def narrowed(query: Query, name: str, value: str) -> Query:
    """A query that asks this, too; the value is one, whatever is in it. Raises `QueryParameter`."""
    only = _query({name: [value]}, query.namespaces)
    return replace(query, filters=query.filters + only.filters)


def parse_json(query: Mapping[str, Any]) -> Query:
    """A query from JSON, as EPCIS 2.0's query schema has it; `@context` says what prefixes stand for.
    Raises `QueryParameter`."""
    members = dict(query)
    namespaces = namespaces_of(members.pop("@context", []))
    if len(members) > PARAMETERS_MAX:
        raise QueryParameter("query", f"more than {PARAMETERS_MAX} different parameters")
    return _query({name: _texts(name, value) for name, value in members.items()}, namespaces)


def namespaces_of(context: Any) -> dict[str, str]:  # noqa: ANN401 (JSON)
    """Prefixes that a JSON-LD context defines."""
    found: dict[str, str] = {}
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            found |= {name: value for name, value in part.items() if isinstance(name, str) and isinstance(value, str)}
    if len(found) > NAMESPACES_MAX:
        raise QueryParameter("@context", f"more than {NAMESPACES_MAX} prefixes")
    return found


_EXTENSION = re.compile(r"\s*([A-Za-z_][\w.-]*)=([^\s,]+)\s*")


def namespaces_of_header(text: str) -> dict[str, str]:
    """Prefixes of a GS1-Extensions header: `ex=https://example.org/ns/,other=…`; what has no `=` is no prefix."""
    found = {match[1]: match[2] for part in text.split(",") if (match := _EXTENSION.fullmatch(part))}
    if len(found) > NAMESPACES_MAX:
        raise QueryParameter("GS1-Extensions", f"more than {NAMESPACES_MAX} prefixes")
    return found


def _split(name: str, texts: list[str]) -> list[str]:
    row = _find(name)[0]
    if row.takes.several:
        return [part for text in texts for part in text.split("|")]
    if len(texts) > 1:
        raise QueryParameter(name, "takes one value and has several")
    return texts


def _texts(name: str, value: Any) -> list[str]:  # noqa: ANN401 (JSON)
    row = _find(name)[0]
    if isinstance(value, list) and not row.takes.several:
        raise QueryParameter(name, "takes one value and has a list")
    return [_text(name, element) for element in (value if isinstance(value, list) else [value])]


def _text(name: str, value: Any) -> str:  # noqa: ANN401 (JSON)
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return value
    raise QueryParameter(name, "neither a text nor a number nor true nor false")


def _find(name: str) -> tuple[Row, Mapping[str, str]]:
    found = find(name) if len(name) <= VALUE_CHARACTERS_MAX and _may_be_said(name) else None
    if found is None:
        raise QueryParameter(name[:80], "no such parameter")
    return found


def _query(given: Mapping[str, list[str]], namespaces: Mapping[str, str]) -> Query:
    filters, cuts = [], {}
    for name, texts in given.items():
        if not texts or len(texts) > VALUES_MAX:
            raise QueryParameter(name, f"has 1 to {VALUES_MAX} values")
        if any(len(text) > VALUE_CHARACTERS_MAX for text in texts):
            raise QueryParameter(name, f"a value has at most {VALUE_CHARACTERS_MAX} characters")
        if not all(_may_be_said(text) for text in texts):
            raise QueryParameter(name, "has a character that no event has")
        row, parts = _find(name)
        if row.filter is None:
            cuts[name] = values.read_count(name, texts[0]) if row.takes is Takes.COUNT else texts[0]
        elif row.takes in {Takes.FLAG, Takes.BOOLEAN} or all(texts):
            filters.append((row, Asked(name, parts, tuple(texts), namespaces)))
        else:
            raise QueryParameter(name, "has an empty value")
    return Query(filters=tuple(filters), namespaces=namespaces, **_cuts(cuts))


def _may_be_said(text: str) -> bool:
    """Events are strict JSON: no NUL, no lone surrogates."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _cuts(cuts: Mapping[str, Any]) -> dict[str, Any]:
    order_by, direction = cuts.get("orderBy"), cuts.get("orderDirection")
    limit, max_events = cuts.get("eventCountLimit"), cuts.get("maxEventCount")
    if direction not in (None, "ASC", "DESC"):
        raise QueryParameter("orderDirection", "neither ASC nor DESC")
    if limit is not None and max_events is not None:
        raise QueryParameter("maxEventCount", "excludes eventCountLimit")
    if limit is not None and order_by is None:
        raise QueryParameter("eventCountLimit", "needs orderBy")
    descending = direction == "DESC" or (direction is None and order_by is not None)
    return {"order_by": order_by, "descending": descending, "limit": limit, "max_events": max_events}
