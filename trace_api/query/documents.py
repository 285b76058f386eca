"""How stored events are written down for a client: media type, form of the keys, form of the vocabulary."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import orjson

import trace_core
from trace_api.errors import NotAcceptable, NotFound
from trace_api.query.receipts import event_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trace_api.store.events import StoredEvent

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_STANDARD_CONTEXTS = frozenset({
    CONTEXT,
    "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    "https://gs1.github.io/EPCIS/epcis-context.jsonld",
})  # fmt: skip
"""Addresses under which the standard's own context is known."""


_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
"""Line ends are white space in JSON; in a string they are never raw."""


class Media(enum.StrEnum):
    """Media types of event lists."""

    JSON = "application/json"
    """One context for the document, as short as it can be."""
    JSON_LD = "application/ld+json"
    """Each event with the whole context that it was captured with, so that it can be cut out."""
    XML = "application/xml"
    NDJSON = "application/x-ndjson"
    """Bare events, one a line."""


class EpcFormat(enum.StrEnum):
    """GS1-EPC-Format: how keys are written."""

    NO_PREFERENCE = "No_Preference"
    NEVER_TRANSLATES = "Never_Translates"
    DIGITAL_LINK = "Always_GS1_Digital_Link"
    EPC_URN = "Always_EPC_URN"


class CbvFormat(enum.StrEnum):
    """GS1-CBV-XML-Format: how words of the vocabulary are written in XML."""

    NO_PREFERENCE = "No_Preference"
    NEVER_TRANSLATES = "Never_Translates"
    WEB_URI = "Always_Web_URI"
    URN = "Always_URN"


@dataclass(frozen=True, slots=True)
class Form:
    """What a client wishes an answer to look like."""

    media: Media = Media.JSON
    epcs: EpcFormat = EpcFormat.NO_PREFERENCE
    cbv: CbvFormat = CbvFormat.NO_PREFERENCE


def bare_event(event: StoredEvent, epcs: EpcFormat = EpcFormat.NO_PREFERENCE) -> bytes:
    """The event as JSON by itself: its own bytes, with its document's context. Raises `NotFound` once erased."""
    if event.body is None:
        raise NotFound(f"{event_id_of(event)} was erased")
    return trace_core.bare_event(_with_keys(event.body, epcs), event.context)


def query_document(
    events: Iterable[StoredEvent],
    form: Form,
    *,
    query_name: str = "SimpleEventQuery",
    subscription_id: str | None = None,
) -> bytes:
    """An EPCISQueryDocument of events, without those that were erased. Raises `NotAcceptable` for what XML cannot
    hold."""
    shown = [event for event in events if event.body is not None]
    if form.media is Media.NDJSON:
        return b"".join(bare_event(event, form.epcs).translate(_ONE_LINE) + b"\n" for event in shown)
    context, bodies = _full(shown, form) if form.media is Media.JSON_LD else _minimal(shown, form)
    results: dict[str, Any] = {"subscriptionID": subscription_id} if subscription_id is not None else {}
    results |= {"queryName": query_name, "resultsBody": {"eventList": [orjson.Fragment(body) for body in bodies]}}
    document = orjson.dumps({
        "@context": context,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "epcisBody": {"queryResults": results},
    })  # fmt: skip
    return _as_xml(document, form.cbv) if form.media is Media.XML else document


def _as_xml(document: bytes, cbv: CbvFormat) -> bytes:
    try:
        return trace_core.xml_of_json(document, cbv=_CBV_IN_XML[cbv])
    except trace_core.CaptureError as refusal:
        raise NotAcceptable(f"the answer cannot be written as XML: {refusal}") from None


_CBV_IN_XML: dict[CbvFormat, Literal["urn", "web", "as_is"]] = {
    CbvFormat.NO_PREFERENCE: "urn",
    CbvFormat.URN: "urn",
    CbvFormat.WEB_URI: "web",
    CbvFormat.NEVER_TRANSLATES: "as_is",
}


def keys_as(names: Sequence[str], epcs: EpcFormat) -> list[str]:
    """GS1 keys in the form that is wished for; all else as it is."""
    if epcs in (EpcFormat.NO_PREFERENCE, EpcFormat.NEVER_TRANSLATES):
        return list(names)
    written: list[str] = orjson.loads(_with_keys(orjson.dumps({"epcList": names}), epcs))["epcList"]
    return written


def _with_keys(body: bytes, epcs: EpcFormat) -> bytes:
    match epcs:
        case EpcFormat.DIGITAL_LINK:
            return trace_core.with_keys(body)
        case EpcFormat.EPC_URN:
            return trace_core.with_keys(body, prefix_digits=_prefix_digits)
    return body


def _prefix_digits(digits: str) -> int | None:
    # A company prefix has twelve digits at most, so there are few different questions.
    return _prefix_digits_of(digits[:12])


@functools.lru_cache(maxsize=65_536)
def _prefix_digits_of(digits: str) -> int | None:
    from biip.gs1_prefixes import GS1CompanyPrefix  # Reads its tables, which few answers need.

    found = GS1CompanyPrefix.extract(digits)
    return None if found is None else len(found.value)


def _full(events: Iterable[StoredEvent], form: Form) -> tuple[list[object], list[bytes]]:
    return [CONTEXT], [bare_event(event, form.epcs) for event in events]


def _minimal(events: Sequence[StoredEvent], form: Form) -> tuple[list[object], list[bytes]]:
    """What the contexts of all events say alike, once: a prefix that only some declare means nothing in the others,
    and may not come to mean something. An event with more than that keeps its whole context."""
    contexts = {event.context: _prefixes_of(event.context) for event in events}
    declared = list(contexts.values())
    shared: dict[str, str] = {}
    if declared and None not in declared:
        first, *others = (prefixes or {} for prefixes in declared)
        shared = {p: uri for p, uri in first.items() if all(other.get(p) == uri for other in others)}
    bodies = []
    for event in events:
        body = event.body or b""
        is_covered = contexts[event.context] == shared and b'"@context"' not in body
        bodies.append(_with_keys(body, form.epcs) if is_covered else bare_event(event, form.epcs))
    return [CONTEXT, shared] if shared else [CONTEXT], bodies


def _prefixes_of(context: bytes) -> dict[str, str] | None:
    """The prefixes of a context that has the standard's and nothing but prefixes besides; None of another."""
    prefixes: dict[str, str] = {}
    for part in orjson.loads(context):
        if isinstance(part, dict) and all(isinstance(value, str) for value in part.values()):
            prefixes |= part
        elif part not in _STANDARD_CONTEXTS:
            return None
    return prefixes
