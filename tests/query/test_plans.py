"""Queries are answered by an index, on as many events as make a read of all the worse plan."""

from __future__ import annotations

import orjson
import pytest
import pytest_asyncio

import trace_core
from tests.query.conftest import BLINDING_KEY, NAMESPACES
from trace_api.capture.road import CaptureRequest, Door
from trace_api.query.simple import pages, parse
from trace_api.store.statements import load

EVENTS = 40_000
DOCUMENT_EVENTS = 10_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(world):
    simulator = trace_core.Simulator(events=EVENTS, seed=11)
    door = Door(world.store, BLINDING_KEY)
    while (document := simulator.next_document(DOCUMENT_EVENTS)) is not None:
        await door.capture(CaptureRequest(document, partner="anonymous"))
    async with world.store.session() as connection:
        await connection.execute("ANALYZE")
    return world


async def nodes_of(told, text, arguments):
    async with told.store.session() as connection:
        return await explained(connection, f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", arguments)


async def explained(connection, text, arguments):
    plan = orjson.loads(await connection.fetchval(text, *arguments))
    nodes = [plan[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    return nodes


@pytest_asyncio.fixture(loop_scope="session")
async def few_names(told):
    """A connection to a database where a few names are in nearly all events, and each of others in one."""
    async with told.store.session() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("TRUNCATE reference")
        await connection.execute(
            "INSERT INTO reference SELECT hashint8(CASE WHEN n % 1000 = 0 THEN n ELSE n % 8 END),"
            " (SELECT min(event_key) FROM event) << 4 | 1, NULL FROM generate_series(1, 200000) AS numbers (n)"
        )
        await connection.execute("ANALYZE reference")
        yield connection
        await transaction.rollback()


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(
    ("room", "statement", "arguments"),
    [
        ("events", "references", ([7_000] * 50, 10_001)),
        ("events", "references", ([7_000] * 50, 1)),
        ("events", "items_named", (-(1 << 63), [1, 2, 3, 4, 5], 101)),
        ("walks", "round_of_walk", ([7_000] * 50, [0] * 50, [1 << 62] * 50, 200_000, [], [], 2_048, 8 << 20)),
        ("walks", "round_of_walk", ([7_000] * 50, [5] * 50, [1 << 50] * 50, 200_000, [], [], 2_048, 8 << 20)),
    ],
)
async def test_few_names_in_many_events_are_found_by_the_index_all_the_same(
    few_names, mode, room, statement, arguments
):
    await few_names.execute(f"SET LOCAL plan_cache_mode = {mode}")
    nodes = await explained(few_names, f"EXPLAIN (FORMAT JSON) {load(room)[statement]}", arguments)
    of_references = [node for node in nodes if node.get("Relation Name") == "reference"]
    assert of_references
    assert {node.get("Index Name") for node in of_references} == {"reference_by_name"}


def parsed(query):
    return parse.parse_parameters([part.partition("=")[::2] for part in query.split("&") if part], NAMESPACES)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("GE_eventTime=2025-12-01T00:00:00Z", "event_by_time"),
        ("LT_recordTime=2001-01-01T00:00:00Z&orderBy=recordTime", "event_by_record_time"),
        ("MATCH_anyEPC=urn:epc:id:sgtin:0614141.107346.2018", "reference_by_name"),
        ("MATCH_epcClass=urn:epc:class:lgtin:4012345.012345.998877", "reference_by_name"),
        ("EQ_eventID=urn:example:1", "reference_by_name"),
        ("EQ_transformationID=urn:example:1", "reference_by_name"),
        ("MATCH_epc=urn:epc:idpat:sgtin:0614141.107346.*", "event_by_term"),
        ("MATCH_parentID=urn:epc:idpat:gsrn:0614141.*", "event_by_term"),
        ("EQ_bizStep=ex:rare", "event_by_term"),
        ("EQ_disposition=ex:rare", "event_by_term"),
        ("EQ_persistentDisposition_set=ex:rare", "event_by_term"),
        ("WD_readPoint=urn:epc:id:sgln:0614141.99999.0", "event_by_term"),
        ("EQ_bizLocation=urn:epc:id:sgln:0614141.99999.0", "event_by_term"),
        ("EQ_bizTransaction_po=urn:example:po", "event_by_term"),
        ("EQ_source_location=urn:example:po", "event_by_term"),
        ("EQ_destination_location=urn:example:po", "event_by_term"),
        ("EXISTS_errorDeclaration=true&EQ_errorReason=ex:rare", "event_by_term"),
        ("EQ_correctiveEventID=urn:example:1", "event_by_term"),
        ("GE_errorDeclarationTime=2025-01-01T00:00:00Z", "event_by_term"),
        ("EQ_deviceID=urn:example:device", "event_by_term"),
        ("GE_value_BAR=3", "event_by_term"),
        ("GE_quantity_BAR=3", "event_by_term"),
        ("EQ_ILMD_cbvmda:lotNumber=nowhere", "event_by_term"),
        ("EQ_INNER_ex:field=nowhere", "event_by_term"),
        ("GT_ex:field=3", "event_by_term"),
        ("EXISTS_ex:field=true", "event_by_term"),
    ],
)
async def test_plan_uses_the_index_of_its_family(told, query, index):
    compiled = pages.compile_query(parsed(query), told.keys, place=None, limit=101)
    nodes = await nodes_of(told, compiled.whole, compiled.arguments)
    assert index in {node.get("Index Name") for node in nodes}
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "event_by_time"),
        ("EQ_bizStep=shipping", "event_by_time"),
        (
            "EQ_bizStep=shipping&GE_eventTime=2001-01-01T00:00:00Z&orderDirection=DESC&orderBy=eventTime",
            "event_by_time",
        ),
    ],
)
async def test_what_many_events_meet_is_found_without_reading_more_than_a_window(told, query, index):
    compiled = pages.compile_query(parsed(query), told.keys, place=None, limit=101)
    nodes = await nodes_of(told, compiled.nearest(2_000), compiled.arguments)
    walk = next(node for node in nodes if node.get("Index Name") == index)
    assert 100 < walk["Actual Rows"] <= 2_000
    assert nodes[0]["Actual Rows"] == 101
    assert "Sort" not in {node["Node Type"] for node in nodes}


