"""Evidence as somebody gets it who trusts nobody: files over HTTP, checked by the command without any server."""

from __future__ import annotations

import base64
import io
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import segno
import zxingcpp

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, observation, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

NAMED = "https://example.org/evidence/1"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("evidence") / "data")
    with running.client() as client:
        one = observation(
            "secret-serial", eventID=NAMED, bizStep="shipping", readPoint={"id": "https://example.org/dock"}
        )
        for body in (simulated(300, 7)[0], orjson.dumps(document_of(one)), simulated(300, 8)[0]):
            headers = {"Content-Type": "application/json"}
            assert client.post("/capture?ack=published", content=body, headers=headers).json()["success"]
    yield running
    assert running.end() == 0


@pytest.fixture
def client(filled: Server) -> Iterator[httpx.Client]:
    with filled.client() as opened:
        yield opened


@pytest.fixture
def key(client: httpx.Client) -> str:
    return client.get("/log/key").text.strip()


@pytest.fixture
def policy(client: httpx.Client) -> trace_core.Policy:
    return trace_core.Policy(client.get("/log/policy").content)


def verify(file: Path, *options: object) -> tuple[int, dict[str, Any]]:
    """The command in a process without a server's address; exit code and answer."""
    command = [WAYPROOF, "verify", file, "--json", "--server", "http://127.0.0.1:1", *options]
    done = subprocess.run(command, check=False, capture_output=True, timeout=60)
    return done.returncode, orjson.loads(done.stdout or b"{}")


def test_fields_that_are_shown_prove_themselves_and_tell_nothing_else(
    client: httpx.Client, key: str, policy: trace_core.Policy
) -> None:
    answer = client.get("/receipt", params={"event": NAMED, "field": ["/bizStep", "/readPoint"]})
    shown = answer.json()
    assert [orjson.loads(field["text"]) for field in shown["fields"]] == [
        ["/bizStep", "shipping"],
        ["/readPoint/id", "https://example.org/dock"],
    ]
    assert b"secret-serial" not in answer.content
    checked = trace_core.check_evidence(answer.content, policy)
    assert checked.kind == "disclosure"
    assert any('["/bizStep","shipping"]' in step for step in checked.held)
    assert any("other" in step for step in checked.unproven)
    assert trace_core.check_evidence(answer.content, key).held == checked.held

    def refused(change: dict[str, Any], field: dict[str, Any] | None = None) -> bool:
        forged = {**shown, **change}
        if field is not None:
            forged["fields"] = [{**shown["fields"][0], **field}, *shown["fields"][1:]]
        try:
            trace_core.check_evidence(orjson.dumps(forged), policy)
        except trace_core.TraceError:
            return True
        return False

    first = shown["fields"][0]
    assert refused({}, {"text": '["/bizStep","receiving"]'})
    assert refused({}, {"index": first["index"] + 1})
    assert refused({}, {"salt": base64.b64encode(bytes(16)).decode()})
    assert refused({}, {"proof": first["proof"][1:]})
    assert refused({"fields": []})
    assert refused({"fields": [first, first]})
    assert refused({"leaf_index": shown["leaf_index"] + 1})
    for name in ("entry", "checkpoint", "inclusion_proof", "tree_size", "leaf_index", "fields"):
        assert refused({name: None})
    assert refused({}, {"text": None})
    assert refused({}, {"salt": "????"})
    assert not refused({})


def test_issuer_can_be_shown_and_an_unknown_field_is_not_there(client: httpx.Client) -> None:
    shown = client.get("/receipt", params={"event": NAMED, "field": "@issuer"}).json()
    assert [orjson.loads(field["text"])[0] for field in shown["fields"]] == ["@issuer"]
    for wrong in ("/no", "/bizSte", "bizStep", "/", "/bizStep/"):
        assert client.get("/receipt", params={"event": NAMED, "field": wrong}).status_code == 404, wrong


def test_proof_file_of_every_kind_of_leaf_checks_against_policy_and_key(
    client: httpx.Client, key: str, policy: trace_core.Policy
) -> None:
    size = trace_core.checkpoint_size(client.get("/log/checkpoint").content)
    for index in (0, 1, 255, 256, 299, 300, 301, size - 1):
        proof = client.get(f"/log/proof/{index}.tlog-proof").content
        assert proof.startswith(b"c2sp.org/tlog-proof@v1\nextra ")
        assert trace_core.check_evidence(proof, policy).held == trace_core.check_evidence(proof, key).held
        leaf_index, steps, checkpoint, entry = trace_core.read_log_proof(proof)
        assert leaf_index == index
        # Without the entry it is given beside; another one is not in the log.
        bare = trace_core.write_log_proof(leaf_index=index, proof=steps, checkpoint=checkpoint.decode())
        trace_core.check_evidence(bare, policy, entry=entry)
        for wrong in (bare, proof.replace(b"index ", b"index 1")):
            with pytest.raises(trace_core.ProofError):
                trace_core.check_evidence(wrong, policy)
        with pytest.raises(trace_core.ProofError):
            trace_core.check_evidence(bare, policy, entry=b"another")
    for wrong in (size, 1 << 62):
        assert client.get(f"/log/proof/{wrong}.tlog-proof").status_code == 404
    for wrong_path in ("-1", "x", "01x", str(1 << 63)):
        assert client.get(f"/log/proof/{wrong_path}.tlog-proof").status_code in (400, 404)


