"""An event's keys in the other form, and back: the same event, by the identity that the standard gives it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import trace_core

SHARED = Path(os.environ.get("WAYPROOF_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
PREFIX = "9521321"


def prefix_digits(digits: str) -> int | None:
    return len(PREFIX) if digits.startswith(PREFIX) else None


# A key of each scheme of the EPC Tag Data Standard.
URNS = [
    *("id:sgtin:9521321.011234.400", "class:lgtin:9521321.012345.998877", "idpat:sgtin:9521321.012345.*"),
    *("id:sscc:9521321.1234567890", "id:sgln:9521321.01234.0", "id:sgln:9521321.01234.A-1", "id:pgln:9521321.01234"),
    *("id:grai:9521321.12345.400", "id:giai:9521321.5678", "id:gsrn:9521321.0123456789", "id:gsrnp:9521321.0123456789"),
    *(
        "id:gdti:9521321.12345.006847",
        "id:cpi:9521321.5PQ7.123",
        "id:sgcn:9521321.12345.0006",
        "id:ginc:9521321.xyz3311",
    ),
    *("id:gsin:9521321.123456789", "id:itip:9521321.011234.01.02.400", "id:upui:9521321.098765.51qI"),
]


def event(key: str) -> bytes:
    members = {"type": "ObjectEvent", "eventTime": "2026-01-01T00:00:00Z", "eventTimeZoneOffset": "+00:00"}
    members |= {"epcList": [key], "action": "OBSERVE", "note": 1.50, "ex:of": key}
    return json.dumps({"@context": [{"ex": "https://example.org/"}]} | members).encode()


@pytest.mark.parametrize("urn", [f"urn:epc:{urn}" for urn in URNS])
def test_key_in_either_form_becomes_the_other(urn):
    link = trace_core.item_key(urn)
    assert link.startswith("https://id.gs1.org/")
    for one, other, asked in ((urn, link, None), (link, urn, prefix_digits)):
        written = json.loads(trace_core.with_keys(event(one), prefix_digits=asked))
        assert written == json.loads(event(one)) | {"epcList": [other]}


def test_key_by_the_example_of_the_standard_becomes_the_other():
    link = "https://id.gs1.org/01/09521321112346/21/400"
    assert json.loads(trace_core.with_keys(event("urn:epc:id:sgtin:9521321.011234.400")))["epcList"] == [link]


def test_key_that_has_no_such_form_stays():
    for text in ("urn:uuid:0191b2a4-7f2a-7c70-9d3f-4b0a1c2d3e4f", "https://example.com/x", "urn:epc:id:sgtin:1.2.3"):
        assert trace_core.with_keys(event(text)) == trace_core.with_keys(event(text), prefix_digits=prefix_digits)
    foreign = event("https://id.gs1.org/01/00614141123452/21/1")
    assert json.loads(trace_core.with_keys(foreign, prefix_digits=prefix_digits)) == json.loads(foreign)


def test_failure_of_the_one_who_is_asked_is_raised():
    def fail(_digits: str) -> int | None:
        raise LookupError("no table")

    with pytest.raises(LookupError, match="no table"):
        trace_core.with_keys(event("https://id.gs1.org/01/09521321112346/21/400"), prefix_digits=fail)


def test_published_documents_in_the_other_form_keep_their_event_hash_ids():
    if not SHARED.is_dir():
        pytest.skip("the shared test data is not there")
    seen = 0
    for path in sorted(SHARED.glob("epcis/gs1-EPCIS/**/*.jsonld")):
        document = path.read_bytes()
        try:
            before = trace_core.event_hash_ids(document)
        except trace_core.CaptureError:
            continue
        parsed = json.loads(document)
        lists = parsed.get("epcisBody", {}).get("eventList")
        if not lists:
            continue
        for index, one in enumerate(lists):
            for asked in (None, lambda _digits: 7):
                lists[index] = json.loads(trace_core.with_keys(json.dumps(one).encode(), prefix_digits=asked))
                assert trace_core.event_hash_ids(json.dumps(parsed).encode()) == before, path.name
                seen += 1
            lists[index] = one
    assert seen > 50
