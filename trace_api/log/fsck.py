"""Re-verifies the whole log from storage alone: every event, entry, tile and checkpoint, and the head.

Memory does not grow with the log: events pass through in chunks, the tree is rebuilt at its edge, and
references are compared as sums.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trace_core
from trace_api.log.fsck_index import check_index_log
from trace_api.log.repair import Derived
from trace_api.store import log as log_store
from trace_api.store.events import DIGEST_BYTES, POSITION_BITS, ROLE_BITS
from trace_api.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    from trace_api.log.keys import LogKeys
    from trace_api.log.repair import ReferenceRow
    from trace_api.store.log import CheckedRow, LogHead, SequencedCapture
    from trace_api.store.pool import Store

CHUNK_EVENTS = 5_000
"""Events that are in memory at a time, if their bodies leave room for so many."""
CHUNK_BYTES_MAX = 8 * 1024 * 1024
"""Bytes of bodies that are in memory at a time, and one event more."""
BUCKETS_NAMED_MAX = 64
"""Buckets of references, of 65,536, whose rows are named when they differ."""
EVENT_ROLE = 8
"""As what an event is filed under its own id."""
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

    def add(self, finding: str, derived: Derived | None = None) -> bool:
        """Notes a finding, up to `FINDINGS_MAX`; `derived` counts those of what can be made again. Whether it did."""
        if len(self.findings) >= FINDINGS_MAX:
            return False
        self.findings.append(finding)
        if derived is not None:
            derived.findings += 1
        return True


async def fsck(
    store: Store,
    keys: LogKeys,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    derived: Derived | None = None,
) -> Report:
    """Checks, in one snapshot of the database:

    (1) the head's checkpoint is signed by the log and says what the head says, and its names were blinded
        with this key;
    (2) captures fill the leaves without gap or overlap, and have as many events as they say;
    (3) each entry is well formed, and commits to exactly the stored event (unless erased), whose content
        digest is filed under its key; its tokens are those of the event's items;
    (4) the tree of all entries has the tiles that are stored, and no others are stored;
    (5) every checkpoint that was ever signed is of this tree, and so is the head;
    (6) every event is filed under each of its names (unless erased), and under no other;
    (7) the index' log has the entries, tiles and head that its leaves give; each leaf is about a longer log than the
        one before, and has the root that the entries give.

    Event hash ids are taken as stored: they depend on what the document said of fields to ignore.
    `on_progress` is called with leaves done and leaves in all. `derived` takes how (3), (4), (6) and (7) should be
    where they are about what can be made again. Cost: one read of everything.
    """
    report, derived = Report(), derived or Derived()
    async with store.snapshot() as connection:
        await log_store.lift_time_limit(connection)
        head = await log_store.read_head(connection)
        report.tree_size = head.tree_size
        _check_head(head, keys, report)  # (1)
        checker = _Checker(connection, keys, head, report, derived)
        await checker.captures(head.tree_size, on_progress)  # (2), (3), (4), (5)
        await checker.end(head)
        if head.blinding_token == keys.blinding_token():
            await checker.references()  # (6)
        await check_index_log(connection, keys, report.add, derived)  # (7)
    return report


def _check_head(head: LogHead, keys: LogKeys, report: Report) -> None:
    if head.blinding_token != keys.blinding_token():
        report.add("log_head: names were blinded with another key than the one in the key folder")
    try:
        _, size, root_hash = trace_core.open_checkpoint(head.checkpoint, keys.verifier_key(head.origin))
    except trace_core.TraceError as failure:
        report.add(f"log_head: the checkpoint does not verify: {failure}")
        return
    if (size, root_hash) != (head.tree_size, head.root_hash):
        report.add("log_head: the checkpoint is of another tree than the head")


class _Checker:
    def __init__(
        self, connection: asyncpg.Connection, keys: LogKeys, head: LogHead, report: Report, derived: Derived
    ) -> None:
        self._connection = connection
        self._keys, self._origin = keys, head.origin
        self._report = report
        self._derived = derived
        self._tree = trace_core.TreeRebuild()
        self._check = trace_core.EventCheck(trace_core.Blinding(keys.blinding_key))
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
            rows = await log_store.rows_of_capture(
                self._connection, capture.capture_no, position, limit=room, bytes_max=CHUNK_BYTES_MAX
            )
            keys = [row.event_key for row in rows]
            first = (capture.capture_no << POSITION_BITS) + position
            if not rows or keys != list(range(first, first + len(rows))):
                self._report.add(f"capture {capture.capture_no}: events from position {position} on are not all there")
                return
            await self._rows(capture, rows)
            position += len(rows)
            await self._append([row.entry for row in rows])
            if self._tree.tree_size == stop:
                await self._checkpoint(stop)

    async def _rows(self, capture: SequencedCapture, rows: list[CheckedRow]) -> None:
        checked = await asyncio.to_thread(
            self._check.events, [_as_stored(row, capture.partner, capture.context, capture.issuer) for row in rows]
        )
        for row, (digest, wrong) in zip(rows, checked, strict=True):
            right = None if digest is None else uuid.UUID(bytes=digest[:DIGEST_BYTES])
            if wrong is not None:
                self._report.add(f"event {row.event_key}: {wrong}")
            elif row.content_digest != right:
                finding = f"event {row.event_key}: its content digest is not that of its content"
                if self._report.add(finding, self._derived):
                    self._derived.digests[row.event_key] = right
            self._report.erased += digest is None and wrong is None
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
            finding = f"tile {level}/{index}: not what the entries give"
            if stored.get((level, index)) != content and self._report.add(finding, self._derived):
                self._derived.tiles[Log.EVENTS, level, index] = content

    async def _next_checkpoint(self) -> int | None:
        sizes = await log_store.checkpoints_from(self._connection, max(self._tree.tree_size, 0) + 1, limit=1)
        return sizes[0].tree_size if sizes else None

    async def _checkpoint(self, size: int) -> None:
        for kept in await log_store.checkpoints_from(self._connection, size, limit=1):
            self._report.checkpoints += 1
            try:
                _, signed_size, signed_root = self._keys.open_kept(kept.note, self._origin)
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
            finding = f"tile: {counts.tiles} are stored, {self._report.tiles} belong to the tree"
            if self._report.add(finding, self._derived):
                self._derived.tree_sizes[Log.EVENTS] = self._tree.tree_size
        if counts.stray_events:
            self._report.add(f"event: {counts.stray_events} belong to no capture")
        for surplus in await log_store.checkpoints_from(self._connection, head.tree_size + 1, limit=10):
            self._report.add(f"checkpoint {surplus.tree_size}: is of a larger tree than the head")

    async def references(self) -> None:
        """The index over names against the names of all events that were seen."""
        await log_store.copy_references(self._connection, self._check.references)
        differing = self._check.differing()
        if not differing:
            return
        named = differing[:BUCKETS_NAMED_MAX]
        stored = Counter(await log_store.references_in_buckets(self._connection, named))
        async for row, partner, context, issuer in log_store.events_in_buckets(self._connection, named):
            given = Counter(self._check.references_of(_as_stored(row, partner, context, issuer)))
            self._one_event(row, given, stored)
            stored -= given
        for reference in stored:
            key, role = divmod(reference[1], 1 << ROLE_BITS)
            finding = f"reference: event {key} is filed under what is no name of it (role {role})"
            if self._report.add(finding, self._derived):
                self._derived.references.setdefault(reference, 0)
        if rest := len(differing) - len(named):
            finding = f"reference: rows are missing or too many in {rest} more of 65,536 parts"
            self._report.add(finding, self._derived)

    def _one_event(self, row: CheckedRow, given: Counter[ReferenceRow], stored: Counter[ReferenceRow]) -> None:
        own = (row.name_hash, row.event_key << ROLE_BITS | EVENT_ROLE)
        for reference in given - stored:
            role = reference[1] & ((1 << ROLE_BITS) - 1)
            finding = f"reference: event {row.event_key} is not filed under one of its names (role {role})"
            if not self._report.add(finding, self._derived):
                continue
            if role == EVENT_ROLE and own not in given:
                self._derived.names[row.event_key] = reference[0]
            else:
                self._derived.references[reference] = given[reference]
        for reference in given:
            if stored[reference] > given[reference]:
                self._derived.references[reference] = given[reference] - (reference == own)


def _as_stored(
    row: CheckedRow, partner: str, context: bytes, of_capture: bytes | None
) -> tuple[int, bytes, int, int, str | None, bytes, bytes, bytes | None, bytes | None, bytes]:
    times, ids = (row.record_time_us, row.event_time_us), (row.event_id, row.event_hash_id)
    issuer = row.issuer or of_capture or trace_core.issuer_of(partner)
    return (row.event_key, issuer, *times, *ids, row.entry, row.secret, row.body, context)
