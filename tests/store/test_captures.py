from __future__ import annotations

import asyncio
import random
import uuid

import orjson
import pytest

from tests.store.lost_answers import Fault, losing_commit
from tests.store.streams import RECORD_TIME, Event, outcome_of, row_of, streams_of
from trace_api.capture.road import CaptureRequest, Door
from trace_api.errors import StoreError, Unavailable
from trace_api.store import captures, events
from trace_api.store import log as log_store

EVENTS = [Event(f"event {n}") for n in range(3)]


async def count(store, table):
    async with store.session() as connection:
        return await connection.fetchval(f"SELECT count(*) FROM {table}")


async def store_events(store, capture_no, stored):
    row = row_of(capture_no)
    await captures.store_capture(store, row, outcome_of(len(stored)), streams_of(capture_no, stored))
    return row


async def test_capture_stored_comes_back_whole(store):
    row = await store_events(store, 7, EVENTS)

    job = await captures.load_capture(store, row.capture_id)
    assert job == captures.Job(
        row.capture_id, "anonymous", RECORD_TIME, None, is_published=False, outcome=outcome_of(3)
    )
    async with store.snapshot() as connection:
        stored = await events.events_by_key(connection, [(7 << 20) + n for n in (2, 0, 1, 9)])
    assert [event.body for event in stored] == [b"event 0", b"event 1", b"event 2"]
    assert [event.entry for event in stored] == [b"entry event 0", b"entry event 1", b"entry event 2"]
    assert {(event.context, event.record_time, event.leaf_index) for event in stored} == {(b"[]", RECORD_TIME, None)}


async def test_capture_numbered_gives_each_event_its_leaf_index(store):
    row = await store_events(store, 7, EVENTS)
    async with store.session() as connection:
        await log_store.create_head(connection, "o", b"", b"", b"")
        await log_store.number_captures(connection, [7], [1000])
        unpublished = await events.events_by_key(connection, [(7 << 20) + 2])
        sequenced = await captures.load_capture(store, row.capture_id)
        await connection.execute("UPDATE log_head SET published_size = 1003")
        stored = await events.events_by_key(connection, [(7 << 20) + 2])

    assert (sequenced.first_leaf_index, sequenced.is_published) == (1000, False)
    assert unpublished[0].leaf_index is None
    assert stored[0].leaf_index == 1002
    assert (await captures.load_capture(store, row.capture_id)).is_published


async def test_capture_without_events_is_stored_as_a_job(store):
    row = row_of(1)
    await captures.store_capture(store, row, outcome_of(0), None)
    assert (await captures.load_capture(store, row.capture_id)).outcome.stored == 0


async def test_capture_unknown_is_none(store):
    assert await captures.load_capture(store, uuid.uuid4()) is None


async def test_number_blocks_never_overlap(store):
    blocks = await asyncio.gather(*(captures.next_number_block(store) for _ in range(20)))
    numbers = [number for block in blocks for number in block]
    assert len(set(numbers)) == len(numbers) == 20 * captures.NUMBERS_IN_BLOCK


async def test_capture_with_stored_event_stores_nothing(store):
    await store_events(store, 1, EVENTS[:1])
    row = row_of(2)

    with pytest.raises(captures.DuplicateEvents):
        await captures.store_capture(store, row, outcome_of(3), streams_of(2, EVENTS))

    assert await captures.load_capture(store, row.capture_id) is None
    assert await count(store, "event") == 1
    digests = [event.digest for event in EVENTS]
    assert await captures.find_digests(store, digests) == {EVENTS[0].digest}


async def test_capture_sent_again_is_stored_once(store):
    row, outcome, streams = row_of(1), outcome_of(3), streams_of(1, EVENTS)
    await captures.store_capture(store, row, outcome, streams)
    await captures.store_capture(store, row, outcome, streams)
    assert [await count(store, table) for table in ("capture", "event")] == [1, 3]


