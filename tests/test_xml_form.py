"""JSON-LD as XML and back: by the standard's own schemas, and with the identity that the standard gives each event."""

from __future__ import annotations

import random
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import jsonschema
import orjson
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from lxml import etree

import trace_core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
HEAD = {"@context": [CONTEXT], "schemaVersion": "2.0", "creationDate": "2025-01-01T00:00:00Z"}
EVENT_TYPES = ("ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent", "TransformationEvent")
FORMS = ("urn", "web", "as_is")


@pytest.fixture(scope="module")
def standard(shared_data: Path) -> Path:
    return shared_data / "epcis" / "gs1-EPCIS"


@cache
def schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def xsd_errors(standard: Path, xml: bytes) -> list[str]:
    """What the standard's XSD says against a document."""
    document = etree.fromstring(xml)
    name = "epcis-query" if etree.QName(document).localname == "EPCISQueryDocument" else "epcis"
    name = "epcis-masterdata" if etree.QName(document).localname == "EPCISMasterDataDocument" else name
    xsd = schema(standard / "XSD" / f"EPCglobal-{name}-2_0.xsd")
    xsd.validate(document)
    return [str(error) for error in xsd.error_log]


def published_json(shared_data: Path) -> Iterator[tuple[Path, bytes]]:
    """Documents in JSON-LD that are valid; events by themselves as documents."""
    for folder in ("epcis", "event-hash"):
        for path in sorted((shared_data / folder).rglob("*.json*")):
            if "Invalid" in path.parts:
                continue
            body = orjson.loads(path.read_bytes())
            name = body.get("type", "") if isinstance(body, dict) else ""
            if name in EVENT_TYPES or ":" in name:
                body = HEAD | {"type": "EPCISDocument", "epcisBody": {"eventList": [body]}}
                yield path, orjson.dumps(body)
            elif name in ("EPCISDocument", "EPCISQueryDocument"):
                yield path, path.read_bytes()


def published_xml(shared_data: Path) -> Iterator[tuple[Path, bytes]]:
    """Documents in XML that are valid."""
    for folder in ("epcis", "event-hash"):
        for path in sorted((shared_data / folder).rglob("*.xml")):
            body = path.read_bytes()
            is_document = b"EPCISBody" in body and b"Document" in body
            if is_document and not {"Invalid", "Queries"} & set(path.parts):
                yield path, body


def assert_written(standard: Path, document: bytes, path: Path | None = None) -> None:
    """It becomes valid XML in each form, whose events keep their ids."""
    ids = trace_core.event_hash_ids(document)
    for form in FORMS:
        xml = trace_core.xml_of_json(document, cbv=form)
        assert not xsd_errors(standard, xml), path
        assert trace_core.event_hash_ids(trace_core.json_of_xml(xml)) == ids, path


def test_published_json_becomes_valid_xml_with_the_same_ids(shared_data: Path, standard: Path) -> None:
    seen = 0
    for path, document in published_json(shared_data):
        assert_written(standard, document, path)
        seen += 1
    assert seen > 75


def test_published_xml_becomes_json_and_the_same_xml_again(shared_data: Path, standard: Path) -> None:
    seen = 0
    for path, xml in published_xml(shared_data):
        document = trace_core.json_of_xml(xml)
        if path.parent.name == "Query" and b"<queryName" not in xml:
            # These are not valid themselves: results have a name.
            assert xsd_errors(standard, xml), path
            with pytest.raises(trace_core.CaptureError) as refused:
                trace_core.xml_of_json(document)
            (problem,) = orjson.loads(refused.value.args[1])
            assert (problem["code"], problem["pointer"]) == ("required", "/epcisBody/queryResults/queryName")
            continue
        assert_written(standard, document, path)
        # What was read from XML is written and read without a loss.
        again = trace_core.json_of_xml(trace_core.xml_of_json(document, cbv="as_is"))
        assert orjson.loads(again) == orjson.loads(document), path
        seen += 1
    assert seen > 40


# Published documents whose JSON form the standard's JSON schema refuses, though its XSD takes their XML: the schema
# wants a `type` of every sensor report, the XSD and the text of the standard (an exception may stand alone) do not.
WITHOUT_REPORT_TYPE = {"SensorData_with_combined_events.xml"}


def test_json_of_published_xml_is_valid_by_the_json_schema(shared_data: Path, standard: Path) -> None:
    validator = jsonschema.Draft7Validator(orjson.loads((standard / "EPCIS-JSON-Schema.json").read_bytes()))
    seen = 0
    for path, xml in published_xml(shared_data):
        document = orjson.loads(trace_core.json_of_xml(xml))
        errors = list(validator.iter_errors(document))
        if path.parent.name == "Query" and b"<queryName" not in xml:
            errors = [error for error in errors if error.message != "'queryName' is a required property"]
        if path.name in WITHOUT_REPORT_TYPE:
            assert {error.absolute_path[-2] for error in errors} <= {"sensorReport"}, path
            errors = [error for error in errors if error.message != "'type' is a required property"]
        assert not errors, path
        seen += 1
    assert seen > 45


