"""The vectors of `docs/formats.md` for cosignatures, policies, proof files, witnesses and tile paths."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import trace_core
from tests.plain.trust_vectors import vectors

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/trust.json").read_text())
KINDS: dict[int, trace_core.KeyKind] = {4: "cosignature", 6: "ML-DSA-44"}


def test_vectors_are_those_that_the_specifications_give() -> None:
    assert vectors() == VECTORS


@pytest.mark.parametrize("vector", VECTORS["cosignatures"], ids=lambda v: str(v["type"]))
def test_cosignature_is_made_to_the_byte(vector: dict[str, object]) -> None:
    signer = trace_core.NoteSigner(
        KINDS[int(str(vector["type"]))], str(vector["name"]), bytes.fromhex(str(vector["seed"]))
    )
    assert signer.verifier_key == vector["vkey"]
    note = f"{vector['checkpoint']}\n{vector['line']}".encode()
    assert signer.signature_line(note, int(str(vector["time_s"]))).decode() == vector["line"]


def test_policies_take_and_refuse_as_they_should() -> None:
    for vector in VECTORS["policies"]:
        text = vector["policy"].encode()
        if "malformed_line" in vector:
            with pytest.raises(trace_core.SignatureError, match=rf"line {vector['malformed_line']} "):
                trace_core.Policy(text)
            continue
        policy = trace_core.Policy(text)
        if vector["holds"]:
            policy.check(vector["note"].encode())
        else:
            with pytest.raises(trace_core.SignatureError):
                policy.check(vector["note"].encode())


def test_proof_files_hold_or_not() -> None:
    for vector in VECTORS["proof_files"]:
        document = vector["file"].encode()
        if vector.get("malformed"):
            with pytest.raises(trace_core.ProofError):
                trace_core.read_log_proof(document)
        elif vector["holds"]:
            trace_core.check_evidence(document, VECTORS["log_key"])
        else:
            with pytest.raises(trace_core.ProofError):
                trace_core.check_evidence(document, VECTORS["log_key"])


def test_witness_answers_each_request_with_its_status() -> None:
    for vector in VECTORS["witness_dialogues"]:
        last = vector["last"] and (vector["last"][0], base64.b64decode(vector["last"][1]))
        try:
            status, _ = trace_core.AddCheckpoint(vector["request"].encode()).judge([VECTORS["log_key"]], last)
        except trace_core.ProofError:
            status = 400
        assert status == vector["status"], vector


def test_tile_paths_have_one_spelling() -> None:
    for vector in VECTORS["tile_paths"]:
        place = trace_core.parse_tile_path(vector["path"])
        assert (place and list(place)) == vector["place"], vector
