"""What a witness must never forget: the last checkpoint that it cosigned for each log."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cosigned (
    origin     TEXT    PRIMARY KEY,
    tree_size  INTEGER NOT NULL,
    root_hash  BLOB    NOT NULL,
    checkpoint BLOB    NOT NULL
) STRICT
"""
_LOCKED_MS_MAX = 5_000
"""How long to wait for another process that has the file; there should be none."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """`checkpoint` is the signed note, with the witness' own signature once it was made."""

    tree_size: int
    root_hash: bytes
    checkpoint: bytes


class Book:
    """One SQLite file. To look at the last checkpoint, to decide and to replace it is one transaction, and it is on
    the disk before the witness signs: two requests at once, or a kill at any moment, cannot make it cosign two
    histories."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    @contextlib.contextmanager
    def open(cls, file: Path) -> Iterator[Self]:
        """Made if it is not there. Raises `Unavailable` for a file that cannot be used."""
        try:
            # Transactions begin where we say.
            connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as failure:
            raise Unavailable(f"{file} cannot be used: {failure}") from None
        with contextlib.closing(connection):
            try:
                connection.execute(f"PRAGMA busy_timeout = {_LOCKED_MS_MAX}")
                # A commit returns once the journal and the file are on the disk.
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("PRAGMA synchronous = EXTRA")
                connection.execute(_SCHEMA)
            except sqlite3.Error as failure:
                raise Unavailable(f"{file} cannot be used: {failure}") from None
            yield cls(connection)

    def last(self, origin: str) -> Cosigned | None:
        """What was cosigned last for a log."""
        with self._lock:
            return self._read(origin)

    def replace(self, origin: str, new: Cosigned, decide: Callable[[Cosigned | None], bool]) -> bool:
        """Puts a checkpoint in the place of the last one if `decide` says so of the last one, and says whether it
        did. When it returns, that is durable. Raises `Unavailable` when the disk does not take it."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    if taken := decide(self._read(origin)):
                        self._write(origin, new)
                    self._connection.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as failure:
                raise Unavailable(f"the book cannot be written: {failure}") from None
        return taken

    def _read(self, origin: str) -> Cosigned | None:
        row = self._connection.execute(
            "SELECT tree_size, root_hash, checkpoint FROM cosigned WHERE origin = ?", (origin,)
        ).fetchone()
        return None if row is None else Cosigned(*row)

    def _write(self, origin: str, new: Cosigned) -> None:
        self._connection.execute(
            "INSERT INTO cosigned VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET"
            " tree_size = excluded.tree_size, root_hash = excluded.root_hash, checkpoint = excluded.checkpoint",
            (origin, new.tree_size, new.root_hash, new.checkpoint),
        )
