"""Each parameter of the language: what it finds, in each form that its values have."""

from __future__ import annotations

import pytest
import pytest_asyncio

from trace_api.query.simple.table import ROWS, Lookup, find

SERIAL = "urn:epc:id:sgtin:0614141.107346.2018"
SERIAL_LINK = "https://id.gs1.org/01/10614141073464/21/2018"


def event(label, **members):
    day = f"2025-01-{sum(map(ord, label)) % 28 + 1:02}"
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:example:{label}",
        "eventTime": f"{day}T12:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": [f"https://example.com/thing/{label}"],
        **members,
    }


def sensor(metadata=None, *reports, **extensions):
    return {
        "sensorElementList": [
            {**({"sensorMetadata": metadata} if metadata else {}), "sensorReport": list(reports), **extensions}
        ]
    }


EVENTS = [
    event("early", eventTime="1999-12-31T23:59:59.999Z"),
    event("late", eventTime="2025-12-31T01:00:00.000+01:00"),
    event("zone", eventTimeZoneOffset="-06:30"),
    event("add", action="ADD", epcList=["https://example.com/x"]),
    event("step", bizStep="https://ref.gs1.org/cbv/BizStep-shipping"),
    event("own-step", bizStep="ex:weighing"),
    event("disp", disposition="in_transit"),
    event("persistent", persistentDisposition={"set": ["damaged"], "unset": ["available"]}),
    event("place", readPoint={"id": "urn:epc:id:sgln:0614141.00777.5", "ex:gate": "G1", "ex:in": {"ex:deep": 4}}),
    event(
        "whole",
        readPoint={"id": "urn:epc:id:sgln:0614141.00777.0"},
        bizLocation={"id": "https://example.com/414/0614141007776", "ex:floor": 2},
    ),
    event("part", bizLocation={"id": "https://id.gs1.org/414/0614141007776/254/5"}),
    event("po", bizTransactionList=[{"type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00001.1618034"}]),
    event("inv", bizTransactionList=[{"type": "inv", "bizTransaction": "urn:epc:id:gdti:0614141.00001.1618034"}]),
    event("source", sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}]),
    event("destination", destinationList=[{"type": "location", "destination": "urn:epc:id:sgln:0614141.00777.0"}]),
    event("serial", epcList=[SERIAL]),
    event("other-serial", epcList=["urn:epc:id:sgtin:0614141.107347.1"]),
    event(
        "quantity",
        epcList=[],
        quantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 2, "uom": "KGM"}],
    ),
    event(
        "grams",
        epcList=[],
        quantityList=[{"epcClass": "urn:epc:idpat:sgtin:4012345.012345.*", "quantity": 2000, "uom": "GRM"}],
    ),
    event("pieces", epcList=[], quantityList=[{"epcClass": "https://id.gs1.org/01/10614141073464", "quantity": 144}]),
    {
        **event(
            "pack",
            type="AggregationEvent",
            parentID="urn:epc:id:sscc:0614141.1234567890",
            childEPCs=[SERIAL_LINK],
            childQuantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.1", "quantity": 7, "uom": "XX"}],
            action="ADD",
        ),
    },
    event(
        "make",
        type="TransformationEvent",
        transformationID="urn:epc:id:gdti:0614141.00001.99",
        inputEPCList=["urn:epc:id:sgtin:4012345.011122.25"],
        outputEPCList=["urn:epc:id:sgtin:4012345.077889.26"],
        inputQuantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.011111.4444", "quantity": 10, "uom": "KGM"}],
        outputQuantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.022222.5555", "quantity": 9.5, "uom": "KGM"}],
    ),
    event(
        "wrong",
        errorDeclaration={
            "declarationTime": "2025-02-01T00:00:00Z",
            "reason": "incorrect_data",
            "correctiveEventIDs": ["urn:example:right"],
            "ex:by": "QA",
        },
    ),
    event(
        "cold",
        **sensor(
            {"time": "2025-03-01T00:00:00Z", "deviceID": "urn:epc:id:giai:4000001.111", "ex:fw": "1.2"},
            {
                "type": "Temperature",
                "value": -18,
                "uom": "CEL",
                "minValue": -20,
                "maxValue": -16,
                "meanValue": -18,
                "sDev": 1,
                "ex:seal": True,
            },
        ),
    ),
    event(
        "warm",
        **sensor(
            {
                "startTime": "2025-03-01T00:00:00Z",
                "endTime": "2025-03-02T00:00:00Z",
                "dataProcessingMethod": "https://example.com/253/4012345000054",
                "bizRules": "https://example.com/253/4012345000054",
            },
            {
                "type": "Temperature",
                "value": 50,
                "uom": "FAH",
                "percRank": 50,
                "percValue": 48,
                "time": "2025-04-01T00:00:00Z",
            },
            **{"ex:rack": {"ex:row": "R7"}},
        ),
    ),
    event(
        "germ",
        **sensor(
            None,
            {
                "type": "Count",
                "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
                "chemicalSubstance": "https://identifiers.org/inchikey:CZMR",
                "stringValue": "Some String",
                "booleanValue": True,
                "hexBinaryValue": "F0f0F0",
                "uriValue": "https://id.gs1.org/8004/4000001111",
                "value": 3,
            },
        ),
    ),
    event(
        "ext",
        **{
            "ex:number": 20,
            "ex:word": "20.0",
            "ex:when": "2025-06-01T02:00:00+02:00",
            "ex:list": ["a", {"ex:deep": "b"}],
            "ex:key": SERIAL,
        },
    ),
    event(
        "ilmd",
        action="ADD",
        ilmd={"cbvmda:lotNumber": "007", "cbvmda:itemExpirationDate": "2026-01-31", "ex:box": {"ex:deep": 5}},
    ),
    event("plain-seven", ilmd={"cbvmda:lotNumber": "7"}, action="ADD"),
]
EVENTS = [{k: v for k, v in e.items() if not (e["type"] in ("AggregationEvent", "TransformationEvent") and k == "epcList") and not (e["type"] == "TransformationEvent" and k == "action") and not (k == "epcList" and v == [])} for e in EVENTS]  # fmt: skip
EVENTS += [event("foreign", type="https://example.org/tests/HeatEvent", action="OBSERVE")]
ALL = sorted(e["eventID"].removeprefix("urn:example:") for e in EVENTS)

