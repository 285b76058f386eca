"""Small books that must not forget, of programs that have no Postgres: one SQLite file each."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCKED_MS_MAX = 5_000
"""How long to wait for another process that has the file; there should be none."""


@contextlib.contextmanager
def open_book(file: Path, schema: str, **pragmas: str) -> Iterator[sqlite3.Connection]:
    """A connection on which transactions begin where they are begun. The file is made if it is not there; `pragmas` say
    when a commit returns, and come before the schema. Raises `Unavailable` for a file that cannot be used."""
    try:
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as failure:
        raise Unavailable(f"{file} cannot be used: {failure}") from None
    with contextlib.closing(connection):
        try:
            connection.execute(f"PRAGMA busy_timeout = {LOCKED_MS_MAX}")
            for name, value in pragmas.items():
                connection.execute(f"PRAGMA {name} = {value}")
            connection.executescript(schema)
        except sqlite3.Error as failure:
            raise Unavailable(f"{file} cannot be used: {failure}") from None
        yield connection
