"""A scan, and what is said of it: the verdict with its reasons, state, timeline and proofs."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

import trace_core
from trace_api.errors import Invalid, Unavailable
from trace_api.log.tiles import UpperTiles
from trace_api.query import by_id, master_data, receipts
from trace_api.query.authorship import SignedBy, signatures
from trace_api.query.completeness import EVENTS_MISSING, LEAVES_MAX, IndexBehind, of_named
from trace_api.query.names import Named, read_name
from trace_api.query.verdict import Evidence, Reason, Weight, judge
from trace_api.query.walk import machine, walk
from trace_api.store import events
from trace_api.store import log as log_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from trace_api.log.item_index import IndexKeeper
    from trace_api.query.simple.filters import Keys
    from trace_api.store.events import LoggedEvent
    from trace_api.store.log import Published
    from trace_api.store.pool import Store

TIMELINE_EVENTS = 50
"""Events of a verdict's timeline, the latest, unless more are asked for; each comes with its proof, a kilobyte."""
TIMELINE_EVENTS_MAX = 200
"""The most that can be asked for. A verdict looks at the records and proofs of as many, whatever is shown."""
EVIDENCE_EVENTS_MAX = 50
"""Events that a reason names, the latest of its evidence."""
ERASED_COUNTED_MAX = 100
"""Erased events that a verdict counts."""
KEY_FAULTS = frozenset({"check_digit", "length", "character", "content", "structure"})
"""What is wrong with a scan that means to be a GS1 key: the verdict is `rejected`, not an error."""
_STATE = (
    "place",
    "since",
    "disposition",
    "in_transit",
    "custodian",
    "ended",
    "containers",
    "portions",
    "last_event",
)
_INSIDE = frozenset({"event_key", "declared_by"})


@dataclass(frozen=True, slots=True)
class Verification:
    """Where scans are looked up, and what proves what is said of them."""

    store: Store
    keys: Keys
    keeper: IndexKeeper
    upper: UpperTiles = field(default_factory=UpperTiles)

    async def verdict(self, scan: str, shown: int = TIMELINE_EVENTS) -> dict[str, Any]:
        """The verdict on what a scanner gave, with reasons, state, and a timeline of the latest `shown` events,
        `TIMELINE_EVENTS_MAX` at most, with their proofs. A scan that means to be a GS1 key and is a wrong one is
        rejected; `Invalid` is raised for what is no key at all."""
        try:
            named = read_name(scan)
        except Invalid as invalid:
            faults = [problem for problem in invalid.problems if problem.get("code") in KEY_FAULTS]
            if not faults:
                raise
            reason = Reason(str(faults[0]["code"]), Weight.REJECTED, str(invalid))
            return _answer(scan, scan, "rejected", [reason])
        return await (self._of_class(scan, named) if named.is_class else self._of_item(scan, named, shown))

    async def _of_item(self, scan: str, named: Named, shown: int) -> dict[str, Any]:
        blinding = self.keys.blinding
        question = machine("history", named.item, blinding)
        async with self.store.snapshot() as connection:
            walked = await walk(connection, question, with_keys=True)
            answer = orjson.loads(walked.answer)
            [history] = answer["histories"]
            judged = history["events"][-TIMELINE_EVENTS_MAX:]
            timeline = judged[max(0, len(judged) - shown) :]
            keys = {event["event_key"] for event in judged}
            # What may name the item is read with it, as far as it can be proven that it is all.
            filed = set(walked.named) if len(walked.named) <= LEAVES_MAX else None
            logged = await events.logged_by_key(connection, sorted(keys.union(filed or ())))
            stored = {row.event_key: row for row in logged if row.event_key in keys}
            signed = await signatures(connection, list(stored.values()))
            erased = await self._count_erased(connection, named.item, filed, logged)
            names = await master_data.names_of(connection, blinding, ids_of(named, history, timeline))
            # An item is called what its product is called, if nothing else.
            called = next((names[id_] for id_ in (named.item, named.lot, named.class_) if id_ in names), None)
            names |= {named.item: called} if called else {}
            complete = None
            try:
                published = await log_store.read_published(connection)
                on_show = {event["event_key"] for event in timeline}
                rows, tree = list(stored.values()), published.events
                proofs, broken = await receipts.proofs(connection, rows, tree, on_show, self.upper), None
                with contextlib.suppress(IndexBehind):
                    complete = await self._complete(connection, published, named.item, filed, logged)
            except trace_core.ProofError as failure:
                proofs, complete = None, None
                broken = Reason("proof_failed", Weight.REJECTED, f"the log does not hold: {failure}")
        truncated = answer["truncated"] or len(judged) < len(history["events"])
        today = datetime.now(UTC).date()
        labels = question.labels()
        evidence = Evidence(named, history, answer["voided"], stored, today, truncated, erased, signed, labels)
        verdict, reasons = judge(evidence)
        if broken is not None:
            verdict, reasons = "rejected", [broken, *reasons]
        return {
            **_answer(scan, named.item, verdict, reasons),
            "state": state_of(history),
            "contents": outside(history["contents"]),
            "event_count": len(history["events"]),
            "timeline": [
                _step(event, stored.get(event["event_key"]), signed.get(event["event_key"]))
                for event in reversed(timeline)
            ],
            "voided": outside(answer["voided"]),
            "names": names,
            "proofs": proofs,
            "completeness": complete,
        }

    async def _count_erased(
        self, connection: asyncpg.Connection, item: str, filed: set[int] | None, logged: Sequence[LoggedEvent]
    ) -> int:
        if filed is None:
            return await events.count_erased(connection, self.keys.blinding.name_hash(item), ERASED_COUNTED_MAX)
        return min(ERASED_COUNTED_MAX, sum(not row.body_bytes and row.event_key in filed for row in logged))

    async def _complete(
        self,
        connection: asyncpg.Connection,
        published: Published,
        item: str,
        filed: set[int] | None,
        logged: Sequence[LoggedEvent],
    ) -> dict[str, Any] | None:
        """The proof that no event of an item was left out; None where it is in too many."""
        if filed is None:
            return None
        named = [row for row in logged if row.event_key in filed]
        if len(named) != len(filed):
            raise Unavailable(EVENTS_MISSING)
        return await of_named(connection, self.keeper, self.keys.blinding, published, item, named)

    async def _of_class(self, scan: str, named: Named) -> dict[str, Any]:
        """A product without lot or serial: too many items for one history, so only whether it is known."""
        async with self.store.snapshot() as connection:
            first = await by_id.one_of_class(connection, self.keys, named.item)
        if first is not None:
            message = "this names a product, not one item or lot of it; events of the product are known"
            reason = Reason("class_only", Weight.UNVERIFIABLE, message, (receipts.event_id_of(first),))
        else:
            reason = Reason("unknown_item", Weight.UNVERIFIABLE, "no event names this product")
        return _answer(scan, named.item, "unverifiable", [reason])


