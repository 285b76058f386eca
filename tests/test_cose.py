"""COSE receipts as a stranger reads them: with cbor2, RFC 9052 and RFC 9162, and nothing of ours but the signature's
check."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import cbor2
import orjson
import pytest

import trace_core

if TYPE_CHECKING:
    from pathlib import Path

ALG, KID, VDS, VDP, TREE_SIZE = 1, 4, 395, 396, -9162001
SEED = bytes(range(32))
KEY = base64.b64decode(trace_core.NoteSigner("Ed25519", "log", SEED).verifier_key.split("+", 2)[2])[1:]
LEAVES = [hashlib.sha256(b"\0" + bytes([n])).digest() for n in range(5)]
LEFT = hashlib.sha256(b"\1" + LEAVES[0] + LEAVES[1]).digest()
PATH = [LEAVES[3], LEFT, LEAVES[4]]
"""From leaf 2 upwards."""
ROOT = trace_core.root_hash(b"".join(LEAVES))


def root_of(leaf_hash: bytes, leaf_index: int, tree_size: int, path: list[bytes]) -> bytes:
    """RFC 9162 §2.1.3.2, word for word."""
    assert leaf_index < tree_size
    fn, sn, r = leaf_index, tree_size - 1, leaf_hash
    for p in path:
        assert sn != 0
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return r


def read_receipt(receipt: bytes, leaf_hash: bytes, key: bytes) -> tuple[dict[int, Any], int, int, bytes]:
    """Signed headers, leaf index, tree size and root hash of a receipt that holds."""
    tagged = cbor2.loads(receipt)
    assert tagged.tag == 18
    protected, unprotected, payload, signature = tagged.value
    headers = dict(cbor2.loads(protected))
    [(label, [proof])] = dict(unprotected[VDP]).items()
    tree_size, leaf_index, path = cbor2.loads(proof)
    assert (label, payload, len(unprotected)) == (-1, None, 1)
    root = root_of(leaf_hash, leaf_index, tree_size, list(path))
    message = cbor2.dumps(["Signature1", protected, b"", root])
    trace_core.check_signature(scheme="Ed25519", key=key, message=message, signature=signature)
    return headers, leaf_index, tree_size, root


def thumbprint(key: bytes) -> bytes:
    """RFC 7638 and RFC 8037 §2."""
    x = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
    return hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()


def made(**changed: Any) -> bytes:
    arguments = {"seed": SEED, "tree_size": 5, "leaf_index": 2, "proof": PATH, "root_hash": ROOT}
    return trace_core.cose_receipt(**(arguments | changed))


def test_receipt_is_read_and_holds_without_this_program() -> None:
    receipt = made()
    headers, *place = read_receipt(receipt, LEAVES[2], KEY)
    assert place == [2, 5, ROOT]
    assert headers == {ALG: -8, KID: thumbprint(KEY), VDS: 1, TREE_SIZE: 5}
    assert trace_core.check_cose_receipt(receipt, LEAVES[2], KEY) == (2, 5, ROOT)
    # Deterministic CBOR: whoever writes the same things by the rules of RFC 8949 writes the same bytes.
    tagged = cbor2.loads(receipt)
    assert cbor2.dumps(tagged, canonical=True) == receipt
    assert cbor2.dumps(cbor2.loads(tagged.value[0]), canonical=True) == tagged.value[0]


def test_receipt_of_the_only_leaf_of_a_tree_has_an_empty_path() -> None:
    receipt = made(tree_size=1, leaf_index=0, proof=[], root_hash=LEAVES[0])
    assert read_receipt(receipt, LEAVES[0], KEY)[1:] == (0, 1, LEAVES[0])
    assert trace_core.check_cose_receipt(receipt, LEAVES[0], KEY) == (0, 1, LEAVES[0])


def test_receipt_that_proves_nothing_is_refused_by_the_kind_of_its_fault() -> None:
    good = made()
    other_key = trace_core.NoteSigner("Ed25519", "log", bytes(32)).verifier_key.split("+", 2)[2]
    wrongly_signed = [
        (good, LEAVES[1], KEY),
        (good, LEAVES[2], base64.b64decode(other_key)[1:]),
        (good, LEAVES[2], bytes(31)),
        (good, LEAVES[2], bytes(32)),
        (made(root_hash=LEFT), LEAVES[2], KEY),
        (made(leaf_index=1), LEAVES[2], KEY),
    ]
    for arguments in wrongly_signed:
        with pytest.raises(trace_core.SignatureError):
            trace_core.check_cose_receipt(*arguments)
    proving_nothing = [
        (made(leaf_index=5), LEAVES[2], KEY),
        (made(proof=PATH[:2]), LEAVES[2], KEY),
        (good, bytes(31), KEY),
        (good + b"\0", LEAVES[2], KEY),
        (good[1:], LEAVES[2], KEY),
        (b"", LEAVES[2], KEY),
        (b"\x81" * 100_000, LEAVES[2], KEY),
        (b"\x81" * 10_000, LEAVES[2], KEY),
        (b"\x5b" + b"\xff" * 8, LEAVES[2], KEY),
        (cbor2.dumps(cbor2.CBORTag(18, [1.5, {}, None, b""])), LEAVES[2], KEY),
    ]
    for arguments in proving_nothing:
        with pytest.raises(trace_core.ProofError):
            trace_core.check_cose_receipt(*arguments)


@pytest.mark.parametrize("wrong", [{"tree_size": -1}, {"leaf_index": 1 << 64}, {"proof": [b""]}, {"root_hash": b""}])
def test_receipt_is_not_made_of_what_no_tree_has(wrong: dict[str, Any]) -> None:
    with pytest.raises(trace_core.ProofError):
        made(**wrong)


def test_receipt_is_not_signed_with_a_seed_of_another_length() -> None:
    with pytest.raises(trace_core.SignatureError):
        made(seed=bytes(31))


def test_receipt_with_its_size_exchanged_is_refused() -> None:
    # Leaf 0 has a path of the same form in trees of 5 to 8 leaves: RFC 9942 alone would not tell them apart.
    path = [LEAVES[1], hashlib.sha256(b"\1" + LEAVES[2] + LEAVES[3]).digest(), LEAVES[4]]
    protected, _, payload, signature = cbor2.loads(made(leaf_index=0, proof=path)).value
    for tree_size in range(5, 9):
        proof = cbor2.dumps([tree_size, 0, path])
        receipt = cbor2.dumps(cbor2.CBORTag(18, [protected, {VDP: {-1: [proof]}}, payload, signature]))
        assert read_receipt(receipt, LEAVES[0], KEY)[2] == tree_size
        if tree_size == 5:
            assert trace_core.check_cose_receipt(receipt, LEAVES[0], KEY) == (0, 5, ROOT)
        else:
            with pytest.raises(trace_core.ProofError, match="another size"):
                trace_core.check_cose_receipt(receipt, LEAVES[0], KEY)


def test_receipt_by_another_program_holds(shared_data: Path) -> None:
    vector = shared_data / "tlog" / "scitt-cose" / "test-vectors" / "v1" / "valid-eddsa"
    if not vector.is_dir():
        pytest.skip(f"no receipts by others at {vector}")
    expected = orjson.loads((vector / "expected.json").read_bytes())
    key = base64.b64decode("".join((vector / "log-key.pub").read_text().splitlines()[1:-1]))[-32:]
    leaf = trace_core.leaf_hash(bytes.fromhex(expected["leaf_entry"]))
    receipt = (vector / "receipt.cose").read_bytes()
    root = bytes.fromhex(expected["reconstructed_root"])
    assert trace_core.check_cose_receipt(receipt, leaf, key) == (2, 8, root)
    assert read_receipt(receipt, leaf, key)[1:] == (2, 8, root)
