"""Who signed it: partners register keys, sign what they capture, and whoever scans is told by whom, with proof."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, observation
from trace_api.partners import statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

TOKEN = "operator-token-of-the-tests"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
HEADER = "Wayproof-Signature"
SECRET = b"s" * 32


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server.start(tmp_path_factory.mktemp("authorship") / "data", **os.environ, WAYPROOF_OPERATOR_TOKEN=TOKEN)
    yield server
    assert server.end() == 0


@pytest.fixture
def client(running: Server) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


def signer_of(partner: str, fill: int) -> trace_core.PartnerSigner:
    return trace_core.PartnerSigner(partner, bytes([fill]) * 32)


def statement(
    signer: trace_core.PartnerSigner, by: trace_core.PartnerSigner | None = None, **changed: object
) -> dict[str, Any]:
    members = {
        "type": "wayproof/v1/key",
        "partner": signer.partner,
        "key": orjson.loads(signer.jwk),
        "validFrom": "2020-01-01T00:00:00Z",
        **changed,
    }
    text = orjson.dumps({name: value for name, value in members.items() if value is not None}).decode()
    signers = [signer] if by is None else [signer, by]
    return {"statement": text, "signatures": [one.sign_jws(statements.digest_of(text)) for one in signers]}


def register(client: httpx.Client, signer: trace_core.PartnerSigner, **changed: object) -> None:
    answer = client.post("/keys", json=statement(signer, **changed), headers=OPERATOR)
    assert answer.status_code == 201, answer.text


def revoke(client: httpx.Client, signer: trace_core.PartnerSigner, since: str | None = None) -> httpx.Response:
    members = {"type": "wayproof/v1/key-revocation", "keyId": signer.key_id, "reason": "the scanner was lost"}
    text = orjson.dumps(members | ({"compromisedSince": since} if since else {})).decode()
    wish = {"statement": text, "signatures": [signer.sign_jws(statements.digest_of(text))]}
    return client.post(f"/keys/{signer.key_id}/revocation", json=wish)


def item_of(serial: str) -> str:
    return f"https://id.gs1.org/01/09521234543213/21/{serial}"


def events_of(name: str, count: int = 3) -> bytes:
    events = [observation(name, epcList=[item_of(name)], eventID=f"urn:example:{name}-{n}") for n in range(count)]
    return orjson.dumps(document_of(*events))


def capture(client: httpx.Client, body: bytes, signature: str | None, **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/json", **headers} | ({HEADER: signature} if signature else {})
    return client.post("/capture?ack=published", content=body, headers=sent)


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["errors"][0]["code"])


def reasons(client: httpx.Client, name: str) -> dict[str, str]:
    verdict = client.get("/verify", params={"scan": item_of(name)}).json()
    return {reason["code"]: reason["message"] for reason in verdict["reasons"]}


def bundle_of(client: httpx.Client, event_id: str) -> bytes:
    """Evidence of an event, as soon as the index has the records of the key that signed it."""
    for _ in range(200):
        answer = client.get("/evidence", params={"event": event_id})
        if answer.status_code != 503:
            return answer.content
        assert answer.headers["Retry-After"]
        time.sleep(0.05)
    pytest.fail("the index does not come")


def test_capture_that_is_signed_as_a_whole_says_so_of_each_event(client: httpx.Client, tmp_path: Path) -> None:
    signer = signer_of("acme.example", 1)
    register(client, signer)
    body = events_of("whole", 5)
    job = capture(client, body, signer.sign_capture(body, secret=SECRET)).json()
    assert job["success"], job
    assert "5 by acme.example" in reasons(client, "whole")["signed"]
    verdict = client.get("/verify", params={"scan": item_of("whole")}).json()
    assert verdict["timeline"][0]["signed_by"] == {"partner": "acme.example", "key": signer.key_id}

    vkey = client.get("/log/key").text.strip()
    for n in range(5):
        receipt = client.get("/receipt", params={"event": f"urn:example:whole-{n}"}).content
        checked = trace_core.check_evidence(receipt, vkey)
        assert any("acme.example signed it" in step and "over 5 events" in step for step in checked.held)
    file = tmp_path / "receipt.json"
    file.write_bytes(receipt)
    done = subprocess.run(
        [WAYPROOF, "verify", file, "--key", vkey], check=True, capture_output=True, text=True, timeout=60
    )
    assert "acme.example signed it" in done.stdout


@pytest.mark.parametrize("form", ["jws", "cose"])
def test_event_that_is_signed_alone_says_so(client: httpx.Client, form: str) -> None:
    signer = signer_of("single.example", 2)
    client.post("/keys", json=statement(signer), headers=OPERATOR)
    event = {"@context": document_of()["@context"], **observation(form, epcList=[item_of(f"one-{form}")])}
    body = orjson.dumps(event)
    sent = {"Content-Type": "application/json", HEADER: signer.sign_event(body, form=form)}  # type: ignore[arg-type]
    answer = client.post("/events?ack=published", content=body, headers=sent)
    assert answer.status_code == 201, answer.text
    receipt = client.get("/receipt", params={"event": answer.json()["eventID"]}).content
    checked = trace_core.check_evidence(receipt, client.get("/log/key").text.strip())
    assert any("single.example signed it" in step for step in checked.held)
    assert "signed" in reasons(client, f"one-{form}")


def test_event_that_a_library_of_others_signed_with_p256_is_taken(client: httpx.Client) -> None:
    secret = ec.derive_private_key(0x1234567, ec.SECP256R1())
    numbers = secret.public_key().public_numbers()

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    jwk = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32)), "y": encode(numbers.y.to_bytes(32))}
    key = trace_core.PartnerKey(orjson.dumps(jwk))

    def jws(payload: bytes) -> str:
        header = encode(orjson.dumps({"alg": "ES256", "kid": key.key_id}))
        r, s = decode_dss_signature(secret.sign(f"{header}.{encode(payload)}".encode(), ec.ECDSA(hashes.SHA256())))
        return f"{header}..{encode(r.to_bytes(32) + s.to_bytes(32))}"

    text = orjson.dumps(
        {"type": "wayproof/v1/key", "partner": "hsm.example", "key": jwk, "validFrom": "2020-01-01T00:00:00Z"}
    ).decode()
    wish = {"statement": text, "signatures": [jws(statements.digest_of(text))]}
    assert client.post("/keys", json=wish, headers=OPERATOR).status_code == 201
    body = events_of("p256", 1)
    [digest] = trace_core.content_digests(body)
    assert capture(client, body, f"jws={jws(digest)}").json()["success"]
    assert "1 by hsm.example" in reasons(client, "p256")["signed"]


def test_capture_that_nobody_signed_says_that(client: httpx.Client) -> None:
    assert capture(client, events_of("unsigned"), None).json()["success"]
    told = reasons(client, "unsigned")
    assert "signed" not in told
    assert "nobody signed 3 of 3" in told["only_authenticated"]


def test_signature_over_something_else_is_refused_and_nothing_is_stored(client: httpx.Client) -> None:
    signer = signer_of("careful.example", 3)
    register(client, signer)
    body, other = events_of("mine"), events_of("other")
    assert code_of(capture(client, body, signer.sign_capture(other, secret=SECRET))) == "signature"
    assert code_of(capture(client, body, signer.sign_event(events_of("mine", 1)))) == "signature"
    stranger = signer_of("careful.example", 99)
    assert code_of(capture(client, body, stranger.sign_capture(body, secret=SECRET))) == "key_unknown"
    assert code_of(capture(client, body, "note=AAAA, secret=AAAA")) == "signature"
    assert code_of(capture(client, body, "jws=..")) == "signature"
    good = signer.sign_capture(body, secret=SECRET)
    assert code_of(capture(client, body, good, **{"GS1-Capture-Error-Behaviour": "proceed"})) == "signature"
    assert (
        client.get("/events", params={"EQ_eventID": "urn:example:mine-0"}).json()["epcisBody"]["queryResults"][
            "resultsBody"
        ]["eventList"]
        == []
    )
    assert capture(client, body, good).json()["success"]


def test_signed_capture_with_a_bad_event_is_told_of_the_event(client: httpx.Client) -> None:
    signer = signer_of("sloppy.example", 4)
    register(client, signer)
    good, bad = observation("sloppy"), observation("sloppy", action="WHATEVER")
    body = orjson.dumps(document_of(good, bad))
    job = capture(client, body, signer.sign_capture(body, secret=SECRET)).json()
    assert (job["success"], job["eventsStored"]) == (False, 0)
    assert job["errors"][0]["event_index"] == 1


def test_key_counts_from_its_beginning_until_its_end(client: httpx.Client) -> None:
    early, late = signer_of("early.example", 5), signer_of("late.example", 6)
    register(client, early, validFrom="2100-01-01T00:00:00Z")
    register(client, late, validUntil="2020-01-02T00:00:00Z")
    body = events_of("times")
    assert code_of(capture(client, body, early.sign_capture(body, secret=SECRET))) == "key_not_yet_valid"
    assert code_of(capture(client, body, late.sign_capture(body, secret=SECRET))) == "key_expired"


def test_key_that_is_revoked_signs_no_more_and_what_it_signed_stays(client: httpx.Client) -> None:
    signer = signer_of("lost.example", 7)
    register(client, signer)
    before, after = events_of("before-loss"), events_of("after-loss")
    assert capture(client, before, signer.sign_capture(before, secret=SECRET)).json()["success"]
    told = revoke(client, signer)
    assert told.status_code == 201, told.text
    assert code_of(capture(client, after, signer.sign_capture(after, secret=SECRET))) == "key_revoked"
    assert revoke(client, signer).status_code == 409
    assert "key_in_doubt" not in reasons(client, "before-loss")
    bundle = bundle_of(client, "urn:example:before-loss-0")
    checked = trace_core.check_evidence(bundle, trace_core.Policy(client.get("/log/policy").content))
    assert any("by all records of the key" in step for step in checked.held)


def test_key_that_was_in_other_hands_puts_what_it_signed_in_doubt(client: httpx.Client) -> None:
    signer = signer_of("stolen.example", 8)
    register(client, signer)
    body = events_of("in-doubt")
    assert capture(client, body, signer.sign_capture(body, secret=SECRET)).json()["success"]
    assert revoke(client, signer, since="2021-01-01T00:00:00Z").status_code == 201
    assert "key_in_doubt" in reasons(client, "in-doubt")


def test_next_key_is_registered_by_the_one_before_without_an_operator(client: httpx.Client) -> None:
    first, second, stranger = (signer_of("rotating.example", n) for n in (9, 10, 11))
    assert client.post("/keys", json=statement(first)).status_code == 403
    register(client, first)
    assert client.post("/keys", json=statement(second, by=stranger)).status_code == 403
    assert client.post("/keys", json=statement(second, by=first)).status_code == 201
    assert client.post("/keys", json=statement(second, by=first)).status_code == 409
    assert revoke(client, first).status_code == 201
    third = signer_of("rotating.example", 12)
    assert client.post("/keys", json=statement(third, by=first)).status_code == 403
    listed = client.get("/keys", params={"partner": "rotating.example"}).json()
    assert {key["keyID"]: "revokedAt" in key for key in listed} == {first.key_id: True, second.key_id: False}


def test_key_is_registered_only_by_who_has_it_and_only_once(client: httpx.Client) -> None:
    owner, thief = signer_of("owner.example", 13), signer_of("thief.example", 14)
    # The thief claims the owner's public key: he cannot sign with it.
    claimed = statement(thief, key=orjson.loads(owner.jwk))
    assert code_of(client.post("/keys", json=claimed, headers=OPERATOR)) == "key_statement"
    register(client, owner)
    again = signer_of("thief.example", 13)
    assert client.post("/keys", json=statement(again), headers=OPERATOR).status_code == 409


@pytest.mark.parametrize(
    "changed",
    [
        {"partner": "No Such Name"},
        {"partner": ""},
        {"partner": 7},
        {"key": {"kty": "oct", "k": "AAAA"}},
        {"key": None},
        {"validFrom": None},
        {"validFrom": "yesterday"},
        {"validFrom": "2026-01-01T00:00:00"},
        {"validUntil": "2019-01-01T00:00:00Z"},
        {"type": "wayproof/v1/key-revocation"},
        {"validFrom": "0001-01-01T00:00:00+23:00"},
    ],
)
def test_statement_that_is_none_is_refused(client: httpx.Client, changed: dict[str, object]) -> None:
    wish = statement(signer_of("wrong.example", 15), **changed)
    assert code_of(client.post("/keys", json=wish, headers=OPERATOR)) == "key_statement"


def test_stranger_says_nothing_about_a_key(client: httpx.Client) -> None:
    signer = signer_of("targeted.example", 19)
    register(client, signer)
    about = f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{signer.key_id}"
    told = {"type": "wayproof/v1/key-revocation", "keyId": signer.key_id, "reason": "forged"}
    forged = observation("x", epcList=[about], action="DELETE", **{"ex:statement": orjson.dumps(told).decode()})
    inside = observation("x", epcList=[item_of("inside"), about])
    for event in (forged, inside):
        job = capture(client, orjson.dumps(document_of(event)), None).json()
        assert (job["success"], job["errors"][0]["code"]) == (False, "reserved_name")
    body = events_of("targeted")
    assert capture(client, body, signer.sign_capture(body, secret=SECRET)).json()["success"]
    policy = trace_core.Policy(client.get("/log/policy").content)
    checked = trace_core.check_evidence(bundle_of(client, "urn:example:targeted-0"), policy)
    assert any("by all records of the key" in step for step in checked.held)


def test_statement_that_two_readers_could_take_for_two_is_refused(client: httpx.Client) -> None:
    signer = signer_of("twice.example", 20)
    jwk = signer.jwk
    for twice in (
        f'{{"type":"wayproof/v1/key","partner":"a","partner":"twice.example","key":{jwk},"validFrom":"2020-01-01T00:00:00Z"}}',
        f'{{"type":"wayproof/v1/key","partner":"twice.example","key":{jwk[:-1]},"crv":"P-256"}},"validFrom":"2020-01-01T00:00:00Z"}}',
        "[" * 4000,
    ):
        wish = {"statement": twice, "signatures": [signer.sign_jws(statements.digest_of(twice))]}
        assert code_of(client.post("/keys", json=wish, headers=OPERATOR)) == "key_statement"


@pytest.mark.parametrize("path", ["/keys/%00", "/keys/%00/records", "/keys/unknown", "/keys/unknown/records"])
def test_key_that_nobody_registered_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_bundle_shows_whose_key_it_was_and_every_change_is_noticed(client: httpx.Client) -> None:
    signer = signer_of("court.example", 16)
    register(client, signer)
    body = events_of("court", 2)
    assert capture(client, body, signer.sign_capture(body, secret=SECRET)).json()["success"]
    policy = trace_core.Policy(client.get("/log/policy").content)
    bundle = bundle_of(client, "urn:example:court-1")
    checked = trace_core.check_evidence(bundle, policy)
    assert any("court.example signed it" in step for step in checked.held)
    assert any("by all records of the key" in step for step in checked.held)
    files = unpacked(bundle)
    assert "<b>court.example</b> signed it" in files["index.html"].decode()

    records = orjson.loads(files["key-records.json"])
    for without in (
        {**records, "records": []},
        {**records, "records": records["records"] * 2},
        {**records, "completeness": {**records["completeness"], "leaf_indexes": []}},
        {**records, "completeness": client.get("/completeness", params={"item": item_of("court")}).json()},
    ):
        with pytest.raises(trace_core.ProofError):
            trace_core.check_evidence(packed({**files, "key-records.json": orjson.dumps(without)}), policy)
    receipt = orjson.loads(files["receipt.json"])
    other = orjson.loads(signer_of("court.example", 17).jwk)
    place = base64.b64decode(receipt["signed"]["place"])
    for changed in (
        {**receipt, "signed": {**receipt["signed"], "key": other}},
        {**receipt, "signed": {**receipt["signed"], "place": None}},
        {**receipt, "signed": {**receipt["signed"], "place": base64.b64encode(place[:-1]).decode()}},
        {**receipt, "signed": {**receipt["signed"], "place": base64.b64encode(bytes(4) + place[4:]).decode()}},
        {**receipt, "issuer": {**receipt["issuer"], "signer": "acme.example"}},
        {**receipt, "issuer": {"partner": receipt["issuer"]["partner"]}},
        {name: value for name, value in receipt.items() if name != "signed"},
    ):
        with pytest.raises(trace_core.TraceError):
            trace_core.check_evidence(packed({**files, "receipt.json": orjson.dumps(changed)}), policy)


def unpacked(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as files:
        return {name: files.read(name) for name in files.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return buffer.getvalue()


def test_commands_make_register_sign_and_revoke(running: Server, client: httpx.Client, tmp_path: Path) -> None:
    server = str(client.base_url)
    environment = {**os.environ, "WAYPROOF_SERVER": server, "WAYPROOF_OPERATOR_TOKEN": TOKEN, "HOME": str(tmp_path)}

    def run(*arguments: object, code: int = 0) -> str:
        command = [str(word) for word in (WAYPROOF, *arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
        assert done.returncode == code, done.stderr
        return done.stdout

    key, request, body = tmp_path / "acme.key", tmp_path / "request.json", tmp_path / "events.json"
    made = orjson.loads(run("key", "create", key, "--partner", "cli.example", "--json"))
    assert key.stat().st_mode & 0o077 == 0
    run("key", "create", key, "--partner", "cli.example", code=2)
    request.write_text(run("key", "request", key))
    assert made["keyID"] in run("key", "register", request)
    body.write_bytes(events_of("by-command", 7))
    assert "7 events stored" in run("capture", body, "--sign", key, "--part-events", 3)
    run("capture", body, "--sign", key, "--proceed", code=2)
    assert "7 by cli.example" in reasons(client, "by-command")["signed"]
    run("key", "revoke", made["keyID"], "--by", key, "--reason", "the end")
    assert "revoked" in run("key", "list", "--partner", "cli.example")
    body.write_bytes(events_of("too-late", 1))
    run("capture", body, "--sign", key, code=1)
    run("key", "revoke", made["keyID"], "--by", key, "--reason", "again", code=1)
