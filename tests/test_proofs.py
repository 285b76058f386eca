"""Proofs as anybody checks them who has the package alone."""

from __future__ import annotations

import hashlib

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
