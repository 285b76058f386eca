"""Which logs a mirror keeps, and under which keys it cosigns them."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

import trace_core
from trace_api.mirror.book import Book, Pending
from trace_api.mirror.copy import LogCopy
from trace_api.store.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TREE_SIZE_MAX = (1 << 63) - 1
"""Leaves of the largest tree."""
LINES_MAX = 64
"""Signature lines of a checkpoint that are kept; with more, only the log's."""

log = structlog.get_logger()


def origin_hash(origin: str) -> str:
    """Under which name the copy of a log is served, and stored."""
    return hashlib.sha256(origin.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Mirror:
    """`signers` cosign, all under one name. `policy` has the logs that are mirrored, and witnesses whose cosignatures
    are kept. `copies` are by origin."""

    signers: list[trace_core.NoteSigner]
    policy: trace_core.Policy
    book: Book
    copies: dict[str, LogCopy] = field(default_factory=dict)
    now_s: Callable[[], int] = lambda: int(time.time())

    @classmethod
    def open(
        cls, signers: list[trace_core.NoteSigner], policy: trace_core.Policy, book: Book, data_dir: Path
    ) -> Mirror:
        """With a copy for each log of the policy, made where it is not there. Raises `Unavailable`."""
        copies = {
            origin: LogCopy(origin, Folder.open(data_dir / origin_hash(origin)), book) for origin, _, _ in policy.logs
        }
        return cls(signers, policy, book, copies)

    def log_keys(self, origin: str) -> list[str]:
        """The vkeys of a log; none of one that is not mirrored."""
        return [vkey for name, vkey, _ in self.policy.logs if name == origin]

    def take_checkpoint(self, request: trace_core.AddCheckpoint) -> tuple[int, str, int]:
        """Makes a checkpoint the pending one of its log if it continues the last: status 200. Else one of
        tlog-witness, and the reason; and the size of the last one, before. Nothing is cosigned. Cost: one commit to
        the disk. Raises `Unavailable`."""
        if request.tree_size > TREE_SIZE_MAX:
            return 400, "no tree is so large", 0
        status, reason, last_size = 0, "", 0

        def decide(last: Pending | None) -> bool:
            nonlocal status, reason, last_size
            seen = None if last is None else (last.tree_size, last.root_hash)
            last_size = 0 if last is None else last.tree_size
            status, reason = request.judge(self.log_keys(request.origin), seen)
            return status == 200

        note = self._known_lines(request)
        new = Pending(request.tree_size, request.root_hash, note)
        if not self.book.replace(request.origin, new, decide) and (
            status == 422 or (status == 409 and request.tree_size == last_size)
        ):
            # Signed by the log, and no continuation of what it signed before: evidence, to be kept.
            log.error("inconsistent", origin=request.origin, checkpoint=request.checkpoint.decode())
        return status, reason, last_size

    def cosign(self, checkpoint: bytes) -> bytes:
        """Cosignature lines over a checkpoint all of whose tree is on the disk."""
        return b"".join(signer.signature_line(checkpoint, self.now_s()) for signer in self.signers)

    def _known_lines(self, request: trace_core.AddCheckpoint) -> bytes:
        """The note with the log's lines, and those of witnesses whose keys are known and that hold: whoever sends a
        checkpoint may have added others, and what is served must not carry them."""
        own = request.checkpoint_by(self.log_keys(request.origin))
        kept = self.policy.add_cosignatures(own, request.checkpoint.rpartition(b"\n\n")[2])
        return kept if kept.count(b"\n\xe2\x80\x94 ") <= LINES_MAX else own
