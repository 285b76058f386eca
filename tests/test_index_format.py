"""`docs/formats.md` ("Verifiable index") implemented once more from its text alone, against vectors and the core."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import trace_core

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "formats.json").read_text())["index"]
Chains = dict[bytes, bytes]


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def chain(leaf_indexes: list[int]) -> bytes:
    value = bytes(32)
    for leaf_index in leaf_indexes:
        value = sha256(b"\2", value, leaf_index.to_bytes(8))
    return value


def bit(token: bytes, position: int) -> int:
    return int.from_bytes(token) >> (127 - position) & 1


def sides(chains: Chains) -> tuple[int, list[Chains]]:
    """The split bit of more than one token, and those on each side of it."""
    split = next(b for b in range(128) if len({bit(token, b) for token in chains}) == 2)
    return split, [{token: c for token, c in chains.items() if bit(token, split) == side} for side in (0, 1)]


def root(chains: Chains) -> bytes:
    if not chains:
        return sha256()
    if len(chains) == 1:
        [(token, value)] = chains.items()
        return sha256(b"\0", token, value)
    split, (left, right) = sides(chains)
    return sha256(bytes([0x80 + split]), root(left), root(right))


def lookup(chains: Chains, token: bytes) -> bytes:
    if not chains:
        return b""
    splits, hashes = 0, b""
    while len(chains) > 1:
        split, both = sides(chains)
        splits |= 1 << (127 - split)
        hashes = root(both[1 - bit(token, split)]) + hashes
        chains = both[bit(token, split)]
    [(leaf, value)] = chains.items()
    return splits.to_bytes(16) + hashes + (b"" if leaf == token else leaf + value)


def histories(entries: list[list[str]]) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = {}
    for leaf_index, tokens in enumerate(entries):
        for token in tokens:
            found.setdefault(bytes.fromhex(token), []).append(leaf_index)
    return found


def entry(tokens: list[str]) -> bytes:
    fixed = b"\1\1" + bytes(8) + bytes(32) + (2).to_bytes(2) + len(tokens).to_bytes(2)
    return fixed + b"".join(map(bytes.fromhex, tokens))


def grown() -> trace_core.ItemIndex:
    index = trace_core.ItemIndex()
    index.append(0, trace_core.join_entries([entry(tokens) for tokens in VECTORS["entries"]]))
    return index


def test_roots_and_proofs_from_the_text_alone_give_the_vectors_and_the_core_agrees() -> None:
    index = trace_core.ItemIndex()
    for size, expected in enumerate(VECTORS["roots"]):
        chains = {token: chain(leaves) for token, leaves in histories(VECTORS["entries"][:size]).items()}
        assert root(chains).hex() == expected == index.root_hash.hex()
        assert (index.size, index.token_count) == (size, len(chains))
        for vector in (vector for vector in VECTORS["lookups"] if vector["tree_size"] == size):
            token, proof = bytes.fromhex(vector["token"]), bytes.fromhex(vector["proof"])
            assert lookup(chains, token) == proof == index.prove(token)
            arguments: dict[str, Any] = {"root_hash": index.root_hash, "token": token, "proof": proof}
            if vector["leaf_indexes"]:
                trace_core.check_item_history(**arguments, leaf_indexes=vector["leaf_indexes"])
                assert chain(vector["leaf_indexes"]) == chains[token]
                with pytest.raises(trace_core.ProofError):
                    trace_core.check_item_absence(**arguments)
            else:
                trace_core.check_item_absence(**arguments)
                with pytest.raises(trace_core.ProofError):
                    trace_core.check_item_history(**arguments, leaf_indexes=[0])
        if size < len(VECTORS["entries"]):
            index.append(size, trace_core.join_entries([entry(VECTORS["entries"][size])]))


def test_history_with_a_leaf_left_out_is_refused() -> None:
    index = grown()
    token, leaves = max(histories(VECTORS["entries"]).items(), key=lambda item: len(item[1]))
    for wrong in ([], leaves[:-1], leaves[1:], [*leaves, index.size], leaves[::-1], [*leaves, -1], [1 << 64]):
        with pytest.raises(trace_core.ProofError):
            trace_core.check_item_history(
                root_hash=index.root_hash, token=token, leaf_indexes=wrong, proof=index.prove(token)
            )


def test_bytes_that_are_no_hash_token_proof_or_entry_are_refused() -> None:
    index = grown()
    root_hash, token = index.root_hash, bytes.fromhex(VECTORS["entries"][0][0])
    proof = index.prove(token)
    for arguments in (
        {"root_hash": root_hash[1:], "token": token, "proof": proof},
        {"root_hash": root_hash, "token": token[1:], "proof": proof},
        {"root_hash": root_hash, "token": token, "proof": proof[1:]},
    ):
        with pytest.raises(trace_core.ProofError):
            trace_core.check_item_history(**arguments, leaf_indexes=[0])
        with pytest.raises(trace_core.ProofError):
            trace_core.check_item_absence(**arguments)
    with pytest.raises(trace_core.ProofError):
        index.prove(b"")
    good, bad = entry([]), entry([])[:-1]
    for first, entries in ((index.size, [good, bad]), (index.size - 1, [good]), (index.size + 1, [good])):
        with pytest.raises(trace_core.ProofError):
            index.append(first, trace_core.join_entries(entries))
    with pytest.raises(trace_core.ProofError):
        index.append(-1, b"")
    assert (index.size, index.root_hash) == (len(VECTORS["entries"]), root_hash)


def test_snapshot_read_back_is_the_same_index_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    index, path = grown(), tmp_path / "index"
    index.write_snapshot(str(path))
    written = path.read_bytes()
    assert written.hex() == VECTORS["snapshot"]
    read = trace_core.ItemIndex.read_snapshot(str(path))
    assert (read.size, read.token_count, read.root_hash) == (index.size, index.token_count, index.root_hash)
    for damaged in (written[:-1], written + b"\0", written[:60] + b"!" + written[61:], b""):
        path.write_bytes(damaged)
        with pytest.raises(trace_core.ProofError):
            trace_core.ItemIndex.read_snapshot(str(path))
    with pytest.raises(FileNotFoundError):
        trace_core.ItemIndex.read_snapshot(str(tmp_path / "none"))
