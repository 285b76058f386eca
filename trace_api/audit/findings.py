"""What an auditor can find wrong, by name."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Check(enum.StrEnum):
    """The checks, each by the name that stands in answers."""

    CHECKPOINT = "checkpoint"
    """The checkpoint is signed by the log, and cosigned as the policy asks."""
    ORIGIN = "origin"
    """It is of the log that was followed so far."""
    ROLLBACK = "rollback"
    """The log has not become shorter."""
    SPLIT_VIEW = "split-view"
    """One size of the log has one root."""
    APPEND_ONLY = "append-only"
    """The entries that were read before, with those behind them, give the new root."""
    TILE = "tile"
    """Each tile holds the hashes of what lies below it."""
    ENTRY = "entry"
    """Each entry is one, in its one spelling."""
    BACK_DATED = "back-dated"
    """No entry says that it was recorded long before it appeared, or in the future."""
    INDEX = "index"
    """The index over items is the one that the entries give."""
    AVAILABLE = "available"
    """What the checkpoint promises can be read."""


class Finding(Exception):
    """A check that did not hold. `checkpoints` are signed notes: evidence that the log cannot deny."""

    def __init__(self, check: Check, message: str, checkpoints: Sequence[bytes] = ()) -> None:
        super().__init__(message)
        self.check = check
        self.checkpoints = [note.decode(errors="replace") for note in checkpoints if note]
