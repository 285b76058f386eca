"""`python -m trace_api.query.simple > docs/queries.md`: the manual of the query language, from its table."""

# ruff: noqa: E501 (a paragraph of Markdown is a line)

from __future__ import annotations

from trace_api.query.simple import pages, parse
from trace_api.query.simple.table import ROWS

_HEAD = f"""\
# Queries

`GET /events` takes the parameters of EPCIS 2.0's SimpleEventQuery (§8.2.7.1). An event is found when it meets all of them. This page is made from the table in the code: `python -m trace_api.query.simple > docs/queries.md`.

- **Several values** of one parameter stand apart by `|` (`%7C`), or under the same name again; an event meets the parameter by one of them. A value with a `|` in it can be asked for in JSON alone.
- **Words, keys and names have many forms, and all of them find each other**: business steps, dispositions and types as words, CURIEs, URNs or web URIs; GS1 keys as EPC URNs or as Digital Links of any domain; extension fields as `prefix:name` or by their full name, `namespace#name`. Prefixes of your own stand in the header: `GS1-Extensions: ex=https://example.org/ns/`.
- **Patterns** (`urn:epc:idpat:sgtin:0614141.107346.*`) fix the class, the company prefix or nothing; also for events that were told by Digital Links.
- **Units are converted**: `GE_value_FAH=50` finds 10 °C. `uom` is a code of UN/ECE Rec 20; a code that is not known is compared with itself alone. A quantity without a unit counts pieces (`H87`).
- **Each parameter looks by itself**: `GE_value_CEL=5&LT_value_CEL=8` also finds an event with one report of 4 °C and another of 9 °C.
- **Extension fields** hold texts, numbers and times. A text that is written as a JSON number or as a time is one, too: `20` finds `"20.0"`. `007` is a text. Arrays meet a parameter by one of their elements. `{{area_}}` is `ILMD_`, `ERROR_DECLARATION_`, `SENSORELEMENT_`, `SENSORMETADATA_`, `SENSORREPORT_`, `readPoint_`, `bizLocation_`, or nothing for fields of the event itself; `INNER_` asks for fields at any depth within such a field.
- **Pages**: `perPage` events at most ({pages.PAGE_EVENTS_MAX:,}), and `Link: …; rel="next"` where there are more. A token is a place in the order of one query: it stays good while events arrive, and for no other query.
- **Limits**: {parse.PARAMETERS_MAX} parameters, {parse.VALUES_MAX:,} values of one, {parse.VALUE_CHARACTERS_MAX:,} characters in one. A query that the database expects to cost too much, or that runs longer than {pages.QUERY_S_MAX:g} s, is 413 `epcisException:QueryTooComplexException`; more events than `maxEventCount` are 413 `epcisException:QueryTooLargeException`; any parameter that is not one of these, or has a value that it does not take, is 400 `epcisException:QueryParameterException`, which names it.

| parameter | takes | finds an event when | example |
|---|---|---|---|
"""


def manual() -> str:
    """The page, in Markdown."""
    rows = (f"| `{row.form}` | {row.takes.value} | {row.doc} | {_code(row.example)} |\n" for row in ROWS)
    return _HEAD + "".join(rows)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    print(manual(), end="")
