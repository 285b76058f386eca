from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.store.streams import Event, outcome_of, row_of, streams_of
from trace_api.errors import Unavailable
from trace_api.store import captures, events, walks

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = (-(2**63), 2**63 - 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def us(time):
    return (time - EPOCH) // timedelta(microseconds=1)


async def store_events(store, capture_no, stored):
    await captures.store_capture(store, row_of(capture_no), outcome_of(len(stored)), streams_of(capture_no, stored))


def random_events(seed, count):
    """Few names and few times, so that many events share them."""
    chance = random.Random(seed)
    return [
        Event(
            f"event {seed} {n}",
            event_time=FIRST + timedelta(microseconds=chance.randrange(20)),
            event_type=chance.randrange(3),
            biz_step=chance.choice([None, "shipping", "receiving"]),
            name_hashes=[chance.choice([-(2**63), -1, 0, 7, 2**63 - 1]) for _ in range(chance.randrange(4))],
        )
        for n in range(count)
    ]


async def found_in(connection, *columns):
    """What a round of a walk finds."""
    return (await walks.find(connection, columns, (), limit=100_000)).keys


async def test_round_of_a_walk_equals_a_naive_search(store):
    stored = random_events(1, 200)
    await store_events(store, 1, stored)
    chance = random.Random(2)
    async with store.snapshot() as connection:
        for _ in range(60):
            wanted = [
                (name, us(FIRST) + chance.randrange(-2, 22), us(FIRST) + chance.randrange(-2, 22))
                for name in chance.sample([-(2**63), -1, 0, 7, 2**63 - 1, 12], chance.randrange(4))
            ]
            columns = [list(column) for column in zip(*wanted, strict=True)] or [[], [], []]
            expected = {
                (1 << 20) + n
                for name, from_us, to_us in wanted
                for n, event in enumerate(stored)
                if name in event.name_hashes and from_us <= us(event.event_time) <= to_us
            }
            assert await found_in(connection, *columns) == sorted(expected)


async def test_round_of_a_walk_with_open_ends_finds_all_times(store):
    times = [EPOCH, FIRST, datetime(2100, 12, 31, 23, 59, 59, 999999, UTC)]
    await store_events(store, 1, [Event(str(time), event_time=time, name_hashes=[5]) for time in times])
    async with store.snapshot() as connection:
        assert await found_in(connection, [5], [OPEN[0]], [OPEN[1]]) == [(1 << 20) + n for n in range(3)]
        for n, time in enumerate(times):
            for shift, expected in ((-1, []), (0, [(1 << 20) + n]), (1, [])):
                at = us(time) + shift
                if at >= 0:
                    assert await found_in(connection, [5], [at], [at]) == expected


async def test_references_of_several_names_name_an_event_once_for_each(store):
    stored = random_events(3, 200)
    await store_events(store, 1, stored)
    names = [-1, 7, 12]
    expected = [(1 << 20) + n for n, event in enumerate(stored) for name in event.name_hashes if name in names]
    async with store.snapshot() as connection:
        assert sorted(await events.references(connection, names, limit=1_000)) == expected


async def test_references_over_the_limit_are_cut(store):
    stored = [Event(str(n), event_time=FIRST - timedelta(days=n), name_hashes=[5]) for n in range(10)]
    await store_events(store, 1, stored)
    async with store.snapshot() as connection:
        found = await events.references(connection, [5], limit=3)
    assert len(set(found)) == 3
    assert set(found) <= {(1 << 20) + n for n in range(10)}


async def test_bodies_leave_out_what_was_erased(store):
    await store_events(store, 1, [Event("a"), Event("b")])
    await store_events(store, 2, [Event("c")])
    keys = [1 << 20, (1 << 20) + 1, 2 << 20, 3 << 20]
    async with store.session() as connection:
        await connection.execute("UPDATE event SET body_bytes = NULL, secret = NULL WHERE event_key = $1", keys[1])
        [found] = [rows async for rows in events.bodies_in_slices(connection, keys)]
        assert list(zip(found.keys, found.bodies, strict=True)) == [(keys[0], b"a"), (keys[2], b"c")]
        assert found.contexts == [b"[]", b"[]"]
        assert found.record_times_us == [us(row_of(1).record_time)] * 2
        erased = (await events.events_by_key(connection, keys[1:2]))[0]
        assert (erased.body, erased.secret, erased.entry) == (None, None, b"entry b")
        [logged] = await events.logged_by_key(connection, keys[1:2])
        assert (logged.entry, logged.body_bytes, logged.event_key) == (b"entry b", 0, keys[1])
        [nothing] = [rows async for rows in events.bodies_in_slices(connection, [])]
        assert nothing == events.Bodies([], [], [], [])


async def test_event_whose_body_cannot_be_read_is_not_erased(store):
    await store_events(store, 1, [Event("a")])
    async with store.session() as connection:
        await connection.execute("UPDATE event SET bodies = set_byte(bodies, 0, 9)")
        before = await connection.fetch("SELECT * FROM event")
        with pytest.raises(Unavailable, match="fsck"):
            await events.erase(connection, 1 << 20, lambda _field, _value: [])
        assert await connection.fetch("SELECT * FROM event") == before


@pytest.mark.parametrize(("slice_events", "slice_bytes"), [(3, 1 << 20), (100, 1), (100, 40), (7, 25)])
async def test_bodies_in_slices_of_any_size_are_all_there_once(store, monkeypatch, slice_events, slice_bytes):
    monkeypatch.setattr("trace_api.store.events.SLICE_EVENTS", slice_events)
    monkeypatch.setattr("trace_api.store.events.SLICE_BYTES_MAX", slice_bytes)
    stored = [Event("x" * (n % 11 + 1) + str(n)) for n in range(50)]
    await store_events(store, 1, stored)
    keys = [(1 << 20) + n for n in range(50)]
    async with store.session() as connection:
        await connection.execute("UPDATE event SET body_bytes = NULL, secret = NULL WHERE event_key % 5 = 0")
        slices = [rows async for rows in events.bodies_in_slices(connection, keys[::-1])]
    found = [key for rows in slices for key in rows.keys]
    assert found == [key for key in keys if key % 5]
    for rows in slices:
        assert sum(map(len, rows.bodies[:-1])) < slice_bytes
        assert len(rows.keys) <= slice_events


async def test_key_of_digest_finds_the_event(store):
    await store_events(store, 1, [Event("a"), Event("b")])
    async with store.session() as connection:
        assert await events.key_of_digest(connection, Event("b").digest) == (1 << 20) + 1
        assert await events.key_of_digest(connection, Event("c").digest) is None


async def plan_of(connection, text, *arguments):
    """The plan that serves any arguments, as for a statement that was prepared long ago."""
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
    nodes = [json.loads(plan)[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    return [(node["Node Type"], node.get("Index Name") or node.get("Relation Name")) for node in nodes]


async def test_plans_use_the_indexes_made_for_them(store):
    """With so many rows that reading all of a table would be the worse plan by far."""
    async with store.session() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO reference SELECT n % 9973, n::bigint << 4 | 1 FROM generate_series(1, 100000) AS n"
        )
        await connection.execute(
            "INSERT INTO event (event_key, event_time, record_time, name_hash, body_bytes, event_type, body_place,"
            " event_hash_id, entry) SELECT n, 'epoch'::timestamptz + n * interval '1 s', now(), n, 2, 1, 0, '', ''"
            " FROM generate_series(1, 100000) AS n"
        )
        await connection.execute(
            "INSERT INTO capture (capture_no, capture_id, partner, record_time, context, body_digest, event_count,"
            " outcome) SELECT n, md5(n::text)::uuid, '', now(), '', '', 1, '' FROM generate_series(1, 20000) AS n"
        )
        await connection.execute("ANALYZE reference, event, capture")
        references = await plan_of(connection, events._SQL["references"], [1, 2], 1000)
        assert "Seq Scan" not in {entry[0] for entry in references}
        assert {entry[1] for entry in references if entry[1]} - {"reference"} == {"reference_by_name"}
        wanted = ([1, 2], [0, 0], [2**62, 2**62])
        walk = await plan_of(connection, walks._SQL["round_of_walk"], *wanted, 1000, [3], [], 2048, 1 << 23)
        assert "Seq Scan" not in {entry[0] for entry in walk}
        assert {entry[1] for entry in walk if entry[1]} - {"reference", "event", "capture"} == {
            "reference_by_name",
            "event_pkey",
            "capture_pkey",
        }
        by_key = await plan_of(connection, events._SQL["events_by_key"], [1, 2, 3])
        assert {entry[1] for entry in by_key if entry[1]} == {"event_pkey"}
