"""The verdict on a scanned item: pure rules over its history, each with the events that are its evidence.

The rules know event types, business steps and dispositions of the CBV, and nothing of any trade.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from trace_api.query.authorship import SignedBy
    from trace_api.query.names import Named
    from trace_api.store.events import LoggedEvent


class Weight(enum.StrEnum):
    """What a reason does to the verdict; the heaviest decides."""

    INFO = "info"
    WARNING = "warning"
    UNVERIFIABLE = "unverifiable"
    SUSPECT = "suspect"
    REJECTED = "rejected"


_VERDICTS = {
    Weight.INFO: "genuine",
    Weight.WARNING: "genuine-with-warnings",
    Weight.UNVERIFIABLE: "unverifiable",
    Weight.SUSPECT: "suspect",
    Weight.REJECTED: "rejected",
}
_ORDER = list(Weight)

_BEGINNINGS = frozenset({"commissioning", "creating_class_instance", "encoding", "repackaging"})
_ENDS = {
    "destroyed": "it was destroyed",
    "decommissioned": "its number was withdrawn",
    "consumed": "it was used up in a transformation",
}
_REJECTING = {
    "recalled": "it is recalled",
    "stolen": "it is reported stolen",
    "destroyed": "it was destroyed",
}
_SUSPICIOUS = frozenset(
    {
        "damaged",
        "disposed",
        "expired",
        "mismatch_class",
        "mismatch_instance",
        "mismatch_quantity",
        "no_pedigree_match",
        "non_conformant",
        "non_sellable_other",
    }
)
_HANDED_OVER = {"dispensed": "dispensing", "retail_sold": "retail_selling"}
_TRADING = frozenset(
    {
        *(
            "accepting",
            "arriving",
            "departing",
            "loading",
            "packing",
            "picking",
            "receiving",
            "repackaging",
            "shipping",
        ),
        *("staging_outbound", "stocking", "storing", "transporting", "unloading", "unpacking"),
    }
)
"""Steps of a thing in trade: not before it began, and not after it was handed to whoever uses it."""
_LEAVING = frozenset({"shipping", "departing"})
_COMING = frozenset({"arriving", "accepting", "receiving", "void_shipping"})


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `events` are the ids of the events that are the evidence."""

    code: str
    weight: Weight
    message: str
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rules look at: the history as lineage tells it, and the latest of its events as stored, by
    their keys; `truncated` when there are more than those. `erased` events named the item and say nothing any more.
    `signed` says who signed, and `labels` what was said of the item's label, by the same keys."""

    named: Named
    history: Mapping[str, Any]
    voided: Sequence[Mapping[str, Any]]
    stored: Mapping[int, LoggedEvent]
    today: date
    truncated: bool
    erased: int = 0
    signed: Mapping[int, SignedBy] = field(default_factory=dict)
    labels: Mapping[int, Mapping[str, Sequence[str]]] = field(default_factory=dict)


def judge(evidence: Evidence) -> tuple[str, list[Reason]]:
    """The verdict and all its reasons, heaviest first."""
    reasons = sorted(_reasons(evidence), key=lambda reason: -_ORDER.index(reason.weight))
    heaviest = reasons[0].weight if reasons else Weight.INFO
    return _VERDICTS[heaviest], reasons


def _reasons(evidence: Evidence) -> Iterator[Reason]:
    events = evidence.history["events"]
    if evidence.erased:
        message = f"{evidence.erased} events that named this item were erased"
        yield Reason("events_erased", Weight.WARNING, message)
    if not events:
        what = "no event that counts names this item" if evidence.voided else "no event names this item"
        yield Reason("unknown_item", Weight.UNVERIFIABLE, what)
        yield from _voided(evidence)
        return
    if evidence.history["kind"] == "class":
        yield Reason("class_only", Weight.UNVERIFIABLE, "this names a product, not one item or lot of it")
        return
    own = [event for event in events if event["via"] is None]
    yield from _origin(evidence.history, own)
    yield from _end(evidence.history, own)
    yield from _disposition(evidence.history, events)
    yield from _ever(evidence.history, events)
    yield from _after_handover(evidence.history, own)
    yield from _journey(evidence.history, events)
    yield from _twice(evidence.history, own)
    yield from _label(evidence)
    yield from _records(evidence, events)
    yield from _authorship(evidence, events)


def _authorship(evidence: Evidence, events: list[dict[str, Any]]) -> Iterator[Reason]:
    """Who says so: by signature, or only because the server knew on whose behalf it took it."""
    shown = [event for event in events if event["event_key"] in evidence.stored]
    signed = [
        (event["event_id"], evidence.signed[key]) for event in shown if (key := event["event_key"]) in evidence.signed
    ]
    if signed:
        counts = Counter(by.partner for _, by in signed)
        who = ", ".join(f"{count} by {partner}" for partner, count in sorted(counts.items()))
        message = f"of {len(shown)} events, these are signed: {who}"
        yield Reason("signed", Weight.INFO, message, tuple(event_id for event_id, _ in signed))
    if unsigned := [event["event_id"] for event in shown if event["event_key"] not in evidence.signed]:
        message = f"nobody signed {len(unsigned)} of {len(shown)} events; the server says on whose behalf it took them"
        yield Reason("only_authenticated", Weight.INFO, message, tuple(unsigned))
    if doubtful := [event_id for event_id, by in signed if by.in_doubt]:
        message = "a key that signed was in doubt at the time, as its partner said later"
        yield Reason("key_in_doubt", Weight.WARNING, message, tuple(doubtful))


