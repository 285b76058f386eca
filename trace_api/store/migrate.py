"""Brings a database's schema up to this version, step by step, each step in its own transaction."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from trace_api.errors import Unavailable
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

_SQL = load("migrate")


def known_migrations() -> list[str]:
    """The text of `migrations/*.sql` in order; the schema's version is their number."""
    folder = resources.files(__package__) / "migrations"
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    return [file.read_text(encoding="utf-8") for file in sorted(files, key=lambda file: file.name)]


async def migrate(connection: asyncpg.Connection, migrations: Sequence[str]) -> int:
    """Runs the migrations that are missing and returns the schema's version.

    Several processes may call it at once: one works, the others wait, so the connection should have no
    time limit on its statements. A crash leaves whole migrations only. Raises `Unavailable` for a schema
    newer than `migrations`, before anything is changed.
    """
    await connection.execute(_SQL["lock"])
    try:
        await connection.execute(_SQL["create_schema_version"])
        version = int(await connection.fetchval(_SQL["read_schema_version"]))
        if version > len(migrations):
            raise Unavailable(f"the database has schema {version}, this program knows {len(migrations)}")
        for number, text in enumerate(migrations[version:], version + 1):
            async with connection.transaction():
                await connection.execute(text)
                await connection.execute(_SQL["write_schema_version"], number)
        return len(migrations)
    finally:
        # A connection that is gone has given the lock back already.
        if not connection.is_closed():
            await connection.execute(_SQL["unlock"])
