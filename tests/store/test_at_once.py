"""Captures of a few events, which one statement stores."""

from __future__ import annotations

import asyncio
import base64
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
import pytest

import trace_core
from tests.conftest import new_database
from tests.store.lost_answers import Fault, losing_commit
from trace_api.store import captures

RECORD_TIME = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
TABLES = {"event": "event_key", "reference": "(name_hash, event_ref)"}
EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2025-01-01T00:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": ["https://id.gs1.org/01/09521234543213/21/1"],
}
ODD = [
    EVENT | {"eventTime": "1970-01-01T00:00:00.000001Z"},
    EVENT | {"eventTime": "2000-01-01T00:00:00Z", "eventID": "urn:uuid:00000000-0000-4000-8000-00000000aaaa"},
    EVENT | {"eventTime": "2024-02-29T23:59:59.9Z", "bizStep": "https://example.org/a?q='x'"},
    EVENT
    | {
        "sensorElementList": [
            {"sensorReport": [{"type": "Temperature", "value": value, "uom": "CEL"} for value in (-273.15, 1e9, 1e-9)]}
        ]
    },
]


@dataclass(frozen=True)
class Given:
    """A capture's rows, as they are handed on."""

    copies: trace_core.Copies

    @property
    def event_count(self) -> int:
        return self.copies.event_count

    @property
    def values(self):
        return self.copies.values

    def columns(self, table: str) -> list[str]:
        return self.copies.columns(table)

    def read(self, table: str, at: int, size: int) -> bytes:
        return self.copies.read(table, at, size)

    def json(self, table: str) -> str:
        return self.copies.json(table)


class OnlyAtOnce(Given):
    """Refuses to be copied; a look whether there is too much of it finds nothing."""

    def columns(self, table: str) -> list[str]:
        raise AssertionError(table)

    def read(self, table: str, at: int, size: int) -> bytes:
        found = super().read(table, at, size)
        assert not found
        return found


class OnlyCopied(Given):
    """Refuses to be written as JSON."""

    def json(self, table: str) -> str:
        raise AssertionError(table)


def prepared(*events):
    context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    head = {"@context": [context], "type": "EPCISDocument", "schemaVersion": "2.0"}
    document = head | {"creationDate": "2025-01-01T00:00:00Z", "epcisBody": {"eventList": events}}
    return trace_core.prepare_capture(
        orjson.dumps(document),
        partner="anonymous",
        record_time_us=int(RECORD_TIME.timestamp() * 1_000_000),
        capture_no=7,
        seed=bytes(32),
        blinding=trace_core.Blinding(bytes(32)),
        strict=False,
    )


def row_of(capture):
    return captures.CaptureRow(
        7, uuid.UUID(int=7), "anonymous", RECORD_TIME, capture.context, capture.body_digest, issuer=capture.issuer
    )


def outcome_of(capture):
    total = capture.event_total
    return captures.Outcome(True, "rollback", total, total, 0, orjson.loads(capture.problems_json), 0)


async def rows(store):
    async with store.session() as connection:
        found = {
            table: await connection.fetch(f"SELECT * FROM {table} ORDER BY {order}") for table, order in TABLES.items()
        }
        found["event_value"] = await connection.fetch("SELECT * FROM event_value ORDER BY field, value")
        found["capture"] = await connection.fetch("SELECT * FROM capture")
    return found


def simulated():
    found = orjson.loads(trace_core.Simulator(events=400, seed=5).next_document(400))["epcisBody"]["eventList"]
    kinds = {(e["type"], "sensorElementList" in e, "ilmd" in e, "eventID" in e): e for e in found}
    assert len(kinds) > 10
    return list(kinds.values())


async def test_capture_stored_at_once_is_the_same_as_one_that_is_copied(server_url, open_store):
    capture = prepared(*ODD, *simulated())
    copies = capture.copies([])
    assert copies.event_count == capture.event_total <= captures.EVENTS_AT_ONCE_MAX
    stored = []
    for given, names in ((OnlyAtOnce(copies), capture), (copies, None)):
        async with new_database(server_url) as url, open_store(url) as store:
            assert await captures.store_capture(store, row_of(capture), outcome_of(capture), given, names)
            stored.append(await rows(store))
    assert stored[0] == stored[1]
    assert all(stored[0].values())


async def test_capture_at_once_whose_event_is_stored_is_a_repetition(store):
    capture = prepared(EVENT)
    await captures.store_capture(store, row_of(capture), outcome_of(capture), capture.copies([]), capture)
    again = captures.CaptureRow(8, uuid.UUID(int=8), "anonymous", RECORD_TIME, b"[]", bytes(32))
    with pytest.raises(captures.DuplicateEvents):
        await captures.store_capture(store, again, outcome_of(capture), capture.copies([]), capture)
    assert [len(found) for found in (await rows(store)).values()] == [1, 1, 0, 1]


async def test_few_events_that_are_large_are_copied(store):
    # Of chance, so that it is hardly smaller when it is compressed.
    large = EVENT | {"example:note": base64.b64encode(random.Random(7).randbytes(400_000)).decode()}
    capture = prepared(large)
    copies = OnlyCopied(capture.copies([]))
    assert await captures.store_capture(store, row_of(capture), outcome_of(capture), copies, capture)
    assert len((await rows(store))["event"]) == 1


async def test_capture_at_once_waits_for_another_of_its_events_without_being_in_its_way(store, monkeypatch):
    """The other one takes the same events by their digests, as all do; the capture has them the other way round."""
    events = [EVENT | {"eventTime": f"2025-01-01T00:00:{second:02}Z"} for second in range(8)]
    in_order = sorted(events, key=lambda event: prepared(event).content_digests[0], reverse=True)
    capture = prepared(*in_order)
    last, *_, first = capture.content_digests
    monkeypatch.setattr(captures, "ATTEMPTS_MAX", 1)  # A second attempt would hide that the first one failed.
    take = """
        INSERT INTO event (content_digest, event_key, event_time, record_time, name_hash, event_type, body_place,
                           event_hash_id, entry)
        VALUES (encode(substring($1::bytea FOR 16), 'hex')::uuid, $2, now(), now(), 0, 1, 0, $1, $1)
    """
    async with store.session() as connection:
        other = connection.transaction()
        await other.start()
        await connection.execute(take, first, 1)
        task = asyncio.create_task(
            captures.store_capture(store, row_of(capture), outcome_of(capture), OnlyAtOnce(capture.copies([])), capture)
        )
        await asyncio.sleep(0.3)
        # Had it taken this one before it waited for that, one of the two would have to be ended.
        await connection.execute(take, last, 2)
        await other.rollback()
    assert (await task).stored == len(events)


@pytest.mark.parametrize("fault", list(Fault))
async def test_capture_at_once_that_is_cut_off_is_stored_once(database_url, open_store, fault):
    capture = prepared(EVENT)
    async with losing_commit(database_url, fault) as (url, faults), open_store(url) as store:
        faults.arm()
        copies = capture.copies([])
        outcome = await captures.store_capture(store, row_of(capture), outcome_of(capture), copies, capture)
        assert faults.count == 1
        assert outcome == outcome_of(capture)
        assert len((await rows(store))["event"]) == 1
