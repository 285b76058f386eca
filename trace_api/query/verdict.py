"""The verdict on a scanned item: pure rules over its history, each with the events that are its evidence.

The rules know event types, business steps and dispositions of the CBV, and nothing of any trade.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

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
    their keys; `truncated` when there are more than those."""

    named: Named
    history: Mapping[str, Any]
    voided: Sequence[Mapping[str, Any]]
    stored: Mapping[int, LoggedEvent]
    today: date
    truncated: bool


def judge(evidence: Evidence) -> tuple[str, list[Reason]]:
    """The verdict and all its reasons, heaviest first."""
    reasons = sorted(_reasons(evidence), key=lambda reason: -_ORDER.index(reason.weight))
    heaviest = reasons[0].weight if reasons else Weight.INFO
    return _VERDICTS[heaviest], reasons


def _reasons(evidence: Evidence) -> Iterator[Reason]:
    events = evidence.history["events"]
    if not events:
        what = "no event that counts names this item" if evidence.voided else "no event names this item"
        yield Reason("unknown_item", Weight.UNVERIFIABLE, what)
        yield from _voided(evidence)
        return
    if evidence.history["kind"] == "class":
        yield Reason("class_only", Weight.UNVERIFIABLE, "this names a product, not one item or lot of it")
        return
    own = [event for event in events if event["via"] is None]
    yield from _origin(own)
    yield from _end(evidence.history, own)
    yield from _disposition(evidence.history, own)
    yield from _twice(evidence.history, own)
    yield from _label(evidence)
    yield from _records(evidence, events)


def _origin(own: list[dict[str, Any]]) -> Iterator[Reason]:
    begun = [event for event in own if event["biz_step"] in _BEGINNINGS or event["event_type"] == "TransformationEvent"]
    begun = begun or [event for event in own if (event["event_type"], event["action"]) == ("ObjectEvent", "ADD")]
    if begun:
        yield Reason("origin_known", Weight.INFO, "its beginning is recorded", (begun[0]["event_id"],))
    else:
        yield Reason("origin_unknown", Weight.WARNING, "no event says where it began")


def _end(history: Mapping[str, Any], own: list[dict[str, Any]]) -> Iterator[Reason]:
    if (end := history["ended"]) is None:
        return
    saying = [event["event_id"] for event in own if event["time"] == end["time"]]
    yield Reason("ended", Weight.REJECTED, _ENDS.get(end["how"], "it ceased to be"), tuple(saying))


def _disposition(history: Mapping[str, Any], own: list[dict[str, Any]]) -> Iterator[Reason]:
    disposition = history["disposition"]
    saying = tuple(event["event_id"] for event in own if event["disposition"] == disposition)[-1:]
    if disposition in _REJECTING:
        yield Reason(disposition, Weight.REJECTED, _REJECTING[disposition], saying)
    elif disposition in _SUSPICIOUS:
        yield Reason(disposition, Weight.SUSPECT, f"its last stated condition is {disposition}", saying)
    elif disposition in _HANDED_OVER:
        yield Reason(disposition, Weight.WARNING, f"it was {disposition.replace('_', ' ')} already", saying)
    if history["in_transit"]:
        yield Reason("in_transit", Weight.INFO, "it was shipped and is not recorded as received")


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
    lots: set[str] = set()
    expiries: set[str] = set()
    saying: list[str] = []
    for step in evidence.history["events"]:
        # Of what a transformation makes, and of what stands on a container, its event tells; not of this.
        if step["used"] or step["via"] is not None:
            continue
        for name, values in step["label"].items():
            if name == "lotNumber":
                lots.update(values)
                saying.append(step["event_id"])
            else:
                expiries.update(value[:10] for value in values)
    scanned_lot, scanned_expiry = (
        evidence.named.elements.get("10"),
        _date_of(evidence.named.elements.get("17")),
    )
    if scanned_lot and lots and scanned_lot not in lots:
        recorded = ", ".join(sorted(lots))
        yield Reason(
            "lot_mismatch",
            Weight.SUSPECT,
            f"the label says lot {scanned_lot}, recorded is {recorded}",
            tuple(saying),
        )
    if scanned_expiry and expiries and scanned_expiry not in expiries:
        recorded = ", ".join(sorted(expiries))
        yield Reason("expiry_mismatch", Weight.SUSPECT, f"the label says {scanned_expiry}, recorded is {recorded}")
    known = {scanned_expiry} if scanned_expiry else expiries
    if known and max(known) < evidence.today.isoformat():
        yield Reason("expired", Weight.WARNING, f"it expired on {max(known)}")


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
        yield Reason("truncated", Weight.WARNING, "there are more events than are shown")


def _voided(evidence: Evidence) -> Iterator[Reason]:
    if voided := [event["event_id"] for event in evidence.voided]:
        message = f"{len(voided)} events were declared wrong and do not count"
        yield Reason("corrected", Weight.INFO, message, tuple(voided))


def _leaf_index(evidence: Evidence, event: Mapping[str, Any]) -> int | None:
    stored = evidence.stored.get(event["event_key"])
    return stored.leaf_index if stored else None