@pytest.mark.parametrize("fields", [[], ["/bizStep"]])
def test_bundle_is_read_by_people_and_checked_by_the_command(
    client: httpx.Client, tmp_path: Path, key: str, fields: list[str]
) -> None:
    answer = client.get("/evidence", params={"event": NAMED, "field": fields})
    assert answer.headers["content-type"] == "application/zip"
    name = "disclosure.json" if fields else "receipt.json"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert sorted(bundle.namelist()) == sorted(["index.html", "entry.tlog-proof", "policy.txt", name])
        page = bundle.read("index.html").decode()
        (tmp_path / "policy.txt").write_bytes(bundle.read("policy.txt"))
        (tmp_path / "entry.tlog-proof").write_bytes(bundle.read("entry.tlog-proof"))
    assert "What remains unproven" in page
    assert ("secret-serial" in page) != bool(fields)
    file = tmp_path / "evidence.zip"
    file.write_bytes(answer.content)
    code, checked = verify(file, "--policy", tmp_path / "policy.txt")
    assert (code, checked["holds"], checked["kind"]) == (0, True, name.removesuffix(".json"))
    assert verify(tmp_path / "entry.tlog-proof", "--key", key)[0] == 0
    # A policy of somebody else's asks for more.
    witness = trace_core.NoteSigner("cosignature", "w", bytes(32)).verifier_key
    (tmp_path / "mine").write_text(f"log {key}\nwitness w {witness}\nquorum w\n")
    code, checked = verify(file, "--policy", tmp_path / "mine")
    assert (code, checked["holds"]) == (1, False)
    assert "quorum" in checked["reason"]


def test_wrong_use_of_the_command_is_told_from_evidence_that_does_not_hold(tmp_path: Path, key: str) -> None:
    there = tmp_path / "file"
    there.write_bytes(b"{}")
    bad = tmp_path / "bad"
    bad.write_bytes(b"log nonsense\n")
    assert verify(there, "--key", key)[0] == 1
    assert verify(tmp_path / "nowhere", "--key", key)[0] == 2
    assert verify(there, "--policy", bad)[0] == 2
    assert verify(there, "--policy", bad, "--key", key)[0] == 2


def test_hostile_bundles_are_refused(key: str) -> None:
    def bundle(**files: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in files.items():
                made.writestr(name.replace("_", "."), content)
        return packed.getvalue()

    good = bundle(receipt_json=b"{}")
    bomb = bundle(receipt_json=bytes(trace_core.evidence.EVIDENCE_BYTES_MAX + 1))
    for hostile in (
        b"PK",
        bundle(),
        bundle(other_json=b"{}"),
        bundle(receipt_json=b"{}", disclosure_json=b"{}"),
        good,
        good[: len(good) // 2],
        good.replace(b"{}", b"[]"),
        bomb,
    ):
        with pytest.raises(trace_core.ProofError):
            trace_core.check_evidence(hostile, key)


def test_page_has_the_proof_as_a_code_that_a_scanner_reads(client: httpx.Client, key: str) -> None:
    bundle = client.get("/evidence", params={"event": NAMED}).content
    with zipfile.ZipFile(io.BytesIO(bundle)) as files:
        page, proof = files.read("index.html").decode(), files.read("entry.tlog-proof")
    code = segno.make_qr(proof, error="l", mode="byte", boost_error=False)
    assert code.svg_inline(scale=3, border=4) in page
    assert scanned(code) == proof
    trace_core.check_evidence(scanned(code), key)


def test_proof_with_two_cosignatures_in_a_billion_leaves_fits_into_a_code() -> None:
    origin = "trace.example.org/log"
    log = trace_core.NoteSigner("Ed25519", origin, b"l" * 32)
    checkpoint = trace_core.sign_checkpoint(
        signers=[log], origin=origin, tree_size=10**9, root_hash=b"r" * 32, time_s=0
    )
    for name in ("witness.example.net/w1", "other.example.com/witness"):
        witness = trace_core.NoteSigner("cosignature", name, name.encode()[:1] * 32)
        checkpoint += witness.signature_line(checkpoint, 1_800_000_000)
    steps = [bytes([n]) * 32 for n in range(30)]
    proof = trace_core.write_log_proof(
        leaf_index=10**9 - 2, proof=steps, checkpoint=checkpoint.decode(), extra=b"e" * 94
    )
    assert scanned(segno.make_qr(proof, error="l", mode="byte", boost_error=False)) == proof


def scanned(code: segno.QRCode) -> bytes:
    """What a scanner of others reads from the drawn code: one QR code. Asked for any barcode, it takes a row of dots for
    one of lines as well in 8 drawings of 3,000."""
    rows = list(code.matrix_iter(scale=3, border=4))
    drawn = memoryview(bytes(0 if dark else 255 for row in rows for dark in row)).cast("B", (len(rows), len(rows[0])))
    [found] = zxingcpp.read_barcodes(drawn, formats=zxingcpp.BarcodeFormat.QRCode)
    return bytes(found.bytes)
