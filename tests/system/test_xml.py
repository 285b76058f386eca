"""XML of EPCIS 1.2 and 2.0 goes in like JSON: the same events, the same ids, the same refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson
import pytest

import trace_core
from tests.system.conftest import document_of, events_in, observation

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

XML = {"Content-Type": "application/xml"}
EVENT = """
      <eventTime>2025-01-01T12:00:00.000Z</eventTime>
      {more}<eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
      <epcList><epc>https://id.gs1.org/01/09521234543213/21/xml-1</epc></epcList>
      <action>OBSERVE</action>
      <bizStep>urn:epcglobal:cbv:bizstep:receiving</bizStep>
      <readPoint><id>urn:epc:id:sgln:9521234.00003.0</id></readPoint>
      <ex:temperature>4.5</ex:temperature>"""


def document(event: str, version: str = "2.0", number: int = 2) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:{number}" xmlns:ex="https://example.org/tests/"
    schemaVersion="{version}" creationDate="2025-01-01T00:00:00Z">
  <EPCISBody><EventList><ObjectEvent>{event}</ObjectEvent></EventList></EPCISBody>
</epcis:EPCISDocument>""".encode()


def test_event_in_xml_is_the_event_in_json(client: httpx.Client) -> None:
    as_json = observation("xml-1", bizStep="receiving", readPoint={"id": "urn:epc:id:sgln:9521234.00003.0"})
    as_json["ex:temperature"] = "4.5"
    (event_id,) = trace_core.event_hash_ids(orjson.dumps(document_of(as_json)))
    for body in (document(EVENT.format(more="")), document(EVENT.format(more=""), "1.2", 1)):
        assert trace_core.event_hash_ids(body) == [event_id]
        job = client.post("/capture?ack=published", content=body, headers=XML).json()
        assert job["success"], job
    # The two editions say the same, so it is stored once.
    assert (job["eventsStored"], job["eventsRepeated"]) == (0, 1)
    [stored] = events_in(client.get(f"/events/{quote(event_id, safe='')}"))
    assert {name: value for name, value in stored.items() if name != "@context"} == as_json
    history = client.get("/history", params={"item": "(01)09521234543213(21)xml-1"}).json()["histories"][0]
    assert [event["event_id"] for event in history["events"]] == [event_id]
    receipt = client.get("/receipt", params={"event": event_id}).json()
    key = client.get("/log/key").text.strip()
    trace_core.check_receipt(orjson.dumps(receipt), key)


def test_error_in_xml_names_event_and_field(client: httpx.Client) -> None:
    wrong = EVENT.format(more="").replace("OBSERVE", "LOOK").replace("2025-01-01T12:00:00.000Z", "noon")
    job = client.post("/capture", content=document(wrong), headers=XML).json()
    assert not job["success"]
    assert [(error["event_index"], error["pointer"]) for error in job["errors"]] == [
        (0, "/epcisBody/eventList/0/eventTime"),
        (0, "/epcisBody/eventList/0/action"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html/>", "type"),
        (b"<EPCISDocument>", "syntax"),
        (b'{"type": "EPCISDocument"}', "syntax"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><EPCISDocument>&b;</EPCISDocument>', "doctype"),
        (b"<a>" * 100_000, "depth"),
        (b"\xff\xfe<\x00", "encoding"),
        (document(EVENT.format(more="<eventTime>2025-01-01T12:00:00.000Z</eventTime>")), "duplicate_key"),
    ],
)
def test_hostile_xml_is_refused(client: httpx.Client, body: bytes, code: str) -> None:
    answer = client.post("/capture", content=body, headers=XML)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_xml_as_json_is_refused(client: httpx.Client) -> None:
    answer = client.post(
        "/capture", content=document(EVENT.format(more="")), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "syntax")


def test_published_xml_documents_are_captured_and_come_back(client: httpx.Client, shared_data: Path) -> None:
    seen = 0
    for path in sorted((shared_data / "epcis").rglob("*.xml")):
        body = path.read_bytes()
        if "Invalid" in path.parts or "Queries" in path.parts or b"EPCISDocument" not in body:
            continue
        answer = client.post("/capture", content=body, headers=XML)
        assert answer.status_code == 202, f"{path}: {answer.text[:500]}"
        assert answer.json()["success"], f"{path}: {answer.json()['errors'][:3]}"
        for event, event_id in zip(
            orjson.loads(trace_core.json_of_xml(body)).get("epcisBody", {}).get("eventList", []),
            trace_core.event_hash_ids(body),
            strict=True,
        ):
            asked = quote(event.get("eventID", event_id), safe="")
            assert client.get(f"/events/{asked}").status_code == 200, path
        seen += 1
    assert seen > 15
