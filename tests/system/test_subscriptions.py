"""Named queries and their subscribers: a real server, a real receiver, and what goes wrong between them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.server
import json
import queue
import signal
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.system.conftest import Server, document_of, events_in, observation
from trace_api.http.service import LISTENERS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

TOKEN = "13df38d8275b13f05704629e5f1cf3d45d6132d5"
WAIT_S_MAX = 60.0


class Receiver:
    """A web server that keeps what it is sent, and answers as it is told."""

    def __init__(self, port: int = 0) -> None:
        self.came: queue.Queue[tuple[dict[str, str], bytes, int]] = queue.Queue()
        self.answers: list[int] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.came.put((headers, body, status))

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def next(self) -> tuple[dict[str, str], bytes, int]:
        return self.came.get(timeout=WAIT_S_MAX)

    def ids(self, until: str) -> list[str]:
        """Event ids in the order in which they were confirmed, up to one of them."""
        found: list[str] = []
        while until not in found:
            _, body, status = self.next()
            if status == 200:
                found += [event["eventID"] for event in listed(body)]
        return found

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def listed(body: bytes | str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may call its neighbours."""
    running = Server.start(
        tmp_path_factory.mktemp("subscriptions") / "data", **environment(WAYPROOF_WEBHOOK_PRIVATE_ADDRESSES="true")
    )
    yield running
    assert running.end() == 0, running.log.read_text()[-2000:]


def environment(**more: str) -> dict[str, str]:
    import os

    return {**os.environ, **more}


@pytest.fixture
def at_home(home: Server) -> Iterator[httpx.Client]:
    with home.client() as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


