"""Captures: stored whole in one transaction, found again by the job's id."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg
import orjson

from trace_api.errors import StoreError, Unavailable
from trace_api.store import master_data
from trace_api.store.statements import load

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from trace_api.store.pool import Store

_SQL = load("captures")
NUMBERS_IN_BLOCK = 64
ATTEMPTS_MAX = 3
"""How often a capture is sent to the database when its transaction is lost or was in another's way."""
_PAUSE_S = 0.2
ELEMENT_ID_BYTES_MAX, VOCABULARY_BYTES_MAX = 2_000, 600
"""What the id of an element of master data may have, and the type of a vocabulary; as the table has it."""
COPY_PIECE_BYTES = 1 << 18
TABLES = ("event", "reference")
"""That the events of a capture go into, in this order."""
EVENTS_AT_ONCE_MAX = 32
"""A capture of no more events is one statement, which spares a dozen round trips; COPY is faster for more."""
ROWS_BYTES_AT_ONCE_MAX = 1 << 18
"""Nor of more bytes: they are written as JSON where all other requests wait, half a second for 23 MiB."""
PAGE_BYTES_MAX = 4 * 1024 * 1024
"""What the jobs of one page say, and one job more."""
PROBLEMS_MAX = 1_000
"""Problems that a job lists; the core holds to it, too."""


class DuplicateEvents(StoreError):
    """Some of the capture's events are stored already; nothing of the capture was stored."""


class ValueTooLong(StoreError):
    """An id of master data is too long to be listed; nothing of the capture was stored."""


class Copies(Protocol):
    """Complete streams in Postgres' binary COPY format, one for each of the tables `event` and `reference`.
    `values` has field, value, and key of an event that has it, of each value that can be listed."""

    event_count: int

    @property
    def values(self) -> Sequence[tuple[int, str, int]]: ...

    def columns(self, table: str) -> list[str]:
        """The columns that a table's stream holds."""

    def read(self, table: str, at: int, size: int) -> bytes:
        """At most `size` bytes of a table's stream from `at` on; none at its end."""

    def json(self, table: str) -> str:
        """A table's rows as `json_populate_recordset` takes them."""