def _origin(history: Mapping[str, Any], own: list[dict[str, Any]]) -> Iterator[Reason]:
    begun = [event for event in own if event["biz_step"] in _BEGINNINGS or event["event_type"] == "TransformationEvent"]
    # A logistic unit begins when things are packed onto it.
    adding = ("ObjectEvent", "AggregationEvent") if history["kind"] == "logistic_unit" else ("ObjectEvent",)
    begun = begun or [event for event in own if event["event_type"] in adding and event["action"] == "ADD"]
    if not begun:
        message = "no event says where it began, so nothing shows that it is what it says"
        yield Reason("origin_unknown", Weight.UNVERIFIABLE, message)
        return
    yield Reason("origin_known", Weight.INFO, "its beginning is recorded", (begun[0]["event_id"],))
    before = [event for event in own if event["time"] < begun[0]["time"] and event["biz_step"] in _TRADING]
    if before:
        saying = (before[0]["event_id"], begun[0]["event_id"])
        yield Reason("before_beginning", Weight.SUSPECT, "it was in trade before it began", saying)


def _end(history: Mapping[str, Any], own: list[dict[str, Any]]) -> Iterator[Reason]:
    if (end := history["ended"]) is None:
        return
    saying = [event["event_id"] for event in own if event["time"] == end["time"]]
    yield Reason("ended", Weight.REJECTED, _ENDS.get(end["how"], "it ceased to be"), tuple(saying))


def _disposition(history: Mapping[str, Any], events: list[dict[str, Any]]) -> Iterator[Reason]:
    """What is stated now: by the last event that states one, or until it is unset."""
    stated = [history["disposition"], *history["persistent_dispositions"]]
    for disposition in dict.fromkeys(stated):
        saying = _saying(events, disposition)[-1:]
        if disposition in _REJECTING:
            yield Reason(disposition, Weight.REJECTED, _REJECTING[disposition], saying)
        elif disposition in _SUSPICIOUS:
            yield Reason(disposition, Weight.SUSPECT, f"its last stated condition is {disposition}", saying)
        elif disposition in _HANDED_OVER:
            yield Reason(disposition, Weight.WARNING, f"it was {disposition.replace('_', ' ')} already", saying)
    if history["in_transit"]:
        left = tuple(event["event_id"] for event in events if event["biz_step"] in _LEAVING | {"transporting"})[-1:]
        yield Reason("in_transit", Weight.INFO, "it was shipped and is not recorded as received", left)


def _saying(events: list[dict[str, Any]], disposition: str | None) -> tuple[str, ...]:
    return tuple(
        event["event_id"]
        for event in events
        if event["disposition"] == disposition or disposition in event["persistent_set"]
    )


def _ever(history: Mapping[str, Any], events: list[dict[str, Any]]) -> Iterator[Reason]:
    """What is not undone by an event that only says something else: it has to be unset, or declared wrong."""
    now = {history["disposition"], *history["persistent_dispositions"]}
    for disposition, what in _REJECTING.items():
        said = [n for n, event in enumerate(events) if event["disposition"] == disposition]
        if not said or disposition in now:
            continue
        if not any(disposition in event["persistent_unset"] for event in events[said[-1] :]):
            message = f"{what}, and nothing says that this is over"
            yield Reason(f"{disposition}_before", Weight.SUSPECT, message, (events[said[-1]]["event_id"],))


def _after_handover(history: Mapping[str, Any], own: list[dict[str, Any]]) -> Iterator[Reason]:
    """A thing that was handed to whoever uses it is not in trade any more, unless it was returned."""
    if history["kind"] != "serial":
        return
    handed: dict[str, Any] | None = None
    for event in own:
        if event["biz_step"] in _HANDED_OVER.values() or event["disposition"] in _HANDED_OVER:
            handed = event
        elif event["disposition"] == "returned":
            handed = None
        elif handed is not None and event["biz_step"] in _TRADING:
            message = "it is in trade again after it was handed to whoever uses it"
            yield Reason("after_handover", Weight.SUSPECT, message, (handed["event_id"], event["event_id"]))
            return


