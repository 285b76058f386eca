"""How parameters become conditions. The table says which parameter takes which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import QueryParameter
from trace_api.query.page_tokens import PageTokens
from trace_api.query.simple import values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trace_api.query.simple.statement import Statement

EVENT_TYPES = {
    "ObjectEvent": 1,
    "AggregationEvent": 2,
    "TransactionEvent": 3,
    "TransformationEvent": 4,
    "AssociationEvent": 5,
}
ACTIONS = {"ADD": 1, "OBSERVE": 2, "DELETE": 3}
"""Numbers of `epcis::Action`."""

EPC, PARENT, CHILD, INPUT, OUTPUT, TRANSFORMATION = 1, 2, 3, 4, 5, 9
EPC_CLASS, CHILD_CLASS, INPUT_CLASS, OUTPUT_CLASS = 10, 11, 12, 13
"""Numbers of `capture::Role`."""

MATCH_FIELDS = (
    *("MATCH_epc", "MATCH_parentID", "MATCH_inputEPC", "MATCH_outputEPC"),
    *("MATCH_epcClass", "MATCH_inputEPCClass", "MATCH_outputEPCClass"),
)
"""Fields under which terms have the classes of items."""
CLASS_KINDS = ("01+21", "01+10", "01+235", "8006+21", "8003+", "253+", "255+", "8010+8011")
"""Kinds of keys whose class is itself a name."""

CLASS_ROLES = (EPC_CLASS, CHILD_CLASS, INPUT_CLASS, OUTPUT_CLASS)
VOCABULARY_FIELDS = {
    "bizStep": "biz_step",
    "disposition": "disposition",
    "readPoint": "id",
    "bizLocation": "id",
    "epcClass": "id",
}
"""Fields of the standard whose values have master data, and how each is spelled."""
ROUNDING = 1e-12
"""What a conversion between units may change, of the value: 10 °C and 50 °F are one temperature."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The log's blinding key, in its three uses."""

    blinding: trace_core.Blinding
    terms: trace_core.TermKey
    page_tokens: PageTokens

    @classmethod
    def of(cls, blinding_key: bytes) -> Keys:
        blinding = trace_core.Blinding(blinding_key)
        return cls(blinding, trace_core.TermKey(blinding), PageTokens(blinding_key))


@dataclass(frozen=True, slots=True)
class Asked:
    """One parameter as it was asked: its name, the parts of its name that vary, its values, and what the prefixes
    in either stand for."""

    name: str
    parts: Mapping[str, str]
    values: Sequence[str]
    namespaces: Mapping[str, str]

    def spelled(self, kind: str) -> list[str]:
        """Each value in its one spelling."""
        return [trace_core.one_spelling(kind, value, dict(self.namespaces)) for value in self.values]

    @property
    def value(self) -> str:
        return self.values[0]


if TYPE_CHECKING:
    Filter = Callable[[Asked, Keys, Statement], None]


def event_type(asked: Asked, keys: Keys, sql: Statement) -> None:
    """Event types by name; others by their URI."""
    known = [EVENT_TYPES[value] for value in asked.values if value in EVENT_TYPES]
    others = [value for value in asked.spelled("id") if value not in EVENT_TYPES]
    if any(":" not in value for value in others):
        raise QueryParameter(asked.name, "neither one of the five event types nor a URI")
    alternatives = [f"event_type = ANY({sql.bind(known, 'smallint[]')})"] if known else []
    if others:
        alternatives.append(sql.says(keys.terms.term("eventType", value) for value in others))
    sql.require(alternatives)


def action(asked: Asked, _keys: Keys, sql: Statement) -> None:
    """Actions, in the standard's capitals."""
    if wrong := [value for value in asked.values if value not in ACTIONS]:
        raise QueryParameter(asked.name, f"{wrong[0][:40]!r} is not ADD, OBSERVE or DELETE")
    sql.require([f"action = ANY({sql.bind([ACTIONS[value] for value in asked.values], 'smallint[]')})"])


