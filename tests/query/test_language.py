"""The language as a whole: its manual, its places, its limits, and what hostile parameters get."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from tests.query.conftest import NAMESPACES
from trace_api.errors import Invalid, QueryParameter, QueryTooComplex, QueryTooLarge
from trace_api.query.simple import pages, parse
from trace_api.query.simple.__main__ import manual
from trace_api.query.simple.table import ROWS, find

DOCS = Path(__file__).parent.parent.parent / "docs" / "queries.md"


def event(number):
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:example:{number}",
        "eventTime": f"2025-01-01T{number // 60:02}:{number % 60:02}:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "shipping" if number % 2 else "receiving",
        "epcList": [f"urn:epc:id:sgtin:0614141.107346.{number}"],
        "readPoint": {"id": f"urn:epc:id:sgln:0614141.{number % 50:05}.0"},
        "ex:number": number,
    }


def asked(text):
    return parse.parse_parameters([part.partition("=")[::2] for part in text.split("&") if part], NAMESPACES)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(world):
    await world.capture([event(n) for n in range(100)])
    return world


def test_manual_is_the_one_that_the_table_makes():
    assert DOCS.read_text(encoding="utf-8") == manual()


def test_every_parameter_of_the_standard_is_in_the_table(shared_data):
    standard = shared_data / "epcis/gs1-EPCIS"
    openapi = orjson.loads((standard / "REST-Bindings/openapi.json").read_bytes())
    parameters = openapi["components"]["parameters"].values()
    others = {
        "perPage",
        "nextPageToken",
        *["second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek", "reportIfEmpty", "stream"],
    }
    names = {p["name"] for p in parameters if p["in"] == "query"} - others - {"initialRecordTime"}
    schema = orjson.loads((standard / "JSON-Schema/EPCIS-Query-JSON-Schema-root.json").read_bytes())
    query = schema["definitions"]["EPCIS-Query"]
    names |= set(query["properties"]) - {"@context"}
    patterns = set(query["patternProperties"])
    for pattern in patterns:
        name = pattern.strip("^$").replace("[A-Z0-9]{2,4}", "CEL").replace("[a-z][a-zA-Z0-9_]+", "po")
        name = name.replace("[a-z][a-zA-Z0-9]*\\\\:\\\\w+", "ex:name")
        names.add(name.replace("ATTR_\\\\w+_\\\\w+", "ATTR_bizLocation_countryCode"))
    assert len(names) > 150
    assert {name for name in names if find(name) is None} == set()


@pytest.mark.parametrize("row", [row for row in ROWS if row.filter is not None], ids=lambda row: row.form)
def test_example_of_each_row_is_taken_from_url_and_json(told, row):
    name = row.form
    for part, value in (
        ("{vocabulary_field}", "bizLocation"),
        ("{attribute}", "cbvmda:countryCode"),
        ("{type}", "po"),
        ("{uom}", "CEL"),
        ("{INNER_}", "INNER_"),
        ("{area_}", "ILMD_"),
        ("{field}", "ex:a"),
    ):
        name = name.replace(part, value)
    of_url = parse.parse_parameters([(name, row.example)], NAMESPACES)
    of_json = parse.parse_json({name: [row.example] if row.takes.several else row.example, "@context": [NAMESPACES]})
    assert of_url == of_json
    compiled = pages.compile_query(of_url, told.keys, place=None, limit=1)
    assert compiled.whole.count("$") >= 2
    assert len(compiled.arguments) >= 2


def test_json_of_each_type_is_read():
    query = parse.parse_json({"EQ_quantity": [1, 2.5], "EXISTS_errorDeclaration": None, "EQ_booleanValue": False})
    assert [asked.values for _, asked in query.filters] == [("1", "2.5"), ("",), ("false",)]


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("EQ_nothing=1", "EQ_nothing"),
        ("eq_action=ADD", "eq_action"),
        ("EQ_action=MOVE", "EQ_action"),
        ("EQ_action=", "EQ_action"),
        ("eventType=ObjectEvent|", "eventType"),
        ("eventType=SpaceEvent", "eventType"),
        ("GE_eventTime=2025-01-01", "GE_eventTime"),
        ("GE_eventTime=2025-01-01T00:00:00Z&GE_eventTime=2025-01-01T00:00:00Z", "GE_eventTime"),
        ("GE_eventTime=0001-01-01T00:00:00+14:00", "GE_eventTime"),
        ("GE_quantity=NaN", "GE_quantity"),
        ("EQ_quantity=1|Infinity", "EQ_quantity"),
        ("GE_value_CEL=1e999", "GE_value_CEL"),
        ("GE_value_CEL=1_0", "GE_value_CEL"),
        ("GE_value_toolong=1", "GE_value_toolong"),
        ("GE_ex:number=many", "GE_ex:number"),
        ("EQ_undeclared:field=1", "EQ_undeclared:field"),
        ("EXISTS_errorDeclaration=perhaps", "EXISTS_errorDeclaration"),
        ("EQ_booleanValue=", "EQ_booleanValue"),
        ("EQ_eventTimeZoneOffset=+99:00", "EQ_eventTimeZoneOffset"),
        ("EQ_bizStep=\x00", "EQ_bizStep"),
        ("MATCH_epc=urn:epc:idpat:sgtin:*.1.*", "MATCH_epc"),
        ("orderBy=bizStep", "orderBy"),
        ("orderBy=undeclared:field", "orderBy"),
        ("orderDirection=UP", "orderDirection"),
        ("eventCountLimit=1", "eventCountLimit"),
        ("orderBy=eventTime&eventCountLimit=0", "eventCountLimit"),
        ("orderBy=eventTime&eventCountLimit=1&maxEventCount=1", "maxEventCount"),
        ("maxEventCount=99999999999999999999", "maxEventCount"),
        (
            "&".join(f"EQ_ILMD_ex:f{n}=1" for n in range(parse.PARAMETERS_MAX + 1)),
            f"EQ_ILMD_ex:f{parse.PARAMETERS_MAX}",
        ),
        ("EQ_bizStep=" + "|".join(map(str, range(parse.VALUES_MAX + 1))), "EQ_bizStep"),
        ("EQ_bizStep=" + "x" * (parse.VALUE_CHARACTERS_MAX + 1), "EQ_bizStep"),
    ],
    ids=lambda text: text[:60],
)
async def test_wrong_parameter_is_named(told, text, parameter):
    with pytest.raises(QueryParameter) as refusal:
        await told.find(asked(text))
    assert refusal.value.parameter == parameter


HOSTILE = [
    "%", "_", "'", '"', "\\", "'; DROP TABLE event; --", "$1", "$$", "NULL", "{}", "{1,2}", "0x00", "\ud800", "\U0010ffff",
    "\u202e", "1e308", "-1e308", "9" * 400, "urn:epc:id:sgtin:", "urn:epc:idpat:", "https://id.gs1.org/01/", "://", ":", "#",
    "a:b:c", "2025-01-01T00:00:00Z", "-0", "e", "true", "[]", "  ", "\n",
]  # fmt: skip


async def test_hostile_values_and_names_are_refused_or_find_nothing(told):
    names = [row.form.replace("{INNER_}", "").replace("{area_}", "") for row in ROWS]
    for name in names:
        for text in HOSTILE:
            for hostile_name in {
                name.replace("{type}", text),
                name.replace("{field}", f"ex:{text}"),
                name.replace("{uom}", "ZZZ"),
            }:
                try:
                    query = parse.parse_parameters([(hostile_name, text)], NAMESPACES)
                    pages.compile_query(query, told.keys, place=None, limit=1)
                except QueryParameter:
                    continue
                if "{" not in name or text in ("%", "'; DROP TABLE event; --", "\n"):
                    await told.questions.page(query, None, 1, "anonymous")


async def test_pages_stay_good_while_events_arrive(told):
    for order in (
        "",
        "orderBy=eventTime&orderDirection=DESC&",
        "orderBy=ex:number&orderDirection=ASC&",
        "orderBy=recordTime&orderDirection=ASC&",
    ):
        query = asked(f"{order}LT_ex:number=100")
        whole = await told.find(query)
        found, token = [], None
        for n in range(200, 205):
            events, leads_on = await told.questions.page(query, token, 20, "anonymous")
            token = leads_on and leads_on.text
            found += [e.event_id for e in events]
            late = {**event(n), "eventID": f"urn:example:{order[8:12]}{n}", "eventTime": "2025-01-01T00:30:30Z"}
            await told.capture([late])
        assert found == whole
        assert token is None


async def test_token_of_another_query_is_refused(told):
    _, leads_on = await told.questions.page(asked("EQ_bizStep=shipping"), None, 5, "anonymous")
    assert leads_on is not None
    token = leads_on.text
    await told.questions.page(asked("EQ_bizStep=shipping"), token, 5, "anonymous")
    for other in (
        "",
        "EQ_bizStep=receiving",
        "EQ_bizStep=shipping&EQ_action=OBSERVE",
        "EQ_bizStep=shipping&orderBy=recordTime",
    ):
        with pytest.raises(Invalid):
            await told.questions.page(asked(other), token, 5, "anonymous")
    for broken in ("", "x", token[:-2], token + "AAAA", "W10", "bnVsbA", "WzEsMiwzLDRd", "😀"):
        with pytest.raises(Invalid):
            await told.questions.page(asked("EQ_bizStep=shipping"), broken, 5, "anonymous")


async def test_more_events_than_wanted_are_too_large(told):
    shipping = len(await told.find("EQ_bizStep=shipping"))
    assert len(await told.find(f"EQ_bizStep=shipping&maxEventCount={shipping}", per_page=7)) == shipping
    with pytest.raises(QueryTooLarge):
        await told.find(f"EQ_bizStep=shipping&maxEventCount={shipping - 1}")


async def test_what_costs_too_much_is_refused_before_and_while_it_runs(told):
    query = asked("EQ_bizStep=shipping")
    async with told.store.snapshot() as connection:
        with pytest.raises(QueryTooComplex, match="cost"):
            await pages.page(connection, query, told.keys, None, 10, pages.Limits(cost_max=1.0))
    async with told.store.session() as session, session.transaction():
        await session.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        async with told.store.snapshot() as connection:
            with pytest.raises(QueryTooComplex, match="longer"):
                await pages.page(connection, query, told.keys, None, 10, pages.Limits(query_s_max=0.05))