def _journey(history: Mapping[str, Any], events: list[dict[str, Any]]) -> Iterator[Reason]:
    """One thing leaves another site only after it came there. Parts of a lot may; a recall tells of those."""
    if history["kind"] == "lot":
        return
    left: dict[str, Any] | None = None
    for event in events:
        if event["biz_step"] in _COMING:
            left = None
        elif event["biz_step"] in _LEAVING:
            site = _site(event)
            if left is not None and site and _site(left) and site != _site(left):
                message = "it was shipped from two sites without having come to the second"
                yield Reason("shipped_not_received", Weight.WARNING, message, (left["event_id"], event["event_id"]))
                return
            left = event


def _site(event: Mapping[str, Any]) -> str:
    """A place without the extension that tells its doors apart."""
    place: str = event["read_point"] or event["biz_location"] or ""
    return place.partition("/254/")[0]


def _twice(history: Mapping[str, Any], own: list[dict[str, Any]]) -> Iterator[Reason]:
    """What can happen to one thing only once, and happened twice: somebody has copied the number."""
    if history["kind"] not in ("serial", "logistic_unit"):
        return
    for step, what in (
        ("commissioning", "commissioned"),
        ("dispensing", "dispensed"),
        ("retail_selling", "sold"),
        ("decommissioning", "decommissioned"),
    ):
        events = tuple(event["event_id"] for event in own if event["biz_step"] == step)
        if len(events) > 1:
            yield Reason(f"{what}_twice", Weight.SUSPECT, f"it was {what} {len(events)} times", events)


def _label(evidence: Evidence) -> Iterator[Reason]:
    """What the barcode says beside the key, against what was recorded when the item began."""
    lots: list[tuple[str, str]] = []
    expiries: list[tuple[str, str]] = []
    for step in evidence.history["events"]:
        # Of what a transformation makes, and of what stands on a container, its event tells; not of this.
        if step["used"] or step["via"] is not None:
            continue
        for name, values in evidence.labels.get(step["event_key"], {}).items():
            for value in values:
                told, what = (lots, value) if name == "lotNumber" else (expiries, value[:10])
                told.append((what, step["event_id"]))
    scanned_lot, scanned_expiry = evidence.named.elements.get("10"), _date_of(evidence.named.elements.get("17"))
    recorded = sorted({lot for lot, _ in lots})
    if scanned_lot and lots and scanned_lot not in recorded:
        message = f"the label says lot {scanned_lot}, recorded is {', '.join(recorded)}"
        yield Reason("lot_mismatch", Weight.SUSPECT, message, tuple(event for _, event in lots))
    recorded = sorted({expiry for expiry, _ in expiries})
    if scanned_expiry and expiries and scanned_expiry not in recorded:
        message = f"the label says {scanned_expiry}, recorded is {', '.join(recorded)}"
        yield Reason("expiry_mismatch", Weight.SUSPECT, message, tuple(event for _, event in expiries))
    known = scanned_expiry or max(recorded, default=None)
    if known is not None and known < evidence.today.isoformat():
        yield Reason(
            "expired", Weight.WARNING, f"it expired on {known}", tuple(event for at, event in expiries if at == known)
        )


def _date_of(yymmdd: str | None) -> str | None:
    """AI (17) as a date: two digits of the year, of this century; day 00 is the last of the month, and
    not compared."""
    if yymmdd is None or len(yymmdd) != 6 or yymmdd.endswith("00"):
        return None
    return f"20{yymmdd[:2]}-{yymmdd[2:4]}-{yymmdd[4:]}"


def _records(evidence: Evidence, events: list[dict[str, Any]]) -> Iterator[Reason]:
    """What is odd about the records themselves."""
    latest = [event for event in events if event["event_key"] in evidence.stored]
    if waiting := [event["event_id"] for event in latest if _leaf_index(evidence, event) is None]:
        yield Reason("not_in_log", Weight.WARNING, f"{len(waiting)} events are not in the log yet", tuple(waiting))
    yield from _voided(evidence)
    by_hash: dict[bytes, list[str]] = {}
    for event in events:
        if stored := evidence.stored.get(event["event_key"]):
            by_hash.setdefault(stored.event_hash_id, []).append(event["event_id"])
            if stored.findings:
                what = ", ".join(sorted({finding["code"] for finding in orjson.loads(stored.findings)}))
                yield Reason("finding", Weight.WARNING, f"an event has findings: {what}", (event["event_id"],))
    for same in by_hash.values():
        if len(same) > 1:
            message = "events with one event hash id have different contents"
            yield Reason("event_hash_id_shared", Weight.WARNING, message, tuple(same))
    if evidence.truncated:
        yield Reason("truncated", Weight.WARNING, "there are more events than were looked at")


def _voided(evidence: Evidence) -> Iterator[Reason]:
    if voided := [event["event_id"] for event in evidence.voided]:
        message = f"{len(voided)} events were declared wrong and do not count"
        yield Reason("corrected", Weight.INFO, message, tuple(voided))


def _leaf_index(evidence: Evidence, event: Mapping[str, Any]) -> int | None:
    stored = evidence.stored.get(event["event_key"])
    return stored.leaf_index if stored else None
