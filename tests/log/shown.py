"""A log in memory, its files, and whether a folder has just those that a log must have."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import trace_core
from trace_api.log.shelf import NotShown, Shelf
from trace_api.store.objects import FolderObjects

ORIGIN = "shelf.test/log"
SIGNER = trace_core.NoteSigner("Ed25519", ORIGIN, b"s" * 32)
WIDTH = trace_core.TILE_WIDTH


def entry(n: int) -> bytes:
    return f"entry {n}".encode() * (1 + n % 3)


class MemoryLog:
    """Entries 0, 1, …: a log of any size."""

    def __init__(self, size: int) -> None:
        self.size = size
        tree, self._tiles = trace_core.TreeRebuild(), {}
        for given in (tree.append(trace_core.join_entries([entry(n) for n in range(size)])), tree.partial_tiles()):
            self._tiles |= {(level, index): hashes for level, index, hashes in zip(*given, strict=True)}
        self.root_hash = tree.root_hash
        self.note = trace_core.sign_checkpoint(
            signers=[SIGNER], origin=ORIGIN, tree_size=size, root_hash=self.root_hash, time_s=0
        )

    async def entries(self, start: int, end: int) -> bytes:
        return trace_core.join_entries([entry(n) for n in range(start, min(end, self.size))])

    async def tiles(self, levels: list[int], indexes: list[int]) -> list[tuple[int, int, bytes]]:
        places = zip(levels, indexes, strict=True)
        return [(level, index, self._tiles[level, index]) for level, index in places if (level, index) in self._tiles]

    def files(self) -> dict[str, bytes]:
        """What a reader may ask for."""
        found = {}
        for (level, index), hashes in self._tiles.items():
            found[trace_core.tile_path(level, index, len(hashes) // 32)] = hashes
        for index in range(-(-self.size // WIDTH)):
            start, end = index * WIDTH, min(self.size, (index + 1) * WIDTH)
            path = trace_core.tile_path(None, index, end - start)
            found[path] = trace_core.join_entries([entry(n) for n in range(start, end)])
        return found


def shown_size(folder: Path) -> int:
    """How many leaves the folder shows, once everything that its checkpoint speaks of is there and as it must be."""
    checkpoint = folder / "checkpoint"
    if not checkpoint.exists():
        return 0
    log = MemoryLog(trace_core.checkpoint_size(checkpoint.read_bytes()))
    assert checkpoint.read_bytes() == log.note
    for path, content in log.files().items():
        assert (folder / path).read_bytes() == content, path
    return log.size


def show(folder: Path, log: MemoryLog) -> None:
    asyncio.run(Shelf(FolderObjects(folder), "", ORIGIN).show(log.note, log))


def _serve() -> None:
    """For each line `FOLDER SIZE`, a child that stops, shows so many leaves once it goes on, and ends with 0; with 1 if
    the disk did not take them. Its number is printed when it has stopped, its status when it has ended."""
    for line in sys.stdin:
        folder, size = line.split()
        log = MemoryLog(int(size))
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            try:
                show(Path(folder), log)
            except NotShown:
                os._exit(1)
            os._exit(0)
        os.waitpid(child, os.WUNTRACED)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _serve()
