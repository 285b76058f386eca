"""Logs of our own making, as files and as requests, and what a copy of one must be."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from functools import cached_property, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import trace_core
from trace_api.mirror.bundles import Package, bundle_start, spans
from trace_api.mirror.wire import UploadHead, write_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORIGIN = "wayproof.test/log"
FOLDER = hashlib.sha256(ORIGIN.encode()).hexdigest()
LOG = trace_core.NoteSigner("Ed25519", ORIGIN, bytes(32))
SIGNER = trace_core.NoteSigner("cosignature", "m.test", bytes(range(32)))
WIDTH = trace_core.TILE_WIDTH


def policy_of(*lines: str) -> trace_core.Policy:
    return trace_core.Policy("\n".join([f"log {LOG.verifier_key}", *lines, ""]).encode())


class SmallLog:
    """Two histories part after 300 leaves."""

    def __init__(self, size: int, history: str = "", signer: trace_core.NoteSigner = LOG) -> None:
        self.entries = [f"entry {n}{history if n >= 300 else ''}".encode() * (1 + n % 5) for n in range(size)]
        self.signer = signer

    @cached_property
    def tiles(self) -> list[tuple[int, int, bytes]]:
        tree = trace_core.TreeRebuild()
        full = tree.append(trace_core.join_entries(self.entries))
        return [tile for tiles in (full, tree.partial_tiles()) for tile in zip(*tiles, strict=True)]

    def root(self, size: int) -> bytes:
        return trace_core.root_hash(b"".join(trace_core.leaf_hash(entry) for entry in self.entries[:size]))

    def note(self, size: int) -> bytes:
        return trace_core.sign_checkpoint(
            signers=[self.signer], origin=ORIGIN, tree_size=size, root_hash=self.root(size), time_s=0
        )

    def checkpoint(self, old_size: int, size: int) -> bytes:
        """The body of add-checkpoint."""
        proof = [] if old_size in (0, size) else trace_core.prove_consistency(old_size, size, self.tiles)
        return trace_core.AddCheckpoint.write(old_size=old_size, proof=proof, checkpoint=self.note(size))

    def package(self, start: int, end: int, size: int) -> Package:
        proof = trace_core.prove_subtree_consistency(bundle_start(start), end, size, self.tiles)
        return Package(start, end, trace_core.join_entries(self.entries[start:end]), proof)

    def upload(self, start: int, size: int, packages: int = 1 << 30, ticket: bytes = b"") -> bytes:
        """The body of add-entries, with so many packages at most."""
        head = UploadHead(ORIGIN.encode(), start, size, ticket).write()
        wanted = list(spans(start, size))[:packages]
        return head + b"".join(write_package(self.package(*span, size)) for span in wanted)

    def write(self, folder: Path, size: int) -> None:
        """The log's files as of one size; the checkpoint last."""
        grown = SmallLog(0)
        grown.entries = self.entries[:size]
        files = {trace_core.tile_path(level, n, len(tile) // 32): tile for level, n, tile in grown.tiles}
        for start, end in spans(0, size):
            files[trace_core.tile_path(None, start // WIDTH, end - start)] = trace_core.join_entries(
                self.entries[start:end]
            )
        for path, content in {**files, "checkpoint": self.note(size)}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            unfinished = folder / "unfinished"
            unfinished.write_bytes(content)
            unfinished.rename(folder / path)


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Any server of files; the address of the folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def verified_size(read: Callable[[str], bytes | None], policy: trace_core.Policy) -> int:
    """Reads a copy back and holds every entry and tile against its checkpoint, which has to be by the policy. 0 when
    there is none yet."""
    note = read("checkpoint")
    if note is None:
        return 0
    _, size, root_hash, _ = policy.check(note)
    tree = trace_core.TreeRebuild()
    expected = []
    for start, end in spans(0, size):
        bundle = read(trace_core.tile_path(None, start // WIDTH, end - start))
        assert bundle is not None, (start, end, size)
        expected += list(zip(*tree.append(bundle), strict=True))
    assert (tree.tree_size, tree.root_hash) == (size, root_hash)
    expected += list(zip(*tree.partial_tiles(), strict=True))
    for level, index, tile in expected:
        assert read(trace_core.tile_path(level, index, len(tile) // 32)) == tile
    return size
