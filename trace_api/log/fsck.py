"""Re-verifies the whole log from storage alone: every event, entry, tile and checkpoint, and the head.

Memory does not grow with the log: events pass through in chunks, and the tree is rebuilt at its edge.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trace_core
from trace_api.store import log as log_store
from trace_api.store.events import POSITION_BITS

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    from trace_api.store.log import LogHead, SequencedCapture
    from trace_api.store.pool import Store

CHUNK_EVENTS = 5_000
"""Events that are in memory at a time."""
FINDINGS_MAX = 1_000
"""Findings that are listed; a broken log may have one for each row."""


@dataclass(slots=True)
class Report:
    """What was looked at, and what is wrong: one line a finding, with the row that it is about."""

    tree_size: int = 0
    events: int = 0
    erased: int = 0
    tiles: int = 0
    checkpoints: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, finding: str) -> None:
        """Notes a finding, up to `FINDINGS_MAX`."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)


async def fsck(
    store: Store, verifier_key: str, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Report:
    """Checks, in one snapshot of the database:

    (1) the head's checkpoint is signed by the log and says what the head says;
    (2) captures fill the leaves without gap or overlap, and have as many events as they say;
    (3) each entry is well formed, and commits to exactly the stored event (unless erased), whose content
        digest is filed under its key;
    (4) the tree of all entries has the tiles that are stored, and no others are stored;
    (5) every checkpoint that was ever signed is of this tree, and so is the head.

    `on_progress` is called with leaves done and leaves in all. Cost: one read of everything.
    """
    report = Report()
    async with store.snapshot() as connection:
        head = await log_store.read_head(connection)
        report.tree_size = head.tree_size
        _check_head(head, verifier_key, report)  # (1)
        checker = _Checker(connection, verifier_key, report)
        await checker.captures(head.tree_size, on_progress)  # (2), (3), (4), (5)
        await checker.end(head)
    return report


def _check_head(head: LogHead, verifier_key: str, report: Report) -> None:
    try:
        _, size, root_hash = trace_core.open_checkpoint(head.checkpoint, verifier_key)
    except trace_core.TraceError as failure:
        report.add(f"log_head: the checkpoint does not verify: {failure}")
        return
    if (size, root_hash) != (head.tree_size, head.root_hash):
        report.add("log_head: the checkpoint is of another tree than the head")


class _Checker:
    def __init__(self, connection: asyncpg.Connection, verifier_key: str, report: Report) -> None:
        self._connection = connection
        self._key = verifier_key
        self._report = report
        self._tree = trace_core.TreeRebuild()
        self._next_checkpoint_size = 0

    async def captures(self, tree_size: int, on_progress: Callable[[int, int], None]) -> None:
        """Goes through all sequenced captures in the order of their leaves."""
        place = 0
        while batch := await log_store.captures_in_log_order(self._connection, place, limit=1_000):
            for capture in batch:
                if capture.first_leaf_index != self._tree.tree_size:
                    expected = self._tree.tree_size
                    self._report.add(
                        f"capture {capture.capture_no}: begins at leaf {capture.first_leaf_index}, not {expected}"
                    )
                    return
                await self._events(capture)
                on_progress(self._tree.tree_size, tree_size)
                place = capture.first_leaf_index + 1

    async def _events(self, capture: SequencedCapture) -> None:
        position = 0
        while position < capture.event_count:
            stop = await self._next_checkpoint()
            room = min(CHUNK_EVENTS, capture.event_count - position, (stop or 1 << 62) - self._tree.tree_size)
            rows = await log_store.rows_of_capture(self._connection, capture.capture_no, position, room)
            keys = [row.event_key for row in rows]
            first = (capture.capture_no << POSITION_BITS) + position
            if keys != list(range(first, first + room)):
                self._report.add(f"capture {capture.capture_no}: events from position {position} on are not all there")
                return
            await self._rows(capture, rows)
            position += room
            await self._append([row.entry for row in rows])
            if self._tree.tree_size == stop:
                await self._checkpoint(stop)

    async def _rows(self, capture: SequencedCapture, rows: list[log_store.CheckedRow]) -> None:
        events = [(r.partner, r.record_time_us, r.entry, r.secret, r.body, capture.context) for r in rows]
        checked = await asyncio.to_thread(trace_core.check_entries, events)
        filed = await log_store.keys_of_digests(self._connection, [digest for digest, _ in checked if digest])
        for row, (digest, wrong) in zip(rows, checked, strict=True):
            if wrong is not None:
                self._report.add(f"event {row.event_key}: {wrong}")
            elif digest is None:
                self._report.erased += 1
            elif filed.get(digest) != row.event_key:
                self._report.add(f"event_digest: the content digest of event {row.event_key} is not filed under it")
        self._report.events += len(rows)

    async def _append(self, entries: list[bytes]) -> None:
        bundle = await asyncio.to_thread(trace_core.join_entries, entries)
        levels, indexes, hashes = await asyncio.to_thread(self._tree.append, bundle)
        await self._tiles(levels, indexes, hashes)

    async def _tiles(self, levels: list[int], indexes: list[int], hashes: list[bytes]) -> None:
        stored = {
            (level, index): content
            for level, index, content in await log_store.tiles_at(self._connection, levels, indexes)
        }
        for level, index, content in zip(levels, indexes, hashes, strict=True):
            self._report.tiles += 1
            if stored.get((level, index)) != content:
                self._report.add(f"tile {level}/{index}: not what the entries give")

    async def _next_checkpoint(self) -> int | None:
        sizes = await log_store.checkpoints_from(self._connection, max(self._tree.tree_size, 0) + 1, limit=1)
        return sizes[0].tree_size if sizes else None

    async def _checkpoint(self, size: int) -> None:
        for kept in await log_store.checkpoints_from(self._connection, size, limit=1):
            self._report.checkpoints += 1
            try:
                _, signed_size, signed_root = trace_core.open_checkpoint(kept.note, self._key)
            except trace_core.TraceError as failure:
                self._report.add(f"checkpoint {size}: does not verify: {failure}")
                return
            if (signed_size, signed_root) != (size, self._tree.root_hash) or kept.root_hash != signed_root:
                self._report.add(f"checkpoint {size}: is of another tree than the entries give")

    async def end(self, head: LogHead) -> None:
        """What can be said only when everything has been read."""
        await self._tiles(*self._tree.partial_tiles())
        if (self._tree.tree_size, self._tree.root_hash) != (head.tree_size, head.root_hash):
            self._report.add(f"log_head: the entries give a tree of {self._tree.tree_size} leaves with another root")
        counts = await log_store.count_rows(self._connection)
        if counts.tiles != self._report.tiles:
            self._report.add(f"tile: {counts.tiles} are stored, {self._report.tiles} belong to the tree")
        if counts.stray_events:
            self._report.add(f"event: {counts.stray_events} belong to no capture")
        if counts.digests != counts.events:
            self._report.add(f"event_digest: {counts.digests} digests for {counts.events} events")
        for surplus in await log_store.checkpoints_from(self._connection, head.tree_size + 1, limit=10):
            self._report.add(f"checkpoint {surplus.tree_size}: is of a larger tree than the head")
