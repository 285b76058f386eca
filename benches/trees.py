"""Trees and proofs, beside crates and a package of others, and what the ports of a core allow."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pymerkle

import trace_core
from benches.interleaved import compare
from benches.rust import example, rows
from benches.table import Goal, Row, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.rust import Line

LEAVES = 1 << 16
"""Of the tree beside pymerkle's, which takes a while to grow."""
PEER_PROOFS = 200
MADE_GOAL, CHECKED_GOAL, NODES_GOAL = 100, 900_000, 0.85
"""Times pymerkle; proofs a second with AVX-512; of what the ports allow."""
ROOT_GOALS = {"rs_merkle": (5, 3), "ct-merkle": (15, 3)}
"""Times the peer, with AVX-512 and without."""


def trees() -> Iterator[Row | Goal]:
    """From Rust, then from Python."""
    lines = example("wayproof-merkle")
    yield from rows(lines)
    for line in lines:
        yield from _goals(line)
    yield from _from_python()


def _goals(line: Line) -> Iterator[Goal]:
    operation, peer = line["operation"], line.get("peer", "")
    if "nodes" in operation and "Sixteen" in operation:
        reached = line["ours_per_s"] / line["limit_per_s"]
        yield Goal(operation, f"{NODES_GOAL:.0%} of what the ports allow", reached / NODES_GOAL)
    if operation.startswith("checking") and peer == "ours, one by one":
        yield Goal(operation, f"{CHECKED_GOAL:,}/s with AVX-512", line["ours_per_s"] / CHECKED_GOAL)
    if "root over" in operation and peer in ROOT_GOALS:
        times = ROOT_GOALS[peer][0 if "Sixteen" in operation else 1]
        yield Goal(operation, f"{times} × {peer}", line["times_peer"] / times)


def _from_python() -> Iterator[Row | Goal]:
    entries = [n.to_bytes(8) for n in range(LEAVES)]
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        theirs.append_entry(entry)
    rebuilt = trace_core.TreeRebuild()
    joined = trace_core.join_entries(entries)
    full, partial = rebuilt.append(joined), rebuilt.partial_tiles()
    tiles = [tile for content in (full, partial) for tile in zip(*content, strict=True)]
    assert theirs.get_root() == rebuilt.root_hash, "two packages, one RFC, one root"
    places = list(range(LEAVES))
    asked = places[:: LEAVES // PEER_PROOFS]
    name = f"pymerkle {version('pymerkle')}"

    made = trace_core.prove_inclusions(places, LEAVES, tiles)
    ratio = compare(
        lambda: trace_core.prove_inclusions(places, LEAVES, tiles),
        lambda: [theirs.prove_inclusion(place + 1, LEAVES) for place in asked],
        pairs=7,
    )
    each = LEAVES / len(asked)
    what = f"making inclusion proofs of all {LEAVES:,} leaves from tiles, from Python"
    ours, peer = LEAVES / ratio.ours_s, len(asked) / ratio.peer_s
    yield Row(what, f"{ours:,.0f}/s", peer=f"{name}: {peer:,.0f}/s", times_peer=said(ratio, scale=each, digits=0))
    yield Goal(what, f"{MADE_GOAL} × pymerkle", each * ratio.median_of_pairs / MADE_GOAL)

    hashes, root_hash = trace_core.entry_hashes(joined), rebuilt.root_hash
    proven = [(entries[place], theirs.prove_inclusion(place + 1, LEAVES)) for place in asked]
    leaves = [theirs.get_leaf(place + 1) for place in asked]

    def check() -> None:
        for leaf, (_, proof) in zip(leaves, proven, strict=True):
            pymerkle.verify_inclusion(leaf, root_hash, proof)

    ratio = compare(
        lambda: trace_core.check_inclusions(
            leaf_hashes=hashes, leaf_indexes=places, tree_size=LEAVES, root_hash=root_hash, proofs=made
        ),
        check,
        pairs=7,
    )
    what = f"checking inclusion proofs of all {LEAVES:,} leaves, from Python"
    ours, peer = LEAVES / ratio.ours_s, len(asked) / ratio.peer_s
    yield Row(what, f"{ours:,.0f}/s", peer=f"{name}: {peer:,.0f}/s", times_peer=said(ratio, scale=each, digits=0))
