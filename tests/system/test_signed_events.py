"""Events of one capture that are signed each on its own, by different partners, or by nobody."""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, observation
from tests.system.test_authorship import (
    HEADER,
    OPERATOR,
    SECRET,
    TOKEN,
    bundle_of,
    code_of,
    item_of,
    reasons,
    register,
    revoke,
    signer_of,
    statement,
)
from tests.system.test_erasure import findings
from trace_api.settings import Settings
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

LIST = "urn:wayproof:signatureList"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Whatever the tests here captured, the log holds at the end; and no longer where one signature is taken away."""
    data = tmp_path_factory.mktemp("signed_events") / "data"
    server = Server.start(data, **os.environ, WAYPROOF_OPERATOR_TOKEN=TOKEN)
    yield server
    assert server.end() == 0
    assert findings(data)[0] == []
    event_key = asyncio.run(take_signature_away(data))
    assert f"event {event_key}: the entry does not commit to this body" in findings(data)[0]


async def take_signature_away(data: Path) -> int:
    """From one of the events that have one: its key."""
    async with Store.open(Settings.of(data_dir=data)) as store, store.session() as connection:
        one = "SELECT min(event_key) FROM event WHERE issuer IS NOT NULL"
        taken = f"UPDATE event SET issuer = NULL WHERE event_key = ({one}) RETURNING event_key"
        return int(await connection.fetchval(taken))


@pytest.fixture
def client(running: Server) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


def events_of(name: str, count: int) -> list[dict[str, object]]:
    return [observation(name, epcList=[item_of(name)], eventID=f"urn:example:{name}-{n}") for n in range(count)]


def signed(event: dict[str, object], signer: trace_core.PartnerSigner, form: str = "jws") -> str:
    """The very signature that the event could be sent with alone."""
    return signer.sign_event(orjson.dumps(document_of(event)), form=form)  # type: ignore[arg-type]


def document(events: list[dict[str, object]], signatures: list[str | None]) -> dict[str, object]:
    return document_of(*events) | {LIST: signatures}


def capture(client: httpx.Client, body: bytes | dict[str, object], **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    sent = {"Content-Type": "application/json"} | headers
    return client.post("/capture?ack=published", content=content, headers=sent)


def signers_in(client: httpx.Client, name: str) -> dict[str, str | None]:
    """By whom the verdict says that each event is signed."""
    timeline = client.get("/verify", params={"scan": item_of(name)}).json()["timeline"]
    return {step["event_id"]: step["signed_by"] and step["signed_by"]["partner"] for step in timeline}


def test_events_of_one_capture_are_signed_by_different_partners_or_nobody(client: httpx.Client) -> None:
    first, second = signer_of("first.example", 31), signer_of("second.example", 32)
    register(client, first)
    register(client, second)
    events = events_of("mixed", 5)
    signatures = [signed(events[0], first), None, signed(events[2], second, "cose"), signed(events[3], first), None]
    job = capture(client, document(events, signatures)).json()
    assert (job["success"], job["eventsStored"], job["errors"]) == (True, 5, []), job
    expected = ["first.example", None, "second.example", "first.example", None]
    assert signers_in(client, "mixed") == {f"urn:example:mixed-{n}": signer for n, signer in enumerate(expected)}
    told = reasons(client, "mixed")
    assert "2 by first.example" in told["signed"]
    assert "1 by second.example" in told["signed"]
    assert "nobody signed 2 of 5" in told["only_authenticated"]

    vkey = client.get("/log/key").text.strip()
    policy = trace_core.Policy(client.get("/log/policy").content)
    for n, signer in enumerate(expected):
        receipt = client.get("/receipt", params={"event": f"urn:example:mixed-{n}"}).content
        held = trace_core.check_evidence(receipt, vkey).held
        assert any(f"{signer} signed it" in step for step in held) is (signer is not None)
        assert (
            orjson.loads(receipt)["content_digest"]
            == trace_core.content_digests(orjson.dumps(document_of(events[n])))[0].hex()
        )
        if signer is not None:
            bundle = trace_core.check_evidence(bundle_of(client, f"urn:example:mixed-{n}"), policy)
            assert any("by all records of the key" in step for step in bundle.held)


def test_bad_signature_is_named_and_the_good_events_are_kept_where_that_is_wished(client: httpx.Client) -> None:
    good, revoked, early = signer_of("good.example", 33), signer_of("gone.example", 34), signer_of("soon.example", 35)
    register(client, good)
    register(client, revoked)
    register(client, early, validFrom="2100-01-01T00:00:00Z")
    assert revoke(client, revoked).status_code == 201
    events = events_of("partly", 7)
    signatures = [
        signed(events[0], good),
        signed(events[0], good),
        signed(events[2], revoked),
        signed(events[3], early),
        signed(events[4], signer_of("nobody.example", 36)),
        "note=AAAA",
        signed(events[6], good),
    ]
    body = document(events, signatures)
    codes = [(1, "signature"), (2, "key_revoked"), (3, "key_not_yet_valid"), (4, "key_unknown"), (5, "signature")]
    for behaviour, stored in (("rollback", 0), ("proceed", 2)):
        job = capture(client, body, **{"GS1-Capture-Error-Behaviour": behaviour}).json()
        assert (job["success"], job["eventTotal"], job["eventsStored"]) == (False, 7, stored)
        assert [(error["event_index"], error["code"]) for error in job["errors"]] == codes
        assert [error["pointer"] for error in job["errors"]] == [f"/{LIST}/{n}" for n, _ in codes]
    assert signers_in(client, "partly") == dict.fromkeys(
        ("urn:example:partly-0", "urn:example:partly-6"), "good.example"
    )


def test_key_that_was_in_other_hands_puts_just_its_own_events_in_doubt(client: httpx.Client) -> None:
    safe, stolen = signer_of("safe.example", 37), signer_of("stolen-scanner.example", 38)
    register(client, safe)
    register(client, stolen)
    events = events_of("doubtful", 2)
    assert capture(client, document(events, [signed(events[0], safe), signed(events[1], stolen)])).json()["success"]
    assert revoke(client, stolen, since="2021-01-01T00:00:00Z").status_code == 201
    verdict = client.get("/verify", params={"scan": item_of("doubtful")}).json()
    [doubt] = [reason for reason in verdict["reasons"] if reason["code"] == "key_in_doubt"]
    assert doubt["events"] == ["urn:example:doubtful-1"]


def test_lines_and_xml_bring_signatures_too(client: httpx.Client) -> None:
    signer = signer_of("forms.example", 39)
    register(client, signer)
    events = [{"@context": document_of()["@context"], **event} for event in events_of("lines", 3)]
    lines = [orjson.dumps(events[0]), orjson.dumps(events[1])]
    lines.append(orjson.dumps(signer.sign_event(lines[1])))
    job = capture(client, b"\n".join([*lines, orjson.dumps(events[2])]), **{"Content-Type": "application/x-ndjson"})
    assert job.json()["eventsStored"] == 3, job.text
    assert signers_in(client, "lines") == {
        "urn:example:lines-0": None,
        "urn:example:lines-1": "forms.example",
        "urn:example:lines-2": None,
    }

    plain = trace_core.xml_of_json(orjson.dumps(document_of(*events_of("xml", 2))))
    second = trace_core.content_digests(plain, syntax="xml")[1]
    listed = (
        '<w:signatureList xmlns:w="urn:wayproof:"><w:signature/>'
        f"<w:signature>jws={signer.sign_jws(second)}</w:signature></w:signatureList>"
    )
    body = plain.replace(b"</EPCISBody>", f"</EPCISBody>{listed}".encode())
    assert body != plain
    job = capture(client, body, **{"Content-Type": "application/xml"})
    assert job.json()["eventsStored"] == 2, job.text
    assert signers_in(client, "xml") == {"urn:example:xml-0": None, "urn:example:xml-1": "forms.example"}


def test_capture_is_signed_as_a_whole_or_event_by_event(client: httpx.Client) -> None:
    signer = signer_of("twofold.example", 40)
    register(client, signer)
    events = events_of("twofold", 2)
    body = orjson.dumps(document(events, [signed(event, signer) for event in events]))
    for header in (signer.sign_capture(body, secret=SECRET), signed(events[0], signer)):
        assert code_of(capture(client, body, **{HEADER: header})) == "signature"
    for count in (1, 3):
        assert code_of(capture(client, document(events, [None] * count))) == "signature"
    one = document(events[:1], [signed(events[0], signer)])
    posted = client.post("/events?ack=published", json=one)
    assert posted.status_code == 201, posted.text
    assert signers_in(client, "twofold") == {"urn:example:twofold-0": "twofold.example"}
    bad = document(events[1:], [signed(events[0], signer)])
    assert code_of(client.post("/events", json=bad)) == "signature"


def test_content_that_was_captured_before_keeps_its_issuer(client: httpx.Client) -> None:
    signer = signer_of("afterwards.example", 41)
    register(client, signer)
    events = events_of("afterwards", 2)
    assert capture(client, document_of(events[0])).json()["eventsStored"] == 1
    job = capture(client, document(events, [signed(event, signer) for event in events])).json()
    assert (job["eventsStored"], job["eventsRepeated"]) == (1, 1)
    assert signers_in(client, "afterwards") == {
        "urn:example:afterwards-0": None,
        "urn:example:afterwards-1": "afterwards.example",
    }


def test_signed_document_is_valid_by_the_standards_schema(shared_data: Path) -> None:
    schema = orjson.loads((shared_data / "epcis/gs1-EPCIS/EPCIS-JSON-Schema.json").read_bytes())
    body = signer_of("schema.example", 42).sign_events(orjson.dumps(document_of(*events_of("schema", 2))))
    jsonschema.Draft7Validator(schema).validate(orjson.loads(body))


def test_command_signs_each_event_that_nobody_signed(running: Server, client: httpx.Client, tmp_path: Path) -> None:
    maker, carrier = signer_of("maker.example", 43), signer_of("carrier.example", 44)
    for signer in (maker, carrier):
        assert client.post("/keys", json=statement(signer), headers=OPERATOR).status_code == 201
    events = events_of("forwarded", 7)
    signatures = [signed(event, maker) if n % 3 == 0 else None for n, event in enumerate(events)]
    body, key = tmp_path / "events.json", tmp_path / "carrier.key"
    body.write_bytes(orjson.dumps(document(events, signatures)))
    key.write_bytes(trace_core.write_key_file(carrier.partner, bytes([44]) * 32))
    key.chmod(0o600)

    def run(*arguments: object, code: int = 0) -> str:
        environment = {**os.environ, "WAYPROOF_SERVER": running.url, "HOME": str(tmp_path)}
        command = [str(word) for word in (WAYPROOF, "capture", body, *arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
        assert done.returncode == code, done.stderr
        return done.stdout

    run("--sign", key, "--sign-events", key, code=2)
    assert "7 events stored" in run("--sign-events", key, "--proceed", "--part-events", 3)
    expected: dict[str, Any] = {
        f"urn:example:forwarded-{n}": "maker.example" if n % 3 == 0 else "carrier.example" for n in range(7)
    }
    assert signers_in(client, "forwarded") == expected
