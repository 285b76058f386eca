"""Everything that others published goes in, and comes back in each form: valid by the standard's own schemas, and the
same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import orjson
import pytest
from lxml import etree

import trace_core
from tests.system.conftest import Server, document_of, observation
from tests.test_xml_form import published_json, published_xml, xsd_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

FORMS = {
    "minimal": {"Accept": "application/json"},
    "full": {"Accept": "application/ld+json"},
    "XML": {"Accept": "application/xml"},
    "XML with web URIs": {"Accept": "text/xml", "GS1-CBV-XML-Format": "Always_Web_URI"},
    "XML as captured": {"Accept": "application/xml", "GS1-CBV-XML-Format": "Never_Translates"},
    "Digital Links": {"Accept": "application/json", "GS1-EPC-Format": "Always_GS1_Digital_Link"},
    "URNs": {"Accept": "application/xml", "GS1-EPC-Format": "Always_EPC_URN"},
}


HELD_BY_ITS_DOCUMENT = {"epcisXmlDocHavingEventWithIgnoreFields.xml", "Extended-Event.json"}
"""Ids that hold in their document alone: it leaves fields out of them, or an event type is named by a prefix that
means something else in another event of the page."""


def json_schema(shared_data: Path) -> jsonschema.Draft7Validator:
    path = shared_data / "epcis" / "gs1-EPCIS" / "EPCIS-JSON-Schema.json"
    return jsonschema.Draft7Validator(orjson.loads(path.read_bytes()))


def refused(schema: jsonschema.Draft7Validator, document: object) -> set[tuple[str, str]]:
    """The rules that a document breaks, and in which field."""
    return {
        (error.validator, next((part for part in reversed(error.absolute_path) if isinstance(part, str)), ""))
        for error in schema.iter_errors(document)
    }


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, shared_data: Path
) -> Iterator[tuple[httpx.Client, set[str], set[tuple[str, str]]]]:
    """A server that was told all that is published, the ids of its events, and what the standard's JSON schema has
    against published documents themselves."""
    ids: set[str] = set()
    odd: set[tuple[str, str]] = set()
    schema = json_schema(shared_data)
    running = Server.start(tmp_path_factory.mktemp("forms") / "data")
    with running.client() as client:
        for media_type, published in (("json", published_json), ("xml", published_xml)):
            for path, body in published(shared_data):
                answer = client.post("/capture", content=body, headers={"Content-Type": f"application/{media_type}"})
                assert answer.status_code == 202, f"{path}: {answer.text[:300]}"
                assert answer.json()["success"], f"{path}: {answer.text[:300]}"
                ids |= set() if path.name in HELD_BY_ITS_DOCUMENT else set(trace_core.event_hash_ids(body))
                document = orjson.loads(body if media_type == "json" else trace_core.json_of_xml(body))
                odd |= refused(schema, document)
        yield client, ids, odd
    assert running.end() == 0


def pages(client: httpx.Client, headers: dict[str, str]) -> Iterator[httpx.Response]:
    answer = client.get("/events", params={"perPage": 50}, headers=headers)
    while True:
        assert answer.status_code == 200, answer.text[:500]
        yield answer
        if "next" not in answer.links:
            return
        answer = client.get(answer.links["next"]["url"], headers=headers)


@pytest.mark.parametrize("form", FORMS)
def test_published_events_come_back_valid_and_as_they_were(
    library: tuple[httpx.Client, set[str], set[tuple[str, str]]], shared_data: Path, form: str
) -> None:
    client, ids, odd = library
    standard, schema = shared_data / "epcis" / "gs1-EPCIS", json_schema(shared_data)
    found: set[str] = set()
    for page in pages(client, FORMS[form]):
        assert page.headers["content-type"].startswith(FORMS[form]["Accept"].replace("text/xml", "application/xml"))
        if "xml" in page.headers["content-type"]:
            assert not xsd_errors(standard, page.content)
        else:
            assert refused(schema, page.json()) <= odd
        found |= set(trace_core.event_hash_ids(page.content))
    assert ids <= found
    assert len(ids) > 120


def test_words_and_keys_are_written_as_wished(client: httpx.Client) -> None:
    event = observation(
        "forms",
        eventID="urn:example:forms",
        bizStep="shipping",
        disposition="in_transit",
        readPoint={"id": "urn:epc:id:sgln:9521234.00001.0"},
    )
    assert client.post("/capture", json=document_of(event)).json()["success"]
    for headers, step, place in (
        ({}, "urn:epcglobal:cbv:bizstep:shipping", "urn:epc:id:sgln:9521234.00001.0"),
        ({"GS1-CBV-XML-Format": "Always_URN"}, "urn:epcglobal:cbv:bizstep:shipping", "urn:epc:id:sgln:9521234.00001.0"),
        (
            {"GS1-CBV-XML-Format": "Always_Web_URI", "GS1-EPC-Format": "Always_GS1_Digital_Link"},
            "https://ref.gs1.org/cbv/BizStep-shipping",
            "https://id.gs1.org/414/9521234000013",
        ),
    ):
        answer = client.get("/events/urn:example:forms", headers={"Accept": "application/xml"} | headers)
        document = etree.fromstring(answer.content)
        assert document.findtext(".//bizStep") == step
        assert document.findtext(".//readPoint/id") == place


def test_event_that_xml_cannot_hold_is_not_acceptable_in_xml(client: httpx.Client) -> None:
    event = observation("no-xml", eventID="urn:example:no-xml", **{"ex:bell": "\x07"})
    assert client.post("/capture", json=document_of(event)).json()["success"]
    assert client.get("/events/urn:example:no-xml").status_code == 200
    answer = client.get("/events/urn:example:no-xml", headers={"Accept": "application/xml"})
    assert (answer.status_code, answer.json()["type"]) == (406, "epcisException:NotAcceptableException")
    assert "ex:bell" in answer.json()["detail"]


REFUSED_AT = {
    "ObjectEvent_bare_event_without_action.xml": None,
    "ObjectEvent_with_invalid_action.xml": "/action",
    "ObjectEvent_with_invalid_eventTime_format.xml": "/eventTime",
    "ObjectEvent_with_near_miss_action.xml": "/action",
    "QueryDocument_with_invalid_eventType.xml": "/type",
    "QueryDocument_with_missing_value.xml": None,
    "QueryDocument_with_invalid_action.json": "/action",
}
"""Published invalid documents, and the end of the pointer to what is wrong; None for what is no document of events."""


def test_published_invalid_documents_are_refused_at_their_place(client: httpx.Client, shared_data: Path) -> None:
    folder = shared_data / "epcis" / "openepcis-test-resources" / "2.0" / "EPCIS"
    paths = [*folder.glob("XML/*/Invalid/*.xml"), *folder.glob("JSON/Query/Invalid/*.json")]
    assert {path.name for path in paths} == set(REFUSED_AT)
    for path in paths:
        media_type = "application/xml" if path.suffix == ".xml" else "application/json"
        answer = client.post("/capture", content=path.read_bytes(), headers={"Content-Type": media_type})
        errors = answer.json().get("errors", [])
        end = REFUSED_AT[path.name]
        if end is None:
            assert answer.status_code == 400, path.name
        else:
            assert answer.json()["success"] is False, path.name
            assert errors[0]["pointer"].endswith(end), (path.name, errors)


def test_published_queries_are_kept_or_refused(client: httpx.Client, shared_data: Path) -> None:
    folder = shared_data / "epcis" / "openepcis-test-resources" / "2.0" / "EPCIS" / "JSON" / "Query" / "Queries"
    good, bad = folder / "SimpleEventQuery.json", folder / "Invalid" / "Query_with_invalid_values.json"
    kept = client.post("/queries", json={"name": "published", "query": orjson.loads(good.read_bytes())})
    assert kept.status_code == 201, kept.text
    assert client.get("/queries/published/events").status_code == 200
    refused = client.post("/queries", json={"name": "published too", "query": orjson.loads(bad.read_bytes())})
    assert (refused.status_code, refused.json()["type"]) == (400, "epcisException:QueryParameterException")
