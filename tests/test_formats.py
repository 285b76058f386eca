"""`docs/formats.md` implemented once more from its text alone, in plain Python, against vectors and the core."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import cbor2

import trace_core

VECTORS = json.loads((Path(__file__).parent / "vectors" / "formats.json").read_text())


def canonical(value: Any) -> str:
    """RFC 8785 for values whose numbers Python prints as ECMAScript does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def effective_context(event: dict[str, Any], parts: list[Any]) -> list[Any]:
    names: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, str):
            names.add(value)
        elif isinstance(value, list):
            for element in value:
                collect(element)
        elif isinstance(value, dict):
            for name, inner in value.items():
                names.add(name)
                collect(inner)

    own = event.get("@context", [])
    collect({name: value for name, value in event.items() if name != "@context"})
    kept = []
    for part in [*parts, *(own if isinstance(own, list) else [own])]:
        if isinstance(part, str):
            kept.append(part)
            continue
        used = {
            name: value
            for name, value in part.items()
            if name.startswith("@") or any(n == name or n.startswith(name + ":") for n in names)
        }
        if used:
            kept.append(used)
    return kept


def canonical_event(event: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
    whole = {name: value for name, value in event.items() if name != "@context"}
    if context := effective_context(event, parts):
        whole["@context"] = context
    return whole


def fields(event: dict[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in sorted(event):
        value = event[name]
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        if isinstance(value, list) and value:
            found += [(f"{pointer}/{index}", element) for index, element in enumerate(value)]
        elif isinstance(value, dict) and value:
            inner = sorted(value)
            found += [(f"{pointer}/{n.replace('~', '~0').replace('/', '~1')}", value[n]) for n in inner]
        else:
            found.append((pointer, value))
    return found


def merkle_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it is written there."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def salted_leaves(event: dict[str, Any], secret: bytes, partner: str) -> list[bytes]:
    texts = [canonical(["@issuer", {"partner": partner}])]
    texts += [canonical([pointer, value]) for pointer, value in fields(event)]
    salts = [hashlib.sha256(b"wayproof/v1/salt\n" + secret + i.to_bytes(4)).digest()[:16] for i in range(len(texts))]
    return [salt + text.encode() for salt, text in zip(salts, texts, strict=True)]


def test_formats_from_their_text_alone_give_the_vectors_and_the_core_agrees() -> None:
    assert len(VECTORS["events"]) >= 3
    blinding = bytes.fromhex(VECTORS["blinding_key"])
    for vector in VECTORS["events"]:
        event, parts = json.loads(vector["event"]), json.loads(vector["context"])
        secret, partner = bytes.fromhex(vector["secret"]), vector["partner"]
        whole = canonical_event(event, parts)
        assert canonical(whole) == vector["canonical_event"]
        digest = hashlib.sha256(b"wayproof/v1/event\n" + canonical(whole).encode()).digest()
        leaves = salted_leaves(whole, secret, partner)
        tokens = sorted(hmac.digest(blinding, name.encode(), "sha256")[:16] for name in vector["items"])
        entry = b"\1\1" + vector["record_time_us"].to_bytes(8) + merkle_root(leaves)
        entry += len(leaves).to_bytes(2) + len(tokens).to_bytes(2) + b"".join(tokens)
        assert digest.hex() == vector["content_digest"]
        assert [leaf.hex() for leaf in leaves] == vector["leaves"]
        assert entry.hex() == vector["entry"]
        assert hashlib.sha256(b"\0" + entry).hexdigest() == vector["leaf_hash"]

        issuer = json.dumps({"partner": partner}).encode()
        opened = trace_core.open_event(
            vector["event"].encode(), vector["context"].encode(), secret=secret, issuer=issuer
        )
        assert opened.content_digest == digest
        assert opened.commitment == merkle_root(leaves)
        assert opened.field_count == len(leaves)
        assert trace_core.leaf_hash(entry) == bytes.fromhex(vector["leaf_hash"])
        core_tokens = sorted(trace_core.Blinding(blinding).token(name) for name in vector["items"])
        assert core_tokens == tokens
        # The canonical event is itself an event, with the same content.
        again = trace_core.open_event(vector["canonical_event"].encode(), b"[]", secret=secret, issuer=issuer)
        assert again.content_digest == digest


def test_checkpoint_vector_is_made_and_opened() -> None:
    vector = VECTORS["checkpoint"]
    seed = bytes.fromhex(vector["seed"])
    signer = trace_core.NoteSigner("Ed25519", vector["origin"], seed)
    key = signer.verifier_key
    assert key == vector["vkey"]
    root = bytes.fromhex(vector["root_hash"])
    note = trace_core.sign_checkpoint(
        signers=[signer], origin=vector["origin"], tree_size=vector["tree_size"], root_hash=root, time_s=0
    )
    assert note.decode() == vector["note"]
    assert trace_core.open_checkpoint(note, key) == (vector["origin"], vector["tree_size"], root)


def test_cose_receipt_vector_is_made_from_the_text_alone_and_holds() -> None:
    vector = VECTORS["cose_receipt"]
    leaves = [bytes.fromhex(event["leaf_hash"]) for event in VECTORS["events"]]
    left = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    root = hashlib.sha256(b"\x01" + left + leaves[2]).digest()
    assert root.hex() == vector["root_hash"]
    seed, proof = bytes.fromhex(vector["seed"]), [leaves[0], leaves[2]]
    receipt = trace_core.cose_receipt(seed=seed, tree_size=3, leaf_index=1, proof=proof, root_hash=root)
    assert receipt.hex() == vector["receipt"]

    key = bytes.fromhex(vector["key"])
    x = base64.urlsafe_b64encode(key).decode().rstrip("=")
    kid = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    protected = cbor2.dumps({1: -8, 4: kid, 395: 1, -9162001: 3})
    signature = bytes.fromhex(vector["signature"])
    unprotected = {396: {-1: [cbor2.dumps([3, 1, proof])]}}
    assert cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected, None, signature])) == receipt
    message = cbor2.dumps(["Signature1", protected, b"", root])
    trace_core.check_signature(scheme="Ed25519", key=key, message=message, signature=signature)
    assert trace_core.check_cose_receipt(receipt, leaves[1], key) == (1, 3, root)


def test_captured_events_have_the_entries_that_the_formats_say() -> None:
    """What `prepare_capture` writes into the COPY stream is what the formats give for each event."""
    document = json.loads(VECTORS["document"])
    blinding = trace_core.Blinding(bytes.fromhex(VECTORS["blinding_key"]))
    prepared = trace_core.prepare_capture(
        VECTORS["document"].encode(),
        partner="anonymous",
        record_time_us=1_738_368_000_000_000,
        capture_no=1,
        seed=bytes(32),
        blinding=blinding,
        strict=False,
    )
    assert prepared.error_count == 0
    parts = json.loads(prepared.context)
    rows = prepared.copies([]).read("event", 0, 1 << 20)
    for index, event in enumerate(document["epcisBody"]["eventList"]):
        secret = hashlib.sha256(bytes(32) + index.to_bytes(8)).digest()
        leaves = salted_leaves(canonical_event(event, parts), secret, "anonymous")
        fixed = b"\1\1" + (1_738_368_000_000_000).to_bytes(8) + merkle_root(leaves) + len(leaves).to_bytes(2)
        assert fixed in rows
