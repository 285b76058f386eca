"""One visit to a log: all that is new since the last verified checkpoint is read, and computed again."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import trace_core
from trace_api.audit.findings import Check, Finding
from trace_api.audit.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from trace_api.audit.reader import LogReader

BUNDLES_AT_ONCE = 64
"""Entry bundles between two saved states: 16,384 entries."""
LATENESS_S = 3_600
"""An entry may say that it was recorded so long before the last visit, and so far in the future."""
_LENGTH_BYTES = 2
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Auditor:
    """`trust` is the log's verifier key or a policy; `save` keeps the state, `progress` is told the leaves verified and
    to be verified."""

    reader: LogReader
    trust: str | trace_core.Policy
    save: Callable[[State], None]
    progress: Callable[[int, int], None] = lambda _done, _all: None
    lateness_s: int = LATENESS_S
    now_s: Callable[[], float] = time.time

    async def visit(self, state: State) -> State:
        """Verifies the log up to its present checkpoint, and gives the state then.

        (1) The checkpoint is signed and cosigned, and of the same log as before. (2) It is not of a shorter log, and
        not of the same size with another root. (3) Every entry behind what was verified is read; it is an entry, and
        does not lie about when it was recorded. (4) Every tile that these entries fill, or end in, is as computed.
        (5) The computed root is the checkpoint's: what was verified before has not changed.

        Raises `Finding` at the first that does not hold, `Unavailable` when the log cannot be reached.
        """
        # (1)
        note = await self.reader.checkpoint()
        origin, size, root_hash = self._open(note)
        if state.origin not in ("", origin):
            raise Finding(
                Check.ORIGIN, f"the log {state.origin} calls itself {origin}", [state.checkpoint or b"", note]
            )
        # (2)
        both = [state.checkpoint or b"", note]
        if size < state.verified_size:
            raise Finding(Check.ROLLBACK, f"{state.verified_size} leaves have become {size}", both)
        if state.tree_size > size:
            # An interrupted visit was on its way to a longer log that it has never verified.
            state = State(state.origin, state.checkpoint, state.seen_s)
            if state.verified_size > 0:
                raise Finding(Check.ROLLBACK, f"a longer log has become one of {size} leaves", both)
        if size == state.verified_size and state.checkpoint is not None and root_hash != state.root_hash:
            raise Finding(Check.SPLIT_VIEW, f"there are two trees of {size} leaves", both)
        # (3), (4)
        began = state.tree_size
        while state.tree_size < size:
            state = await self._advance(replace(state, origin=origin), size)
            self.progress(state.tree_size - began, size - began)
            if state.tree_size < size:
                self.save(state)
        # (5)
        if state.root_hash != root_hash:
            raise Finding(Check.APPEND_ONLY, "the entries do not give the root of the checkpoint", both)
        state = replace(state, origin=origin, checkpoint=note, seen_s=int(self.now_s()))
        self.save(state)
        return state

    def _open(self, note: bytes) -> tuple[str, int, bytes]:
        try:
            if isinstance(self.trust, trace_core.Policy):
                return self.trust.check(note)[:3]
            return trace_core.open_checkpoint(note, self.trust)
        except trace_core.TraceError as refused:
            raise Finding(Check.CHECKPOINT, str(refused), [note]) from None

    async def _advance(self, state: State, size: int) -> State:
        """Reads on, as many entries as are kept in memory at a time."""
        width, at = trace_core.TILE_WIDTH, state.tree_size
        first = at // width
        last = min((size - 1) // width, first + BUNDLES_AT_ONCE - 1)
        widths = [min(width, size - n * width) for n in range(first, last + 1)]
        bundles = await self.reader.tiles([("entries", first + n, w) for n, w in enumerate(widths)])
        earliest = state.seen_s - self.lateness_s if state.checkpoint is not None else 0
        latest = self.now_s() + self.lateness_s
        entries = b""
        for n, (bundle, wanted) in enumerate(zip(bundles, widths, strict=True)):
            start = (first + n) * width
            entries += _checked(bundle, wanted, start, max(0, at - start), earliest, latest)
        extension = await asyncio.to_thread(
            trace_core.extend_tree,
            tree_size=at,
            root_hash=state.root_hash,
            edge=list(state.edge),
            entries=entries,
        )
        tiles = list(zip(extension.levels, extension.tile_indexes, extension.hashes, strict=True))
        await self._compare(tiles, is_end=extension.tree_size == size)
        edges = set(zip(*trace_core.edge_tiles(extension.tree_size), strict=True))
        computed = {(level, index): hashes for level, index, hashes in [*state.edge, *tiles]}
        edge = tuple((level, index, computed[level, index]) for level, index in sorted(edges))
        return replace(state, tree_size=extension.tree_size, root_hash=extension.root_hash, edge=edge)

    async def _compare(self, tiles: list[tuple[int, int, bytes]], *, is_end: bool) -> None:
        """Full tiles always; those at the edge of the tree only at its published size."""
        full = trace_core.TILE_WIDTH * _HASH_BYTES
        wanted = [tile for tile in tiles if tile[2] and (is_end or len(tile[2]) == full)]
        shown = await self.reader.tiles([(str(lv), n, len(hashes) // _HASH_BYTES) for lv, n, hashes in wanted])
        for (level, index, hashes), found in zip(wanted, shown, strict=True):
            if found[: len(hashes)] != hashes:
                raise Finding(
                    Check.TILE, f"tile {index} of level {level} does not hold the hashes of what lies below it"
                )


def _checked(bundle: bytes, wanted: int, start: int, skip: int, earliest_s: float, latest_s: float) -> bytes:
    """The entries of a bundle from `skip` to `wanted`, as they stand there."""
    at, begin, number = 0, 0, 0
    while number < wanted:
        if number == skip:
            begin = at
        length = int.from_bytes(bundle[at : at + _LENGTH_BYTES])
        entry = bundle[at + _LENGTH_BYTES : at + _LENGTH_BYTES + length]
        if len(bundle) < at + _LENGTH_BYTES + length or len(bundle) < at + _LENGTH_BYTES:
            raise Finding(Check.AVAILABLE, f"the entry of leaf {start + number} is cut off")
        at += _LENGTH_BYTES + length
        if number >= skip:
            _check_entry(entry, start + number, earliest_s, latest_s)
        number += 1
    return bundle[begin:at]


def _check_entry(entry: bytes, leaf_index: int, earliest_s: float, latest_s: float) -> None:
    try:
        _, _, record_time_us = trace_core.read_entry(entry)
    except trace_core.ProofError as refused:
        raise Finding(Check.ENTRY, f"leaf {leaf_index}: {refused}") from None
    if not earliest_s <= record_time_us / 1e6 <= latest_s:
        told = f"leaf {leaf_index} says that it was recorded {record_time_us} µs after 1970"
        raise Finding(Check.BACK_DATED, f"{told}, and appeared since the last visit")
