"""The two logs together: the entries of one give the roots that the leaves of the other claim."""

from __future__ import annotations

import time
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import trace_core
from trace_api.audit.auditor import LATENESS_S, Taker, Trust, Visitor, open_checkpoint
from trace_api.audit.findings import Check, Finding
from trace_api.audit.state import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from trace_api.audit.reader import LogReader
    from trace_api.audit.state import Kept, State

SAVE_ENTRIES = 1_000_000
"""What was verified is kept when so many entries have come since the last time, and at the end of a visit."""


@dataclass(slots=True)
class Claims(Taker):
    """Collects what the leaves of an index' log say."""

    trust: Trust
    """In the log of events."""
    origin: str
    last_size: int
    by_size: dict[int, Claim]

    def check(self, entry: bytes, leaf_index: int) -> None:
        """(1) It is an entry. (2) Its checkpoint is one of the log. (3) It is of more leaves than the one before."""
        try:
            index_root, note = trace_core.read_index_entry(entry)
        except trace_core.ProofError as refused:
            raise Finding(Check.ENTRY, f"leaf {leaf_index} of the index' log: {refused}") from None
        origin, size, tree_root = open_checkpoint(note, self.trust)
        if origin != self.origin:
            raise Finding(Check.INDEX, f"leaf {leaf_index} of the index' log is about {origin}", [note])
        if size <= self.last_size:
            raise Finding(Check.INDEX, f"leaf {leaf_index} of the index' log goes back to {size} leaves", [note])
        self.last_size = size
        self.by_size[size] = Claim(index_root, tree_root, note)


@dataclass(slots=True)
class Entries(Taker):
    """Looks at the entries of the log of events, and holds claims against what they give."""

    earliest_s: float
    latest_s: float
    index: trace_core.ItemIndex | None
    claims: dict[int, Claim]
    seen_size: int
    """Leaves that the last visit saw."""
    last: State
    """As far as something is claimed: the index goes no further, for the next claim may be about what lies between."""

    def __post_init__(self) -> None:
        self.limit = max(self.claims, default=self.last.tree_size)

    def reached(self, state: State) -> None:
        """Remembers the state at the last claim."""
        if state.tree_size == self.limit:
            self.last = state

    def stops(self, begin: int, end: int) -> list[int]:
        """Where a claim is about the tree."""
        sizes = sorted(self.claims)
        return sizes[bisect_right(sizes, begin) : bisect_right(sizes, end)]

    def check(self, entry: bytes, leaf_index: int) -> None:
        """(1) It is an entry, in its one spelling. (2) It does not lie about when it was recorded."""
        try:
            _, _, record_time_us = trace_core.read_entry(entry)
        except trace_core.ProofError as refused:
            raise Finding(Check.ENTRY, f"leaf {leaf_index}: {refused}") from None
        if leaf_index >= self.seen_size and not self.earliest_s <= record_time_us / 1e6 <= self.latest_s:
            told = f"leaf {leaf_index} says that it was recorded {record_time_us} µs after 1970"
            raise Finding(Check.BACK_DATED, f"{told}, and appeared since the last visit")

    def take(self, first_leaf_index: int, entries: bytes, root_hash: bytes) -> None:
        """Takes the entries into the index."""
        if self.index is None or first_leaf_index >= self.limit:
            return
        self.index.append(first_leaf_index, entries)
        claim = self.claims.get(self.index.size)
        if claim is not None:
            self._hold(claim, self.index, root_hash)
            del self.claims[self.index.size]

    def _hold(self, claim: Claim, index: trace_core.ItemIndex, root_hash: bytes) -> None:
        if claim.tree_root != root_hash:
            told = f"a checkpoint of {index.size} leaves, kept in the index' log, is of another tree"
            raise Finding(Check.SPLIT_VIEW, told, [claim.checkpoint])
        if claim.index_root != index.root_hash:
            told = f"the entries up to leaf {index.size - 1} give another root than the index' log says"
            raise Finding(Check.INDEX, told, [claim.checkpoint])


@dataclass(frozen=True, slots=True)
class Auditor:
    """`index_reader` and `index_trust` are None where the index is not audited."""

    reader: LogReader
    trust: Trust
    index_reader: LogReader | None
    index_trust: Trust | None
    save: Callable[[Kept], None]
    progress: Callable[[int, int], None] = lambda _done, _all: None
    lateness_s: int = LATENESS_S
    now_s: Callable[[], float] = time.time

    async def visit(self, kept: Kept) -> Kept:
        """Verifies both logs: first what the index' log claims, then the log whose entries have to give that.
        Raises `Finding`, `Unavailable`."""
        await self._read_claims(kept)
        earliest = kept.events.seen_s - self.lateness_s if kept.events.checkpoint is not None else 0
        latest, start = self.now_s() + self.lateness_s, kept.events
        entries = Entries(earliest, latest, kept.index, kept.claims, start.verified_size, start)
        saved_size = start.tree_size

        def save(state: State) -> None:
            nonlocal saved_size
            if kept.index is not None and state.tree_size > entries.limit:
                return
            kept.events = state
            if state.tree_size - saved_size >= SAVE_ENTRIES:
                self.save(kept)
                saved_size = state.tree_size

        visitor = Visitor(self.reader, self.trust, entries, save, self.progress, self.now_s)
        seen = await visitor.visit(start)
        for size, claim in kept.claims.items():
            told = f"the index is of {size} leaves, and there are {seen.tree_size}"
            raise Finding(Check.INDEX, told, [claim.checkpoint])
        # Leaves that the index does not speak of yet are read again when it does.
        kept.events = seen
        if kept.index is not None:
            whole = entries.last
            kept.events = replace(whole, origin=seen.origin, checkpoint=seen.checkpoint, seen_s=seen.seen_s)
        self.save(kept)
        return kept

    async def _read_claims(self, kept: Kept) -> None:
        if self.index_reader is None or self.index_trust is None:
            return
        origin, _, _ = open_checkpoint(await self.reader.checkpoint(), self.trust)
        claims = Claims(self.trust, origin, kept.claimed_size, dict(kept.claims))
        visitor = Visitor(self.index_reader, self.index_trust, claims, lambda _state: None, now_s=self.now_s)
        kept.index_log = await visitor.visit(kept.index_log)
        kept.claims, kept.claimed_size = claims.by_size, claims.last_size
