"""Documents by others go in, and come back as they were sent; invalid ones are refused at the right place."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

import trace_core

CAPTURE_TYPES = {
    "EPCISDocument",
    "EPCISQueryDocument",
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
}


def capture_documents(shared_data: Path) -> list[Path]:
    found = []
    for path in sorted((shared_data / "epcis").rglob("*.json*")):
        if "Invalid" in path.parts or "JSON-Schema" in path.parts or "Queries" in path.parts:
            continue
        try:
            document = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError:
            continue
        if isinstance(document, dict) and document.get("type") in CAPTURE_TYPES and "@context" in document:
            found.append(path)
    return found


def events_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    if document["type"] == "EPCISDocument":
        return document["epcisBody"].get("eventList", [])
    if document["type"] == "EPCISQueryDocument":
        return document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return [document]


def test_published_documents_are_captured_and_come_back_equal(client: httpx.Client, shared_data: Path) -> None:
    documents = capture_documents(shared_data)
    assert len(documents) > 60
    for path in documents:
        body = path.read_bytes()
        answer = client.post("/capture", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 202, f"{path}: {answer.text[:500]}"
        job = answer.json()
        assert job["success"], f"{path}: {job['errors'][:3]}"
        sent = events_of(orjson.loads(body))
        for event, hash_id in zip(sent, trace_core.event_hash_ids(body), strict=True):
            event_id = event.get("eventID", hash_id)
            got = client.get(f"/events/{quote(event_id, safe='')}")
            assert got.status_code == 200, f"{path}: {event_id}: {got.text[:300]}"
            assert without_context(event) in candidates(got.json()), f"{path}: {event_id}"


def candidates(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Published examples reuse event ids, so several events may answer to one."""
    return [without_context(event) for event in events_of(answer)]


def without_context(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "@context"}


REFUSED = {
    "Combination_of_events_with_missing_mandatory_fields": "/epcisBody/eventList/0/action",
    "Combination_of_non_standard_bizStep_and_disposition": "/epcisBody/eventList/0/bizStep",
    "EPCISDocument_without_context": "/@context",
    "ObjectEvent_with_ilmd_field_without_namespace": "/epcisBody/eventList/0/ilmd/materialType",
    "ObjectEvent_with_invalid_action": "/epcisBody/eventList/0/action",
    "ObjectEvent_with_non_standard_bizStep": "/epcisBody/eventList/0/bizStep",
    "ObjectEvent_with_non_standard_bizStep_in_second_event": "/epcisBody/eventList/1/bizStep",
    "ObjectEvent_with_quantity_as_text": "/epcisBody/eventList/0/quantityList/0/quantity",
    "ObjectEvent_with_unknown_field_in_quantityList": "/epcisBody/eventList/0/quantityList/0/weight",
    "ObjectEvent_without_identifier_list": "/epcisBody/eventList/0/epcList",
}


@pytest.mark.parametrize(("name", "pointer"), REFUSED.items())
def test_published_invalid_document_is_refused_at_its_place(
    client: httpx.Client, shared_data: Path, name: str, pointer: str
) -> None:
    folder = shared_data / "epcis/openepcis-test-resources/2.0/EPCIS/JSON/Capture/Invalid"
    body = (folder / f"{name}.json").read_bytes()
    answer = client.post("/capture", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (202, 400)
    problem = answer.json()
    assert answer.status_code == 400 or problem["success"] is False
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert problem.get("eventsStored", 0) == 0