def column_time(column: str, comparison: str) -> Filter:
    """A bound of a column."""

    def add(asked: Asked, _keys: Keys, sql: Statement) -> None:
        moment = values.read_time(asked.name, asked.value)
        sql.bound(column, f"{column} {comparison} {sql.bind(moment, 'timestamptz')}")

    return add


def offset(asked: Asked, keys: Keys, sql: Statement) -> None:
    """Offsets from UTC, whatever they are written like."""
    minutes = [values.read_offset(asked.name, value) for value in asked.values]
    sql.require([sql.says(keys.terms.term("eventTimeZoneOffset", value) for value in minutes)])


def word(field: str, spelling: str) -> Filter:
    """One of these values of a field."""

    def add(asked: Asked, keys: Keys, sql: Statement) -> None:
        sql.require([sql.says(keys.terms.term(field, value) for value in asked.spelled(spelling))])

    return add


def known(asked: Asked, keys: Keys, sql: Statement) -> None:
    """One of these ids in a field, as what is known of places and things gave them; none of them meets nothing."""
    field = asked.parts["field"]
    if not asked.values:
        sql.conditions.append("FALSE")
    elif field == "epcClass":
        sql.require([sql.names(map(keys.blinding.name_hash, asked.values), CLASS_ROLES)])
    elif spelling := VOCABULARY_FIELDS.get(field):
        sql.require([sql.says(keys.terms.term(field, value) for value in asked.spelled(spelling))])
    else:
        name = extension_field(asked)
        sql.require([sql.says(keys.terms.term(name, value) for value in asked.spelled("key"))])


def attribute(asked: Asked, name: str) -> str:
    """How an attribute of master data is called in terms; one without a prefix is the CBV's."""
    return f"MDA:{trace_core.field_name(name if ':' in name else f'cbvmda:{name}', dict(asked.namespaces))}"


def within(field: str) -> Filter:
    """A place, or a part of it: a GLN extension lies within its GLN."""

    def add(asked: Asked, keys: Keys, sql: Statement) -> None:
        fields = (field, f"WD_{field}")
        sql.require([sql.says(keys.terms.term(name, value) for value in asked.spelled("id") for name in fields)])

    return add


def typed(field: str, spelling: str) -> Filter:
    """One of these ids under the type that the parameter's name ends with."""

    def add(asked: Asked, keys: Keys, sql: Statement) -> None:
        type_ = trace_core.one_spelling(spelling, asked.parts["type"], dict(asked.namespaces))
        sql.require([sql.says(keys.terms.term(f"{field}_{type_}", value) for value in asked.spelled("id"))])

    return add


def named(*roles: int) -> Filter:
    """One of these ids, in the index over names."""

    def add(asked: Asked, keys: Keys, sql: Statement) -> None:
        sql.require([sql.names(map(keys.blinding.name_hash, asked.values), roles)])

    return add


def called(asked: Asked, keys: Keys, sql: Statement) -> None:
    """One of these event ids, as captured or by hash."""
    sql.require([sql.called(map(keys.blinding.name_hash, asked.values))])


def match(fields: Sequence[str], roles: Sequence[int], *, classes: bool) -> Filter:
    """One of these EPCs or classes by their keys in any form, or one that a pattern covers."""

    def add(asked: Asked, keys: Keys, sql: Statement) -> None:
        exact: list[str] = []
        terms: list[int] = []
        ranges: list[tuple[str, float, float]] = []
        for value in asked.values:
            key = trace_core.item_key(value)
            pattern = trace_core.epc_pattern(value, as_class=classes)
            if key is not None and (classes or pattern is None):
                exact.append(key)
            elif pattern is not None:
                kind, class_, low, high = pattern
                of_kind = [f"{field}/{kind}" for field in fields]
                if class_ is not None:
                    terms += [keys.terms.term(field, class_) for field in of_kind]
                else:
                    ranges += [(field, low, high) for field in of_kind]
            elif value.startswith("urn:epc:idpat:"):
                raise QueryParameter(
                    asked.name, f"{value[:80]!r} is not a pattern of GS1 keys that fixes prefix or class"
                )
            else:
                exact.append(value)
        alternatives = [sql.names(map(keys.blinding.name_hash, exact), roles)] if exact else []
        if terms:
            alternatives.append(sql.says(terms))
        for field, low, high in ranges:
            existence, measure = keys.terms.existence(field), keys.terms.measure(field, "number")
            alternatives.append(sql.measures(existence, measure, low, high, strict=(False, True)))
        sql.require(alternatives)

    return add