PIECES = (
    *(b"<", b">", b"</", b"/>", b"=", b'"', b"'", b"&", b";", b":", b"-", b"1", b"\xc3\xa9", b"\xc3\x97", b"\x01"),
    *(b"&amp;", b"&#x41;", b"&#0;", b"&#xD800;", b"&no;", b"]]>", b"<![CDATA[", b"<![CDATA[a]]>", b"\xef\xbf\xbe"),
    *(b"<!--", b"-->", b"<!-- a -->", b"--", b"<?", b"?>", b"<?a b?>", b"<?xml version='1.0'?>", b"<!DOCTYPE a>"),
    *(b"<a>", b"</a>", b"<a/>", b"<b:a/>", b"<b:a xmlns:b='urn:c'/>", b" a='1'", b" a='1' a='2'", b" xmlns:a=''"),
    *(
        b" xmlns='urn:a'",
        b" xmlns='urn:a' xmlns='urn:b'",
        b" xmlns:xml='urn:a'",
        b" xmlns:xmlns='urn:a'",
        b" xml:a='b'",
    ),
)


def changed(xml: bytes, chance: random.Random) -> bytes:
    """A document with bytes left out, told twice or put in, behind its declaration."""
    start = xml.find(b"?>") + 2 if xml.startswith(b"<?xml") else 0
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(start, len(xml))
        until = min(at + chance.choice((0, 0, 1, 1, 5, 40, 200)), len(xml))
        twice = xml[at:until] if chance.random() < 0.3 else b""
        piece = chance.choice(PIECES) if chance.random() < 0.6 else b""
        rest = xml[at:] if twice or chance.random() < 0.5 else xml[until:]
        xml = xml[:at] + twice + piece + rest
    return xml


