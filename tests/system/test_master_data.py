"""What things are called: told in the header of a document, kept over time, shown to people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.system.conftest import document_of, observation

if TYPE_CHECKING:
    import httpx

PARTY = "urn:epcglobal:epcis:vtype:Party"
LOCATION = "urn:epcglobal:epcis:vtype:BusinessLocation"
DEPOT = "urn:epc:id:sgln:9521234.00077.0"


def named(vocabulary: str, *elements: tuple[str, str]) -> dict[str, Any]:
    """A document of master data alone."""
    listed = [
        {"id": id_, "attributes": [{"id": "urn:epcglobal:cbv:mda:name", "attribute": name}]} for id_, name in elements
    ]
    header = {"epcisMasterData": {"vocabularyList": [{"type": vocabulary, "vocabularyElementList": listed}]}}
    document = document_of() | {"epcisHeader": header}
    del document["epcisBody"]
    return document


def tell(client: httpx.Client, document: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/capture", json=document)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    assert job["success"]
    return job


def known(client: httpx.Client, **asked: object) -> list[dict[str, Any]]:
    answer = client.get("/masterData", params=asked)
    assert answer.status_code == 200, answer.text
    return [
        element for vocabulary in answer.json()["vocabularyList"] for element in vocabulary["vocabularyElementList"]
    ]


def test_name_told_by_itself_is_found_by_any_form_of_the_key_and_as_of_any_time(client: httpx.Client) -> None:
    before = datetime.now(UTC).isoformat()
    assert tell(client, named(LOCATION, (DEPOT, "Depot North")))["eventTotal"] == 0
    between = datetime.now(UTC).isoformat()
    tell(client, named(LOCATION, (DEPOT, "Depot South")))

    for form in (DEPOT, "https://id.gs1.org/414/9521234000778", "https://example.com/414/9521234000778"):
        (element,) = known(client, id=form)
        assert (element["id"], element["attributes"][0]["attribute"]) == (DEPOT, "Depot South")
    assert known(client, id=DEPOT, at=between)[0]["attributes"][0]["attribute"] == "Depot North"
    assert known(client, id=DEPOT, at=before) == known(client, id=DEPOT, vocabulary=PARTY) == []


def test_verdict_and_page_call_places_by_name(client: httpx.Client) -> None:
    tell(client, named(LOCATION, ("urn:epc:id:sgln:9521234.00078.0", "Hall & <b>Dock</b>")))
    event = observation("md-1", readPoint={"id": "urn:epc:id:sgln:9521234.00078.17"}, bizStep="receiving")
    event["bizLocation"] = {"id": "urn:epc:id:sgln:9521234.00078.0"}
    tell(client, document_of(event))
    answer = client.get("/verify", params={"scan": "https://id.gs1.org/01/09521234543213/21/md-1"}).json()
    # A door is called as its site.
    assert answer["names"] == dict.fromkeys(
        ["https://id.gs1.org/414/9521234000785", "https://id.gs1.org/414/9521234000785/254/17"], "Hall & <b>Dock</b>"
    )
    page = client.get("/", params={"scan": "https://id.gs1.org/01/09521234543213/21/md-1"}).text
    assert "Hall &amp; &lt;b&gt;Dock&lt;/b&gt;" in page
    assert "<b>Dock" not in page


def test_pages_of_master_data_hold_each_element_once(client: httpx.Client) -> None:
    ids = [f"urn:epc:id:pgln:9521234.{n:05}" for n in range(100, 125)]
    tell(client, named(PARTY, *((id_, f"Firm {id_}") for id_ in ids)))
    tell(client, named(PARTY, *((id_, f"Firm {id_}, renamed") for id_ in ids[:7])))
    seen: list[str] = []
    address: str | None = f"/masterData?vocabulary={PARTY}&perPage=10"
    while address:
        answer = client.get(address)
        for vocabulary in answer.json()["vocabularyList"]:
            assert vocabulary["type"] == PARTY
            seen += [element["attributes"][0]["attribute"] for element in vocabulary["vocabularyElementList"]]
        address = answer.links.get("next", {}).get("url")
    ours = [name for name in seen if name.startswith("Firm urn:epc:id:pgln:9521234.001")]
    assert sorted(ours) == sorted(f"Firm {id_}{', renamed' if n < 7 else ''}" for n, id_ in enumerate(ids))


@pytest.mark.parametrize(
    ("vocabularies", "pointer"),
    [
        ("x", "/epcisHeader/epcisMasterData/vocabularyList"),
        ([{"vocabularyElementList": []}], "/epcisHeader/epcisMasterData/vocabularyList/0/type"),
        (
            [{"type": PARTY, "vocabularyElementList": [{"id": DEPOT}, {"attributes": []}]}],
            "/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/1/id",
        ),
        (
            [{"type": PARTY, "vocabularyElementList": [{"id": DEPOT, "children": ["no uri"]}]}],
            "/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/0/children/0",
        ),
    ],
)
def test_wrong_master_data_is_refused_at_its_place(client: httpx.Client, vocabularies: object, pointer: str) -> None:
    document = named(PARTY) | {"epcisHeader": {"epcisMasterData": {"vocabularyList": vocabularies}}}
    answer = client.post("/capture", json=document)
    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_more_elements_than_the_limit_are_refused(client: httpx.Client) -> None:
    answer = client.post("/capture", json=named(PARTY, *((f"urn:x:{n}", "x") for n in range(10_001))))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_many_elements")


@pytest.mark.parametrize(
    "query", ["at=2024-01-01T00:00:00", "nextPageToken=%00", "nextPageToken=W10", "id=%00", "perPage=0"]
)
def test_hostile_question_is_refused(client: httpx.Client, query: str) -> None:
    assert client.get(f"/masterData?{query}").status_code == 400
