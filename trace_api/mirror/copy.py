"""The copy of one log: entries come in authenticated packages, and a checkpoint is cosigned once all of its tree is
on the disk."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import Unavailable
from trace_api.mirror.book import Grown, Mirrored
from trace_api.mirror.bundles import HASH_BYTES, bundle_start, bytes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trace_api.mirror.book import Book, Pending
    from trace_api.mirror.bundles import Package
    from trace_api.store.folder import Folder

CHECKPOINT = "checkpoint"


class LogCopy:
    """Any number of threads may add at a time; what is stored already is authenticated again and not stored twice."""

    def __init__(self, origin: str, folder: Folder, book: Book) -> None:
        """Puts the checkpoint into its place if a kill prevented that. Raises `Unavailable`."""
        self.origin = origin
        self._folder = folder
        self._book = book
        self._lock = threading.Lock()
        mirrored = book.mirrored(origin)
        if mirrored is not None and folder.read(CHECKPOINT) != mirrored.checkpoint:
            folder.put({CHECKPOINT: mirrored.checkpoint})

    @property
    def next_entry(self) -> int:
        """The first leaf whose entry is not stored."""
        return self._book.grown(self.origin).tree_size

    @property
    def mirrored_size(self) -> int:
        """The size of the mirror checkpoint, 0 before the first."""
        mirrored = self._book.mirrored(self.origin)
        return 0 if mirrored is None else mirrored.tree_size

    def add(self, package: Package, pending: Pending) -> None:
        """Stores the entries of a package that are not there yet. `package.start` is at most the next entry.

        Raises `ProofError` unless they are proven to be of the pending checkpoint's tree. Cost: one hash an entry and
        twice that for the tree; one file a full tile, and one commit, on the disk.

        (1) The bundle up to the package's end is a subtree of the checkpoint's tree. (2) Bundle and full tiles are
        made durable, (3) then the book is told, (4) then partial bundles and tiles go that are full now. A kill
        between two of these leaves files that the next upload writes again with the same bytes.
        """
        with self._lock:
            grown = self._book.grown(self.origin)
            # (1)
            start = bundle_start(package.start)
            bundle = self._entries(start, package.start, grown) + package.entries
            trace_core.check_subtree_consistency(
                start=start,
                end=package.end,
                tree_size=pending.tree_size,
                subtree_root=trace_core.root_hash(trace_core.entry_hashes(bundle)),
                root_hash=pending.root_hash,
                proof=package.proof,
            )
            if package.end <= grown.tree_size:
                return
            # (2)
            new = bundle[bytes_of(bundle, grown.tree_size - start) :]
            with self._damage():
                extension = trace_core.extend_tree(
                    tree_size=grown.tree_size, root_hash=grown.root_hash, edge=grown.edge, entries=new
                )
            tiles = list(zip(extension.levels, extension.tile_indexes, extension.hashes, strict=True))
            full = [tile for tile in tiles if len(tile[2]) == trace_core.TILE_WIDTH * HASH_BYTES]
            files = {_tile_path(*tile): tile[2] for tile in full}
            files[_entries_path(start, package.end)] = bundle
            self._folder.put(files)
            # (3)
            edge = _edge_of(extension.tree_size, [*grown.edge, *tiles])
            self._book.grow(self.origin, Grown(extension.tree_size, extension.root_hash, edge))
            # (4)
            for path in files:
                self._folder.drop_partials(path)

    def finish(self, pending: Pending, cosign: Callable[[bytes], bytes]) -> bytes | None:
        """Makes a pending checkpoint, all of whose entries are stored, the mirror checkpoint, and returns the
        cosignature lines that `cosign` makes for it; None if the mirror is further already.

        (1) Partial tiles are made durable, and the tree has the checkpoint's root. (2) The checkpoint is cosigned, and
        that is made durable, (3) before anybody sees it.
        """
        with self._lock:
            if self.mirrored_size > pending.tree_size:
                return None
            # (1)
            with self._damage():
                partials = self._partials(pending, self._book.grown(self.origin))
            self._folder.put(partials)
            # (2)
            lines = cosign(pending.checkpoint)
            self._book.advance(self.origin, Mirrored(pending.tree_size, pending.checkpoint + lines))
            # (3)
            self._folder.put({CHECKPOINT: pending.checkpoint + lines})
            return lines

    def begins_with(self, tree_size: int, root_hash: bytes) -> bool:
        """Whether a tree, no larger than what is stored, is the begin of that."""
        with self._lock:
            try:
                self._edge_at(tree_size, self._book.grown(self.origin), root_hash)
            except trace_core.ProofError:
                return False
        return True

    def checkpoint(self) -> bytes | None:
        """The mirror checkpoint; None before there is one."""
        return self._folder.read(CHECKPOINT)

    def tile(self, path: str) -> bytes | None:
        """The bytes under a tlog-tiles path; None for what is no such path or not stored. A partial tile stays
        readable once it is full."""
        place = trace_core.parse_tile_path(path)
        if place is None:
            return None
        level, index, width = place
        content = self._folder.read(path)
        if content is None and width < trace_core.TILE_WIDTH:
            content = self._folder.read(trace_core.tile_path(level, index, trace_core.TILE_WIDTH))
            if content is not None:
                content = content[: width * HASH_BYTES if level is not None else bytes_of(content, width)]
        return content

    def _entries(self, start: int, end: int, grown: Grown) -> bytes:
        """The stored entries of `[start, end)`, which is the begin of a bundle."""
        if start == end:
            return b""
        stored = min(grown.tree_size, start + trace_core.TILE_WIDTH)
        bundle = self._folder.read(_entries_path(start, stored))
        if bundle is None:
            raise Unavailable(f"the copy of {self.origin} is damaged: {_entries_path(start, stored)} is gone")
        with self._damage():
            return bundle[: bytes_of(bundle, end - start)]

    @contextlib.contextmanager
    def _damage(self) -> Iterator[None]:
        """What does not hold here was proven before it was stored."""
        try:
            yield
        except trace_core.ProofError as failure:
            raise Unavailable(f"the copy of {self.origin} is damaged: {failure}") from None

    def _edge_at(self, tree_size: int, grown: Grown, root_hash: bytes) -> list[tuple[int, int, bytes]]:
        """The partial tiles of an earlier tree. Raises `ProofError` unless that has this root hash."""
        edge = []
        for level, index in zip(*trace_core.edge_tiles(tree_size), strict=True):
            width = (tree_size >> (8 * level)) % trace_core.TILE_WIDTH
            known = [hashes for at, tile_index, hashes in grown.edge if (at, tile_index) == (level, index)]
            hashes = known[0] if known else self._folder.read(trace_core.tile_path(level, index, trace_core.TILE_WIDTH))
            if hashes is None:
                raise Unavailable(f"the copy of {self.origin} is damaged: tile {index} of level {level} is gone")
            edge.append((level, index, hashes[: width * HASH_BYTES]))
        trace_core.extend_tree(tree_size=tree_size, root_hash=root_hash, edge=edge, entries=b"")
        return edge

    def _partials(self, pending: Pending, grown: Grown) -> dict[str, bytes]:
        """Partial tiles and bundle of a checkpoint's tree, by their paths. Raises `ProofError` unless the tree that is
        stored has its root."""
        edge = self._edge_at(pending.tree_size, grown, pending.root_hash)
        files = {_tile_path(*tile): tile[2] for tile in edge}
        start = bundle_start(pending.tree_size)
        if start < pending.tree_size:
            files[_entries_path(start, pending.tree_size)] = self._entries(start, pending.tree_size, grown)
        return files


def _edge_of(tree_size: int, tiles: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """The partial tiles of a tree out of others; the last of a place counts."""
    found = {(level, index): hashes for level, index, hashes in tiles}
    places = zip(*trace_core.edge_tiles(tree_size), strict=True)
    return [(level, index, found[level, index]) for level, index in places]


def _tile_path(level: int, index: int, hashes: bytes) -> str:
    return trace_core.tile_path(level, index, len(hashes) // HASH_BYTES)


def _entries_path(start: int, end: int) -> str:
    return trace_core.tile_path(None, start // trace_core.TILE_WIDTH, end - start)
