"""How stored events are written down for a client: media type, form of the keys, form of the vocabulary."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from biip.gs1_prefixes import GS1CompanyPrefix

import trace_core
from trace_api.errors import NotFound
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
    """An EPCISQueryDocument of events, without those that were erased."""
    shown = [event for event in events if event.body is not None]
    if form.media is Media.NDJSON:
        return b"".join(bare_event(event, form.epcs).replace(b"\n", b" ") + b"\n" for event in shown)
    context, bodies = _minimal(shown, form) if form.media is Media.JSON else _full(shown, form)
    results: dict[str, Any] = {"subscriptionID": subscription_id} if subscription_id is not None else {}
    results |= {"queryName": query_name, "resultsBody": {"eventList": [orjson.Fragment(body) for body in bodies]}}
    return orjson.dumps({
        "@context": context,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "epcisBody": {"queryResults": results},
    })  # fmt: skip


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
    found = GS1CompanyPrefix.extract(digits)
    return None if found is None else len(found.value)


def _full(events: Iterable[StoredEvent], form: Form) -> tuple[list[object], list[bytes]]:
    return [CONTEXT], [bare_event(event, form.epcs) for event in events]


def _minimal(events: Iterable[StoredEvent], form: Form) -> tuple[list[object], list[bytes]]:
    """What the events' contexts say together, once. An event whose prefixes mean something else than another's, or
    that has a context of its own, keeps it."""
    prefixes: dict[str, str] = {}
    is_covered: dict[bytes, bool] = {}
    bodies = []
    for event in events:
        if event.context not in is_covered:
            own = _prefixes_of(event.context)
            is_covered[event.context] = fits = own is not None and all(prefixes.get(p, own[p]) == own[p] for p in own)
            prefixes |= own if fits and own is not None else {}
        body = event.body or b""
        is_own = not is_covered[event.context] or b'"@context"' in body
        bodies.append(bare_event(event, form.epcs) if is_own else _with_keys(body, form.epcs))
    return [CONTEXT, prefixes] if prefixes else [CONTEXT], bodies


def _prefixes_of(context: bytes) -> dict[str, str] | None:
    """The prefixes of a context that has the standard's and nothing but prefixes besides; None of another."""
    prefixes: dict[str, str] = {}
    for part in orjson.loads(context):
        if isinstance(part, dict) and all(isinstance(value, str) for value in part.values()):
            prefixes |= part
        elif part not in _STANDARD_CONTEXTS:
            return None
    return prefixes