def ask_for(client: httpx.Client, step: str) -> str:
    """A named query for one business step of its own; its path."""
    answer = client.post(
        "/queries", json={"name": f"q {step}", "query": {"EQ_bizStep": [f"https://example.org/{step}"]}}
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith(f"/queries/{quote(f'q {step}')}")
    return f"/queries/{quote(f'q {step}')}"


def tell(client: httpx.Client, step: str, *numbers: int) -> None:
    events = [
        observation(f"{step}{n}", eventID=f"urn:example:{step}:{n}", bizStep=f"https://example.org/{step}")
        for n in numbers
    ]
    assert client.post("/capture", json=document_of(*events)).json()["success"]


def test_query_is_kept_run_listed_and_deleted(client: httpx.Client) -> None:
    path = ask_for(client, "kept")
    tell(client, "kept", 1, 2, 3)
    again = client.post("/queries", json={"name": "q kept", "query": {}})
    assert (again.status_code, again.json()["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
    definition = {"name": "q kept", "query": {"EQ_bizStep": ["https://example.org/kept"]}}
    assert client.get(path).json() == definition
    assert definition in client.get("/queries").json()
    answer = client.get(f"{path}/events", params={"perPage": 2})
    assert answer.json()["epcisBody"]["queryResults"]["queryName"] == "q kept"
    found = [event["eventID"] for event in events_in(answer) + events_in(client.get(answer.links["next"]["url"]))]
    assert found == [f"urn:example:kept:{n}" for n in (1, 2, 3)]
    assert len(client.get(f"{path}/events", headers={"Accept": "application/x-ndjson"}).content.splitlines()) == 3
    assert client.delete(path).status_code == 204
    for gone in (
        client.get(path),
        client.get(f"{path}/events"),
        client.delete(path),
        client.get(f"{path}/subscriptions"),
    ):
        assert (gone.status_code, gone.json()["type"]) == (404, "epcisException:NoSuchResourceException")


def test_prefixes_of_a_kept_query_are_kept_with_it(client: httpx.Client) -> None:
    event = observation("prefixed", eventID="urn:example:prefixed", **{"ex:kept-field": "seven"})
    assert client.post("/capture", json=document_of(event)).json()["success"]
    for name, body, headers in (
        ("by header", {"EQ_mine:kept-field": ["seven"]}, {"GS1-Extensions": "mine=https://example.org/tests/"}),
        ("by context", {"EQ_mine:kept-field": ["seven"], "@context": {"mine": "https://example.org/tests/"}}, {}),
    ):
        assert client.post("/queries", json={"name": name, "query": body}, headers=headers).status_code == 201
        assert [e["eventID"] for e in events_in(client.get(f"/queries/{name}/events"))] == ["urn:example:prefixed"]


def test_queries_are_listed_page_by_page(client: httpx.Client) -> None:
    names = {f"paged {n}" for n in range(5)}
    for name in names:
        assert client.post("/queries", json={"name": name, "query": {}}).status_code == 201
    answer = client.get("/queries", params={"perPage": 2})
    listed_names = [query["name"] for query in answer.json()]
    while link := answer.links.get("next"):
        answer = client.get(link["url"])
        listed_names += [query["name"] for query in answer.json()]
    assert len(set(listed_names)) == len(listed_names)
    assert names <= set(listed_names)


def test_pages_of_long_queries_are_shorter_than_asked_for_and_hold_all(client: httpx.Client) -> None:
    prefixes = {f"p{n}": "https://example.org/".ljust(2_000, "x") for n in range(100)}
    names = {f"long {n}" for n in range(30)}
    for name in names:
        assert client.post("/queries", json={"name": name, "query": {"@context": prefixes}}).status_code == 201
    answer = client.get("/queries", params={"perPage": 1_000})
    pages = [answer]
    while link := answer.links.get("next"):
        pages.append(answer := client.get(link["url"]))
    assert max(len(page.content) for page in pages) < 5 * 1024 * 1024
    found = [query["name"] for page in pages for query in page.json()]
    assert len(set(found)) == len(found)
    assert names <= set(found)
    for name in names:
        client.delete(f"/queries/{quote(name)}")


@pytest.mark.parametrize("name", ["cold chain? #1", "日本", 'a>b"c', "100%25", "a\\b"])
def test_next_page_of_a_query_is_found_whatever_its_name(client: httpx.Client, name: str) -> None:
    tell(client, "anyname", 1, 2)
    assert client.post("/queries", json={"name": name, "query": {}}).status_code == 201
    first = client.get(f"/queries/{quote(name, safe='')}/events", params={"perPage": 1})
    assert first.status_code == 200
    second = client.get(first.links["next"]["url"])
    assert second.status_code == 200
    assert listed(second.content) != listed(first.content)


@pytest.mark.parametrize(
    ("body", "status", "type_", "place"),
    [
        ("[", 400, "QueryValidationException", ""),
        ("[]", 400, "QueryValidationException", ""),
        ('{"query": {}}', 400, "QueryValidationException", "/name"),
        ('{"name": "", "query": {}}', 400, "QueryValidationException", "/name"),
        ('{"name": "a/b", "query": {}}', 400, "QueryValidationException", "/name"),
        ('{"name": "a\\u0000b", "query": {}}', 400, "QueryValidationException", "/name"),
        ('{"name": "hostile"}', 400, "QueryValidationException", "/query"),
        ('{"name": "hostile", "query": {"EQ_nothing": 1}}', 400, "QueryParameterException", "EQ_nothing"),
        ('{"name": "hostile", "query": {"EQ_action": {"a": 1}}}', 400, "QueryParameterException", "EQ_action"),
        ('{"name": "hostile", "query": {"@context": [[[1]]], "EQ_x:y": 1}}', 400, "QueryParameterException", "EQ_x:y"),
        (
            f'{{"name": "hostile", "query": {{"@context": {"[" * 400}{"]" * 400}}}}}',
            400,
            "QueryValidationException",
            "/query",
        ),
        ('{"name": "SimpleEventQuery", "query": {}}', 409, "ResourceAlreadyExistsException", None),
        ('{"name": "hostile", "query": {"a": "' + "x" * 300_000 + '"}}', 413, "CaptureLimitExceededException", None),
    ],
)
def test_definition_that_is_none_is_refused(
    client: httpx.Client, body: str, status: int, type_: str, place: str | None
) -> None:
    answer = client.post("/queries", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (status, f"epcisException:{type_}")
    if place is not None:
        [wrong] = answer.json()["errors"]
        assert wrong.get("pointer", wrong.get("parameter")) == place


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"stream": False}, ""),
        ({"stream": True, "schedule": {"hour": "1"}}, ""),
        ({"stream": True}, "/dest"),
        ({"stream": True, "dest": "ftp://example.com"}, "/dest"),
        ({"stream": True, "dest": "http://127.0.0.1:8080/"}, "/dest"),
        ({"stream": True, "dest": "http://localhost/"}, "/dest"),
        ({"stream": True, "dest": "http://169.254.169.254/latest/meta-data"}, "/dest"),
        ({"stream": True, "dest": "https://example.com", "other": 1}, "/other"),
        ({"stream": True, "dest": "https://example.com", "signatureToken": ""}, "/signatureToken"),
        ({"stream": True, "dest": "https://example.com", "reportIfEmpty": "yes"}, "/reportIfEmpty"),
        ({"dest": "https://example.com", "schedule": []}, "/schedule"),
        ({"dest": "https://example.com", "schedule": {"hour": "25"}}, "/schedule/hour"),
    ],
)
def test_subscription_that_is_none_is_refused(client: httpx.Client, body: dict[str, Any], pointer: str) -> None:
    if client.get("/queries/hostile subscriptions").status_code == 404:
        client.post("/queries", json={"name": "hostile subscriptions", "query": {}})
    answer = client.post("/queries/hostile subscriptions/subscriptions", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:SubscriptionControlsException")
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_query_with_a_cut_answer_takes_no_subscriber(client: httpx.Client) -> None:
    query = {"name": "cut", "query": {"orderBy": "eventTime", "eventCountLimit": 5}}
    assert client.post("/queries", json=query).status_code == 201
    answer = client.post("/queries/cut/subscriptions", json={"dest": "https://example.com", "stream": True})
    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:SubscriptionControlsException")


def test_stream_tells_each_event_once_in_order_signed(at_home: httpx.Client, receiver: Receiver) -> None:
    path = ask_for(at_home, "stream")
    tell(at_home, "stream", 0)  # Before anybody asked.
    at_home.post("/capture?ack=published", json=document_of(observation("stream-other")))
    made = at_home.post(
        f"{path}/subscriptions",
        json={"dest": receiver.url, "stream": True, "signatureToken": TOKEN},
        headers={"GS1-EPC-Format": "Always_EPC_URN"},
    )
    assert made.status_code == 201, made.text
    subscription = made.json()
    assert subscription["stream"] is True
    assert TOKEN not in made.text
    for n in range(1, 21):
        tell(at_home, "stream", n)
        tell(at_home, "unrelated", n)
    headers, body, _ = receiver.next()
    moment, mac = (part.partition("=")[2] for part in headers["gs1-signature"].split(","))
    assert mac == hmac.new(TOKEN.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    results = json.loads(body)["epcisBody"]["queryResults"]
    assert (results["queryName"], results["subscriptionID"]) == ("q stream", subscription["subscriptionID"])
    found = [event["eventID"] for event in listed(body)]
    assert listed(body)[0]["epcList"][0].startswith("urn:epc:id:sgtin:")
    while f"urn:example:stream:{20}" not in found:
        found += [event["eventID"] for event in listed(receiver.next()[1])]
    assert found == [f"urn:example:stream:{n}" for n in range(1, 21)]
    told = at_home.get(made.headers["Location"])
    assert told.json()["lastNotifiedAt"]
    assert told.headers["GS1-Query-Min-Record-Time"]
    assert at_home.get(f"{path}/subscriptions").json()[0]["subscriptionID"] == subscription["subscriptionID"]
    assert at_home.delete(made.headers["Location"]).status_code == 204
    assert at_home.get(made.headers["Location"]).status_code == 404


def test_receiver_that_was_away_gets_everything_in_order(at_home: httpx.Client) -> None:
    path = ask_for(at_home, "away")
    away = Receiver()
    port, url = away.server.server_port, away.url
    away.close()
    made = at_home.post(f"{path}/subscriptions", json={"dest": url, "stream": True})
    for n in range(5):
        tell(at_home, "away", n)
    wait_until(lambda: at_home.get(made.headers["Location"]).json()["failures"] > 0)
    assert at_home.get(made.headers["Location"]).json()["lastFailure"]
    back = Receiver(port)
    # Some answers that confirm nothing: what was sent is sent again.
    back.answers = [500, 302, 404]
    tell(at_home, "away", 5)
    assert back.ids(until="urn:example:away:5") == [f"urn:example:away:{n}" for n in range(6)]
    assert at_home.delete(path).status_code == 204
    back.close()


def test_receiver_that_fails_again_after_a_success_is_soon_tried_again(
    home: Server, at_home: httpx.Client, receiver: Receiver
) -> None:
    path = ask_for(at_home, "limping")
    receiver.answers = [500, 500, 500, 200, 500]
    subscription = {"dest": receiver.url, "stream": True, "initialRecordTime": "2020-01-01T00:00:00Z"}
    # Two batches of one run: there are more events than one batch has before anybody asks for them.
    tell(at_home, "limping", *range(600))
    at_home.post("/capture?ack=sequenced", json=document_of(observation("after limping")))
    id_ = at_home.post(f"{path}/subscriptions", json=subscription).json()["subscriptionID"]
    assert len(set(receiver.ids("urn:example:limping:599"))) == 600
    lines = [json.loads(line) for line in home.log.read_text().splitlines() if '"delivery_postponed"' in line]
    assert [line["pause_s"] for line in lines if line["subscription"] == id_] == [1, 2, 4, 1]
    assert at_home.delete(path).status_code == 204


def test_what_was_recorded_before_is_told_from_the_initial_record_time(
    at_home: httpx.Client, receiver: Receiver
) -> None:
    path = ask_for(at_home, "initial")
    tell(at_home, "initial", 1)
    time.sleep(0.01)
    job = at_home.post("/capture?ack=published", json=document_of(observation("initial-border"))).json()
    tell(at_home, "initial", 2)
    at_home.post("/capture?ack=published", json=document_of(observation("initial-border2")))
    body = {"dest": receiver.url, "stream": True, "initialRecordTime": job["createdAt"]}
    assert at_home.post(f"{path}/subscriptions", json=body).status_code == 201
    tell(at_home, "initial", 3)
    assert receiver.ids(until="urn:example:initial:3") == [f"urn:example:initial:{n}" for n in (2, 3)]
    assert at_home.delete(path).status_code == 204


def test_schedule_tells_at_its_time_also_that_there_is_nothing(at_home: httpx.Client, receiver: Receiver) -> None:
    path = ask_for(at_home, "scheduled")
    body = {"dest": receiver.url, "schedule": {"second": "[0-59]"}, "reportIfEmpty": True}
    made = at_home.post(f"{path}/subscriptions", json=body)
    assert made.json()["schedule"] == {"second": "[0-59]"}
    assert listed(receiver.next()[1]) == []
    tell(at_home, "scheduled", 1)
    assert receiver.ids(until="urn:example:scheduled:1") == ["urn:example:scheduled:1"]
    assert at_home.delete(path).status_code == 204


def test_server_that_is_killed_tells_the_rest_when_it_is_back(tmp_path: Path, receiver: Receiver) -> None:
    allowed = environment(WAYPROOF_WEBHOOK_PRIVATE_ADDRESSES="true")
    server = Server.start(tmp_path / "data", **allowed)
    with server.client() as client:
        path = ask_for(client, "killed")
        # The first delivery is confirmed, and the server dies before or after it notes that.
        made = client.post(f"{path}/subscriptions", json={"dest": receiver.url, "stream": True}).json()
        tell(client, "killed", 1)
    receiver.next()
    with server.client() as client:
        tell(client, "killed", 2)
    assert server.end(signal.SIGKILL) < 0
    server = Server.start(tmp_path / "data", server.port, **allowed)
    found: list[str] = []
    # What it held is free again after a while; then nothing is missing, and what comes twice says so.
    while "urn:example:killed:2" not in found:
        headers, body, _ = receiver.came.get(timeout=180)
        assert headers["wayproof-delivery"].startswith(made["subscriptionID"])
        found += [event["eventID"] for event in listed(body)]
    assert found[-1] == "urn:example:killed:2"
    assert server.end() == 0


def test_listener_hears_what_is_new_and_what_it_missed(server: Server, client: httpx.Client) -> None:
    path = ask_for(client, "heard")
    url = f"ws://127.0.0.1:{server.port}{path}/events?stream=true"
    with connect(url) as listener:
        assert listener.response is not None
        since = listener.response.headers["GS1-Query-Min-Record-Time"]
        tell(client, "heard", 1)
        assert [event["eventID"] for event in listed(listener.recv(WAIT_S_MAX))] == ["urn:example:heard:1"]
    tell(client, "heard", 2)
    with connect(f"{url}&initialRecordTime={quote(since)}") as listener:
        found: list[str] = []
        while len(found) < 2:
            found += [event["eventID"] for event in listed(listener.recv(WAIT_S_MAX))]
        assert found == ["urn:example:heard:1", "urn:example:heard:2"]
        assert client.delete(path).status_code == 204
        with pytest.raises(ConnectionClosed):
            listener.recv(WAIT_S_MAX)


def test_listener_hears_by_schedule(server: Server, client: httpx.Client) -> None:
    path = ask_for(client, "ticks")
    with connect(f"ws://127.0.0.1:{server.port}{path}/events?second=%5B0-59%5D&reportIfEmpty=true") as listener:
        assert listed(listener.recv(WAIT_S_MAX)) == []
        tell(client, "ticks", 1)
        while not (found := listed(listener.recv(WAIT_S_MAX))):
            pass
        assert [event["eventID"] for event in found] == ["urn:example:ticks:1"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/queries/nobody/events?stream=true", 404),
        ("/queries/a%00b/events?stream=true", 404),
        ("/queries/deaf/events", 400),
        ("/queries/deaf/events?stream=maybe", 400),
        ("/queries/deaf/events?stream=true&hour=1", 400),
        ("/queries/deaf/events?hour=99", 400),
        ("/queries/deaf/events?stream=true&other=1", 400),
        ("/queries/deaf/events?stream=true&initialRecordTime=yesterday", 400),
    ],
)
def test_listener_that_asks_wrongly_is_told_before_it_is_let_in(
    server: Server, client: httpx.Client, path: str, status: int
) -> None:
    client.post("/queries", json={"name": "deaf", "query": {}})
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{server.port}{path}"):
        pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["status"] == status


def test_listener_too_many_is_told_to_come_later(tmp_path: Path) -> None:
    server = Server.start(tmp_path / "data")
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(server.client())
        url = f"ws://127.0.0.1:{server.port}{ask_for(client, 'crowded')}/events?stream=true"
        for _ in range(LISTENERS_MAX):
            stack.enter_context(connect(url))
        with pytest.raises(InvalidStatus) as refused, connect(url):
            pass
        answer = refused.value.response
        assert (answer.status_code, json.loads(answer.body)["type"]) == (503, "wayproof:unavailable")
        assert "Retry-After" in answer.headers
    assert server.end() == 0


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
