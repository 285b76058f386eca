"""Proofs as anybody checks them who has the package alone."""

from __future__ import annotations

import hashlib
import random

import pytest

import trace_core

LEAVES = [hashlib.sha256(b"\0" + bytes([n])).digest() for n in range(3)]
ROOT = trace_core.root_hash(b"".join(LEAVES))
PAIR = hashlib.sha256(b"\1" + LEAVES[0] + LEAVES[1]).digest()


def test_proof_of_the_last_of_three_leaves_holds() -> None:
    trace_core.check_inclusion(leaf_hash=LEAVES[2], leaf_index=2, tree_size=3, root_hash=ROOT, proof=[PAIR])
    trace_core.check_consistency(old_size=2, new_size=3, old_root=PAIR, new_root=ROOT, proof=[LEAVES[2]])


@pytest.mark.parametrize("number", [-1, 1 << 64, 1 << 200, 3, 4])
def test_number_that_no_tree_has_is_a_proof_that_does_not_hold(number: int) -> None:
    with pytest.raises(trace_core.ProofError):
        trace_core.check_inclusion(leaf_hash=LEAVES[2], leaf_index=number, tree_size=3, root_hash=ROOT, proof=[PAIR])
    with pytest.raises(trace_core.ProofError):
        trace_core.check_consistency(old_size=number, new_size=2, old_root=PAIR, new_root=PAIR, proof=[LEAVES[2]])


SIZE = 70
MANY = [hashlib.sha256(b"\0" + bytes([n])).digest() for n in range(SIZE)]
MANY_PROOFS = trace_core.prove_inclusions(list(range(SIZE)), SIZE, [(0, 0, b"".join(MANY))])


def check_many(leaf_hashes: list[bytes], proofs: list[bytes], leaf_indexes: list[int], size: int = SIZE) -> None:
    trace_core.check_inclusions(
        leaf_hashes=b"".join(leaf_hashes),
        leaf_indexes=leaf_indexes,
        tree_size=size,
        root_hash=trace_core.root_hash(b"".join(MANY)),
        proofs=proofs,
    )


def test_proofs_of_every_leaf_hold_together_in_any_order() -> None:
    order = random.Random(1).choices(range(SIZE), k=1_000)
    check_many([MANY[n] for n in order], [MANY_PROOFS[n] for n in order], order)
    check_many([], [], [])


@pytest.mark.parametrize("bad", [0, 31, 32, SIZE - 1])
@pytest.mark.parametrize("change", ["leaf_hash", "leaf_index", "sibling", "shorter", "not_hashes"])
def test_first_of_many_proofs_that_does_not_hold_is_named(bad: int, change: str) -> None:
    hashes, indexes, proofs = list(MANY), list(range(SIZE)), list(MANY_PROOFS)
    for place in {bad, SIZE - 1}:
        match change:
            case "leaf_hash":
                hashes[place] = bytes(32)
            case "leaf_index":
                indexes[place] = SIZE + 5
            case "sibling":
                proofs[place] = bytes(32) + proofs[place][32:]
            case "shorter":
                proofs[place] = proofs[place][32:]
            case "not_hashes":
                proofs[place] = proofs[place][1:]
    with pytest.raises(trace_core.ProofError, match=rf"^proof {bad}: "):
        check_many(hashes, proofs, indexes)


def test_many_proofs_without_a_hash_and_a_number_each_are_refused() -> None:
    for hashes, proofs, indexes in ((MANY[:2], [b""], [0, 1]), (MANY[:1], [b"", b""], [0, 1]), (MANY[:2], [b""], [0])):
        with pytest.raises(trace_core.ProofError):
            check_many(hashes, proofs, indexes)
