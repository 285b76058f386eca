"""The REST bindings as an EPCIS client meets them: discovery, versions, forms, lists, places in lists."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson
import pytest
import zstandard

import trace_core
from tests.system.conftest import Server, document_of, events_in, observation, simulated
from trace_api.query import documents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

GLN = "urn:epc:id:sgln:9521234.77777.0"
RESOURCES = [
    "queries",
    "capture",
    "events",
    "eventTypes",
    "epcs",
    "readPoints",
    "bizLocations",
    "dispositions",
    "bizSteps",
]
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def told(server: Server) -> Iterator[httpx.Client]:
    """Five events, two of them with another meaning of the same prefix."""
    events = [
        observation(
            f"form{n}",
            eventID=f"urn:example:form:{n}",
            readPoint={"id": GLN},
            bizStep="shipping",
            epcList=[f"urn:epc:id:sgtin:9521234.054321.form{n}"],
            **{"ex:number": n},
        )
        for n in range(5)
    ]
    first, second = document_of(*events[:3]), document_of(*events[3:])
    second["@context"][1] = {"ex": "https://example.org/others/"}  # type: ignore[index]
    with server.client() as client:
        for document in (first, second):
            assert client.post("/capture", json=document).json()["success"]
        yield client


def asked(client: httpx.Client, **headers: str) -> httpx.Response:
    return client.get("/events", params={"EQ_readPoint": GLN}, headers=headers)


def test_root_lists_resources_for_a_program_and_is_the_page_for_a_browser(client: httpx.Client) -> None:
    listed = client.get("/", headers={"Accept": "application/json"})
    assert (listed.json()["type"], listed.json()["member"]) == ("Collection", RESOURCES)
    page = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("resource", ["", *RESOURCES, f"readPoints/{quote(GLN, safe='')}/events", "nextPageToken/x"])
def test_every_resource_tells_its_versions_and_forms(client: httpx.Client, resource: str) -> None:
    options = client.options(f"/{resource}")
    assert (options.status_code, options.content) == (204, b"")
    told = options.headers
    assert (told["GS1-EPCIS-Version"], told["GS1-CBV-Version"]) == ("2.0.0", "2.0.0")
    assert (told["GS1-EPCIS-Min"], told["GS1-EPCIS-Max"]) == ("1.2.0", "2.0.0")
    assert (told["GS1-CBV-Min"], told["GS1-CBV-Max"]) == ("1.2.0", "2.0.0")
    assert told["GS1-EPC-Format"].split(", ")[-1] == "Always_EPC_URN"
    assert told["GS1-CBV-XML-Format"].split(", ")[-1] == "Always_URN"
    assert told["GS1-Vendor-Version"].startswith("Wayproof ")
    assert ("GS1-EPCIS-Capture-Limit" in told) == (resource == "capture")
    if resource == "capture":
        assert int(told["GS1-EPCIS-Capture-Limit"]) > 500
        assert int(told["GS1-EPCIS-Capture-File-Size-Limit"]) >= 100_000_000
        assert told["GS1-Capture-Error-Behaviour"] == "all"


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("GS1-EPCIS-Min", "2.0", 200),
        ("GS1-EPCIS-Min", "1.0.0", 200),
        ("GS1-EPCIS-Min", "2.1", 406),
        ("GS1-EPCIS-Max", "2", 200),
        ("GS1-EPCIS-Max", "1.2", 406),
        ("GS1-CBV-Max", "1.2.0", 406),
        ("GS1-CBV-Min", "two", 406),
        ("GS1-EPC-Format", "Always_EPC_URN", 200),
        ("GS1-EPC-Format", "always_epc_urn", 406),
        ("GS1-CBV-XML-Format", "URN", 406),
        ("Accept", "application/json;q=0.5, text/turtle", 200),
        ("Accept", "text/turtle", 406),
        ("Accept", ";;;", 406),
    ],
)
def test_wish_that_cannot_be_met_is_not_acceptable(told: httpx.Client, header: str, value: str, status: int) -> None:
    answer = told.get("/events", params={"perPage": 1}, headers={header: value})
    assert answer.status_code == status
    if status == 406:
        assert answer.json()["type"] == "epcisException:NotAcceptableException"
        assert answer.headers["GS1-EPCIS-Version"] == "2.0.0"


def test_document_of_a_version_that_is_not_read_is_refused(client: httpx.Client) -> None:
    body = orjson.dumps(document_of(observation("version")))
    for version, status in (("2.0", 202), ("2.0.0", 202), ("3.0", 406), ("1.1", 406)):
        headers = JSON | {"GS1-EPCIS-Version": version}
        assert client.post("/capture", content=body, headers=headers).status_code == status, version


def test_json_has_one_context_and_json_ld_one_for_each_event(told: httpx.Client) -> None:
    minimal = asked(told, Accept="application/json")
    assert minimal.headers["content-type"] == "application/json"
    # A prefix that means two things stands where it belongs.
    assert len(minimal.json()["@context"]) == 1
    own = [event["@context"][-1]["ex"] for event in events_in(minimal)]
    assert own == ["https://example.org/tests/"] * 3 + ["https://example.org/others/"] * 2
    alike = told.get("/events", params={"EQ_readPoint": GLN, "perPage": 3})
    assert alike.json()["@context"][1] == {"ex": "https://example.org/tests/"}
    assert all("@context" not in event for event in events_in(alike))
    full = asked(told, Accept="application/ld+json")
    assert full.headers["content-type"] == "application/ld+json"
    assert all(event["@context"][-1]["ex"].startswith("https://example.org/") for event in events_in(full))
    assert trace_core.event_hash_ids(minimal.content) == trace_core.event_hash_ids(full.content)


@pytest.mark.parametrize(
    ("form", "place", "item"),
    [
        ("No_Preference", GLN, "urn:epc:id:sgtin:9521234.054321.form0"),
        ("Never_Translates", GLN, "urn:epc:id:sgtin:9521234.054321.form0"),
        ("Always_EPC_URN", GLN, "urn:epc:id:sgtin:9521234.054321.form0"),
        (
            "Always_GS1_Digital_Link",
            "https://id.gs1.org/414/9521234777779",
            "https://id.gs1.org/01/09521234543213/21/form0",
        ),
    ],
)
def test_keys_come_in_the_form_that_is_wished_for(told: httpx.Client, form: str, place: str, item: str) -> None:
    plain = trace_core.event_hash_ids(asked(told).content)
    for media in ("application/json", "application/ld+json"):
        answer = asked(told, Accept=media, **{"GS1-EPC-Format": form})
        first = events_in(answer)[0]
        assert (first["readPoint"]["id"], first["epcList"]) == (place, [item])
        assert trace_core.event_hash_ids(answer.content) == plain
    places = told.get("/readPoints", params={"perPage": 1000}, headers={"GS1-EPC-Format": form}).json()["member"]
    assert place in places


def test_digital_link_becomes_a_urn_where_its_prefix_is_known(client: httpx.Client) -> None:
    link, urn = "https://id.gs1.org/01/09521234543213/21/dl1", "urn:epc:id:sgtin:9521234.054321.dl1"
    event = observation("dl1", epcList=[link], eventID="urn:example:dl1")
    assert client.post("/events", json=event | {"@context": document_of()["@context"]}).status_code == 201
    answer = client.get("/events/urn%3Aexample%3Adl1", headers={"GS1-EPC-Format": "Always_EPC_URN"})
    # A GTIN of the range for examples, whose prefixes have seven digits.
    assert events_in(answer)[0]["epcList"] in ([urn], [link])


def test_all_events_come_as_lines_and_go_in_again(told: httpx.Client) -> None:
    whole = asked(told, Accept="application/x-ndjson")
    assert whole.headers["content-type"] == "application/x-ndjson"
    lines = whole.content.splitlines()
    assert [orjson.loads(line)["eventID"] for line in lines] == [f"urn:example:form:{n}" for n in range(5)]
    again = told.post("/capture", content=whole.content, headers={"Content-Type": "application/x-ndjson"}).json()
    assert (again["success"], again["eventTotal"], again["eventsRepeated"]) == (True, 5, 5)
    wrong = lines[0] + b"\n\n" + lines[1].replace(b"OBSERVE", b"LOOK")
    refused = told.post("/capture", content=wrong, headers={"Content-Type": "application/x-ndjson"}).json()
    assert [(e["event_index"], e["pointer"]) for e in refused["errors"]] == [(1, "/epcisBody/eventList/1/action")]
    broken = told.post("/capture", content=lines[0] + b"\n[]", headers={"Content-Type": "application/x-ndjson"})
    assert (broken.status_code, broken.json()["errors"][0]["message"]) == (400, "line 2 is not one JSON object")


def test_more_lines_than_a_page_come_in_one_answer(client: httpx.Client) -> None:
    document, _ = simulated(2_500, 77)
    assert client.post("/capture", content=document, headers=JSON).json()["success"]
    lines = client.get("/events", headers={"Accept": "application/x-ndjson"}).content.splitlines()
    assert len(set(lines)) == len(lines) >= 2_500


def test_capture_of_a_hundred_megabytes_is_taken_whole(tmp_path: Path) -> None:
    document, _ = simulated(146_000, 5)
    assert len(document) > 100_000_000
    server = Server.start(tmp_path / "data")
    with server.client() as client:
        packed = zstandard.compress(document, 1)
        headers = JSON | {"Content-Encoding": "zstd"}
        answer = client.post("/capture", content=packed, headers=headers, timeout=300)
        assert (answer.status_code, answer.json()["eventsStored"]) == (202, 146_000)
        lines = 0
        with client.stream("GET", "/events", headers={"Accept": "application/x-ndjson"}, timeout=300) as export:
            for chunk in export.iter_bytes(1 << 20):
                lines += chunk.count(b"\n")
        assert lines == 146_000
    assert server.end() == 0


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "x-gzip"])
def test_compressed_capture_is_taken(client: httpx.Client, encoding: str) -> None:
    body = orjson.dumps(document_of(observation(f"packed-{encoding}")))
    packed = zstandard.compress(body) if encoding == "zstd" else gzip.compress(body)
    headers = JSON | {"Content-Encoding": encoding}
    assert client.post("/capture", content=packed, headers=headers).json()["eventsStored"] == 1
    for wrong in (packed[: len(packed) // 2], b"\0" * 99, packed[:9] + b"\xff" * 40):
        answer = client.post("/capture", content=wrong, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:ValidationException")
    both = client.post("/capture", content=packed, headers=JSON | {"Content-Encoding": f"{encoding}, gzip"})
    assert both.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_compressed_capture_that_was_cut_off_is_no_smaller_one(client: httpx.Client, encoding: str) -> None:
    lines = [
        orjson.dumps({"@context": documents.CONTEXT, **observation(f"cut-{encoding}{n}")}) + b"\n" for n in range(4)
    ]
    packer = zlib.compressobj(wbits=31) if encoding == "gzip" else zstandard.ZstdCompressor().compressobj()
    flush = zlib.Z_SYNC_FLUSH if encoding == "gzip" else zstandard.COMPRESSOBJ_FLUSH_BLOCK
    # All of two lines is there, as after a break between two writes of a producer.
    first = packer.compress(b"".join(lines[:2])) + packer.flush(flush)
    rest = packer.compress(b"".join(lines[2:])) + packer.flush()
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": encoding}
    for wrong in (first, first + rest[:-1], first + rest + first):
        answer = client.post("/capture", content=wrong, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:ValidationException")
    whole = client.post("/capture", content=first + rest, headers=headers)
    assert whole.json()["eventsStored"] == 4
    twice = client.post("/capture", content=2 * (first + rest), headers=headers)
    assert (twice.json()["eventTotal"], twice.json()["eventsStored"]) == (8, 0)


def test_bomb_is_refused_before_it_fills_the_memory(server: Server, client: httpx.Client) -> None:
    server.peak_bytes()
    before = server.peak_bytes()
    for encoding, packed in (
        ("gzip", gzip.compress(b" " * (1 << 30), 9)),
        ("zstd", zstandard.compress(b" " * (1 << 30), 3)),
    ):
        answer = client.post("/capture", content=packed, headers=JSON | {"Content-Encoding": encoding})
        assert (answer.status_code, answer.json()["type"]) == (413, "epcisException:CaptureLimitExceededException")
    assert server.peak_bytes() - before < 3 * 128 * 1024 * 1024


def test_answer_is_compressed_for_whoever_takes_it(told: httpx.Client) -> None:
    sizes = {}
    for encoding in ("identity", "gzip", "zstd"):
        answer = asked(told, **{"Accept-Encoding": encoding})
        assert answer.headers.get("content-encoding", "identity") == encoding
        sizes[encoding] = answer.num_bytes_downloaded
    assert max(sizes["gzip"], sizes["zstd"]) < sizes["identity"] / 2


def test_capture_jobs_are_listed_the_newest_first(client: httpx.Client) -> None:
    documents = [document_of(observation(f"job{n}")) for n in range(5)]
    sent = [client.post("/capture?ack=published", json=document).json()["captureID"] for document in documents]
    first = client.get("/capture", params={"perPage": 2})
    listed = [job["captureID"] for job in first.json()]
    # What is captured while somebody reads on changes nothing of what he reads.
    client.post("/capture", json=document_of(observation("job-late")))
    answer = first
    while len(listed) < 5 and (link := answer.links.get("next")):
        answer = client.get(link["url"])
        listed += [job["captureID"] for job in answer.json()]
    assert listed[:5] == sent[::-1]
    assert first.json()[0] == client.get(f"/capture/{sent[-1]}").json()


def test_page_token_says_when_it_ends_and_can_be_ended(told: httpx.Client) -> None:
    for path in ("/events", "/capture", "/readPoints", "/epcs"):
        answer = told.get(path, params={"perPage": 1})
        assert answer.headers["GS1-Next-Page-Token-Expires"].endswith("Z")
        link = answer.links["next"]["url"]
        assert told.get(link).status_code == 200
        token = link.partition("nextPageToken=")[2].partition("&")[0]
        assert told.delete(f"/nextPageToken/{token}").status_code == 204
        assert told.delete(f"/nextPageToken/{token}").status_code == 204
        ended = told.get(link)
        assert (ended.status_code, "ended" in ended.json()["detail"]) == (400, True)
    assert told.delete(f"/nextPageToken/{token[:-3]}AAA").status_code == 404


def test_created_event_is_answered_with_its_id(client: httpx.Client) -> None:
    event = {"@context": document_of()["@context"], **observation("created")}
    answer = client.post("/events", json=event)
    assert answer.status_code == 201
    assert {**event, "eventID": answer.json()["eventID"]} == answer.json()
    assert events_in(client.get(answer.headers["Location"]))[0]["epcList"] == event["epcList"]


def test_state_of_an_item_is_one_call(client: httpx.Client) -> None:
    item, box = "https://id.gs1.org/01/09521234543213/21/state", "https://id.gs1.org/00/095212340000000074"
    seen = observation("state", bizStep="commissioning", disposition="active", action="ADD", bizLocation={"id": GLN})
    packed = {
        **{name: seen[name] for name in ("eventTimeZoneOffset", "action")},
        "type": "AggregationEvent",
        "eventTime": "2025-01-01T13:00:00.000Z",
        "parentID": box,
        "childEPCs": [item],
        "bizStep": "packing",
        "disposition": "in_progress",
    }
    assert client.post("/capture", json=document_of(seen, packed)).json()["success"]
    answer = client.get("/state", params={"item": item}).json()
    place = "https://id.gs1.org/414/9521234777779"
    assert (answer["item"], answer["state"]["place"], answer["state"]["disposition"]) == (item, place, "in_progress")
    assert [container["item"] for container in answer["state"]["containers"]] == [box]
    assert client.get("/state", params={"item": item + "-unknown"}).status_code == 404


def test_address_that_is_too_long_is_414(client: httpx.Client) -> None:
    answer = client.get("/events", params={"EQ_readPoint": "x" * 40_000})
    assert (answer.status_code, answer.json()["type"]) == (414, "epcisException:URITooLongException")
