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
"""Entry bundles that are in memory at a time: 16,384 entries."""
LATENESS_S = 3_600
"""An entry may say that it was recorded so long before the last visit, and so far in the future."""
_LENGTH_BYTES = 2
_HASH_BYTES = 32
Trust = str | trace_core.Policy
"""A log's verifier key, or a policy."""


def open_checkpoint(note: bytes, trust: Trust) -> tuple[str, int, bytes]:
    """Origin, tree size and root hash. Raises `Finding`."""
    try:
        if isinstance(trust, trace_core.Policy):
            return trust.check(note)[:3]
        return trace_core.open_checkpoint(note, trust)
    except trace_core.TraceError as refused:
        raise Finding(Check.CHECKPOINT, str(refused), [note]) from None


class Taker:
    """What wants to see the entries of a log while they are verified. This one does not."""

    def stops(self, begin: int, end: int) -> list[int]:
        """Tree sizes in begin … end at which it wants to look at the tree."""
        del begin, end
        return []

    def check(self, entry: bytes, leaf_index: int) -> None:
        """Raises `Finding` for what is no entry of such a log."""

    def take(self, first_leaf_index: int, entries: bytes, root_hash: bytes) -> None:
        """Entries as `join_entries` has them, and the root of the tree that ends with them. Raises `Finding`."""

    def reached(self, state: State) -> None:
        """How far the log is verified, after each `take`."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Verifies one log. `save` is called with states from which a visit may go on, `progress` with the leaves verified
    and to be verified."""

    reader: LogReader
    trust: Trust
    taker: Taker
    save: Callable[[State], None]
    progress: Callable[[int, int], None] = lambda _done, _all: None
    now_s: Callable[[], float] = time.time

    async def visit(self, state: State) -> State:
        """Verifies the log up to its present checkpoint, and gives the state then.

        (1) The checkpoint is signed and cosigned, and of the same log as before. (2) It is not of a shorter log, and
        not of the same size with another root. (3) Every entry behind what was verified is read, and is one. (4) The
        computed root is the checkpoint's, and on the way that of the last visit's checkpoint: what was verified before
        has not changed. (5) Every tile that these entries
        fill, or end in, is as computed.

        Raises `Finding` at the first that does not hold, `Unavailable` when the log cannot be reached.
        """
        # (1)
        note = await self.reader.checkpoint()
        origin, size, root_hash = open_checkpoint(note, self.trust)
        both = [state.checkpoint or b"", note]
        if state.origin not in ("", origin):
            raise Finding(Check.ORIGIN, f"the log {state.origin} calls itself {origin}", both)
        # (2)
        if size < state.verified_size:
            raise Finding(Check.ROLLBACK, f"{state.verified_size} leaves have become {size}", both)
        if size < state.tree_size:
            raise Finding(Check.ROLLBACK, f"of {state.tree_size} leaves that were there, {size} are left", both)
        if size == state.verified_size and state.checkpoint is not None and root_hash != state.verified_root:
            raise Finding(Check.SPLIT_VIEW, f"there are two trees of {size} leaves", both)
        # (3), (4), (5)
        began = state.tree_size
        state = replace(state, origin=origin)
        while state.tree_size < size:
            state, tiles = await self._advance(state, size)
            if state.tree_size == size and state.root_hash != root_hash:
                raise Finding(Check.APPEND_ONLY, "the entries do not give the root of the checkpoint", both)
            await self._compare(tiles, is_end=state.tree_size == size)
            self.progress(state.tree_size - began, size - began)
            if state.tree_size < size:
                self.save(state)
        return replace(state, checkpoint=note, seen_s=int(self.now_s()))

    async def _advance(self, state: State, size: int) -> tuple[State, dict[tuple[int, int], bytes]]:
        """Reads on, as many entries as are kept in memory at a time; with the tiles that they have touched."""
        width, at = trace_core.TILE_WIDTH, state.tree_size
        first = at // width
        last = min((size - 1) // width, first + BUNDLES_AT_ONCE - 1)
        widths = [min(width, size - n * width) for n in range(first, last + 1)]
        bundles = await self.reader.tiles([("entries", first + n, w) for n, w in enumerate(widths)])
        entries: list[bytes] = []
        for n, (bundle, wanted) in enumerate(zip(bundles, widths, strict=True)):
            start = (first + n) * width
            entries += _split(bundle, wanted, start)[max(0, at - start) :]
        for n, entry in enumerate(entries):
            self.taker.check(entry, at + n)
        touched: dict[tuple[int, int], bytes] = {}
        end = at + len(entries)
        stops = {*self.taker.stops(at, end - 1), end}
        if at < state.verified_size < end:
            stops.add(state.verified_size)
        for stop in sorted(stops):
            piece = trace_core.join_entries(entries[state.tree_size - at : stop - at])
            state = await self._extend(state, piece, touched)
            if stop == state.verified_size and state.root_hash != state.verified_root:
                seen = [state.checkpoint or b""]
                raise Finding(Check.APPEND_ONLY, f"the entries do not give the root of {stop} leaves any more", seen)
            self.taker.reached(state)
        return state, touched

    async def _extend(self, state: State, entries: bytes, touched: dict[tuple[int, int], bytes]) -> State:
        extension = await asyncio.to_thread(
            trace_core.extend_tree,
            tree_size=state.tree_size,
            root_hash=state.root_hash,
            edge=list(state.edge),
            entries=entries,
        )
        new = zip(zip(extension.levels, extension.tile_indexes, strict=True), extension.hashes, strict=True)
        computed = {(level, index): hashes for level, index, hashes in state.edge} | dict(new)
        touched |= computed
        places = sorted(zip(*trace_core.edge_tiles(extension.tree_size), strict=True))
        edge = tuple((*place, computed[place]) for place in places)
        await asyncio.to_thread(self.taker.take, state.tree_size, entries, extension.root_hash)
        return replace(state, tree_size=extension.tree_size, root_hash=extension.root_hash, edge=edge)

    async def _compare(self, touched: dict[tuple[int, int], bytes], *, is_end: bool) -> None:
        """Full tiles always; those at the edge of the tree only at its published size."""
        full = trace_core.TILE_WIDTH * _HASH_BYTES
        wanted = [(place, hashes) for place, hashes in touched.items() if hashes and (is_end or len(hashes) == full)]
        shown = await self.reader.tiles([(str(lv), n, len(hashes) // _HASH_BYTES) for (lv, n), hashes in wanted])
        for ((level, index), hashes), found in zip(wanted, shown, strict=True):
            if found[: len(hashes)] != hashes:
                raise Finding(
                    Check.TILE, f"tile {index} of level {level} does not hold the hashes of what lies below it"
                )


def _split(bundle: bytes, wanted: int, start: int) -> list[bytes]:
    """The first entries of a bundle that begins at a leaf. Raises `Finding` when they are cut off."""
    entries, at = [], 0
    for number in range(wanted):
        begin = at + _LENGTH_BYTES
        end = begin + int.from_bytes(bundle[at:begin])
        if len(bundle) < begin or len(bundle) < end:
            raise Finding(Check.AVAILABLE, f"the entry of leaf {start + number} is cut off")
        entries.append(bundle[begin:end])
        at = end
    return entries
