"""Stories as users live them: the README's example, an officer at the page, a client that is cut off."""

from __future__ import annotations

import contextlib
import html
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from tests.system.conftest import WAYPROOF, Server, document_of, free_port, observation, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parent.parent.parent
JSON = {"Content-Type": "application/json"}
GTIN = "https://id.gs1.org/01/09521234543213"


def test_readme_example_runs_as_it_stands(tmp_path: Path) -> None:
    text = (REPOSITORY / "README.md").read_text()
    found = re.search(r"<!-- example -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    port = str(free_port())
    environment = {
        **os.environ,
        "PATH": f"{WAYPROOF.parent}:{os.environ['PATH']}",
        "WAYPROOF_SERVER": f"http://127.0.0.1:{port}",
    }
    output = tmp_path / "output"
    with output.open("wb") as file:
        run = ["bash", "-eu", "-m", "-c", found[1].replace("8080", port)]
        shell = subprocess.Popen(run, cwd=tmp_path, env=environment, stdout=file, stderr=file, start_new_session=True)
        try:
            code = shell.wait(120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
    said = output.read_text()
    assert code == 0, said[-3000:]
    assert "the entry commits to this event" in said
    assert "sound: 500 leaves" in said


def capture(client: httpx.Client, *events: dict[str, Any]) -> None:
    job = client.post("/capture?ack=published", content=orjson.dumps(document_of(*events)), headers=JSON).json()
    assert job["success"], job["errors"]


def at(hour: int, **members: Any) -> dict[str, Any]:
    return {"eventTimeZoneOffset": "+00:00", "eventTime": f"2025-03-0{1 + hour // 24}T{hour % 24:02}:00:00Z", **members}


def verdict(client: httpx.Client, scan: str) -> dict[str, Any]:
    return client.get("/verify", params={"scan": scan}).json()


def codes(answer: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in answer["reasons"]}


def test_item_on_a_pallet_is_where_the_pallet_is_until_it_is_taken_off(client: httpx.Client) -> None:
    item, pallet = f"{GTIN}/21/pallet-story", "https://id.gs1.org/00/095212340000000013"
    old = f"{GTIN}/21/pallet-story-before"
    capture(
        client,
        at(0, type="ObjectEvent", action="ADD", epcList=[item, old], bizStep="commissioning"),
        at(1, type="AggregationEvent", action="ADD", parentID=pallet, childEPCs=[old], bizStep="packing"),
        at(2, type="AggregationEvent", action="DELETE", parentID=pallet, childEPCs=[], bizStep="unpacking"),
        at(3, type="AggregationEvent", action="ADD", parentID=pallet, childEPCs=[item], bizStep="packing"),
        # The pallet travels; the item is not named any more, nor the one that was on it before.
        at(5, type="ObjectEvent", action="OBSERVE", epcList=[pallet], bizStep="shipping", disposition="in_transit"),
        at(
            9,
            type="ObjectEvent",
            action="OBSERVE",
            epcList=["urn:epc:id:sscc:9521234.0000000001"],
            bizStep="receiving",
            bizLocation={"id": "urn:epc:id:sgln:9521234.00002.0"},
        ),
    )
    here = verdict(client, "(01)09521234543213(21)pallet-story")
    assert here["verdict"] == "genuine"
    assert here["state"]["place"] == "https://id.gs1.org/414/9521234000020"
    assert [stay["item"] for stay in here["state"]["containers"]] == [pallet]
    assert [step["biz_step"] for step in here["timeline"]] == ["receiving", "shipping", "packing", "commissioning"]
    before = verdict(client, old)
    assert before["state"]["place"] is None
    assert before["state"]["containers"] == []
    assert len(before["proofs"]["events"]) == len(before["timeline"])


def test_recall_of_a_lot_reaches_its_serials_and_what_was_made_of_it_and_no_more(client: httpx.Client) -> None:
    lot, other = f"{GTIN}/10/RECALL", f"{GTIN}/10/INNOCENT"
    made = "https://id.gs1.org/01/09521234543220/10/SOUP"
    serial, stranger = f"{GTIN}/21/of-the-lot", f"{GTIN}/21/of-the-other"
    kilos = lambda epc, amount: {"epcClass": epc, "quantity": amount, "uom": "KGM"}  # noqa: E731
    capture(
        client,
        at(
            0,
            type="ObjectEvent",
            action="ADD",
            quantityList=[kilos(lot, 100), kilos(other, 100)],
            bizStep="commissioning",
        ),
        at(
            1,
            type="ObjectEvent",
            action="ADD",
            epcList=[serial],
            bizStep="commissioning",
            ilmd={"cbvmda:lotNumber": "RECALL"},
        ),
        at(
            1,
            type="ObjectEvent",
            action="ADD",
            epcList=[stranger],
            bizStep="commissioning",
            ilmd={"cbvmda:lotNumber": "INNOCENT"},
        ),
        at(2, type="TransformationEvent", inputQuantityList=[kilos(lot, 60)], outputQuantityList=[kilos(made, 80)]),
    )
    recall = client.get("/recall", params={"item": "(01)09521234543213(10)RECALL"}).json()
    reached = {affected["item"] for affected in recall["affected"]}
    assert {lot, serial, made} <= reached
    assert not {other, stranger} & reached
    assert [d["kind"] for d in recall["discrepancies"]] == ["outputs_exceed_inputs"]
    for affected in recall["affected"]:
        for step in affected["path"]:
            assert recall["edges"][step]["event_id"]


def test_long_history_hides_neither_a_beginning_nor_a_copied_number(client: httpx.Client) -> None:
    item = f"{GTIN}/21/long-history"
    seen = {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [item]}
    capture(
        client,
        at(0, **{**seen, "action": "ADD", "bizStep": "commissioning", "ilmd": {"cbvmda:lotNumber": "L1"}}),
        *[at(hour, **seen, bizStep="dispensing", disposition="dispensed") for hour in (1, 2)],
    )
    mismatch = verdict(client, "(01)09521234543213(21)long-history(10)L2")["reasons"]
    evidence = {reason["code"]: reason["events"] for reason in mismatch}
    assert evidence["lot_mismatch"] == evidence["origin_known"]
    capture(client, *[at(hour, **seen, bizStep="storing") for hour in range(3, 210)])
    after = verdict(client, item)
    assert after["verdict"] == "suspect"
    assert codes(after) >= {"origin_known", "dispensed_twice", "truncated"}
    assert "not_in_log" not in codes(after)


@pytest.mark.parametrize(("asked", "shown"), [(None, 50), (0, 0), (1, 1), (200, 60)])
def test_timeline_is_as_long_as_asked_and_the_verdict_the_same(
    client: httpx.Client, asked: int | None, shown: int
) -> None:
    item, seen = f"{GTIN}/21/timeline-{asked}", {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "storing"}
    begun = {"type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning"}
    capture(
        client,
        at(0, **begun, epcList=[item]),
        *[at(hour, **seen, epcList=[item]) for hour in range(1, 60)],
    )
    answer = client.get("/verify", params={"scan": item} | ({} if asked is None else {"events": asked})).json()
    whole = client.get("/verify", params={"scan": item, "events": 200}).json()
    assert len(answer["timeline"]) == shown
    assert answer["event_count"] == len(whole["timeline"]) == 60
    assert answer["timeline"] == whole["timeline"][:shown]
    proven = [] if answer["proofs"] is None else [event["event_id"] for event in answer["proofs"]["events"]]
    assert sorted(proven) == sorted(step["event_id"] for step in answer["timeline"])
    assert [answer[name] for name in ("verdict", "reasons", "state")] == [
        whole[name] for name in ("verdict", "reasons", "state")
    ]
    assert codes(answer) >= {"origin_known", "only_authenticated"}
    assert all(len(reason["events"]) <= 50 for reason in answer["reasons"])
    page = client.get("/", params={"scan": item}, headers={"Accept": "text/html"}).text
    assert "The latest 50 of 60 events." in page
    for link in re.findall(r'href="([^"]*)">evidence<', page):
        is_there = f'id="{link[1:]}"' in page if link[0] == "#" else client.get(html.unescape(link)).status_code == 200
        assert is_there, link
    [more] = re.findall(r'href="(/\?scan=[^"]*events=60)"', page)
    assert "The latest" not in client.get(more.replace("&amp;", "&"), headers={"Accept": "text/html"}).text


@pytest.mark.parametrize("events", ["-1", "201", "x", "", "9" * 5_000, "²"])
def test_number_of_events_that_no_timeline_has_is_refused(client: httpx.Client, events: str) -> None:
    answer = client.get("/verify", params={"scan": f"{GTIN}/21/timeline", "events": events})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_label_is_not_held_against_what_was_made_of_the_lot(client: httpx.Client) -> None:
    lot, soup = f"{GTIN}/10/USED", f"{GTIN}/10/MADE"
    some = lambda epc, amount: [{"epcClass": epc, "quantity": amount, "uom": "KGM"}]  # noqa: E731
    capture(
        client,
        at(0, type="ObjectEvent", action="ADD", quantityList=some(lot, 9), bizStep="commissioning"),
        at(
            1,
            type="TransformationEvent",
            inputQuantityList=some(lot, 1),
            outputQuantityList=some(soup, 1),
            ilmd={"cbvmda:lotNumber": "MADE", "cbvmda:itemExpirationDate": "2025-01-01"},
        ),
    )
    assert verdict(client, "(01)09521234543213(10)USED")["verdict"] == "genuine"
    assert "expired" in codes(verdict(client, "(01)09521234543213(10)MADE"))


def test_item_of_voided_events_alone_is_unknown_and_that_is_said(client: httpx.Client) -> None:
    wrong = at(1, type="ObjectEvent", action="OBSERVE", epcList=[f"{GTIN}/21/never-was"], bizStep="storing")
    capture(client, wrong)
    capture(client, {**wrong, "errorDeclaration": {"declarationTime": "2025-03-02T00:00:00Z"}})
    assert codes(verdict(client, f"{GTIN}/21/never-was")) == {"unknown_item", "corrected"}


def test_correction_takes_the_wrong_event_out_and_keeps_it_visible(client: httpx.Client) -> None:
    item = f"{GTIN}/21/corrected"
    wrong = at(
        2,
        type="ObjectEvent",
        eventID="urn:uuid:00000000-0000-4000-8000-00000000dead",
        action="DELETE",
        epcList=[item],
        bizStep="destroying",
        disposition="destroyed",
    )
    right = {
        **wrong,
        "eventID": "urn:uuid:00000000-0000-4000-8000-00000000beef",
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "disposition": "active",
    }
    capture(client, at(1, type="ObjectEvent", action="ADD", epcList=[item], bizStep="commissioning"), wrong)
    assert verdict(client, item)["verdict"] == "rejected"
    declaration = {
        "declarationTime": "2025-03-02T00:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": [right["eventID"]],
    }
    capture(client, {**wrong, "errorDeclaration": declaration}, right)
    after = verdict(client, item)
    assert after["verdict"] == "genuine"
    assert "corrected" in codes(after)
    assert [event["event_id"] for event in after["voided"]] == [wrong["eventID"]]
    assert after["voided"][0]["corrective_event_ids"] == [right["eventID"]]


@pytest.mark.parametrize(
    ("scan", "expected", "code"),
    [
        ("(01)09521234543214(21)x", "rejected", "check_digit"),
        ("(01)09521234543213(21)never-seen", "unverifiable", "unknown_item"),
        ("9521234543213", "unverifiable", "class_only"),
        ("]d2010952123454321321label\x1d10WRONG", "suspect", "lot_mismatch"),
        ("(01)09521234543213(21)label(10)RIGHT", "genuine-with-warnings", "expired"),
        ("urn:epc:id:sgtin:9521234.054321.copied", "suspect", "commissioned_twice"),
        ("https://brand.example/01/09521234543213/21/stolen?17=300101", "rejected", "stolen"),
    ],
)
def test_verdict_on_what_a_scanner_gives(client: httpx.Client, scan: str, expected: str, code: str) -> None:
    ilmd = {"cbvmda:lotNumber": "RIGHT", "cbvmda:itemExpirationDate": "2025-06-30"}
    begin = {"type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning"}
    capture(
        client,
        at(0, **begin, epcList=[f"{GTIN}/21/label"], ilmd=ilmd),
        at(0, **begin, epcList=[f"{GTIN}/21/copied"]),
        at(7, **begin, epcList=[f"{GTIN}/21/copied"]),
        at(0, **begin, epcList=[f"{GTIN}/21/stolen"]),
        at(5, type="ObjectEvent", action="OBSERVE", epcList=[f"{GTIN}/21/stolen"], disposition="stolen"),
    )
    answer = verdict(client, scan)
    assert (answer["verdict"], code in codes(answer)) == (expected, True), answer["reasons"]


def test_digital_link_path_answers_programs_and_leads_browsers_to_the_page(client: httpx.Client) -> None:
    capture(client, at(0, type="ObjectEvent", action="ADD", epcList=[f"{GTIN}/21/a%2Fb"], bizStep="commissioning"))
    answer = client.get("/01/09521234543213/21/a%2Fb")
    assert answer.json()["item"] == f"{GTIN}/21/a%2Fb"
    assert answer.json()["verdict"] == "genuine"
    page = client.get("/01/09521234543213/21/a%2Fb", headers={"Accept": "text/html"}, follow_redirects=True)
    assert "Genuine" in page.text


# The command line -------------------------------------------------------------------------------------


def wayproof(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [WAYPROOF, *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, check=False, env={**os.environ, **environment})


def test_capture_goes_on_where_it_was_cut_off(server: Server, tmp_path: Path) -> None:
    document, _ = simulated(3000, seed=77)
    file = tmp_path / "events.json"
    file.write_bytes(document)
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [WAYPROOF, "capture", file, "--server", server.url, "--part-events", "100"]
    cut = subprocess.Popen(command, env={**os.environ, **home}, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list(tmp_path.rglob("captures/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    cut.send_signal(signal.SIGINT)
    assert cut.wait() == 130
    again = wayproof("capture", file, "--server", server.url, "--part-events", "100", "--json", **home)
    assert again.returncode == 0, again.stderr
    totals = orjson.loads(again.stdout)
    assert totals["events"] < 3000  # What was acknowledged before the cut was not sent again.
    whole = orjson.loads(wayproof("capture", file, "--server", server.url, "--json", **home).stdout)
    assert (whole["stored"], whole["repeated"]) == (0, 3000)


def test_refused_event_is_said_again_after_a_break(server: Server, tmp_path: Path) -> None:
    events = [observation(f"break-{n}", action="EAT" if n == 0 else "OBSERVE") for n in range(600)]
    file = tmp_path / "events.json"
    file.write_bytes(orjson.dumps(document_of(*events)))
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [WAYPROOF, "capture", file, "--server", server.url, "--part-events", "1"]
    cut = subprocess.Popen(command, env={**os.environ, **home}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with server.client() as client:
        deadline = time.monotonic() + 30
        known = {"item": events[20]["epcList"][0]}  # type: ignore[index]
        while not client.get("/history", params=known).json()["histories"][0]["events"]:
            assert time.monotonic() < deadline
    cut.send_signal(signal.SIGINT)
    assert cut.wait() == 130
    again = wayproof(*command[1:], "--json", **home)
    assert again.returncode == 1
    assert orjson.loads(again.stdout)["refused"] == 1


def test_commands_say_what_went_wrong_by_their_exit_codes(server: Server, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(orjson.dumps(document_of(observation("cli", action="EAT"))))
    refused = wayproof("capture", bad, "--server", server.url, HOME=str(tmp_path))
    assert refused.returncode == 1
    assert b"/epcisBody/eventList/0/action" in refused.stderr
    assert wayproof("verify", "(01)09521234543214", "--server", server.url).returncode == 1
    assert wayproof("verify", "(01)09521234543213", "--server", "http://127.0.0.1:1").returncode == 3
    assert wayproof("verify").returncode == 2
    for command in (("log", "fsck"), ("migrate",), ("log", "key"), ("log", "key", "--json")):
        folder = tmp_path / "none" if command[-1] == "key" else server.data
        unavailable = wayproof(*command, "--data", folder)
        assert (unavailable.returncode, unavailable.stderr.count(b"\n")) == (3, 1)
    assert not (tmp_path / "none").exists()
    for command in (
        "serve",
        "demo",
        "capture",
        "verify",
        "trace",
        "recall",
        "event-hash",
        "simulate",
        "migrate",
        "log",
    ):
        shown = wayproof(command, "--help")
        assert shown.returncode == 0
        assert b"wayproof" in shown.stdout
    hashed = wayproof("event-hash", bad, "--json")
    assert orjson.loads(hashed.stdout)[0].startswith("ni:///sha-256;")


def test_commands_that_look_after_a_log_answer_in_json(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = Server.start(data)
    vkey = httpx.get(f"{server.url}/log/key").text.strip()
    assert server.end() == 0
    assert wayproof("log", "key", "--data", data).stdout.decode().strip() == vkey
    told = orjson.loads(wayproof("log", "key", "--data", data, "--json").stdout)
    assert told == {"origin": "wayproof.test/log", "key": vkey}
    assert orjson.loads(wayproof("migrate", "--data", data, "--json").stdout)["schema_version"] >= 1
    (data / "keys" / "log-blinding.key").write_bytes(bytes(32))
    other = wayproof("log", "key", "--data", data)
    assert (other.returncode, other.stdout) == (3, b"")
    assert b"blinded with another key" in other.stderr


def test_recall_by_command_tells_gaps_discrepancies_and_what_it_does_not_know(
    server: Server, client: httpx.Client
) -> None:
    some = lambda epc, amount: [{"epcClass": epc, "quantity": amount, "uom": "KGM"}]  # noqa: E731
    lot, made = f"{GTIN}/10/CLI", "https://id.gs1.org/01/09521234543220/10/CLI"
    site = {"readPoint": {"id": "https://id.gs1.org/414/9521234000013"}}
    capture(
        client,
        at(0, type="ObjectEvent", action="ADD", quantityList=some(lot, 9), bizStep="commissioning", **site),
        at(1, type="TransformationEvent", inputQuantityList=some(lot, 6), outputQuantityList=some(made, 8)),
        at(2, type="ObjectEvent", action="OBSERVE", quantityList=some(made, 8), bizStep="shipping", **site),
    )
    told = wayproof("recall", "(01)09521234543213(10)CLI", "--server", server.url)
    assert told.returncode == 0, told.stderr
    assert b"outputs_exceed_inputs: 6 KGM expected, 8 found" in told.stdout
    assert b"shipped_not_received" in told.stdout
    unknown = wayproof("recall", "(01)09521234543213(10)NEVER", "--server", server.url)
    assert (unknown.returncode, unknown.stderr) == (1, b"no event names this item\n")


def test_command_before_a_proxy_without_server_says_so_in_a_line(tmp_path: Path) -> None:
    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(502)
            self.end_headers()
            self.wfile.write(b"<html>Bad Gateway</html>")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        asked = wayproof("verify", "(01)09521234543213", "--server", f"http://127.0.0.1:{proxy.server_port}")
        proxy.shutdown()
    assert (asked.returncode, asked.stderr.count(b"\n")) == (3, 1)
    assert b"502" in asked.stderr


def test_simulator_says_in_a_line_what_it_cannot_do(tmp_path: Path) -> None:
    nowhere = wayproof("simulate", "--out", tmp_path / "none" / "x")
    assert (nowhere.returncode, nowhere.stderr.count(b"\n")) == (1, 1)
    assert wayproof("simulate", "--json").returncode == 2


def test_simulator_writes_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    one = wayproof("simulate", "--events", "1500", "--seed", "9").stdout
    two = wayproof("simulate", "--events", "1500", "--seed", "9").stdout
    assert one == two
    assert len(orjson.loads(one)["epcisBody"]["eventList"]) == 1500
    wayproof("simulate", "--events", "1500", "--seed", "9", "--out", tmp_path / "parts", "--file-events", "400")
    counts = [
        len(orjson.loads(p.read_bytes())["epcisBody"]["eventList"]) for p in sorted((tmp_path / "parts").iterdir())
    ]
    assert counts == [400, 400, 400, 300]


# The page ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("no chromium with chromedriver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=400,800",
    ):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def test_officer_scans_at_the_page_and_sees_verdict_reasons_and_receipt(
    server: Server, client: httpx.Client, browser: Any
) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    item = f"{GTIN}/21/officer"
    capture(client, at(0, type="ObjectEvent", action="ADD", epcList=[item], bizStep="commissioning"))
    browser.get(server.url)
    # A scanner is a keyboard: the box has the focus, and the code ends with Enter.
    browser.switch_to.active_element.send_keys("(01)09521234543213(21)officer", Keys.ENTER)
    assert "Genuine" in browser.find_element(By.TAG_NAME, "h1").text
    assert item in browser.page_source
    receipt = browser.find_element(By.LINK_TEXT, "receipt").get_attribute("href")
    assert httpx.get(receipt).json()["leaf_index"] >= 0
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= browser.execute_script("return window.innerWidth")

    browser.get(f"{server.url}/?scan=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "Not readable" in browser.find_element(By.TAG_NAME, "h1").text
    assert not browser.find_elements(By.TAG_NAME, "script")
    browser.get(f"{server.url}/?scan=%2801%2909521234543214%2821%29x")
    assert "Rejected" in browser.find_element(By.TAG_NAME, "h1").text
