"""Connections to Postgres: an embedded one, or the server that `DATABASE_URL` names."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

import asyncpg
import orjson

from trace_api.errors import Unavailable
from trace_api.settings import POOL_CONNECTIONS_MAX, STATEMENT_S_MAX
from trace_api.store.embedded import embedded_postgres
from trace_api.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trace_api.settings import Settings

VERSION_MIN = 15
CONNECT_S_MAX = 10.0
_UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)


class Store:
    """A pool of connections to one database whose schema is up to date."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Starts or reaches the database, migrates it, and ends what it started. Raises `Unavailable`."""
        async with contextlib.AsyncExitStack() as stack:
            url = settings.database_url or await stack.enter_async_context(embedded_postgres(settings.data_dir))
            try:
                pool = await asyncpg.create_pool(
                    url,
                    min_size=2,
                    max_size=POOL_CONNECTIONS_MAX,
                    timeout=CONNECT_S_MAX,
                    command_timeout=STATEMENT_S_MAX + 5,
                    init=_prepare,
                    server_settings={
                        "application_name": "wayproof",
                        "statement_timeout": f"{STATEMENT_S_MAX}s",
                        "idle_in_transaction_session_timeout": f"{STATEMENT_S_MAX}s",
                        "timezone": "UTC",
                    },
                )
            except _UNREACHABLE as failure:
                raise Unavailable(f"the database cannot be reached: {type(failure).__name__}") from None
            stack.push_async_callback(_close, pool)
            async with pool.acquire() as connection:
                if connection.get_server_version().major < VERSION_MIN:
                    raise Unavailable(f"Postgres {VERSION_MIN} or newer is needed")
                await migrate(connection)
            yield cls(pool)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection. Raises `Unavailable` when the database is not there."""
        try:
            async with self._pool.acquire(timeout=CONNECT_S_MAX) as connection:
                yield connection
        except (*_UNREACHABLE, asyncpg.InterfaceError, asyncpg.DiskFullError, asyncpg.AdminShutdownError) as failure:
            raise Unavailable(f"the database is not available: {type(failure).__name__}") from failure

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection in a read-only transaction: all that is read through it is of one moment."""
        async with self.session() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=lambda v: b"\x01" + orjson.dumps(v), decoder=_decode_jsonb
    )


def _decode_jsonb(value: bytes) -> object:
    # One byte of version before the text (Postgres, jsonb_send).
    return orjson.loads(value[1:])


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await pool.close()
    finally:
        pool.terminate()
