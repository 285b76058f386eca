"""Every input is hostile: a clear answer, nothing stored, never a 5xx."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from tests.system.conftest import WAYPROOF, Server, document_of, events_in, observation

JSON = {"Content-Type": "application/json"}


def post(client: httpx.Client, body: bytes, path: str = "/capture", **parameters: str) -> httpx.Response:
    return client.post(path, content=body, params=parameters, headers=JSON)


def capture(client: httpx.Client, *events: dict[str, Any], **parameters: str) -> dict[str, Any]:
    answer = post(client, orjson.dumps(document_of(*events)), **parameters)
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_json_test_suite_never_breaks_the_server(client: httpx.Client, shared_data: Path) -> None:
    files = sorted((shared_data / "json/test_parsing").iterdir())
    assert len(files) == 318
    for file in files:
        for path in ("/capture", "/events"):
            answer = post(client, file.read_bytes(), path)
            # None of them is an EPCIS document, so each is refused; which rule it broke, it says.
            assert answer.status_code == 400, f"{file.name}: {answer.status_code}"
            assert answer.headers["content-type"] == "application/problem+json"


def test_reader_who_takes_nothing_of_an_answer_is_cut_off(server: Server, client: httpx.Client) -> None:
    events = [observation(f"unread{n}", **{"ex:note": "x" * 100_000 + str(n)}) for n in range(80)]
    assert capture(client, *events)["success"]
    with socket.socket() as reader:
        # As little as possible between here and there: what waits, waits in the server.
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        reader.connect(("127.0.0.1", server.port))
        reader.sendall(b"GET /events?perPage=1000 HTTP/1.1\r\nHost: here\r\n\r\n")
        deadline = time.monotonic() + 60
        while b"reader_cut_off" not in server.log.read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        # What was on its way already still comes.
        came = b""
        with contextlib.suppress(ConnectionResetError):
            while part := reader.recv(1 << 20):
                came += part
        head, _, body = came.partition(b"\r\n\r\n")
        assert len(body) < int(head.lower().partition(b"content-length: ")[2].split()[0])


def test_naughty_strings_come_back_or_are_refused(client: httpx.Client, shared_data: Path) -> None:
    strings = orjson.loads((shared_data / "json/naughty-strings.json").read_bytes())
    events = [
        observation(f"naughty{n}", **{"ex:note": text, "ex:deep": {"ex:er": [text]}}) for n, text in enumerate(strings)
    ]
    job = capture(client, *events)
    refused = {error["event_index"] for error in job["errors"]}
    # Only what no event hash id can hold may be refused: infinities, and numbers with lost digits.
    assert {job_error["code"] for job_error in job["errors"]} <= {"number_infinite", "digits_lost"}
    kept = [event for n, event in enumerate(events) if n not in refused]
    assert capture(client, *kept)["success"]
    for event in kept[::7]:
        item = event["epcList"][0]  # type: ignore[index]
        history = client.get("/history", params={"item": item}).json()["histories"][0]
        event_id = history["events"][0]["event_id"]
        [stored] = events_in(client.get(f"/events/{quote(event_id, safe='')}"))
        assert stored["ex:note"] == event["ex:note"]
    for text in strings:
        for path, name in (("/verify", "scan"), ("/history", "item"), ("/", "scan"), ("/events", "nextPageToken")):
            answer = client.get(path, params={name: text})
            assert answer.status_code < 500, f"{path} {text!r}: {answer.text[:200]}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"type":"EPCISDocument","type":"EPCISDocument"}', "duplicate_key"),
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_key"),
        (b'{"a":9007199254740993}', "number_range"),
        (b'{"a":1e400}', "number_range"),
        (b'{"a":NaN}', "syntax"),
        (b'{"a":"\\u0000"}', "character"),
        (b'{"a":"\\ud800"}', "character"),
        (b"[" * 100_000, "depth"),
        (b"\xef\xbb\xbf{}", "encoding"),
        ('{"type":"EPCISDocument"}'.encode("utf-16"), "encoding"),
        (b'{"a":"\xff"}', "encoding"),
        (b"[]", "type"),
        (b"{}", "required"),
    ],
)
def test_document_that_is_none_is_refused_by_name(client: httpx.Client, body: bytes, code: str) -> None:
    answer = post(client, body)
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_events_are_judged_one_by_one_and_stored_together(client: httpx.Client) -> None:
    good = observation("together-1")
    bad = observation("together-2", eventTime="2025-13-01T00:00:00Z", bizStep="teleporting")
    job = capture(client, good, bad)
    assert not job["success"]
    assert job["eventsStored"] == 0
    places = {(error["event_index"], error["pointer"], error["code"]) for error in job["errors"]}
    assert places == {
        (1, "/epcisBody/eventList/1/eventTime", "format"),
        (1, "/epcisBody/eventList/1/bizStep", "enum"),
    }
    assert client.get(f"/capture/{job['captureID']}").json()["findings"] == job["findings"]
    proceeding = {**JSON, "GS1-Capture-Error-Behaviour": "proceed"}
    answer = client.post("/capture", content=orjson.dumps(document_of(good, bad)), headers=proceeding).json()
    assert (answer["success"], answer["eventsStored"], len(answer["errors"])) == (False, 1, 2)


def test_document_of_several_events_is_no_event_and_nothing_of_it_is_stored(client: httpx.Client) -> None:
    events = [observation("several-1"), observation("several-2")]
    for body in (document_of(*events), document_of()):
        answer = post(client, orjson.dumps(body), "/events")
        assert answer.status_code == 400
        assert [error["code"] for error in answer.json()["errors"]] == ["one_event"]
    assert capture(client, *events)["eventsStored"] == 2


def test_event_from_the_far_future_is_refused(client: httpx.Client) -> None:
    job = capture(client, observation("future", eventTime="2099-01-01T00:00:00Z"))
    assert [error["code"] for error in job["errors"]] == ["event_time_ahead"]


def test_wrong_check_digit_is_a_finding_and_in_strict_mode_an_error(client: httpx.Client) -> None:
    event = observation("x", epcList=["https://id.gs1.org/01/09521234543214/21/checkdigit"])
    relaxed = capture(client, event)
    assert relaxed["success"]
    assert [(finding["code"], finding["pointer"]) for finding in relaxed["findings"]] == [
        ("check_digit", "/epcisBody/eventList/0/epcList/0")
    ]
    strict = capture(client, {**event, "ex:again": "1"}, strict="true")
    assert not strict["success"]
    assert strict["errors"][0]["code"] == "check_digit"


def test_unknown_event_type_is_refused(client: httpx.Client) -> None:
    assert capture(client, observation("type", type="SpaceEvent"))["errors"][0]["code"] == "enum"


def test_repeated_capture_is_stored_once_even_at_the_same_time(server: Server) -> None:
    body = orjson.dumps(document_of(*(observation(f"repeated{n}") for n in range(50))))

    def send(_: int) -> dict[str, Any]:
        with server.client() as client:
            return post(client, body).json()

    with ThreadPoolExecutor(12) as threads:
        jobs = list(threads.map(send, range(24)))
    assert all(job["success"] for job in jobs)
    assert sum(job["eventsStored"] for job in jobs) == 50
    assert sum(job["eventsRepeated"] for job in jobs) == 23 * 50


def test_two_events_of_one_hash_id_are_both_kept_and_flagged(client: httpx.Client) -> None:
    # The event hash id reads "007" and "7" as one number; the contents differ.
    first = observation("james", **{"ex:agent": "007"})
    second = observation("james", **{"ex:agent": "7"})
    job = capture(client, observation("other"), first, second)
    assert job["eventsStored"] == 3
    shared = [(f["event_index"], f["pointer"]) for f in job["findings"] if f["code"] == "event_id_shared"]
    assert shared == [(1, "/epcisBody/eventList/1"), (2, "/epcisBody/eventList/2")]
    assert client.get(f"/capture/{job['captureID']}").json()["findings"] == job["findings"]
    assert capture(client, first)["findings"] == []  # It was stored before, and is the same.
    third = capture(client, observation("james", **{"ex:agent": "07"}))
    assert [finding["code"] for finding in third["findings"]] == ["event_id_shared"]
    verdict = client.get("/verify", params={"scan": "https://id.gs1.org/01/09521234543213/21/james"}).json()
    assert "event_hash_id_shared" in [reason["code"] for reason in verdict["reasons"]]


def test_event_under_the_id_of_another_is_kept_and_flagged(client: httpx.Client) -> None:
    taken = {"eventID": "urn:uuid:00000000-0000-4000-8000-00000000aaaa"}
    assert capture(client, observation("taken", **taken))["findings"] == []
    job = capture(client, observation("other-taken"), observation("taken-too", **taken))
    assert job["eventsStored"] == 2
    assert [(f["code"], f["event_index"]) for f in job["findings"]] == [("event_id_shared", 1)]


def test_large_events_of_one_item_cost_an_answer_little_memory(server: Server, client: httpx.Client) -> None:
    padding = "x" * 1_000_000
    for part in range(2):
        events = [observation("heavy", **{"ex:pad": padding, "ex:number": f"{part}-{n}"}) for n in range(60)]
        assert capture(client, *events)["eventsStored"] == 60
    item = {"scan": "https://id.gs1.org/01/09521234543213/21/heavy", "events": 200}
    assert len(client.get("/verify", params=item).json()["timeline"]) == 120
    server.peak_bytes()
    before = server.peak_bytes()
    with ThreadPoolExecutor(4) as threads:
        verdicts = list(threads.map(lambda _: httpx.get(f"{server.url}/verify", params=item, timeout=60), range(4)))
    assert [len(verdict.json()["timeline"]) for verdict in verdicts] == [120] * 4
    assert server.peak_bytes() - before < 200 * 1024 * 1024


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({}, 415),
        ({**JSON, "Content-Encoding": "br"}, 415),
        ({**JSON, "Content-Encoding": "gzip, gzip"}, 415),
    ],
)
def test_other_media_is_refused(client: httpx.Client, headers: dict[str, str], status: int) -> None:
    answer = client.post("/capture", content=gzip.compress(b"{}"), headers=headers)
    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_bad_parameters_are_refused_as_problems(client: httpx.Client) -> None:
    for path in (
        "/events?perPage=0",
        "/events?perPage=NaN",
        "/events?GE_eventTime=yesterday",
        "/events?GE_eventTime=2024-01-01T00:00:00",
        "/events?eventType=SpaceEvent",
        "/events?nextPageToken=%00",
        "/events?EQ_bizStep=%00",
        "/verify?scan=",
        "/verify?scan=%00",
        "/verify",
        "/trace?item=x&direction=sideways",
        "/history?item=" + "9" * 3000,
    ):
        answer = client.get(path)
        assert answer.status_code == 400, f"{path}: {answer.status_code} {answer.text[:200]}"
        assert answer.headers["content-type"] == "application/problem+json"
    for path in ("/capture/none", "/events/none", "/log/tile/0/x", "/log/tile/0/999", "/nowhere"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.delete("/capture").status_code == 405


def test_head_is_get_without_its_body_and_options_names_the_methods(client: httpx.Client) -> None:
    for path in ("/log/checkpoint", "/healthz", "/events", "/", "/web/page.css", "/verify?scan=x", "/nowhere"):
        get, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-type"] == get.headers["content-type"]
        assert int(head.headers["content-length"]) > 0
    allowed = {
        "/events": "GET, POST, HEAD, OPTIONS",
        "/capture": "GET, POST, HEAD, OPTIONS",
        "/nextPageToken/x": "DELETE, OPTIONS",
        "/log/tile/0/000": "GET, HEAD, OPTIONS",
    }
    for path, methods in allowed.items():
        options, refused = client.options(path), client.put(path)
        assert (options.status_code, options.headers["allow"], options.content) == (204, methods, b"")
        assert (refused.status_code, refused.headers["allow"]) == (405, methods)
        assert refused.headers["content-type"] == "application/problem+json"
    assert client.options("/nowhere").status_code == 404
    assert client.head("/nextPageToken/x").status_code == 405


def test_nothing_is_served_that_loads_from_elsewhere_or_is_no_page(client: httpx.Client) -> None:
    for path in ("/docs", "/redoc", "/web/page.html"):
        assert client.get(path).status_code == 404


def test_event_id_that_ends_like_a_receipt_is_an_event(client: httpx.Client) -> None:
    event_id = "https://example.org/events/17/receipt"
    assert capture(client, observation("receipt", eventID=event_id), ack="published")["success"]
    [event] = events_in(client.get(f"/events/{quote(event_id, safe='')}"))
    assert event["eventID"] == event_id
    receipt = client.get(f"/events/{quote(event_id, safe='')}/receipt").json()
    assert receipt["event_id"] == event_id


def test_duplicate_key_is_found_at_its_second_place(client: httpx.Client) -> None:
    many = b",".join(b'"k%d":1' % n for n in range(100))
    for body in (b'{"a":1,"b":2,"a":3}', b'{"a":1,%s,"a":3}' % many):
        [error] = post(client, body).json()["errors"]
        assert error["pointer"] == "/a"
        assert error["message"].endswith(f" at byte {body.rindex(b'a')}")


# Below HTTP's grammar ---------------------------------------------------------------------------------


def raw(server: Server, request: bytes, wait_s: float = 15) -> bytes:
    """What the server says to these bytes until it closes the connection or says nothing more."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait_s) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        answer = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"GET /healthz HTTP/1.1\r\n\r\n", {400}),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", {400}),
        (b"NONSENSE\r\n\r\n", {400}),
        (b"POST /capture HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", {400}),
        (b"POST /capture HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", {400}),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n", {431}),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 5000 + b"\r\n", {431}),
        (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {431, 414}),
    ],
    ids=[
        "no-host",
        "two-hosts",
        "no-http",
        "two-lengths",
        "length-and-chunks",
        "long-header",
        "many-headers",
        "long-path",
    ],
)
def test_broken_request_is_refused_and_the_connection_closed(
    server: Server, request_bytes: bytes, statuses: set[int]
) -> None:
    answer = raw(server, request_bytes)
    assert status_of(answer) in statuses
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert orjson.loads(body)["status"] == status_of(answer)


