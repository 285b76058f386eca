"""What an auditor keeps between visits: how far it has verified each log, with what checkpoint, and the index."""

from __future__ import annotations

import base64
import contextlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

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
    """Of one log. `checkpoint` is the last one that was verified, None before the first; `seen_s` is when, by the
    auditor's clock, in seconds since 1970. The tree of `tree_size` leaves with `root_hash` is what was computed from
    entries: it may be ahead of the checkpoint where a visit was interrupted, and behind it where the index over items
    did not follow yet. `edge` are the tiles at its right edge."""

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

    @property
    def verified_root(self) -> bytes:
        """Root under the checkpoint: its third line."""
        return _EMPTY_ROOT if self.checkpoint is None else base64.b64decode(self.checkpoint.split(b"\n", 3)[2])

    def as_json(self) -> dict[str, Any]:
        """JSON-serialisable; the inverse of `of_json`."""
        return {
            "origin": self.origin,
            "checkpoint": None if self.checkpoint is None else self.checkpoint.decode(),
            "seen_s": self.seen_s,
            "tree_size": self.tree_size,
            "root_hash": base64.b64encode(self.root_hash).decode(),
            "edge": [[level, index, base64.b64encode(hashes).decode()] for level, index, hashes in self.edge],
        }

    @classmethod
    def of_json(cls, kept: Any) -> Self:  # noqa: ANN401 (as it was read)
        """Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError` or `TraceError` for what is none."""
        checkpoint = kept["checkpoint"]
        state = cls(
            origin=str(kept["origin"]),
            checkpoint=None if checkpoint is None else checkpoint.encode(),
            seen_s=int(kept["seen_s"]),
            tree_size=int(kept["tree_size"]),
            root_hash=base64.b64decode(kept["root_hash"]),
            edge=tuple((int(level), int(n), base64.b64decode(hashes)) for level, n, hashes in kept["edge"]),
        )
        # What is no checkpoint is found now, and not in the middle of a visit.
        _ = (state.verified_size, state.verified_root)
        return state


@dataclass(frozen=True, slots=True)
class Claim:
    """What a leaf of the index' log says: the root of the index, and the checkpoint that it is of."""

    index_root: bytes
    tree_root: bytes
    checkpoint: bytes


@dataclass(slots=True)
class Kept:
    """All that an auditor keeps. `index` holds the tokens of the entries of `events` up to its `tree_size`, where the
    index is audited; `claims` are those of `index_log`, by the size that they are about, which no entry has been held
    against yet, and `claimed_size` that of the last one."""

    events: State = field(default_factory=State)
    index_log: State = field(default_factory=State)
    index: trace_core.ItemIndex | None = None
    claims: dict[int, Claim] = field(default_factory=dict)
    claimed_size: int = 0

    @classmethod
    def load(cls, file: Path, *, with_index: bool) -> Self:
        """What is in a file, or what a first visit begins with. Raises `Unavailable` for a damaged file, and for one
        that was kept without the index where that is wanted."""
        try:
            kept = orjson.loads(file.read_bytes())
            if kept["format"] != FORMAT:
                raise ValueError("another format")
            loaded = cls(State.of_json(kept["events"]), State.of_json(kept["index_log"]))
            loaded.claims = {
                int(size): Claim(base64.b64decode(index_root), base64.b64decode(tree_root), note.encode())
                for size, index_root, tree_root, note in kept["claims"]
            }
            loaded.claimed_size = int(kept["claimed_size"])
            if with_index:
                loaded.index = trace_core.ItemIndex.read_snapshot(str(_snapshot(file, loaded.events.tree_size)))
                if loaded.index.size != loaded.events.tree_size:
                    raise ValueError("the index is of another size")
        except FileNotFoundError as missing:
            if file.exists():
                raise Unavailable(f"{missing.filename or 'the index'} is missing; begin anew without {file}") from None
            return cls(index=trace_core.ItemIndex() if with_index else None)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, trace_core.TraceError) as damaged:
            raise Unavailable(f"{file} cannot be used: {damaged}") from None
        return loaded

    def save(self, file: Path) -> None:
        """Replaces what is in the file, or leaves it as it was. Raises `Unavailable`."""
        claims = [
            [size, *(base64.b64encode(root).decode() for root in (c.index_root, c.tree_root)), c.checkpoint.decode()]
            for size, c in self.claims.items()
        ]
        document = {
            "format": FORMAT,
            "events": self.events.as_json(),
            "index_log": self.index_log.as_json(),
            "claims": claims,
            "claimed_size": self.claimed_size,
        }
        unfinished = file.with_name(f"{file.name}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # The index first, under a name of its own: the state names it.
            if self.index is not None:
                self.index.write_snapshot(str(_snapshot(file, self.events.tree_size)))
            with unfinished.open("wb") as written:
                written.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
                written.flush()
                os.fsync(written.fileno())
            unfinished.replace(file)
            for old in file.parent.glob(f"{file.name}.index-*"):
                if old != _snapshot(file, self.events.tree_size):
                    with contextlib.suppress(FileNotFoundError):
                        old.unlink()
        except OSError as failure:
            raise Unavailable(f"{file} cannot be written: {failure.strerror}") from None


def _snapshot(file: Path, tree_size: int) -> Path:
    return file.with_name(f"{file.name}.index-{tree_size}")
