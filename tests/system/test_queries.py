"""The query language and the collections, as a client meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.system.conftest import document_of, observation

if TYPE_CHECKING:
    import httpx

GLN = "urn:epc:id:sgln:9521234.54321.0"


@pytest.fixture(scope="module")
def told(server):
    events = [
        observation(
            f"query{n}",
            eventID=f"urn:example:query:{n}",
            bizStep="ex:query-step",
            readPoint={"id": GLN},
            **{"ex:query-number": n},
        )
        for n in range(7)
    ]
    with server.client() as client:
        assert client.post("/capture", json=document_of(*events)).status_code == 202
        yield client


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    events = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return [event["eventID"] for event in events]


def all_pages(client: httpx.Client, path: str, **parameters: object) -> list[str]:
    answer = client.get(path, params=parameters)
    found = answer.json().get("member") or ids(answer)
    while link := answer.links.get("next"):
        answer = client.get(link["url"])
        found += answer.json().get("member") or ids(answer)
    return found


def test_query_is_answered_page_by_page(told):
    header = {"GS1-Extensions": "mine=https://example.org/tests/"}
    answer = told.get(
        "/events", params={"GE_mine:query-number": 3, "orderBy": "mine:query-number", "perPage": 2}, headers=header
    )
    assert ids(answer) == ["urn:example:query:6", "urn:example:query:5"]
    answer = told.get(answer.links["next"]["url"], headers=header)
    assert ids(answer) == ["urn:example:query:4", "urn:example:query:3"]
    assert "next" not in answer.links


@pytest.mark.parametrize(
    ("query", "status", "type_", "parameter"),
    [
        ("EQ_nothing=1", 400, "QueryParameterException", "EQ_nothing"),
        ("EQ_undeclared:x=1", 400, "QueryParameterException", "EQ_undeclared:x"),
        ("EQ_action=%00", 400, "QueryParameterException", "EQ_action"),
        ("GE_eventTime=NaN", 400, "QueryParameterException", "GE_eventTime"),
        ("%00=%00", 400, "QueryParameterException", "\x00"),
        ("=", 400, "QueryParameterException", ""),
        ("maxEventCount=1&EQ_readPoint=" + GLN, 413, "QueryTooLargeException", None),
        (
            "&".join(f"EQ_ILMD_cbvmda:f{n}=1" for n in range(1000)),
            400,
            "QueryParameterException",
            "EQ_ILMD_cbvmda:f100",
        ),
    ],
)
def test_refusal_is_the_standards_and_names_the_parameter(told, query, status, type_, parameter):
    answer = told.get(f"/events?{query}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"epcisException:{type_}")
    if parameter is not None:
        assert answer.json()["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize(
    ("collection", "value", "other_form"),
    [
        ("eventTypes", "ObjectEvent", "ObjectEvent"),
        ("bizSteps", "ex:query-step", "https://example.org/tests/query-step"),
        ("readPoints", GLN, "https://id.gs1.org/414/9521234543213"),
        (
            "epcs",
            "https://id.gs1.org/01/09521234543213/21/query1",
            "https://example.com/01/09521234543213/21/query1",
        ),
    ],
)
def test_collection_lists_values_and_their_events(told, collection, value, other_form):
    for per_page in (1, 3, 1000) if collection != "epcs" else (50, 1000):
        members = all_pages(told, f"/{collection}", perPage=per_page)
        assert members.count(value) == 1
        assert len(set(members)) == len(members)
    path = f"/{collection}/{quote(other_form, safe='')}"
    assert told.get(path).json()["member"] == ["events"]
    found = all_pages(told, f"{path}/events", perPage=4, EQ_eventID="urn:example:query:1|urn:example:query:2")
    assert found == (
        ["urn:example:query:1"] if collection == "epcs" else ["urn:example:query:1", "urn:example:query:2"]
    )


@pytest.mark.parametrize("collection", ["eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions"])
def test_value_that_no_event_has_is_not_found(told, collection):
    assert told.get(f"/{collection}").status_code == 200
    answer = told.get(f"/{collection}/{quote('https://example.org/nowhere', safe='')}")
    assert (answer.status_code, answer.json()["type"]) == (404, "epcisException:NoSuchResourceException")
    for hostile in ("%00", "%ff", "a|b", "%7C", quote("'; DROP TABLE event", safe=""), "x" * 3000):
        for path in (
            f"/{collection}/{hostile}",
            f"/{collection}/{hostile}/events",
            f"/{collection}?nextPageToken={hostile}",
        ):
            assert told.get(path).status_code < 500, path
