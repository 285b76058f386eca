"""What an auditor keeps between visits: how far it has verified the log, and with what checkpoint."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import orjson

import trace_core
from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "wayproof/v1/audit"
_EMPTY_ROOT = trace_core.root_hash(b"")
Tile = tuple[int, int, bytes]
"""Level, index and hashes."""


@dataclass(frozen=True, slots=True)
class State:
    """`checkpoint` is the last one that was verified, None before the first; `seen_s` is when, by the auditor's clock,
    in seconds since 1970. The tree of `tree_size` leaves with `root_hash` is what was computed from entries: it may be
    ahead of the checkpoint where a visit was interrupted. `edge` are the tiles at its right edge."""

    origin: str = ""
    checkpoint: bytes | None = None
    seen_s: int = 0
    tree_size: int = 0
    root_hash: bytes = _EMPTY_ROOT
    edge: tuple[Tile, ...] = ()

    @property
    def verified_size(self) -> int:
        """Leaves under the checkpoint."""
        return 0 if self.checkpoint is None else trace_core.checkpoint_size(self.checkpoint)

    @classmethod
    def load(cls, file: Path) -> Self:
        """The state in a file, or that of a first visit. Raises `Unavailable` for a damaged file."""
        try:
            kept = orjson.loads(file.read_bytes())
            if kept["format"] != FORMAT:
                raise ValueError("another format")
            checkpoint = kept["checkpoint"]
            state = cls(
                origin=str(kept["origin"]),
                checkpoint=None if checkpoint is None else checkpoint.encode(),
                seen_s=int(kept["seen_s"]),
                tree_size=int(kept["tree_size"]),
                root_hash=base64.b64decode(kept["root_hash"]),
                edge=tuple((int(lv), int(n), base64.b64decode(hashes)) for lv, n, hashes in kept["edge"]),
            )
            state.verified_size  # noqa: B018 (raises for what is no checkpoint)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError, trace_core.TraceError) as damaged:
            raise Unavailable(f"{file} cannot be used: {damaged}") from None
        return state

    def save(self, file: Path) -> None:
        """Replaces the file, or leaves it as it was. Raises `Unavailable`."""
        document = {
            "format": FORMAT,
            "origin": self.origin,
            "checkpoint": None if self.checkpoint is None else self.checkpoint.decode(),
            "seen_s": self.seen_s,
            "tree_size": self.tree_size,
            "root_hash": base64.b64encode(self.root_hash).decode(),
            "edge": [[level, index, base64.b64encode(hashes).decode()] for level, index, hashes in self.edge],
        }
        unfinished = file.with_name(f"{file.name}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as written:
                written.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
                written.flush()
                os.fsync(written.fileno())
            unfinished.replace(file)
        except OSError as failure:
            raise Unavailable(f"{file} cannot be written: {failure.strerror}") from None
