"""The table: each parameter of the language, or family of them, with what it takes and how it filters."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trace_api.query.simple import filters as f

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trace_api.query.simple.filters import Filter


class Takes(enum.Enum):
    """What a parameter is given: several values, of which one has to fit, or one."""

    WORDS = "words of the CBV, or URIs"
    IDS = "URIs"
    TEXTS = "texts"
    NUMBERS = "numbers"
    TIME = "a time with offset"
    NUMBER = "a number"
    SCALAR = "a number, a time with offset, or a date"
    FLAG = "`true`, or nothing"
    BOOLEAN = "`true` or `false`"
    COUNT = "a whole number from 1"
    TEXT = "a text"

    @property
    def several(self) -> bool:
        return self in {Takes.WORDS, Takes.IDS, Takes.TEXTS, Takes.NUMBERS}


class Lookup(enum.Enum):
    """What master data is asked for, before events are."""

    PARTS = "the values, and all that lies within them"
    ATTRIBUTE = "what has one of the values as an attribute"
    ATTRIBUTE_VALUE = "what has an attribute, named by the parameter, with one of the values"


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter, or a family whose names vary: `form` for people, `pattern` for the parser. A row without a
    filter says how the answer is cut, not what is in it."""

    form: str
    takes: Takes
    doc: str
    filter: Filter | None
    pattern: re.Pattern[str]
    example: str
    lookup: Lookup | None = None
    """How the values are turned into ids first, by what is known of places and things."""

    @property
    def is_family(self) -> bool:
        return "{" in self.form


_PARTS = {
    "type": r"(?P<type>[^\s]*)",
    "uom": r"(?P<uom>[A-Z0-9]{1,4})",
    "field": r"(?P<field>[^\s:]+:[^\s]+)",
    "vocabulary_field": rf"(?P<field>{'|'.join(f.VOCABULARY_FIELDS)}|[^\s:_]+:[^\s_]+)",
    "attribute": r"(?P<attribute>[^\s]+)",
    "area_": r"(?:(?P<area>ILMD|ERROR_DECLARATION|SENSORELEMENT|SENSORMETADATA|SENSORREPORT|readPoint|bizLocation)_)?",
    "INNER_": r"(?P<inner>INNER_)?",
}


def _row(
    form: str,
    takes: Takes,
    doc: str,
    filter_: Filter | None,
    example: str = "",
    *,
    also: str = "",
    field: str = "",
    lookup: Lookup | None = None,
) -> Row:
    """`also` is another spelling of the name. `field` is a part of the name that does not vary in this row."""
    operator, _, rest = form.partition("_")
    names = [rest, also.partition("_")[2]] if also else [rest]
    expressions = [re.sub(r"\\{(\w+)\\}", lambda part: _PARTS[part[1]], re.escape(name)) for name in names]
    if field:
        expressions = [expression.replace(field, f"(?P<field>{field})", 1) for expression in expressions]
    expression = f"(?P<op>{operator})_(?:{'|'.join(expressions)})" if rest else operator
    return Row(form, takes, doc, filter_, re.compile(expression), example, lookup)


def _bounds(field: str, of: str, filter_: Filter, also: str = "") -> Iterator[Row]:
    for operator, words in (("GE", "at or after"), ("LT", "before")):
        other = f"{operator}_{also}" if also else ""
        yield _row(
            f"{operator}_{field}", Takes.TIME, f"{of} lies {words} this.", filter_, "2025-01-31T12:00:00Z", also=other
        )


COMPARISONS = {"GT": "greater than", "GE": "at least", "LT": "less than", "LE": "at most"}


def _numbers(field: str, of: str, example: str, *, uom: bool) -> Iterator[Row]:
    form = f"{field}_{{uom}}" if uom else field
    unit = "; the unit is a UN/ECE Rec 20 code, and values in other units of its dimension are converted" if uom else ""
    yield _row(f"EQ_{form}", Takes.NUMBERS, f"{of} is one of these{unit}.", f.number, example, field=field)
    for operator, words in COMPARISONS.items():
        yield _row(f"{operator}_{form}", Takes.NUMBER, f"{of} is {words} this{unit}.", f.number, example, field=field)


