"""What is erased is gone, is said to be gone, and takes no proof with it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import orjson
import pytest

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, observation, simulated
from trace_api.log.fsck import fsck
from trace_api.log.keys import LogKeys
from trace_api.partners.statements import digest_of
from trace_api.settings import Settings
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

TOKEN = "operator-token-of-the-tests"
ITEM = "https://id.gs1.org/01/09521234543213/21/FORGET"
PERSON = "Erika Mustermann"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server.start(tmp_path / "data", **os.environ, WAYPROOF_OPERATOR_TOKEN=TOKEN)
    yield running
    if running.process.poll() is None:
        assert running.end() == 0


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as opened:
        yield opened


def capture(client: httpx.Client, *events: dict[str, Any]) -> dict[str, Any]:
    job: dict[str, Any] = client.post("/capture?ack=published", json=document_of(*events)).json()
    assert job["success"], job
    return job


def erase(client: httpx.Client, event: str, token: str = TOKEN) -> httpx.Response:
    wish = {"event": event, "reason": "Art. 17", "by": "the officer"}
    return client.post("/erasures", json=wish, headers={"Authorization": f"Bearer {token}"})


def test_event_that_is_erased_is_gone_everywhere_and_all_else_holds(server: Server, client: httpx.Client) -> None:
    told = observation("x", epcList=[ITEM], eventID="urn:example:told", bizStep="dispensing")
    told["ex:customer"] = PERSON
    before = observation("y", epcList=[ITEM], eventID="urn:example:before", bizStep="shipping")
    job = capture(client, before, told)
    capture(client, observation("z", epcList=[ITEM], eventID="urn:example:after"))
    digest = client.get("/receipt", params={"event": "urn:example:told"}).json()["content_digest"]
    receipts = {i: client.get("/receipt", params={"event": f"urn:example:{i}"}).content for i in ("before", "after")}
    evidence = client.get("/receipt", params={"event": "urn:example:told"}).content

    assert erase(client, "urn:example:told", "wrong").status_code == 401
    answer = erase(client, "urn:example:told")
    assert (answer.status_code, answer.json()["leafIndex"]) == (201, job["firstLeafIndex"] + 1)

    for path, parameters in (
        ("/events/urn:example:told", {}),
        ("/receipt", {"event": "urn:example:told"}),
        ("/receipt", {"event": "urn:example:told", "field": "/bizStep"}),
        ("/evidence", {"event": "urn:example:told"}),
        ("/receipt", {"event": digest}),
    ):
        gone = client.get(path, params=parameters)
        assert gone.status_code == 404, path
    assert "erased" in client.get("/events/urn:example:told").json()["detail"]
    for path in ("/events", "/events?EQ_bizStep=dispensing", f"/capture/{job['captureID']}", "/bizSteps"):
        assert PERSON not in client.get(path).text
        assert "urn:example:told" not in client.get(path).text
    assert erase(client, "urn:example:told").status_code == 404

    # It is said, with reason, in the log; and of the item.
    record = client.get(f"/events/{answer.json()['record']}").json()
    [kept] = record["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert (kept["erasure:reason"], kept["erasure:by"]) == ("Art. 17", "the officer")
    verdict = client.get("/verify", params={"scan": ITEM}).json()
    assert "events_erased" in {reason["code"] for reason in verdict["reasons"]}
    assert len(verdict["timeline"]) == 2

    # The leaf is there, and every proof that was given out before still holds; also that of the erased event itself.
    key = client.get("/log/key").text.strip()
    proof = client.get(f"/log/proof/{answer.json()['leafIndex']}.tlog-proof").content
    trace_core.check_evidence(proof, key)
    for receipt in (*receipts.values(), evidence):
        trace_core.check_receipt(receipt, key)
    for name in receipts:
        trace_core.check_receipt(client.get("/receipt", params={"event": f"urn:example:{name}"}).content, key)
    assert server.end() == 0
    assert findings(server.data) == ([], 1)


def findings(data: Path) -> tuple[list[str], int]:
    async def check() -> tuple[list[str], int]:
        settings = Settings.of(data_dir=data)
        async with Store.open(settings) as store:
            report = await fsck(store, LogKeys.load(settings.key_dir))
            return report.findings, report.erased

    return asyncio.run(check())


def everything_in(data: Path) -> str:
    """All rows of all tables, bytes in hex."""

    async def rows() -> list[str]:
        async with Store.open(Settings.of(data_dir=data)) as store, store.session() as connection:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            return [
                str(row[0])
                for (table,) in tables
                for row in await connection.fetch(f"SELECT t::text FROM {table} AS t")
            ]

    return "\n".join(asyncio.run(rows()))


def test_nothing_that_remains_confirms_a_guess_of_a_small_event(server: Server, client: httpx.Client) -> None:
    """The event has so little in it that whoever knows its form can list all that it may have said."""
    event = observation("guess", epcList=[ITEM], eventID=None)
    del event["eventID"]
    capture(client, event)
    hash_id = trace_core.event_hash_ids(orjson.dumps(document_of(event)))[0]
    receipt = client.get("/receipt", params={"event": hash_id}).json()
    assert erase(client, receipt["content_digest"]).status_code == 201
    assert client.get(f"/events/{hash_id}".replace("/", "%2F", 5)).status_code == 404
    assert client.get("/receipt", params={"event": hash_id}).status_code == 404
    assert server.end() == 0
    digests = [bytes.fromhex(receipt["content_digest"]), bytes.fromhex(re.findall(r"[0-9a-f]{64}", hash_id)[0])]

    everything = everything_in(server.data)
    assert len(everything) > 1_000
    for digest in digests:
        assert digest.hex() not in everything
    assert "FORGET" not in everything.encode().decode("unicode_escape", errors="ignore")


def test_signature_of_an_erased_event_goes_with_it(server: Server, client: httpx.Client) -> None:
    signer = trace_core.PartnerSigner("forgetful.example", b"k" * 32)
    text = orjson.dumps(
        {
            "type": "wayproof/v1/key",
            "partner": signer.partner,
            "key": orjson.loads(signer.jwk),
            "validFrom": "2020-01-01T00:00:00Z",
        }
    ).decode()
    wish = {"statement": text, "signatures": [signer.sign_jws(digest_of(text))]}
    assert client.post("/keys", json=wish, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 201
    alone = orjson.dumps(document_of(observation("x", eventID="urn:example:alone")))
    together = [observation("x", eventID=f"urn:example:together-{n}") for n in range(2)]
    both = orjson.dumps(document_of(*together))
    jws = signer.sign_event(alone)
    for body, signature in ((alone, jws), (both, signer.sign_capture(both, secret=b"s" * 32))):
        headers = {"Content-Type": "application/json", "Wayproof-Signature": signature}
        assert client.post("/capture?ack=published", content=body, headers=headers).json()["success"]
    each = signer.sign_events(
        orjson.dumps(document_of(*(observation("x", eventID=f"urn:example:each-{n}") for n in range(2))))
    )
    sent = client.post("/capture?ack=published", content=each, headers={"Content-Type": "application/json"})
    assert sent.json()["success"]
    assert erase(client, "urn:example:alone").status_code == 201
    assert erase(client, "urn:example:together-0").status_code == 201
    assert erase(client, "urn:example:each-0").status_code == 201

    for name in ("together-1", "each-1"):
        kept = client.get("/receipt", params={"event": f"urn:example:{name}"}).content
        checked = trace_core.check_evidence(kept, client.get("/log/key").text.strip())
        assert any("forgetful.example signed it" in step for step in checked.held)
    assert server.end() == 0
    assert findings(server.data) == ([], 3)
    # Whoever guesses an erased event finds no signature and no unsalted hash of it to hold the guess against.
    everything = everything_in(server.data)
    erased, still_there = orjson.loads(each)["urn:wayproof:signatureList"]
    assert still_there.removeprefix("jws=").encode().hex() in everything
    for signature in (jws, erased):
        assert signature.removeprefix("jws=").encode().hex() not in everything
    gone = (
        *trace_core.content_digests(alone),
        trace_core.content_digests(both)[0],
        trace_core.content_digests(each)[0],
    )
    for digest in gone:
        assert digest.hex() not in everything
        assert trace_core.leaf_hash(digest).hex() not in everything


def test_same_content_may_be_captured_again_after_it_was_erased(client: httpx.Client) -> None:
    event = observation("again", epcList=[ITEM], eventID="urn:example:again")
    capture(client, event)
    assert capture(client, event)["eventsRepeated"] == 1
    assert erase(client, "urn:example:again").status_code == 201
    assert capture(client, event)["eventsStored"] == 1
    assert client.get("/events/urn:example:again").status_code == 200


def test_item_is_listed_as_long_as_any_event_of_it_is_there(client: httpx.Client) -> None:
    item = "https://id.gs1.org/01/09521234543213/21/listed"
    names = [f"urn:example:listed-{number}" for number in range(3)]
    for name in names:
        capture(client, observation(name, epcList=[item], eventID=name))
    for name in (names[2], names[0]):
        assert erase(client, name).status_code == 201
        assert item in client.get("/epcs", params={"perPage": 1000}).json()["member"]
    assert erase(client, names[1]).status_code == 201
    assert item not in client.get("/epcs", params={"perPage": 1000}).json()["member"]


def test_erasure_is_the_operators_and_has_a_reason(client: httpx.Client, server: Server) -> None:
    capture(client, observation("kept", eventID="urn:example:kept"))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for wish in ({}, {"event": "urn:example:kept"}, {"event": "urn:example:kept", "reason": "", "by": "x"}, [], "x"):
        assert client.post("/erasures", json=wish, headers=headers).status_code == 400
    assert (
        client.post("/erasures", json={"event": "urn:none", "reason": "r", "by": "b"}, headers=headers).status_code
        == 404
    )
    assert client.get("/events/urn:example:kept").status_code == 200
    command = [WAYPROOF, "erase", "urn:example:kept", "--reason", "r", "--by", "b", "--server", server.url, "--json"]
    refused = subprocess.run(
        command, check=False, capture_output=True, env={**os.environ, "WAYPROOF_OPERATOR_TOKEN": "no"}
    )
    assert refused.returncode == 1
    told = {**os.environ, "WAYPROOF_OPERATOR_TOKEN": TOKEN}
    done = subprocess.run(command, check=False, capture_output=True, env=told)
    assert (done.returncode, orjson.loads(done.stdout)["leafIndex"]) == (0, 0)


def test_many_are_erased_and_the_log_holds(server: Server, client: httpx.Client) -> None:
    body = simulated(120, 5)[0]
    headers = {"Content-Type": "application/json"}
    assert client.post("/capture?ack=published", content=body, headers=headers).json()["success"]
    listing = client.get("/events", params={"perPage": 1000}).content
    for event in trace_core.event_hash_ids(listing)[:40:4]:
        found = client.get("/receipt", params={"event": event})
        if found.status_code == 200:
            assert erase(client, found.json()["content_digest"]).status_code == 201
    assert server.end() == 0
    wrong, erased = findings(server.data)
    assert wrong == []
    assert erased >= 5
