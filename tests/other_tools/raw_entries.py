"""Entries of any bytes as the events of captures: they take the road of the product from the capture's transaction
on, through its tables, its sequencer and its publisher. What is before it, reading events, is left out."""

from __future__ import annotations

import struct
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trace_core
from trace_api.log.keys import LogKeys
from trace_api.store import captures
from trace_api.store import log as log_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trace_api.settings import Settings
    from trace_api.store.pool import Store

_PARTNER = b"raw"
_TIMES_US = 800_000_000_000_000
"""Of all rows: microseconds since 2000, as Postgres counts."""
_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_COLUMNS = {
    "event": [
        *("event_key", "event_time", "record_time", "name_hash", "event_type", "body_place", "event_hash_id", "entry"),
    ],
    "reference": ["name_hash", "event_ref"],
}
_ROW = struct.Struct(">h iq iq iq iq ih ih i i")


class RawEntries:
    """Rows of the table `event` that hold an entry and nothing else: the product's `captures.Copies`."""

    def __init__(self, capture_no: int, entries: Sequence[bytes]) -> None:
        """Each entry has at most 65,535 bytes."""
        self.capture_no = capture_no
        self.event_count = len(entries)
        self.values: list[tuple[int, str, int]] = []
        first, fields = capture_no << 20, len(_COLUMNS["event"])
        pieces = [_BEGIN]
        for position, entry in enumerate(entries):
            times = (8, _TIMES_US, 8, _TIMES_US)
            key = first + position
            pieces += (_ROW.pack(fields, 8, key, *times, 8, key, 2, 1, 2, 0, 0, len(entry)), entry)
        self._events = b"".join((*pieces, _END))

    def columns(self, table: str) -> list[str]:
        return _COLUMNS[table]

    def read(self, table: str, at: int, size: int) -> bytes:
        stream = self._events if table == "event" else _BEGIN + _END
        return stream[at : at + size]


async def open_raw_log(store: Store, settings: Settings) -> tuple[LogKeys, str]:
    """Starts a log without an index over items: raw entries name none."""
    keys = LogKeys.load_or_create(settings.key_dir)
    empty_root = trace_core.root_hash(b"")
    note = keys.sign_checkpoint(settings.origin, 0, empty_root)
    async with store.session() as connection:
        await log_store.create_head(connection, settings.origin, empty_root, note, keys.blinding_token())
    return keys, settings.origin


async def store_entries(store: Store, copies: RawEntries) -> uuid.UUID:
    """Stores entries as one capture, and returns its id; all of them are durable then."""
    row = captures.CaptureRow(copies.capture_no, uuid.uuid4(), _PARTNER.decode(), datetime.now(UTC), b"[]", bytes(32))
    outcome = captures.Outcome(
        success=True,
        error_behaviour="rollback",
        event_total=copies.event_count,
        stored=copies.event_count,
        repeated=0,
        problems=[],
        problems_left_out=0,
    )
    await captures.store_capture(store, row, outcome, copies)
    return row.capture_id
