"""What a mirror must never forget: the checkpoints that its copies are held to, and how far each copy has come."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import trace_core
from trace_api.errors import Unavailable
from trace_api.store.sqlite import open_book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PENDING_KEPT_MAX = 16
"""Of the last pending checkpoints of a log, so many may be the end of an upload."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pending (
    origin     TEXT    NOT NULL,
    tree_size  INTEGER NOT NULL,
    root_hash  BLOB    NOT NULL,
    checkpoint BLOB    NOT NULL,
    PRIMARY KEY (origin, tree_size)
) STRICT;
CREATE TABLE IF NOT EXISTS grown (
    origin    TEXT    PRIMARY KEY,
    tree_size INTEGER NOT NULL,
    root_hash BLOB    NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS edge (
    origin     TEXT    NOT NULL,
    level      INTEGER NOT NULL,
    tile_index INTEGER NOT NULL,
    hashes     BLOB    NOT NULL,
    PRIMARY KEY (origin, level)
) STRICT;
CREATE TABLE IF NOT EXISTS mirrored (
    origin     TEXT    PRIMARY KEY,
    tree_size  INTEGER NOT NULL,
    checkpoint BLOB    NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """A checkpoint that the log signed, and that continues all before it. `checkpoint` is the note."""

    tree_size: int
    root_hash: bytes
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Grown:
    """The tree of all entries that are stored. `tree_size` is the next entry; `edge` are its partial tiles."""

    tree_size: int
    root_hash: bytes
    edge: list[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The checkpoint that is served, with the mirror's cosignatures."""

    tree_size: int
    checkpoint: bytes


EMPTY = Grown(0, trace_core.root_hash(b""), [])


class Book:
    """One SQLite file. Every method that writes is one transaction, which is on the disk when it returns. Files of a
    copy are on the disk before the book speaks of them: a kill at any moment leaves a copy that is at least what the
    book says."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    @contextlib.contextmanager
    def open(cls, file: Path) -> Iterator[Self]:
        """Made if it is not there. Raises `Unavailable` for a file that cannot be used."""
        # A copy belongs to one process at a time; a commit returns once the journal is on the disk.
        pragmas = {"locking_mode": "EXCLUSIVE", "journal_mode": "WAL", "synchronous": "FULL"}
        with open_book(file, _SCHEMA, **pragmas) as connection:
            yield cls(connection)

    def newest(self, origin: str) -> Pending | None:
        """The pending checkpoint of a log."""
        with self._lock:
            return self._newest(origin)

    def pending(self, origin: str, tree_size: int) -> Pending | None:
        """The one of the last pending checkpoints that has this size."""
        with self._lock:
            row = self._connection.execute(
                "SELECT tree_size, root_hash, checkpoint FROM pending WHERE origin = ? AND tree_size = ?",
                (origin, tree_size),
            ).fetchone()
        return None if row is None else Pending(*row)

    def replace(self, origin: str, new: Pending, decide: Callable[[Pending | None], bool]) -> bool:
        """Makes a checkpoint the pending one if `decide` says so of the last one, and says whether it did. Raises
        `Unavailable` when the disk does not take it, as all that writes here does."""
        with self._writing():
            if taken := decide(self._newest(origin)):
                self._connection.execute(
                    "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?)",
                    (origin, new.tree_size, new.root_hash, new.checkpoint),
                )
                self._connection.execute(
                    "DELETE FROM pending WHERE origin = ? AND tree_size NOT IN"
                    " (SELECT tree_size FROM pending WHERE origin = ? ORDER BY tree_size DESC LIMIT ?)",
                    (origin, origin, PENDING_KEPT_MAX),
                )
        return taken

    def grown(self, origin: str) -> Grown:
        """How far the copy of a log has come."""
        with self._lock:
            row = self._connection.execute(
                "SELECT tree_size, root_hash FROM grown WHERE origin = ?", (origin,)
            ).fetchone()
            edge = self._connection.execute(
                "SELECT level, tile_index, hashes FROM edge WHERE origin = ? ORDER BY level", (origin,)
            ).fetchall()
        return EMPTY if row is None else Grown(row[0], row[1], edge)

    def grow(self, origin: str, grown: Grown) -> None:
        """Notes that the copy has come further."""
        with self._writing():
            self._connection.execute(
                "INSERT OR REPLACE INTO grown VALUES (?, ?, ?)", (origin, grown.tree_size, grown.root_hash)
            )
            self._connection.execute("DELETE FROM edge WHERE origin = ?", (origin,))
            self._connection.executemany(
                "INSERT INTO edge VALUES (?, ?, ?, ?)", [(origin, *tile) for tile in grown.edge]
            )

    def mirrored(self, origin: str) -> Mirrored | None:
        """The mirror checkpoint of a log."""
        with self._lock:
            row = self._connection.execute(
                "SELECT tree_size, checkpoint FROM mirrored WHERE origin = ?", (origin,)
            ).fetchone()
        return None if row is None else Mirrored(*row)

    def advance(self, origin: str, mirrored: Mirrored) -> None:
        """Makes a checkpoint the mirror checkpoint."""
        with self._writing():
            self._connection.execute(
                "INSERT OR REPLACE INTO mirrored VALUES (?, ?, ?)", (origin, mirrored.tree_size, mirrored.checkpoint)
            )

    def _newest(self, origin: str) -> Pending | None:
        row = self._connection.execute(
            "SELECT tree_size, root_hash, checkpoint FROM pending WHERE origin = ? ORDER BY tree_size DESC LIMIT 1",
            (origin,),
        ).fetchone()
        return None if row is None else Pending(*row)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._connection.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as failure:
                raise Unavailable(f"the book cannot be written: {failure}") from None