CASES = [
    ("eventType=AggregationEvent|TransformationEvent", "make pack"),
    ("eventType=ex:HeatEvent", "foreign"),
    ("eventType=https://example.org/tests/HeatEvent|AggregationEvent", "foreign pack"),
    ("LT_eventTime=2000-01-01T00:00:00Z", "early"),
    ("GE_eventTime=2025-12-31T00:00:00Z", "late"),
    ("GE_eventTime=2025-12-31T00:00:00.001Z", ""),
    ("GE_eventTime=2025-12-31T01:00:00 01:00", "late"),
    ("GE_recordTime=1900-01-01T00:00:00Z&EQ_eventID=urn:example:add", "add"),
    ("LT_recordTime=1980-01-01T00:00:00Z", ""),
    ("EQ_eventTimeZoneOffset=-06:30", "zone"),
    ("EQ_action=ADD", "add ilmd pack plain-seven"),
    ("EQ_bizStep=shipping", "step"),
    ("EQ_bizStep=urn:epcglobal:cbv:bizstep:shipping|cbv:BizStep-receiving", "step"),
    ("EQ_bizStep=https://example.org/tests/weighing", "own-step"),
    ("EQ_bizStep=ex:weighing&EQ_action=ADD", ""),
    ("EQ_disposition=urn:epcglobal:cbv:disp:in_transit", "disp"),
    ("EQ_persistentDisposition_set=damaged", "persistent"),
    ("EQ_persistentDisposition_set=available", ""),
    ("EQ_persistentDisposition_unset=cbv:Disp-available", "persistent"),
    ("EQ_readPoint=https://id.gs1.org/414/0614141007776/254/5", "place"),
    ("WD_readPoint=urn:epc:id:sgln:0614141.00777.0", "place whole"),
    ("EQ_bizLocation=urn:epc:id:sgln:0614141.00777.0", "whole"),
    ("WD_bizLocation=https://example.com/414/0614141007776", "part whole"),
    ("WD_bizLocation=urn:epc:id:sgln:0614141.00777.5", "part"),
    ("EQ_bizTransaction_po=urn:epc:id:gdti:0614141.00001.1618034", "po"),
    ("EQ_bizTransaction_urn:epcglobal:cbv:btt:inv=https://id.gs1.org/253/06141410000121618034", "inv"),
    ("EQ_source_owning_party=https://id.gs1.org/417/4012345002256", "source"),
    ("EQ_destination_location=urn:epc:id:sgln:0614141.00777.0", "destination"),
    ("EQ_source_location=urn:epc:id:sgln:0614141.00777.0", ""),
    ("EQ_transformationID=urn:epc:id:gdti:0614141.00001.99", "make"),
    (f"MATCH_epc={SERIAL_LINK}", "pack serial"),
    (f"MATCH_epc={SERIAL}&eventType=ObjectEvent", "serial"),
    ("MATCH_epc=urn:epc:idpat:sgtin:0614141.107346.*", "pack serial"),
    ("MATCH_epc=urn:epc:idpat:sgtin:0614141.*.*", "other-serial pack serial"),
    ("MATCH_epc=urn:epc:idpat:sgtin:*.*.*", "other-serial pack serial"),
    ("MATCH_epc=urn:epc:idpat:sscc:*.*", ""),
    ("MATCH_epc=https://example.com/x", "add"),
    ("MATCH_parentID=urn:epc:id:sscc:0614141.1234567890", "pack"),
    ("MATCH_parentID=urn:epc:idpat:sscc:0614141.*", "pack"),
    ("MATCH_inputEPC=urn:epc:id:sgtin:4012345.011122.25", "make"),
    ("MATCH_outputEPC=urn:epc:idpat:sgtin:4012345.*.*", "make"),
    ("MATCH_outputEPC=urn:epc:id:sgtin:4012345.011122.25", ""),
    ("MATCH_anyEPC=urn:epc:id:sgtin:4012345.011122.25|urn:epc:id:sscc:0614141.1234567890", "make pack"),
    ("MATCH_anyEPC=urn:epc:idpat:sgtin:4012345.*.*|urn:epc:idpat:sscc:*.*", "make pack"),
    ("MATCH_epcClass=urn:epc:class:lgtin:4012345.012345.998877", "quantity"),
    ("MATCH_epcClass=urn:epc:idpat:lgtin:4012345.012345.*", "pack quantity"),
    ("MATCH_epcClass=urn:epc:idpat:sgtin:4012345.012345.*", "grams"),
    ("MATCH_epcClass=urn:epc:idpat:sgtin:0614141.*.*", "pieces"),
    ("MATCH_inputEPCClass=urn:epc:class:lgtin:4012345.011111.4444", "make"),
    ("MATCH_outputEPCClass=https://id.gs1.org/01/04012345222227/10/5555", "make"),
    ("MATCH_anyEPCClass=urn:epc:idpat:lgtin:4012345.*.*", "make pack quantity"),
    ("EQ_quantity=144", "pieces"),
    ("GT_quantity=144", "grams"),
    ("GE_quantity=144", "grams pieces"),
    ("LT_quantity=7", "quantity"),
    ("LE_quantity=7", "pack quantity"),
    ("EQ_quantity_KGM=2", "grams quantity"),
    ("EQ_quantity_EA=144|3", "pieces"),
    ("EQ_quantity_DZN=12", "pieces"),
    ("EQ_quantity_XX=7", "pack"),
    ("GT_quantity_GRM=9500", "make"),
    ("GE_quantity_GRM=2000", "grams make quantity"),
    ("LT_quantity_KGM=9.5", "grams quantity"),
    ("LE_quantity_KGM=9.5", "grams make quantity"),
    ("EQ_eventID=urn:example:step|urn:example:disp", "disp step"),
    ("EXISTS_errorDeclaration=true", "wrong"),
    ("EXISTS_errorDeclaration=&EQ_action=OBSERVE", "wrong"),
    ("EXISTS_errorDeclaration=false&EQ_bizStep=shipping", "step"),
    ("GE_errorDeclarationTime=2025-02-01T00:00:00Z", "wrong"),
    ("GE_errorDeclaration_Time=2025-02-01T00:00:00.001Z", ""),
    ("LT_errorDeclarationTime=2025-02-01T00:00:00.001Z", "wrong"),
    ("EQ_errorReason=incorrect_data", "wrong"),
    ("EQ_correctiveEventID=urn:example:right", "wrong"),
    ("EXISTS_sensorElementList=true", "cold germ warm"),
    ("GE_time=2025-03-02T00:00:00Z", "warm"),
    ("LT_time=2025-03-02T00:00:00Z", "cold"),
    ("GE_startTime=2025-03-01T00:00:00Z", "warm"),
    ("LT_startTime=2025-03-01T00:00:00Z", ""),
    ("GE_endTime=2025-03-02T00:00:00Z", "warm"),
    ("LT_endTime=2025-03-02T00:00:00Z", ""),
    ("EQ_type=Temperature", "cold warm"),
    ("EQ_type=https://gs1.org/voc/Temperature", "cold warm"),
    ("EQ_deviceID=https://id.gs1.org/8004/4000001111", "cold"),
    ("EQ_dataProcessingMethod=https://example.com/253/4012345000054", "warm"),
    ("EQ_bizRules=https://example.com/253/4012345000054", "warm"),
    ("EQ_microorganism=https://www.ncbi.nlm.nih.gov/taxonomy/1126011", "germ"),
    ("EQ_chemicalSubstance=https://identifiers.org/inchikey:CZMR", "germ"),
    ("EQ_stringValue=Some String", "germ"),
    ("EQ_stringValue=some string", ""),
    ("EQ_hexBinaryValue=f0F0f0", "germ"),
    ("EQ_uriValue=urn:epc:id:giai:4000001.111", "germ"),
    ("EQ_booleanValue=true", "germ"),
    ("EQ_booleanValue=false", ""),
    *((f"{op}_percRank={n}", found) for op, n, found in (("EQ", 50, "warm"), ("GT", 50, ""), ("GE", 50, "warm"), ("LT", 50, ""), ("LE", 50, "warm"))),
    ("EQ_value_CEL=10", "warm"),
    ("EQ_value_FAH=50", "warm"),
    ("EQ_value_KEL=283.15", "warm"),
    ("GE_value_FAH=50", "warm"),
    ("GT_value_CEL=10", ""),
    ("GT_value_CEL=-18.0001", "cold warm"),
    ("LT_value_FAH=0", "cold"),
    ("LE_value_CEL=-18", "cold"),
    ("EQ_value_C62=3", ""),
    *((f"{op}_{field}_CEL={n}", found) for field, n in (("minValue", -20), ("maxValue", -16), ("meanValue", -18)) for op, found in (("EQ", "cold"), ("GT", ""), ("GE", "cold"), ("LT", ""), ("LE", "cold"))),
    *((f"{op}_sDev_FAH=1.8", found) for op, found in (("EQ", "cold"), ("GT", ""), ("GE", "cold"), ("LT", ""), ("LE", "cold"))),
    *((f"{op}_percValue_FAH=48", found) for op, found in (("EQ", "warm"), ("GT", ""), ("GE", "warm"), ("LT", ""), ("LE", "warm"))),
    ("EQ_ex:number=20", "ext"),
    ("EQ_ex:number=20.0", "ext"),
    ("EQ_ex:word=20", "ext"),
    ("EQ_https://example.org/tests/number=2e1", "ext"),
    ("EQ_https://example.org/tests#number=20", "ext"),
    ("EQ_ex:when=2025-06-01T00:00:00Z", "ext"),
    ("EQ_ex:key=" + SERIAL_LINK, "ext"),
    ("EQ_ex:list=a", "ext"),
    ("EQ_ex:list=b", ""),
    ("EQ_INNER_ex:deep=b", "ext"),
    ("EQ_ex:deep=b", ""),
    ("GT_ex:number=19", "ext"),
    ("GE_ex:word=20", "ext"),
    ("LT_ex:number=20", ""),
    ("LE_ex:when=2025-06-01", "ext"),
    ("GE_ex:when=2025-06-02", ""),
    ("EXISTS_ex:list=true", "ext"),
    ("EXISTS_INNER_ex:deep=", "ext"),
    ("EQ_ILMD_cbvmda:lotNumber=007", "ilmd"),
    ("EQ_ILMD_urn:epcglobal:cbv:mda#lotNumber=7", "plain-seven"),
    ("LT_ILMD_cbvmda:itemExpirationDate=2026-02-01", "ilmd"),
    ("GE_INNER_ILMD_ex:deep=5", "ilmd"),
    ("EXISTS_ILMD_cbvmda:lotNumber=true", "ilmd plain-seven"),
    ("EQ_ERROR_DECLARATION_ex:by=QA", "wrong"),
    ("EQ_readPoint_ex:gate=G1", "place"),
    ("GT_INNER_readPoint_ex:deep=3", "place"),
    ("LE_bizLocation_ex:floor=2", "whole"),
    ("EQ_SENSORMETADATA_ex:fw=1.2", "cold"),
    ("EQ_SENSORREPORT_ex:seal=true", "cold"),
    ("EXISTS_SENSORELEMENT_ex:rack=true", "warm"),
    ("EQ_INNER_SENSORELEMENT_ex:row=R7", "warm"),
]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(world):
    await world.capture(EVENTS)
    return world