def exists(field: str) -> Filter:
    """That the event has a field at all."""

    def add(asked: Asked, keys: Keys, sql: Statement) -> None:
        if values.read_flag(asked.name, asked.value):
            sql.require([sql.says([keys.terms.existence(field)])])

    return add


def _bounded(
    sql: Statement, terms: trace_core.TermKey, field: str, kind: str, comparison: str, number: float, rounding: float
) -> str:
    """One of a field's numbers compares so; with `rounding`, what differs by no more is equal."""
    margin = abs(number) * rounding
    low, high, strict = {
        "EQ": (number - margin, number + margin, (False, False)),
        "GE": (number - margin, math.inf, (False, False)),
        "GT": (number + margin, math.inf, (True, False)),
        "LE": (-math.inf, number + margin, (False, False)),
        "LT": (-math.inf, number - margin, (False, True)),
    }[comparison]
    return sql.measures(terms.existence(field), terms.measure(field, kind), low, high, strict=strict)


def field_time(field: str) -> Filter:
    """A bound of a time within the event."""

    def add(asked: Asked, keys: Keys, sql: Statement) -> None:
        moment = float(values.microseconds(values.read_time(asked.name, asked.value)))
        sql.require([_bounded(sql, keys.terms, field, "time", asked.parts["op"], moment, 0)])

    return add


def number(asked: Asked, keys: Keys, sql: Statement) -> None:
    """Numbers of a field, in the unit that the parameter's name ends with; without one, as they were written."""
    name, code, comparison = asked.parts["field"], asked.parts.get("uom"), asked.parts["op"]
    given = [values.read_number(asked.name, value) for value in asked.values]
    field, rounding = f"{name}/", 0.0
    if code is not None and (unit := trace_core.unit(code)) is not None:
        dimension, factor, zero = unit
        field, rounding = f"{name}/{dimension}", ROUNDING
        given = [value * factor + (0 if name == "sDev" else zero) for value in given]
    elif code is not None:
        field = f"{name}/uom:{code}"
    sql.require([_bounded(sql, keys.terms, field, "number", comparison, value, rounding) for value in given])


def boolean(asked: Asked, keys: Keys, sql: Statement) -> None:
    """The truth that a sensor reported."""
    if asked.value not in ("true", "false", "1", "0"):
        raise QueryParameter(asked.name, "neither true nor false")
    value = "true" if values.read_flag(asked.name, asked.value) else "false"
    sql.require([sql.says([keys.terms.term("booleanValue", value)])])


def extension_field(asked: Asked) -> str:
    """How an extension field is called in terms. Raises `QueryParameter` for a prefix that nothing declares."""
    name = trace_core.field_name(asked.parts["field"], dict(asked.namespaces))
    if "#" not in name:
        prefix = name.partition(":")[0][:40]
        raise QueryParameter(asked.name, f"nothing says what the prefix {prefix!r} stands for; GS1-Extensions can")
    inner = "INNER:" if asked.parts.get("inner") else ""
    return f"{asked.parts.get('area') or ''}:{inner}{name}"


def extension(asked: Asked, keys: Keys, sql: Statement) -> None:
    """An extension field: that it is there, is equal to one of these as text, number or time, or compares."""
    field, comparison, terms = extension_field(asked), asked.parts["op"], keys.terms
    if comparison == "EXISTS":
        if values.read_flag(asked.name, asked.value):
            sql.require([sql.says([terms.existence(field)])])
    elif comparison == "EQ":
        texts = [terms.term(field, value) for value in asked.spelled("key")]
        scalars = [terms.scalar_term(field, value) for value in asked.values]
        sql.require([sql.says(texts + [term for term in scalars if term is not None])])
    else:
        kind, value = values.read_scalar(asked.name, asked.value)
        sql.require([_bounded(sql, terms, field, kind, comparison, value, 0)])