class Names(Protocol):
    """What the events of a capture are called themselves."""

    def event_names(self) -> list[int]:
        """Hashes under which their ids are filed."""

    def shared_names(self, name_hashes: list[int]) -> bytes:
        """Findings, a JSON array, for the events that have one of these names."""


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """What is known of a capture besides its events. `context` is a JSON array, `body_digest` has 32 bytes;
    `master_data` has name hash, vocabulary, id, JSON and terms of each element; `issuer` is JSON, of a signed one."""

    capture_no: int
    capture_id: uuid.UUID
    partner: str
    record_time: datetime
    context: bytes
    body_digest: bytes
    master_data: Sequence[tuple[int, str, str, bytes, list[int]]] = ()
    issuer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a capture job says. `repeated` counts events whose content was stored before."""

    success: bool
    error_behaviour: str
    event_total: int
    stored: int
    repeated: int
    problems: list[dict[str, Any]]
    problems_left_out: int


@dataclass(frozen=True, slots=True)
class Job:
    """A capture job as stored. `first_leaf_index` is None until its events are in the log; `is_published` says that
    a checkpoint over them is out."""

    capture_id: uuid.UUID
    partner: str
    record_time: datetime
    first_leaf_index: int | None
    is_published: bool
    outcome: Outcome


async def next_number_block(store: Store) -> range:
    """Capture numbers that no other process has."""
    async with store.session() as connection:
        block = await connection.fetchval(_SQL["next_number_block"])
    return range(block * NUMBERS_IN_BLOCK, (block + 1) * NUMBERS_IN_BLOCK)


async def store_capture(
    store: Store, row: CaptureRow, outcome: Outcome, copies: Copies | None, names: Names | None = None
) -> Outcome:
    """Stores a capture and its events, or nothing of it. When it returns, all of it is durable. Returns the
    outcome as stored: with `names`, it has a finding for each event whose id another event has, too, that was
    stored before or stands in the same capture.

    The same row may be sent again, and is stored once: `capture_id` tells whether it is there already.
    Raises `DuplicateEvents` when another capture has stored one of the events before, `ValueTooLong` for master data
    with an id of more than `ELEMENT_ID_BYTES_MAX` or a type of more than `VOCABULARY_BYTES_MAX`, `Unavailable` when
    the database was not there in `ATTEMPTS_MAX` attempts; then the last of them may have taken effect.
    """
    attempt = 1
    while True:
        try:
            async with store.session() as connection:
                return await _store_once(connection, row, outcome, copies, names, alone=attempt > 1)
        except (Unavailable, asyncpg.TransactionRollbackError) as failure:
            # A lost answer is not a lost write: the next attempt may find that this one took effect.
            if attempt == ATTEMPTS_MAX:
                raise Unavailable("the capture could not be stored now") from failure
        await asyncio.sleep(_PAUSE_S * attempt)
        attempt += 1


async def _store_once(
    connection: asyncpg.Connection,
    row: CaptureRow,
    outcome: Outcome,
    copies: Copies | None,
    names: Names | None,
    *,
    alone: bool,
) -> Outcome:
    try:
        if copies is not None and names is not None and await _store_at_once(connection, row, outcome, copies, names):
            return outcome
        async with connection.transaction():
            # Their events are not in one order: two captures of the same ones would wait for each other.
            if alone or outcome.repeated > 0:
                await connection.execute(_SQL["lock_retries"])
            if copies is not None and copies.event_count > 0:
                # Events first: the content digest of a repetition refuses it before anything else is written.
                for table in TABLES:
                    await copy_rows(connection, table, copies)
                if names is not None:
                    outcome = await _with_shared_names(connection, outcome, names)
            if copies is not None and row.master_data:
                await master_data.insert(connection, row.capture_no, row.record_time, row.master_data)
            await connection.execute(_SQL["insert_capture"], *_columns(row, outcome))
            if copies is not None and copies.values:
                # At last: whoever has the same new value waits for our commit.
                await connection.execute(_SQL["list_values"], *_listed(copies))
    except asyncpg.UniqueViolationError as violation:
        # What is in the way may be an earlier attempt of ours, whose answer was lost.
        stored = await connection.fetchval(_SQL["stored_outcome"], row.capture_id)
        if stored is not None:
            return Outcome(**orjson.loads(stored))
        if violation.constraint_name == "event_by_digest":
            raise DuplicateEvents("some events are stored already") from None
        raise StoreError(f"{violation.constraint_name}: a capture number is in use already") from violation
    except asyncpg.CheckViolationError as violation:
        raise ValueTooLong(f"{violation.constraint_name}: a value is too long") from None
    return outcome


async def _store_at_once(
    connection: asyncpg.Connection, row: CaptureRow, outcome: Outcome, copies: Copies, names: Names
) -> bool:
    """The whole transaction in one statement, where a capture is small and as most are. False, with nothing stored,
    where it is not, or where events share a name."""
    if not 0 < copies.event_count <= EVENTS_AT_ONCE_MAX or outcome.repeated > 0 or row.master_data:
        return False
    if copies.read("event", ROWS_BYTES_AT_ONCE_MAX, 1):
        return False
    hashes = names.event_names()
    if len(set(hashes)) < len(hashes):
        return False
    rows = (copies.json(table) for table in TABLES)
    arguments = (hashes, *rows, *_listed(copies), *_columns(row, outcome))
    return bool(await connection.fetch(_SQL["store_at_once"], *arguments))


def _listed(copies: Copies) -> tuple[list[int], list[str], list[int]]:
    fields, values, keys = zip(*copies.values, strict=True) if copies.values else ((), (), ())
    return list(fields), list(values), list(keys)


def _columns(row: CaptureRow, outcome: Outcome) -> tuple[object, ...]:
    """What the statements write of the capture itself."""
    head = (row.capture_no, row.capture_id, row.partner, row.record_time, row.context, row.body_digest)
    return *head, outcome.stored, orjson.dumps(outcome), row.issuer


async def _with_shared_names(connection: asyncpg.Connection, outcome: Outcome, names: Names) -> Outcome:
    shared = [row[0] for row in await connection.fetch(_SQL["shared_names"], names.event_names())]
    if not shared:
        return outcome
    findings = orjson.loads(names.shared_names(shared))
    room = max(PROBLEMS_MAX - len(outcome.problems), 0)
    left_out = outcome.problems_left_out + len(findings[room:])
    return replace(outcome, problems=[*outcome.problems, *findings[:room]], problems_left_out=left_out)


async def copy_rows(connection: asyncpg.Connection, table: str, copies: Copies) -> None:
    """The rows of one table, in pieces, so that they are never held twice."""

    async def pieces() -> AsyncIterator[bytes]:
        at = 0
        while piece := copies.read(table, at, COPY_PIECE_BYTES):
            at += len(piece)
            yield piece

    await connection.copy_to_table(table, source=pieces(), columns=copies.columns(table), format="binary")


async def find_digests(store: Store, content_digests: Sequence[bytes]) -> set[bytes]:
    """Which of these are stored."""
    async with store.session() as connection:
        rows = await connection.fetch(_SQL["find_digests"], content_digests)
    return {row[0] for row in rows}


async def load_capture(store: Store, capture_id: uuid.UUID) -> Job | None:
    """A capture job, or None."""
    async with store.session() as connection:
        row = await connection.fetchrow(_SQL["load_capture"], capture_id)
    return None if row is None else _job(row)


async def page_of_captures(
    connection: asyncpg.Connection, partner: str, before: int, limit: int
) -> list[tuple[int, Job]]:
    """A partner's captures with numbers below one, the newest first, each with its number; `limit` at most, and as
    many as say `PAGE_BYTES_MAX` bytes together, but one at least. Cost: one index scan."""
    rows = await connection.fetch(_SQL["page_of_captures"], partner, before, limit, PAGE_BYTES_MAX)
    return [(row["capture_no"], _job(row)) for row in rows]


def _job(row: asyncpg.Record) -> Job:
    outcome = Outcome(**orjson.loads(row["outcome"]))
    return Job(
        row["capture_id"], row["partner"], row["record_time"], row["first_leaf_index"], row["is_published"], outcome
    )
