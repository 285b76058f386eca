"""The log as plain files (C2SP tlog-tiles), for readers who need neither this server nor its database."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

import structlog

import trace_core
from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from trace_api.store.objects import Objects

TILE_WIDTH = trace_core.TILE_WIDTH
HASH_BYTES = 32
BUNDLES_AT_ONCE = 64
"""Entry bundles that are read and written together, with the tiles over them."""
PROGRESS_LEAVES = 1_000_000
"""Leaves after which a shelf that has much to catch up with says how far it is."""

log = structlog.get_logger()


class Leaves(Protocol):
    """Where entries and tiles of a log come from."""

    async def entries(self, start: int, end: int) -> bytes:
        """The entries of the leaves start … end - 1, two bytes of length before each."""

    async def tiles(self, levels: list[int], indexes: list[int]) -> list[tuple[int, int, bytes]]:
        """Level, index and hashes of tiles, as wide as they are."""


class NotShown(Unavailable):
    """The files cannot be written, or are another log's. What was published last stays."""


class Shelf:
    """Shows one log under a prefix of a store of files. A checkpoint is there only after all that it speaks of; what is
    there already is left as it is. A crash at any moment leaves a log that can be read; the next call goes on."""

    def __init__(self, objects: Objects, prefix: str, origin: str) -> None:
        self._objects = objects
        self._prefix = prefix
        self._origin = origin
        self._note: bytes | None = None

    async def show(self, note: bytes, leaves: Leaves) -> None:
        """Shows the log as of a checkpoint. Raises `NotShown`. Cost: the tiles and bundles that are new, and for the
        first call one read; nothing for a checkpoint that is shown."""
        if note == self._note:
            return
        try:
            await self._show(note, leaves)
        except NotShown:
            raise
        except Unavailable as failure:
            raise NotShown(str(failure)) from None

    async def _show(self, note: bytes, leaves: Leaves) -> None:
        size = trace_core.checkpoint_size(note)
        if self._note is None:
            self._note = await self._read_checkpoint()
        shown = 0 if self._note is None else trace_core.checkpoint_size(self._note)
        if shown > size:
            raise NotShown(
                f"{shown} leaves of {self._origin} are shown, and it has {size}: this is an older state of it"
            )
        # (1) What the new checkpoint speaks of. A crash here: files that nobody has heard of.
        async for files in _files(shown, size, leaves):
            await self._put(files, is_immutable=True)
        # (2) The checkpoint. A crash here: it is the old one or the new one.
        await self._put({"checkpoint": note}, is_immutable=False)
        # (3) What nobody needs any more. A crash here: some of it stays.
        for full in _filled(shown, size):
            await self._objects.drop_partials(self._prefix + full)
        self._note = note

    async def _read_checkpoint(self) -> bytes | None:
        note = await self._objects.read(f"{self._prefix}checkpoint")
        if note is not None and not note.startswith(f"{self._origin}\n".encode()):
            raise NotShown(f"another log than {self._origin} is shown there")
        return note

    async def _put(self, files: dict[str, bytes], *, is_immutable: bool) -> None:
        await self._objects.put({self._prefix + path: file for path, file in files.items()}, is_immutable=is_immutable)


async def _files(shown: int, size: int, leaves: Leaves) -> AsyncIterator[dict[str, bytes]]:
    """The files that a log of `size` leaves has, and one of `shown` leaves does not, some at a time."""
    first, last = shown // TILE_WIDTH, -(-size // TILE_WIDTH)
    # A tile of a higher level goes with the first bundle below it.
    places_of = defaultdict(list)
    for level, index in _tiles(shown, size):
        places_of[(max(index << 8 * level, first) - first) // BUNDLES_AT_ONCE].append((level, index))
    for batch, begin in enumerate(range(first, last, BUNDLES_AT_ONCE)):
        end, places = min(begin + BUNDLES_AT_ONCE, last), places_of[batch]
        files = {}
        for level, index, hashes in await leaves.tiles([level for level, _ in places], [index for _, index in places]):
            width = _width(level, index, size)
            files[trace_core.tile_path(level, index, width)] = hashes[: width * HASH_BYTES]
        if len(files) != len(places):
            raise NotShown(f"of the tiles of {size} leaves some are missing")
        for index in range(begin, end):
            start, stop = index * TILE_WIDTH, min(size, (index + 1) * TILE_WIDTH)
            files[trace_core.tile_path(None, index, stop - start)] = await leaves.entries(start, stop)
        yield files
        if begin * TILE_WIDTH // PROGRESS_LEAVES != end * TILE_WIDTH // PROGRESS_LEAVES:
            log.info("showing", leaves=min(size, end * TILE_WIDTH), of=size)


def _tiles(shown: int, size: int) -> Iterator[tuple[int, int]]:
    """Levels and indexes of the tiles of hashes that have grown."""
    level = 0
    while (count := size >> 8 * level) > 0:
        before = shown >> 8 * level
        for index in range(before // TILE_WIDTH, -(-count // TILE_WIDTH)):
            if count > before:
                yield level, index
        level += 1


def _width(level: int, index: int, size: int) -> int:
    return min(TILE_WIDTH, (size >> 8 * level) - index * TILE_WIDTH)


def _filled(shown: int, size: int) -> Iterator[str]:
    """Paths of tiles and bundles that were shown in part and are full now."""
    level = 0
    while shown >> 8 * level > 0:
        before, index = shown >> 8 * level, (shown >> 8 * level) // TILE_WIDTH
        if before % TILE_WIDTH and _width(level, index, size) == TILE_WIDTH:
            yield trace_core.tile_path(level, index, TILE_WIDTH)
            if level == 0:
                yield trace_core.tile_path(None, index, TILE_WIDTH)
        level += 1
