"""Brings a database's schema up to this version, step by step, each step in its own transaction."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from trace_api.errors import Unavailable
from trace_api.store.statements import load

if TYPE_CHECKING:
    import asyncpg

_SQL = load("migrate")


async def migrate(connection: asyncpg.Connection) -> int:
    """Runs the migrations that are missing and returns the schema's version. Several processes may call
    it at once: one works, the others wait. Raises `Unavailable` for a schema newer than this code."""
    await connection.execute(_SQL["lock"])
    try:
        await connection.execute(_SQL["create_schema_version"])
        version = int(await connection.fetchval(_SQL["read_schema_version"]))
        migrations = _migrations()
        if version > len(migrations):
            raise Unavailable(f"the database has schema {version}, this program knows {len(migrations)}")
        for number, text in enumerate(migrations[version:], version + 1):
            async with connection.transaction():
                await connection.execute(text)
                await connection.execute(_SQL["write_schema_version"], number)
        return len(migrations)
    finally:
        await connection.execute(_SQL["unlock"])


def _migrations() -> list[str]:
    folder = resources.files(__package__) / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text(encoding="utf-8") for file in files]
