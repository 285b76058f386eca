"""Captures for tests of the store, their streams in binary COPY format written by hand (Postgres, COPY)."""

from __future__ import annotations

import hashlib
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trace_api.store.captures import CaptureRow, Outcome
from trace_api.store.events import POSITION_BITS, ROLE_BITS

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORD_TIME = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
COLUMNS = {
    "event": [
        *(
            "event_key",
            "event_time",
            "record_time",
            "name_hash",
            "content_digest",
            "body_bytes",
            "event_type",
            "body_place",
        ),
        *("event_hash_id", "secret", "entry", "bodies"),
    ],
    "reference": ["name_hash", "event_ref"],
}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """`name` stands for all that is in the event; two with one name are one event."""

    name: str
    event_time: datetime = RECORD_TIME
    event_type: int = 1
    biz_step: str | None = "shipping"
    name_hashes: Sequence[int] = ()

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.name.encode()).digest()


@dataclass(frozen=True)
class Streams:
    """What `store_capture` wants of a prepared capture."""

    event: bytes
    reference: bytes
    event_count: int
    values: Sequence[tuple[int, str, int]]

    def columns(self, table: str) -> list[str]:
        return COLUMNS[table]

    def read(self, table: str, at: int, size: int) -> bytes:
        stream: bytes = getattr(self, table)
        return stream[at : at + size]


def row_of(capture_no: int) -> CaptureRow:
    return CaptureRow(capture_no, uuid.uuid4(), "anonymous", RECORD_TIME, b"[]", bytes(32))


def outcome_of(stored: int) -> Outcome:
    return Outcome(
        success=True,
        error_behaviour="rollback",
        event_total=stored,
        stored=stored,
        repeated=0,
        problems=[{"severity": "finding", "message": "a NUL \x00 and a \u2028", "event_index": 0}],
        problems_left_out=0,
    )


def streams_of(capture_no: int, events: Sequence[Event]) -> Streams:
    keys = range(capture_no << POSITION_BITS, (capture_no << POSITION_BITS) + len(events))
    steps = [(key, event) for key, event in zip(keys, events, strict=True) if event.biz_step is not None]
    return Streams(
        event=_stream([_event_row(key, event) for key, event in zip(keys, events, strict=True)]),
        reference=_stream(
            [
                [_bigint(name_hash), _bigint(key << ROLE_BITS | 1)]
                for key, event in zip(keys, events, strict=True)
                for name_hash in event.name_hashes
            ]
        ),
        event_count=len(events),
        values=sorted({event.biz_step: (1, event.biz_step, key) for key, event in steps}.values()),
    )


def _event_row(key: int, event: Event) -> list[bytes | None]:
    name = event.name.encode()
    numbers = [_bigint(key), _time(event.event_time), _time(RECORD_TIME), event.digest[:8], event.digest[:16]]
    sizes = [struct.pack(">i", len(name)), _smallint(event.event_type), _smallint(0)]
    # Each body stands with its own event, as it is (docs/formats.md).
    return [*numbers, *sizes, event.digest, bytes(16), b"entry " + name, b"\0" + struct.pack(">i", len(name)) + name]


def _stream(rows: list[list[bytes | None]]) -> bytes:
    parts = [b"PGCOPY\n\xff\r\n\0", bytes(8)]
    for row in rows:
        parts += [struct.pack(">h", len(row)), *map(_field, row)]
    return b"".join([*parts, struct.pack(">h", -1)])


def _field(value: bytes | None) -> bytes:
    return struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value


def _bigint(value: int) -> bytes:
    return struct.pack(">q", value)


def _smallint(value: int) -> bytes:
    return struct.pack(">h", value)


def _time(value: datetime) -> bytes:
    return _bigint((value - _EPOCH) // timedelta(microseconds=1))
