"""Evidence that a log made to deceive: signed as it should be, and saying what it may not."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from click.testing import CliRunner

import trace_core
from trace_api.cli.ask import verify
from trace_core.index_entry import write_index_entry

if TYPE_CHECKING:
    from pathlib import Path

SALT = bytes(16)


def signer(origin: str) -> trace_core.NoteSigner:
    return trace_core.NoteSigner("Ed25519", origin, hashlib.sha256(origin.encode()).digest())


def checkpoint(origin: str, size: int, root_hash: bytes) -> bytes:
    return trace_core.sign_checkpoint(
        signers=[signer(origin)], origin=origin, tree_size=size, root_hash=root_hash, time_s=0
    )


def policy(*origins: str) -> bytes:
    return "".join([*(f"log {signer(origin).verifier_key}\n" for origin in origins), "quorum none\n"]).encode()


def placed(origin: str, entry: bytes) -> dict[str, Any]:
    """The members that show an entry to be the only one of a log."""
    return {
        "entry": base64.b64encode(entry).decode(), "leaf_index": 0, "tree_size": 1, "inclusion_proof": [],
        "checkpoint": checkpoint(origin, 1, trace_core.leaf_hash(entry)).decode(),
    }  # fmt: skip


def absence(index_origin: str, log_origin: str) -> bytes:
    """That nothing is in a log of nine entries, by an index that is said to be empty."""
    entry = write_index_entry(hashlib.sha256(b"").digest(), checkpoint(log_origin, 9, bytes(32)))
    token = base64.b64encode(SALT).decode()
    lookup = {"token": token, "indexed_size": 9, "leaf_indexes": [], "lookup_proof": ""}
    return orjson.dumps({**placed(index_origin, entry), **lookup})


def disclosure(*texts: str) -> bytes:
    """The one or two fields of an event, whatever their texts are."""
    leaves = [trace_core.leaf_hash(SALT + text.encode()) for text in texts]
    commitment = leaves[0] if len(leaves) == 1 else hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()
    entry = b"\1\1" + bytes(8) + commitment + len(texts).to_bytes(2) + bytes(2)
    fields = [
        {
            "index": index, "salt": base64.b64encode(SALT).decode(), "text": text,
            "proof": [base64.b64encode(other).decode() for other in leaves if other != leaves[index]],
        }
        for index, text in enumerate(texts)
    ]  # fmt: skip
    return orjson.dumps({**placed("a.test/log", entry), "fields": fields})


def bundled(document: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr("disclosure.json", document)
    return packed.getvalue()


@pytest.mark.parametrize("index_origin", ["b.test/log/index", "b.test/log", "a.test/log"])
def test_index_of_another_log_proves_nothing_about_this_one(index_origin: str) -> None:
    trust = trace_core.Policy(policy("a.test/log", "a.test/log/index", "b.test/log", "b.test/log/index"))
    assert trace_core.check_evidence(absence("a.test/log/index", "a.test/log"), trust).kind == "completeness"
    with pytest.raises(trace_core.ProofError, match="is not the index of"):
        trace_core.check_evidence(absence(index_origin, "a.test/log"), trust)


def test_leaf_that_is_no_field_or_a_second_value_of_one_is_refused() -> None:
    trust = trace_core.Policy(policy("a.test/log"))
    assert trace_core.check_evidence(disclosure('["/a","x"]', '["/b","x"]'), trust).kind == "disclosure"
    for texts in (["the event is genuine"], ['["/a"]'], ['[1,"x"]'], ["[" * 100_000], ['["/a","x"]', '["/a","y"]']):
        with pytest.raises(trace_core.ProofError, match=r"no field|shown twice"):
            trace_core.check_evidence(disclosure(*texts), trust)


def test_words_of_strangers_add_no_line_to_a_verdict(tmp_path: Path) -> None:
    forged = '["/a",\n  "x\u009b2K\u202e"]'
    (tmp_path / "forged.json").write_bytes(disclosure(forged))
    (tmp_path / "policy.txt").write_bytes(policy("a.test/log"))
    arguments = [str(tmp_path / "forged.json"), "--policy", str(tmp_path / "policy.txt")]
    said = CliRunner().invoke(verify, arguments).output
    assert "holds" in said
    assert all(line.isprintable() for line in said.splitlines())
    assert all(line.startswith(("disclosure: ", "  checked: ", "  unproven: ")) for line in said.splitlines())


def test_bundle_of_bundles_is_refused_however_deep() -> None:
    trust = trace_core.Policy(policy("a.test/log"))
    document = disclosure('["/a","x"]')
    assert trace_core.check_evidence(bundled(document), trust).kind == "disclosure"
    for _ in range(1_500):
        document = bundled(document)
    for nested in (bundled(bundled(disclosure('["/a","x"]'))), document):
        with pytest.raises(trace_core.ProofError):
            trace_core.check_evidence(nested, trust)
