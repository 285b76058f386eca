"""The verdict on what happened before: what is over only when somebody says so, and what cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.system.conftest import document_of, observation

if TYPE_CHECKING:
    import httpx


def told(client: httpx.Client, serial: str, *steps: dict[str, object]) -> dict[str, Any]:
    """The verdict on an item after these steps, an hour between each two and a beginning in front."""
    begun = {"action": "ADD", "bizStep": "commissioning"}
    events = [
        observation(serial, **{"eventTime": f"2025-01-01T{hour:02}:00:00.000Z", **step})
        for hour, step in enumerate([begun, *steps])
    ]
    assert client.post("/capture?ack=published", json=document_of(*events)).json()["success"]
    answer: dict[str, Any] = client.get("/verify", params={"scan": f"(01)09521234543213(21){serial}"}).json()
    return answer


def seen_at(place: str) -> dict[str, object]:
    return {"readPoint": {"id": f"urn:epc:id:sgln:9521234.{place}.0"}}


STOLEN = {"persistentDisposition": {"set": ["stolen"]}}


@pytest.mark.parametrize(
    ("serial", "steps", "verdict", "code"),
    [
        ("v1", [{"disposition": "stolen"}, {"bizStep": "stocking", "disposition": "active"}], "suspect", "stolen_before"),
        ("v2", [{"disposition": "recalled"}, {"disposition": "in_transit"}], "suspect", "recalled_before"),
        ("v3", [STOLEN, {"disposition": "sellable_accessible"}], "rejected", "stolen"),
        ("v4", [STOLEN, {"persistentDisposition": {"unset": ["stolen"]}}], "genuine", "origin_known"),
        (
            "v5",
            [{"disposition": "stolen"}, {"persistentDisposition": {"unset": ["stolen"]}, "disposition": "active"}],
            "genuine",
            "origin_known",
        ),
        ("v6", [{"bizStep": "dispensing", "disposition": "dispensed"}, {"bizStep": "receiving"}], "suspect", "after_handover"),
        ("v7", [{"bizStep": "retail_selling"}, {"disposition": "returned"}, {"bizStep": "stocking"}], "genuine", "origin_known"),
        (
            "v8",
            [{"bizStep": "shipping", **seen_at("00001")}, {"bizStep": "shipping", **seen_at("00002")}],
            "genuine-with-warnings",
            "shipped_not_received",
        ),
        (
            "v9",
            [{"bizStep": "shipping", **seen_at("00001")}, {"bizStep": "departing", **seen_at("00001")}, {"bizStep": "receiving", **seen_at("00002")}],
            "genuine",
            "origin_known",
        ),
        ("v10", [{"action": "ADD", "bizStep": "encoding", "eventTime": "2024-12-31T00:00:00Z"}], "genuine", "origin_known"),
        ("v11", [{"bizStep": "shipping", "eventTime": "2024-12-31T00:00:00Z"}], "suspect", "before_beginning"),
    ],
)  # fmt: skip
def test_verdict_on_what_happened_before(
    client: httpx.Client, serial: str, steps: list[dict[str, object]], verdict: str, code: str
) -> None:
    answer = told(client, serial, *[{**step} for step in steps])
    reasons = {reason["code"]: reason for reason in answer["reasons"]}
    assert (answer["verdict"], code in reasons) == (verdict, True), answer["reasons"]
    assert reasons[code]["events"]


def test_item_that_is_only_seen_cannot_be_verified(client: httpx.Client) -> None:
    client.post("/capture?ack=published", json=document_of(observation("seen-only")))
    answer = client.get("/verify", params={"scan": "(01)09521234543213(21)seen-only"}).json()
    assert (answer["verdict"], answer["reasons"][0]["code"]) == ("unverifiable", "origin_unknown")


def test_lot_of_another_vocabulary_is_no_label(client: httpx.Client) -> None:
    begun = {"action": "ADD", "bizStep": "commissioning"}
    other = observation("label-1", **begun, ilmd={"ex:lotNumber": "of theirs"})
    ours = observation("label-2", **begun, ilmd={"m:lotNumber": "L2"})
    ours["@context"] = {"m": "urn:epcglobal:cbv:mda:"}
    assert client.post("/capture?ack=published", json=document_of(other, ours)).json()["success"]
    for serial, expected in (("label-1", "genuine"), ("label-2", "suspect")):
        answer = client.get("/verify", params={"scan": f"(01)09521234543213(10)L1(21){serial}"}).json()
        assert answer["verdict"] == expected, answer["reasons"]


def test_product_is_not_followed_and_that_is_said(client: httpx.Client) -> None:
    for path in ("/recall", "/trace"):
        answer = client.get(path, params={"item": "(01)09521234543213", "direction": "forward"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "class_only")


def test_item_with_a_wrong_key_is_found_as_it_was_written(client: httpx.Client) -> None:
    wrong = "https://id.gs1.org/01/09521234543214/21/wrong-key"
    seen = observation("-") | {"epcList": [wrong]}
    (finding,) = client.post("/capture?ack=published", json=document_of(seen)).json()["findings"]
    assert finding["code"] == "check_digit"
    assert len(client.get("/history", params={"item": wrong}).json()["histories"][0]["events"]) == 1
    assert client.get("/recall", params={"item": wrong}).json()["affected"][0]["item"] == wrong
    assert client.get("/verify", params={"scan": wrong}).json()["verdict"] == "rejected"
    assert client.get("/history", params={"item": "(01)09521234543214(21)wrong-key"}).status_code == 400


@pytest.mark.parametrize(("quantity", "codes"), [(-1.5, ["negative_quantity"]), (-0.0, []), (2, [])])
def test_quantity_below_zero_is_a_finding(client: httpx.Client, quantity: float, codes: list[str]) -> None:
    lot = {"epcClass": "urn:epc:class:lgtin:9521234.054321.Q1", "quantity": quantity, "uom": "KGM"}
    seen = observation("-") | {"epcList": [], "quantityList": [lot]}
    job = client.post("/capture?ack=published", json=document_of(seen)).json()
    assert job["success"]
    assert [finding["code"] for finding in job["findings"]] == codes
