"""What a witness must never forget: the last checkpoint that it cosigned for each log."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from trace_api.errors import Unavailable
from trace_api.store.sqlite import open_book

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
        # A commit returns once the journal and the file are on the disk.
        with open_book(file, _SCHEMA, journal_mode="DELETE", synchronous="EXTRA") as connection:
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