def _answer(scan: str, item: str, verdict: str, reasons: list[Reason]) -> dict[str, Any]:
    return {
        "scan": scan,
        "item": item,
        "verdict": verdict,
        "reasons": [
            {
                "code": one.code,
                "weight": one.weight,
                "message": one.message,
                "events": one.events[-EVIDENCE_EVENTS_MAX:],
            }
            for one in reasons
        ],
        "state": None,
        "contents": [],
        "event_count": None,
        "timeline": [],
        "voided": [],
        "names": {},
        "proofs": None,
        "completeness": None,
    }


def ids_of(named: Named, history: dict[str, Any], timeline: Sequence[dict[str, Any]] = ()) -> list[str]:
    """What an answer on an item names that may have a name for people."""
    custodian = (history["custodian"] or {}).get("id")
    places = [place for step in timeline for place in (step["biz_location"], step["read_point"])]
    named_there = (named.item, named.lot, named.class_, history["place"], custodian, *places)
    return list(dict.fromkeys(text for text in named_there if text))


def state_of(history: dict[str, Any]) -> dict[str, Any]:
    """How an item stands, of its history."""
    return {name: outside(history[name]) for name in _STATE}


def outside(value: object) -> object:
    """Without the database's keys of events, which stay inside."""
    if isinstance(value, dict):
        return {name: outside(inner) for name, inner in value.items() if name not in _INSIDE}
    return [outside(inner) for inner in value] if isinstance(value, list) else value


def _step(event: dict[str, Any], stored: LoggedEvent | None, signed: SignedBy | None) -> dict[str, Any]:
    """One step of the timeline."""
    step = {name: value for name, value in event.items() if name not in ("event_key", "time")}
    return {
        "event_time": event["time"],
        **step,
        "place": event["biz_location"] or event["read_point"],
        "leaf_index": stored.leaf_index if stored else None,
        "partner": stored.partner if stored else None,
        "signed_by": {"partner": signed.partner, "key": signed.key_id} if signed else None,
    }