@pytest.mark.parametrize(("query", "expected"), CASES, ids=[case[0] for case in CASES])
async def test_parameter_finds_its_events_alone(told, query, expected):
    found = [event_id.removeprefix("urn:example:") for event_id in await told.find(query)]
    assert sorted(found) == expected.split()


def test_each_row_of_the_table_has_a_case():
    named = {name for query, _ in CASES for name in (part.partition("=")[0] for part in query.split("&"))}
    covered = {found[0].form for name in named if (found := find(name))}
    # What needs master data has its cases in `tests/system/test_master_data.py`.
    needed = {row.form for row in ROWS if row.filter is not None and row.lookup in (None, Lookup.PARTS)}
    assert needed - covered == set()


async def test_no_parameter_finds_all_in_order_of_time(told):
    times = {e["eventID"]: e["eventTime"] for e in EVENTS}
    found = await told.find("")
    assert sorted(found) == sorted(times)
    assert found[0] == "urn:example:early"
    assert found[-1] == "urn:example:late"


async def test_order_by_extension_puts_those_that_have_it_first(told):
    for direction in ("ASC", "DESC"):
        found = await told.find(f"orderBy=ex:number&orderDirection={direction}", per_page=7)
        assert found[0] == "urn:example:ext"
        assert len(found) == len(EVENTS)


async def test_order_by_direction_defaults_to_descending(told):
    ascending = await told.find("orderBy=eventTime&orderDirection=ASC")
    assert await told.find("orderBy=eventTime") == ascending[::-1]
    assert len(await told.find("orderBy=recordTime", per_page=3)) == len(EVENTS)


async def test_event_count_limit_holds_over_all_pages(told):
    all_events = await told.find("orderBy=eventTime&orderDirection=ASC")
    for per_page in (1, 2, 5, 1000):
        assert await told.find("orderBy=eventTime&orderDirection=ASC&eventCountLimit=5", per_page) == all_events[:5]
