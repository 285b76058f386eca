"""The vectors of `docs/formats.md` for signed captures, signed events and key statements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

import trace_core
from tests.plain.authorship_vectors import vectors
from trace_api.partners import statements

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/authorship.json").read_text())
KEY = trace_core.PartnerKey(json.dumps(VECTORS["jwk"]).encode())
DIGESTS = [bytes.fromhex(digest) for digest in VECTORS["content_digests"]]


def test_vectors_are_those_that_the_specifications_give() -> None:
    assert vectors() == VECTORS


def test_key_has_its_name() -> None:
    signer = trace_core.PartnerSigner(VECTORS["partner"], bytes.fromhex(VECTORS["seed"]))
    assert (signer.key_id, KEY.key_id, json.loads(signer.jwk)) == (VECTORS["key_id"], VECTORS["key_id"], VECTORS["jwk"])


def test_each_event_of_a_signed_capture_holds_alone_and_at_its_place() -> None:
    note = json.dumps({"note": VECTORS["note"]}).encode()
    for n, digest in enumerate(DIGESTS):
        for m, place in enumerate(VECTORS["places"]):
            wanted = {"key": KEY, "partner": VECTORS["partner"], "content_digest": digest}
            if n == m:
                assert trace_core.check_signed(note, **wanted, place=bytes.fromhex(place)) == len(DIGESTS)
            else:
                with pytest.raises(trace_core.SignatureError):
                    trace_core.check_signed(note, **wanted, place=bytes.fromhex(place))


def test_no_changed_bit_of_a_signature_or_place_holds() -> None:
    digest, place = DIGESTS[3], bytes.fromhex(VECTORS["places"][3])
    note = VECTORS["note"].encode()
    wanted = {"key": KEY, "partner": VECTORS["partner"], "content_digest": digest}
    for bit in range(8 * len(place)):
        changed = bytearray(place)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(trace_core.SignatureError):
            trace_core.check_signed(json.dumps({"note": VECTORS["note"]}).encode(), **wanted, place=bytes(changed))
    for bit in range(8 * len(note)):
        flipped = bytearray(note)
        flipped[bit // 8] ^= 1 << bit % 8
        shown = json.dumps({"note": flipped.decode(errors="replace")}).encode()
        with pytest.raises(trace_core.SignatureError):
            trace_core.check_signed(shown, **wanted, place=place)


def test_core_makes_the_same_signatures() -> None:
    signer = trace_core.PartnerSigner(VECTORS["partner"], bytes.fromhex(VECTORS["seed"]))
    assert signer.sign_jws(DIGESTS[0]) == VECTORS["jws"]
    statement = VECTORS["statement"]
    assert statements.digest_of(statement["statement"]).hex() == statement["digest"]
    assert [signer.sign_jws(bytes.fromhex(statement["digest"]))] == statement["signatures"]
    registration, _ = statements.read_registration(statement["statement"], statement["signatures"])
    assert registration.key.key_id == VECTORS["key_id"]


def holds(sent: str, content_digests: list[bytes]) -> bool:
    try:
        trace_core.Authorship(sent).check(key=KEY, partner=VECTORS["partner"], content_digests=content_digests)
    except trace_core.SignatureError:
        return False
    return True


def test_what_is_sent_holds_or_not() -> None:
    for vector in VECTORS["sent"]:
        assert holds(vector["sent"], DIGESTS[: vector["count"]]) is vector["holds"], vector


def prepared(body: str, syntax: Literal["json", "lines"], *, with_keys: bool = True) -> trace_core.PreparedCapture:
    vector = VECTORS["signed_document"]
    keys = [(trace_core.PartnerKey(json.dumps(key["jwk"]).encode()), key["partner"]) for key in vector["keys"]]
    return trace_core.prepare_capture(
        body.encode(),
        partner=vector["partner"],
        record_time_us=1_800_000_000_000_000,
        capture_no=1,
        seed=bytes(32),
        blinding=trace_core.Blinding(bytes(32)),
        strict=False,
        syntax=syntax,
        signers=trace_core.EventSigners(keys, []) if with_keys else None,
    )


@pytest.mark.parametrize("syntax", ["json", "lines"])
def test_events_of_a_document_are_signed_each_on_its_own(syntax: Literal["json", "lines"]) -> None:
    vector = VECTORS["signed_document"]
    body = vector["document" if syntax == "json" else "lines"]
    assert prepared(body, syntax, with_keys=False).wanted_keys == vector["wanted_keys"]
    capture = prepared(body, syntax)
    problems = {str(problem["event_index"]): problem for problem in json.loads(capture.problems_json)}
    assert {index: problem["code"] for index, problem in problems.items()} == vector["refused"]
    for index, problem in problems.items():
        assert problem["pointer"] == f"/urn:wayproof:signatureList/{index}"
    digests = [digest for n, digest in enumerate(vector["content_digests"]) if str(n) not in vector["refused"]]
    assert [digest.hex() for digest in capture.content_digests] == digests
    copies = capture.copies([])
    stream = copies.read("event", 0, 1 << 20)
    for issuer in vector["issuers"].values():
        assert stream.count(issuer.encode()) == 1
    assert stream.count(b'"signer":') == len(vector["issuers"])


def test_core_signs_those_events_that_nobody_signed() -> None:
    vector = VECTORS["signed_document"]
    signer = trace_core.PartnerSigner(VECTORS["partner"], bytes.fromhex(VECTORS["seed"]))
    signed = json.loads(signer.sign_events(vector["document"].encode()))
    before = json.loads(vector["document"])["urn:wayproof:signatureList"]
    jws = signer.sign_jws(bytes.fromhex(vector["content_digests"][1]))
    assert signed["urn:wayproof:signatureList"] == [before[0], f"jws={jws}", *before[2:]]
