"""Entries back to back, two bytes of length before each, and the places at which bundles of them are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trace_core

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH_BYTES = 2
ENTRY_BYTES_MAX = 65_535
"""Of one entry: what its length can say."""
BUNDLE_BYTES_MAX = trace_core.TILE_WIDTH * (LENGTH_BYTES + ENTRY_BYTES_MAX)
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Package:
    """The entries of the leaves `[start, end)`, all of one bundle, and the proof that the bundle up to `end` is a
    subtree of some checkpoint's tree."""

    start: int
    end: int
    entries: bytes
    proof: list[bytes]


def bundle_start(leaf_index: int) -> int:
    """The first leaf of the bundle in which a leaf lies."""
    return leaf_index - leaf_index % trace_core.TILE_WIDTH


def spans(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The leaves `[start, end)` cut at the ends of bundles: the canonical sequence of tlog-mirror."""
    while start < end:
        span_end = min(end, bundle_start(start) + trace_core.TILE_WIDTH)
        yield start, span_end
        start = span_end


def bytes_of(entries: bytes, count: int) -> int:
    """How many bytes the first `count` entries have. Raises `ProofError` when there are fewer."""
    at = 0
    for _ in range(count):
        if at + LENGTH_BYTES > len(entries):
            raise trace_core.ProofError("entries are missing")
        at += LENGTH_BYTES + int.from_bytes(entries[at : at + LENGTH_BYTES])
    if at > len(entries):
        raise trace_core.ProofError("an entry is cut off")
    return at
