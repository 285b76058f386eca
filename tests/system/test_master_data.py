"""What things are called: told in the header of a document, kept over time, shown to people."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.system.conftest import document_of, events_in, observation

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.system.conftest import Server

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


@pytest.mark.parametrize("letters", ["a" * 2_000, "".join(chr(0x4E00 + n) for n in range(1_000))])
def test_id_that_is_too_long_to_be_listed_is_refused(client: httpx.Client, letters: str) -> None:
    place = f"https://example.org/{letters}"
    for document in (named(LOCATION, (place, "Far")), named(place, (DEPOT, "Far"))):
        answer = client.post("/capture", json=document)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_long")


@pytest.mark.parametrize("letters", ["a" * 2_000, "".join(chr(0x4E00 + n) for n in range(1_000))])
def test_event_with_a_value_that_is_too_long_to_be_listed_is_refused_by_name(
    client: httpx.Client, letters: str
) -> None:
    place = f"https://example.org/{letters}"
    said = {"bizLocation": {"id": place}, "readPoint": {"id": place}, "bizStep": place, "disposition": place}
    for name, value in said.items():
        job = client.post("/capture", json=document_of(observation("far", **{name: value}))).json()
        inner = "/id" if isinstance(value, dict) else ""
        refused = [(error["code"], error["pointer"]) for error in job["errors"]]
        assert refused == [("value_too_long", f"/epcisBody/eventList/0/{name}{inner}")]


def test_longest_places_are_listed_page_by_page(client: httpx.Client) -> None:
    places = {f"https://example.org/longest/{n}/".ljust(2_000, "x") for n in range(3)}
    tell(client, document_of(*(observation(place[28], bizLocation={"id": place}) for place in places)))
    tell(client, named(LOCATION, *((place, "Far") for place in places)))
    for path, member in (("/bizLocations", "member"), ("/masterData", "vocabularyList")):
        answer = client.get(path, params={"perPage": 1})
        found = answer.json()[member]
        while link := answer.links.get("next"):
            answer = client.get(link["url"])
            assert answer.status_code == 200
            found += answer.json()[member]
        ids = [e["id"] for v in found for e in v["vocabularyElementList"]] if member == "vocabularyList" else found
        assert places <= set(ids)


def test_parts_too_deep_to_follow_are_no_smaller_answer(client: httpx.Client) -> None:
    places = [f"https://example.org/deep/{n}" for n in range(100)]
    chain = [{"id": place, "children": [part]} for place, part in itertools.pairwise(places)]
    header = {"epcisMasterData": {"vocabularyList": [{"type": LOCATION, "vocabularyElementList": chain}]}}
    tell(client, document_of() | {"epcisHeader": header})
    tell(client, document_of(observation("deep", bizLocation={"id": places[-1]})))
    assert len(events_in(client.get("/events", params={"WD_bizLocation": places[50]}))) == 1
    refused = client.get("/events", params={"WD_bizLocation": places[0]})
    assert (refused.status_code, refused.json()["type"]) == (413, "epcisException:QueryTooComplexException")


@pytest.mark.parametrize(
    "query", ["at=2024-01-01T00:00:00", "nextPageToken=%00", "nextPageToken=W10", "id=%00", "perPage=0"]
)
def test_hostile_question_is_refused(client: httpx.Client, query: str) -> None:
    assert client.get(f"/masterData?{query}").status_code == 400


SITES = {
    "urn:epc:id:sgln:9521234.10000.0": ["urn:epc:id:sgln:9521234.10001.0", "https://id.gs1.org/414/9521234100027"],
    "https://id.gs1.org/414/9521234100027": ["urn:epc:id:sgln:9521234.10003.0"],
    # A part that is told to hold the whole.
    "urn:epc:id:sgln:9521234.10003.0": ["https://example.com/414/9521234100003"],
}
PRODUCT = "urn:epc:idpat:sgtin:9521234.054321.*"


@pytest.fixture(scope="module")
def sites(server: Server) -> Iterator[httpx.Client]:
    """Places within places, and what they are like; an event at each, and one of a product."""
    country = "urn:epcglobal:cbv:mda:countryCode"
    attributes = {
        "urn:epc:id:sgln:9521234.10001.0": [{"id": country, "attribute": "BE"}],
        "https://id.gs1.org/414/9521234100027": [{"id": "cbvmda:countryCode", "attribute": "CH"}],
        "urn:epc:id:sgln:9521234.10003.0": [{"id": "ex:gates", "attribute": 12}],
    }
    elements = [
        {"id": site, "attributes": attributes.get(site, []), "children": SITES.get(site, [])}
        for site in dict.fromkeys([*SITES, *attributes])
    ]
    lots = [{"id": PRODUCT, "attributes": [{"id": "cbvmda:netContent", "attribute": "0.5"}]}]
    vocabularies = [
        {"type": LOCATION, "vocabularyElementList": elements},
        {"type": "urn:epcglobal:epcis:vtype:EPCClass", "vocabularyElementList": lots},
    ]
    places = [f"urn:epc:id:sgln:9521234.1000{n}.0" for n in range(4)]
    events = [
        observation(f"site{n}", eventID=f"urn:example:site:{n}", bizLocation={"id": place})
        for n, place in enumerate(places)
    ]
    quantity = {"epcClass": "https://id.gs1.org/01/09521234543213", "quantity": 3}
    events.append(observation("sites", eventID="urn:example:site:class", epcList=[], quantityList=[quantity]))
    document = document_of(*events) | {"epcisHeader": {"epcisMasterData": {"vocabularyList": vocabularies}}}
    with server.client() as client:
        assert client.post("/capture", json=document).json()["success"]
        yield client


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"WD_bizLocation": "urn:epc:id:sgln:9521234.10000.0"}, "0 1 2 3"),
        ({"WD_bizLocation": "https://example.com/414/9521234100027"}, "0 1 2 3"),
        ({"WD_bizLocation": "urn:epc:id:sgln:9521234.10001.0"}, "1"),
        ({"EQ_bizLocation": "urn:epc:id:sgln:9521234.10000.0"}, "0"),
        ({"HASATTR_bizLocation": "urn:epcglobal:cbv:mda:countryCode"}, "1 2"),
        ({"HASATTR_bizLocation": "cbvmda:countryCode"}, "1 2"),
        ({"HASATTR_bizLocation": "ex:gates"}, "3"),
        ({"HASATTR_bizLocation": "ex:nothing"}, ""),
        ({"HASATTR_readPoint": "ex:gates"}, ""),
        ({"EQATTR_bizLocation_cbvmda:countryCode": "BE"}, "1"),
        ({"EQATTR_bizLocation_urn:epcglobal:cbv:mda:countryCode": "CH|FR"}, "2"),
        ({"EQ_ATTR_bizLocation_countryCode": "BE|CH"}, "1 2"),
        ({"EQATTR_bizLocation_ex:gates": "12.0"}, "3"),
        ({"EQATTR_bizLocation_ex:gates": "13"}, ""),
        ({"EQATTR_epcClass_cbvmda:netContent": "0.5"}, "class"),
        ({"HASATTR_epcClass": "cbvmda:netContent", "EXISTS_errorDeclaration": "true"}, ""),
    ],
)
def test_events_are_found_by_what_is_known_of_their_places_and_products(
    sites: httpx.Client, asked: dict[str, str], found: str
) -> None:
    headers = {"GS1-Extensions": "ex=https://example.org/tests/"}
    answer = sites.get("/events", params=asked | {"perPage": 1000}, headers=headers)
    assert answer.status_code == 200, answer.text
    ids = [event["eventID"] for event in events_in(answer)]
    assert [i.rpartition(":")[2] for i in ids if i.startswith("urn:example:site:")] == found.split()


def test_what_is_known_now_counts_and_not_what_was_before(client: httpx.Client) -> None:
    gate = "urn:epc:id:sgln:9521234.20000.0"
    tell(client, document_of(observation("gate", eventID="urn:example:gate", readPoint={"id": gate})))
    for name, found in (("Old Gate", 1), ("New Gate", 0), ("Old Gate", 1)):
        tell(client, named("urn:epcglobal:epcis:vtype:ReadPoint", (gate, name)))
        answer = client.get("/events", params={"EQATTR_readPoint_cbvmda:name": "Old Gate"})
        assert len(events_in(answer)) == found