async def test_in_the_order_of_record_time_no_more_than_a_window_of_each_capture_is_read(told):
    compiled = pages.compile_query(parsed("EQ_bizStep=shipping&orderBy=recordTime"), told.keys, place=None, limit=101)
    nodes = await nodes_of(told, compiled.nearest(2_000), compiled.arguments)
    walk = next(node for node in nodes if node.get("Index Name") == "event_pkey")
    assert walk["Actual Rows"] <= 2_000
    assert nodes[0]["Actual Rows"] == 101
    # The first has enough, and the next one is looked at to see that the first has ended.
    assert walk["Actual Loops"] <= 2
    assert "Sort" not in {node["Node Type"] for node in nodes}


@pytest.mark.parametrize("narrow", ["", "&GE_eventTime=2001-01-01T00:00:00Z", "&LT_recordTime=2100-01-01T00:00:00Z"])
@pytest.mark.parametrize(
    "order", ["", "&orderBy=eventTime&orderDirection=DESC", "&orderBy=recordTime&orderDirection=ASC"]
)
async def test_a_window_of_any_width_changes_no_answer(told, monkeypatch, narrow, order):
    query = parsed(f"EQ_bizStep=shipping{narrow}{order}")
    answers = []
    for per_cost in (0.0, 0.05, 1.0, 1e6):
        monkeypatch.setattr(pages, "WINDOW_EVENTS_PER_COST", per_cost)
        monkeypatch.setattr(pages, "WINDOW_EVENTS_MIN", 0)
        keys, token = [], None
        async with told.store.snapshot() as connection:
            for _ in range(4):
                page = await pages.page(connection, query, told.keys, token and token.text, 300, pages.Limits())
                keys, token = [*keys, *page.event_keys], page.token
        answers.append(keys)
    assert len(answers[0]) == 1_200
    assert all(answer == answers[0] for answer in answers)


async def test_two_frequent_things_that_never_meet_are_not_looked_for_in_all_events(told):
    # Each is in many events, none is in both: a walk in the order would read all of them.
    query = parsed("EQ_bizStep=shipping&EQ_action=ADD&eventType=AggregationEvent")
    compiled = pages.compile_query(query, told.keys, place=None, limit=101)
    nodes = await nodes_of(told, compiled.whole, compiled.arguments)
    assert "event_by_time" not in {node.get("Index Name") for node in nodes}