def _rows() -> Iterator[Row]:
    yield _row("eventType", Takes.WORDS, "The event is of one of these types.", f.event_type, "ObjectEvent")
    for column, field in (("event_time", "eventTime"), ("record_time", "recordTime")):
        for operator, sign, words in (("GE", ">=", "at or after"), ("LT", "<", "before")):
            doc = f"Its `{field}` lies {words} this."
            yield _row(f"{operator}_{field}", Takes.TIME, doc, f.column_time(column, sign), "2025-01-31T12:00:00Z")
    doc = "It was told in one of these time zones. Not in the standard."
    yield _row("EQ_eventTimeZoneOffset", Takes.TEXTS, doc, f.offset, "+01:00")
    yield _row("EQ_action", Takes.WORDS, "Its action is one of these.", f.action, "ADD")
    yield _row(
        "EQ_bizStep", Takes.WORDS, "Its business step is one of these.", f.word("bizStep", "biz_step"), "shipping"
    )
    doc = "Its disposition is one of these."
    yield _row("EQ_disposition", Takes.WORDS, doc, f.word("disposition", "disposition"), "in_transit")
    for which in ("set", "unset"):
        field, doc = f"persistentDisposition_{which}", f"It {which}s one of these persistent dispositions."
        yield _row(f"EQ_{field}", Takes.WORDS, doc, f.word(field, "disposition"), "completeness_verified")
    for place, of in (("readPoint", "read point"), ("bizLocation", "business location")):
        example = "urn:epc:id:sgln:0614141.00777.0"
        yield _row(f"EQ_{place}", Takes.IDS, f"Its {of} is one of these.", f.word(place, "id"), example)
        doc = f"Its {of} is one of these or lies within one, by its master data; a GLN extension lies within its GLN."
        yield _row(f"WD_{place}", Takes.IDS, doc, f.within(place), example, lookup=Lookup.PARTS)
    for field, of, spelling, example in (
        ("bizTransaction", "A business transaction of this type", "biz_transaction_type", "po"),
        ("source", "A source of this type", "source_dest_type", "owning_party"),
        ("destination", "A destination of this type", "source_dest_type", "location"),
    ):
        doc = f"{of} is one of these; the type as a word of the CBV or a URI, here `{example}`."
        yield _row(
            f"EQ_{field}_{{type}}", Takes.IDS, doc, f.typed(field, spelling), "urn:epc:id:gdti:0614141.00001.1618034"
        )
    doc = "It is part of one of these transformations."
    yield _row(
        "EQ_transformationID",
        Takes.IDS,
        doc,
        f.named(f.TRANSFORMATION),
        "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    )
    yield from _matches()
    yield from _numbers("quantity", "The quantity of one of its quantity elements", "200", uom=True)
    yield from _numbers(
        "quantity", "The quantity of one of its quantity elements, whatever its unit,", "200", uom=False
    )
    doc = "Its event id is one of these; as captured, or the event hash id."
    yield _row("EQ_eventID", Takes.IDS, doc, f.called, "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8")
    yield from _declarations()
    yield from _sensors()
    yield from _attributes()
    yield from _extensions()
    yield from _cuts()


def _matches() -> Iterator[Row]:
    key, class_ = "urn:epc:idpat:sgtin:0614141.107346.*", "urn:epc:class:lgtin:4012345.012345.998877"
    lists: tuple[tuple[str, str, tuple[int, ...]], ...] = (
        ("epc", "epcList or childEPCs", (f.EPC, f.CHILD)),
        ("parentID", "parentID", (f.PARENT,)),
        ("inputEPC", "inputEPCList", (f.INPUT,)),
        ("outputEPC", "outputEPCList", (f.OUTPUT,)),
    )
    classes: tuple[tuple[str, str, tuple[int, ...]], ...] = (
        ("epcClass", "quantityList or childQuantityList", (f.EPC_CLASS, f.CHILD_CLASS)),
        ("inputEPCClass", "inputQuantityList", (f.INPUT_CLASS,)),
        ("outputEPCClass", "outputQuantityList", (f.OUTPUT_CLASS,)),
    )
    for of, any_, example, is_class in ((lists, "anyEPC", key, False), (classes, "anyEPCClass", class_, True)):
        what = "class" if is_class else "EPC"
        everywhere = (any_, "any of its lists" if is_class else "any of its lists, or parentID", ())
        for name, where, roles in (*of, everywhere):
            fields = [f"MATCH_{name}"] if roles else [f"MATCH_{one[0]}" for one in of]
            all_roles = roles or tuple(role for one in of for role in one[2])
            doc = (
                f"One of these stands in {where}: {what}es" if is_class else f"One of these stands in {where}: {what}s"
            )
            doc += " by EPC URN or Digital Link, or patterns that fix company prefix or class."
            yield _row(f"MATCH_{name}", Takes.IDS, doc, f.match(fields, all_roles, classes=is_class), example)


def _declarations() -> Iterator[Row]:
    yield _row(
        "EXISTS_errorDeclaration", Takes.FLAG, "It declares an event wrong.", f.exists("errorDeclaration"), "true"
    )
    time = f.field_time("errorDeclarationTime")
    yield from _bounds("errorDeclarationTime", "The time of its error declaration", time, also="errorDeclaration_Time")
    doc = "The reason of its error declaration is one of these."
    yield _row("EQ_errorReason", Takes.WORDS, doc, f.word("errorReason", "error_reason"), "did_not_occur")
    doc = "Its error declaration names one of these as corrective events."
    example = "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"
    yield _row("EQ_correctiveEventID", Takes.IDS, doc, f.word("correctiveEventID", "id"), example)


def _sensors() -> Iterator[Row]:
    yield _row("EXISTS_sensorElementList", Takes.FLAG, "It has sensor elements.", f.exists("sensorElementList"), "true")
    for field in ("time", "startTime", "endTime"):
        yield from _bounds(field, f"`{field}` of a sensor element's metadata or report", f.field_time(field))
    for field, spelling, takes, example in (
        ("type", "gs1_term", Takes.WORDS, "Temperature"),
        ("deviceID", "id", Takes.IDS, "urn:epc:id:giai:4000001.111"),
        ("dataProcessingMethod", "id", Takes.IDS, "https://example.com/253/4012345000054987"),
        ("microorganism", "id", Takes.IDS, "https://www.ncbi.nlm.nih.gov/taxonomy/1126011"),
        ("chemicalSubstance", "id", Takes.IDS, "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N"),
        ("bizRules", "id", Takes.IDS, "https://example.com/253/4012345000054987"),
        ("stringValue", "exact", Takes.TEXTS, "SomeString"),
        ("hexBinaryValue", "hex", Takes.TEXTS, "f0f0f0"),
        ("uriValue", "id", Takes.IDS, "https://id.gs1.org/8004/4000001111"),
    ):
        doc = f"`{field}` of a sensor element's metadata or report is one of these."
        yield _row(f"EQ_{field}", takes, doc, f.word(field, spelling), example)
    doc = "`booleanValue` of a sensor report is this."
    yield _row("EQ_booleanValue", Takes.BOOLEAN, doc, f.boolean, "true")
    yield from _numbers("percRank", "`percRank` of a sensor report", "50", uom=False)
    for field in ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue"):
        yield from _numbers(field, f"`{field}` of a sensor report", "26.5", uom=True)


def _attributes() -> Iterator[Row]:
    fields = f"{', '.join(f'`{field}`' for field in f.VOCABULARY_FIELDS)} or an extension field"
    doc = f"The master data of what a field names has one of these attributes; the field is {fields}."
    form, example = "HASATTR_{vocabulary_field}", "urn:epcglobal:cbv:mda:countryCode"
    yield _row(form, Takes.IDS, doc, f.known, example, lookup=Lookup.ATTRIBUTE)
    doc = "The master data of what a field names has this attribute with one of these values. No prefix means the CBV."
    for operator in ("EQATTR", "EQ_ATTR"):
        form = f"{operator}_{{vocabulary_field}}_{{attribute}}"
        yield _row(form, Takes.TEXTS, doc, f.known, "BE", lookup=Lookup.ATTRIBUTE_VALUE)


def _extensions() -> Iterator[Row]:
    where = "an extension field; `{area_}` says in what part of the event, `INNER_` that it stands within another one"
    form = "{INNER_}{area_}{field}"
    doc = f"One of these is the value of {where}. As text, and where it is one also as number or time."
    yield _row(f"EQ_{form}", Takes.TEXTS, doc, f.extension, "KR")
    for operator, words in COMPARISONS.items():
        doc = f"{words.capitalize()} this is a number or time in {where}."
        yield _row(f"{operator}_{form}", Takes.SCALAR, doc, f.extension, "20")
    doc = f"There is {where}."
    yield _row(f"EXISTS_{form}", Takes.FLAG, doc, f.extension, "true")


def _cuts() -> Iterator[Row]:
    doc = "`eventTime`, `recordTime`, or an extension field of numbers or times; events without it come last."
    yield _row(
        "orderBy",
        Takes.TEXT,
        f"Order of the answer: {doc} Without it: by `eventTime`, the oldest first.",
        None,
        "recordTime",
    )
    yield _row("orderDirection", Takes.TEXT, "`ASC` or `DESC`; `DESC` where only `orderBy` is given.", None, "ASC")
    doc = "Only the first so many events of the order; needs `orderBy`, excludes `maxEventCount`."
    yield _row("eventCountLimit", Takes.COUNT, doc, None, "100")
    doc = "If there are more events than this, `QueryTooLargeException` instead of an answer."
    yield _row("maxEventCount", Takes.COUNT, doc, None, "100")


ROWS: tuple[Row, ...] = tuple(_rows())
"""In the order in which names are tried: a family stands behind the parameters that it would cover."""

_BY_NAME: Mapping[str, Row] = {row.form: row for row in ROWS if not row.is_family}


def find(name: str) -> tuple[Row, Mapping[str, str]] | None:
    """The row of a parameter, and the parts of its name that vary."""
    rows = [_BY_NAME[name]] if name in _BY_NAME else ROWS
    for row in rows:
        if found := row.pattern.fullmatch(name):
            return row, {part: text for part, text in found.groupdict().items() if text is not None}
    return None