def others_refuse(xml: bytes) -> str | None:
    """What libxml2 or expat says against a text; that a namespace is no URI is not asked."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    with suppress(etree.XMLSyntaxError):
        etree.fromstring(xml, parser)
    errors = [error for error in parser.error_log if error.level_name != "WARNING" and error.type_name != "WAR_NS_URI"]
    try:
        expat.ParserCreate("UTF-8", "\n").Parse(xml, True)
    except expat.ExpatError as refused:
        return str(refused)
    return str(errors[0]) if errors else None


def test_what_other_parsers_refuse_is_refused(shared_data: Path) -> None:
    documents = [xml for _, xml in published_xml(shared_data) if len(xml) < 20_000]
    chance = random.Random(7)
    taken = refused = 0
    for _ in range(4_000):
        xml = changed(chance.choice(documents), chance)
        try:
            trace_core.json_of_xml(xml)
        except trace_core.CaptureError:
            refused += 1
            continue
        assert not others_refuse(xml), xml
        taken += 1
    assert min(taken, refused) > 500


def query_document(*events: dict[str, Any]) -> bytes:
    results = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": events}}
    return orjson.dumps(HEAD | {"type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}})


def observation(**members: Any) -> dict[str, Any]:
    always = {"type": "ObjectEvent", "eventTime": "2025-01-01T12:00:00.000Z", "eventTimeZoneOffset": "+00:00"}
    return always | {"epcList": ["urn:epc:id:sgtin:9521321.011234.400"], "action": "OBSERVE"} | members


def test_events_with_contexts_of_their_own_keep_their_namespaces(standard: Path) -> None:
    document = query_document(
        observation(**{"@context": {"ex": "https://example.org/one/"}, "ex:a": "ex:b"}),
        observation(**{"@context": [CONTEXT, {"ex": "https://example.org/two/"}], "ex:a": {"ex:b": 1}}),
        observation(**{"@context": {"xsi": "https://example.org/three/"}, "xsi:a": None, "ex:a": [True, "ex:b"]}),
        observation(**{"type": "my:Event", "@context": {"my": "https://example.org/four/"}, "my:a": "b"}),
    )
    assert_written(standard, document)
    found = etree.fromstring(trace_core.xml_of_json(document)).iterfind(".//EventList/*/{*}a")
    assert [etree.QName(element).namespace for element in found] == [
        *(f"https://example.org/{name}/" for name in ("one", "two", "three")),
        *("ex:", "ex:"),
    ]


def test_several_certificates_keep_the_id_though_the_xsd_has_one(standard: Path) -> None:
    document = query_document(observation(certificationInfo=["https://example.org/a", "https://example.org/b"]))
    xml = trace_core.xml_of_json(document)
    assert trace_core.event_hash_ids(trace_core.json_of_xml(xml)) == trace_core.event_hash_ids(document)
    (error,) = xsd_errors(standard, xml)
    assert "certificationInfo" in error


def test_what_cannot_be_written_is_refused_by_its_pointer() -> None:
    document = query_document(observation(), observation(**{"ex:a": ["b", {"ex:c": "\x0b"}]}))
    with pytest.raises(trace_core.CaptureError) as refused:
        trace_core.xml_of_json(document)
    (problem,) = orjson.loads(refused.value.args[1])
    pointer = "/epcisBody/queryResults/resultsBody/eventList/1/ex:a/1/ex:c"
    assert (problem["code"], problem["event_index"], problem["pointer"]) == ("character", 1, pointer)
    with pytest.raises(ValueError, match="cbv"):
        trace_core.xml_of_json(document, cbv="short")  # type: ignore[arg-type]


def test_master_data_and_transport_are_written(standard: Path) -> None:
    elements = [
        {
            "id": "urn:epc:id:sgln:9521321.01234.0",
            "attributes": [
                {"id": "urn:epcglobal:cbv:mda:name", "attribute": "A & B"},
                {"id": "https://example.org/address", "attribute": {"ex:city": "Ghent", "ex:zip": "9000"}},
            ],
            "children": ["urn:epc:id:sgln:9521321.01234.1"],
        }
    ]
    vocabularies = [{"type": "urn:epcglobal:epcis:vtype:Location", "vocabularyElementList": elements}]
    header = {"epcisMasterData": {"vocabularyList": vocabularies}}
    transport = {"sender": "urn:a", "receiver": "urn:b", "instanceIdentifier": "7"}
    context = {"@context": [CONTEXT, {"ex": "https://example.org/"}]}
    body = {"type": "EPCISDocument", "epcisHeader": header, "epcisBody": {"eventList": []}}
    document = orjson.dumps(HEAD | body | transport | context)
    assert_written(standard, document)
    xml = trace_core.xml_of_json(document)
    assert orjson.loads(trace_core.json_of_xml(xml))["epcisHeader"] == header
    results = {"queryName": "SimpleMasterDataQuery", "resultsBody": header["epcisMasterData"]}
    body = {"type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    answer = trace_core.xml_of_json(orjson.dumps(HEAD | body | context))
    assert not xsd_errors(standard, answer)
    assert orjson.loads(trace_core.json_of_xml(answer))["epcisBody"] == body["epcisBody"]
    said = {etree.QName(element).localname: element.text for element in etree.fromstring(xml).iter() if element.text}
    assert said["InstanceIdentifier"] == "7"


PREFIXES = {"ex": "https://example.org/x/", "other": {"@id": "urn:other:"}}
TEXTS = st.one_of(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
    ),
    st.sampled_from(["", "ex:a", "other:b", "nowhere:c", "007", "1e3", "true", "receiving", "]]>", "a\r\nb\tc"]),
    st.sampled_from(["2025-01-01T00:00:00+01:00", "urn:epcglobal:cbv:bizstep:shipping", "https://id.gs1.org/01/1"]),
)
NAMES = st.sampled_from(["ex:a", "ex:b", "ex:aList", "other:c", "cbvmda:lotNumber", "nowhere:d", "rdfs:comment"])
SCALARS = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.decimals(-1000, 1000, places=2).map(float)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner.filter(lambda value: not isinstance(value, list)), max_size=3),
        st.dictionaries(st.one_of(NAMES, st.sampled_from(["plain", "plainList", "id"])), inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**31),
    st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=4),
    st.booleans(),
)
def test_generated_events_with_any_members_of_users_keep_their_ids(
    standard: Path, seed: int, added: list[dict[str, Any]], as_query: bool
) -> None:
    document = orjson.loads(trace_core.Simulator(events=12, seed=seed).next_document(12) or b"")
    events = document["epcisBody"]["eventList"]
    for event, members in zip(random.Random(seed).choices(events, k=len(added)), added, strict=True):
        event |= members | {"@context": [PREFIXES]}
        event["readPoint"] = {"id": "urn:epc:id:sgln:9521321.01234.0"} | members
        event["sensorElementList"] = [{"sensorReport": [{"type": "Temperature", "value": 4.5}]} | members]
    body = query_document(*events) if as_query else orjson.dumps(document)
    try:
        trace_core.event_hash_ids(body)
    except trace_core.CaptureError:
        reject()  # it has no id: a text such as "inf"
    assert_written(standard, body)
