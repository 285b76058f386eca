"""What a person or scanner writes, as the names under which events are filed."""

from __future__ import annotations

from dataclasses import dataclass

import trace_core
from trace_api.errors import Invalid


@dataclass(frozen=True, slots=True)
class Named:
    """One thing, by its exact name. `lot` and `class_` are the lot and class that the scan tells beside it;
    `elements` are the scan's application identifiers with their values; `is_class` when it names a
    product without lot or serial."""

    item: str
    lot: str | None
    class_: str | None
    elements: dict[str, str]
    is_class: bool


def read_name(text: str, *, also_wrong: bool = False) -> Named:
    """Reads an element string, Digital Link, EAN/UPC, SSCC or EPC URN; any other URI is its own name, and with
    `also_wrong` one that means to be a key and is a wrong one: events that hold such keys are kept under them.

    Raises `Invalid` that says what is wrong and where, such as a check digit.
    """
    try:
        scan = trace_core.scan(text)
    except trace_core.ScanError as error:
        if _is_other_uri(text) or (also_wrong and _is_uri(text)):
            return Named(text, None, None, {}, is_class=False)
        message, code, offset = error.args
        fault = {"code": code, "message": message, "offset": offset}
        raise Invalid(f"not a GS1 key: {message}", problems=[fault]) from None
    if not scan.keys:
        raise Invalid("the scan names no item", problems=[])
    item, class_ = scan.keys[0], scan.classes[0]
    is_class = item.startswith("https://id.gs1.org/01/") and class_ is None
    return Named(item, scan.lots[0], class_, dict(scan.elements), is_class=is_class)


def _is_other_uri(text: str) -> bool:
    """A URI with a scheme that is no GS1 key: events may name those, too."""
    return _is_uri(text) and not text.startswith(("urn:epc:", "http://", "https://"))


def _is_uri(text: str) -> bool:
    scheme, colon, rest = text.strip().partition(":")
    is_scheme = scheme.isascii() and scheme[:1].isalpha() and scheme.replace("+", "").replace("-", "").isalnum()
    return bool(colon and rest) and is_scheme