async def test_capture_number_in_use_is_an_error_of_ours(store):
    await store_events(store, 1, EVENTS[:1])
    with pytest.raises(StoreError, match="capture_pkey"):
        await captures.store_capture(store, row_of(1), outcome_of(0), None)


async def test_captures_of_same_events_at_once_store_each_event_once(store):
    wanted = [Event(f"event {n}") for n in range(40)]

    async def capture_until_stored(capture_no):
        row, missing = row_of(capture_no), wanted
        while True:
            try:
                streams = streams_of(capture_no, missing)
                return await captures.store_capture(store, row, outcome_of(len(missing)), streams)
            except captures.DuplicateEvents:
                there = await captures.find_digests(store, [event.digest for event in wanted])
                missing = [event for event in missing if event.digest not in there]

    await asyncio.gather(*(capture_until_stored(number) for number in range(1, 9)))
    assert [await count(store, table) for table in ("event", "capture")] == [40, 8]


async def test_capture_in_a_deadlock_is_stored_when_the_other_gives_way(store):
    first, second = EVENTS[:2]
    insert = """
        INSERT INTO event (content_digest, event_key, event_time, record_time, name_hash, event_type, body_place,
                           event_hash_id, entry)
        VALUES (encode(substring($1::bytea FOR 16), 'hex')::uuid, get_byte($1, 0), now(), now(), 0, 1, 0, $1, $1)
    """
    async with store.session() as connection:
        other = connection.transaction()
        await other.start()
        await connection.execute(insert, second.digest)
        row = row_of(1)
        capture = asyncio.create_task(captures.store_capture(store, row, outcome_of(2), streams_of(1, [first, second])))
        # It waits for the second event, which is ours; when we want the first, which is its own, it is
        # the one to be ended: who has waited longer looks first.
        await asyncio.sleep(0.3)
        await connection.execute(insert, first.digest)
        await other.rollback()
    await capture
    assert (await captures.load_capture(store, row.capture_id)).outcome.stored == 2


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("events_stored", [0, 3])
async def test_capture_whose_commit_is_cut_off_is_stored_once(database_url, open_store, tmp_path, fault, events_stored):
    async with losing_commit(database_url, fault) as (url, faults), open_store(url) as store:
        row, stored = row_of(1), EVENTS[:events_stored]
        faults.arm()
        await captures.store_capture(store, row, outcome_of(events_stored), streams_of(1, stored))

        assert faults.count == 1
        assert (await captures.load_capture(store, row.capture_id)).outcome.stored == events_stored
        assert await count(store, "event") == events_stored


async def test_capture_without_database_is_unavailable_in_the_end(database_url, open_store):
    async with losing_commit(database_url, Fault.BEFORE) as (url, faults), open_store(url) as store:
        faults.arm(captures.ATTEMPTS_MAX)
        with pytest.raises(Unavailable):
            await captures.store_capture(store, row_of(1), outcome_of(3), streams_of(1, EVENTS))
        assert await count(store, "event") == 0


async def test_captures_of_the_same_events_in_other_orders_are_all_taken(store):
    """Enough of them that each is in another's way: what they insert cannot be in one order."""
    observed = [
        {
            "type": "ObjectEvent",
            "eventTime": "2025-01-01T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "epcList": [f"urn:example:item:{n}"],
        }
        for n in range(3_000)
    ]
    head = {"@context": [], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2025-01-01T00:00:00Z"}
    door = Door(store, bytes(32))

    async def capture(seed):
        some = random.Random(seed).sample(observed, 2_500)
        document = orjson.dumps(head | {"epcisBody": {"eventList": some}})
        return (await door.capture(CaptureRequest(document, "anonymous"))).job.outcome

    outcomes = await asyncio.gather(*(capture(seed) for seed in range(8)))
    assert all(outcome.success and outcome.stored + outcome.repeated == 2_500 for outcome in outcomes)
    assert sum(outcome.stored for outcome in outcomes) == await count(store, "event")