def test_slow_header_is_cut_off(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        start = time.monotonic()
        answer = connection.recv(1000)
        assert status_of(answer) == 408
        assert time.monotonic() - start < 15


def test_slow_body_is_cut_off_and_others_do_not_notice(server: Server, client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(
            b"POST /capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        assert client.get("/healthz").status_code == 200
        assert status_of(connection.recv(1000)) == 408


def test_client_that_goes_away_in_the_middle_is_no_error_of_the_server(server: Server, client: httpx.Client) -> None:
    head = b"POST /capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    counted = 'wayproof_request_seconds_count{route="/capture"} '
    before = client.get("/metrics").text.partition(counted)[2].partition("\n")[0]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head)
        time.sleep(0.2)
    for _ in range(100):
        metrics = client.get("/metrics").text
        if metrics.partition(counted)[2].partition("\n")[0] != before:
            break
        time.sleep(0.05)
    assert 'route="/capture",status="408"' in metrics
    assert 'status="500"' not in metrics


def test_body_over_the_limit_is_refused_before_it_is_read(server: Server) -> None:
    head = b"POST /capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    declared = raw(server, head + b"Content-Length: 999999999\r\n\r\n", wait_s=5)
    assert status_of(declared) == 413
    assert b'"limit":134217728' in declared


def test_chunked_body_over_the_limit_is_refused_while_it_streams(client: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(140):
            yield b" " * 1_048_576

    try:
        answer = client.post("/capture", content=endless(), headers=JSON)
    except httpx.TransportError:
        return  # The server has answered and closed before everything was sent.
    assert answer.status_code == 413


def test_captures_over_the_memory_for_bodies_wait_for_room(tmp_path: Path) -> None:
    small = {"WAYPROOF_CAPTURE_BODY_BYTES_MAX": "1000", "WAYPROOF_BODIES_BYTES_MAX": "1500"}
    server = Server.start(tmp_path / "data", **{**os.environ, **small})
    head = b"POST /capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=15) as held:
            held.sendall(head + b"Content-Length: 1000\r\n\r\n" + b" " * 900)
            time.sleep(0.3)
            # Before any of it is read; with chunks, as soon as there is no more room.
            declared = raw(server, head + b"Content-Length: 700\r\n\r\n", wait_s=1.5)
            chunked = raw(server, head + b"Transfer-Encoding: chunked\r\n\r\n2bc\r\n" + b" " * 700, wait_s=1.5)
            for answer in (declared, chunked):
                assert status_of(answer) == 503
                assert b"retry-after: 2" in answer.lower()
            assert status_of(raw(server, head + b"Content-Length: 2\r\n\r\n{}", wait_s=1.5)) == 400
            held.sendall(b" " * 100)
            assert status_of(held.recv(1000)) == 400
        with server.client() as client:
            assert post(client, b" " * 1000).status_code == 400
    finally:
        assert server.end() == 0


def test_business_data_stays_out_of_metrics_and_logs(server: Server, client: httpx.Client) -> None:
    marker = "secretmarker4711"
    assert capture(client, observation(marker, **{"ex:note": marker}))["success"]
    client.get("/verify", params={"scan": f"https://id.gs1.org/01/09521234543213/21/{marker}"})
    client.get(f"/01/09521234543213/21/{marker}")
    assert marker not in client.get("/metrics").text
    assert marker not in server.log.read_text()
    assert marker not in (server.data / "postgres.log").read_text()
    assert b"request_id" in server.log.read_bytes()


def test_everything_that_is_logged_is_one_json_object_a_line(server: Server) -> None:
    raw(server, b"NONSENSE\r\n\r\n")
    whole_lines, _, _ = server.log.read_bytes().rpartition(b"\n")
    for line in whole_lines.splitlines():
        assert line.startswith(b"{"), line
        assert {"event", "level", "timestamp"} <= set(orjson.loads(line)), line


def test_openapi_document_names_every_route(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {
        "/capture",
        "/events",
        "/events/{eventID}",
        "/events/{eventID}/receipt",
        "/events/{eventID}/receipt.cose",
        "/log/tile/{level}/{index}",
    } <= set(paths)
    for path in ("/history", "/trace", "/recall", "/verify", "/receipt", "/healthz", "/metrics", "/log/checkpoint"):
        assert "get" in paths[path]
    assert {"202", "400", "413", "415"} <= set(paths["/capture"]["post"]["responses"])


def test_second_server_on_a_folder_is_refused_in_one_line(server: Server) -> None:
    command = [WAYPROOF, "serve", "--data", server.data, "--port", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert f"another server runs on {server.data}" in ended.stderr
    assert "Traceback" not in ended.stderr
