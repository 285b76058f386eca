"""Connections to Postgres: an embedded one, or the server that `DATABASE_URL` names."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Self, cast

import asyncpg
import structlog

from trace_api.errors import Unavailable
from trace_api.settings import POOL_CONNECTIONS_MAX, STATEMENT_S_MAX
from trace_api.store.embedded import embedded_postgres
from trace_api.store.migrate import known_migrations, migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from asyncpg.pool import PoolConnectionProxy

    from trace_api.settings import Settings

VERSION_MIN = 15
CONNECT_S_MAX = 10.0
"""How long to wait for a connection, a new one or one that others give back."""
CLOSE_S_MAX = 5.0
"""How long the requests of this process may keep their connections when it ends."""
_NOT_NOW = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # Shutdown, restart, recovery, statement_timeout.
    asyncpg.InsufficientResourcesError,  # Disk full, too many connections.
    asyncpg.PostgresSystemError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # A stand-by that is not promoted yet.
)
_DRIVER_LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ClientConfigurationError,
)


log = structlog.get_logger()


class Store:
    """A pool of connections to one database whose schema is up to date."""

    def __init__(self, pool: asyncpg.Pool, resets: _Resets) -> None:
        self._pool = pool
        self._resets = resets
        self._endings: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings, on_lost: Callable[[], None] = lambda: None) -> AsyncIterator[Self]:
        """Starts or reaches the database, migrates it, and ends what it started. `on_lost` is called when a
        database that was started here has ended for good. Raises `Unavailable`."""
        async with contextlib.AsyncExitStack() as stack:
            url = settings.database_url
            if url is None:
                url = await stack.enter_async_context(
                    embedded_postgres(settings.data_dir, on_lost, shared_buffers_mb=settings.shared_buffers_mb)
                )
            try:
                await _bring_up_to_date(url)
                resets = _Resets()
                pool = await asyncpg.create_pool(
                    url,
                    min_size=2,
                    max_size=POOL_CONNECTIONS_MAX,
                    timeout=CONNECT_S_MAX,
                    command_timeout=STATEMENT_S_MAX + 5,
                    init=resets.begin,
                    reset=resets.reset,
                    server_settings={
                        "application_name": "wayproof",
                        "statement_timeout": f"{STATEMENT_S_MAX}s",
                        "idle_in_transaction_session_timeout": f"{STATEMENT_S_MAX}s",
                        "timezone": "UTC",
                    },
                )
            except (*_NOT_NOW, *_REFUSED) as failure:
                # Never the URL: it may hold a password.
                raise Unavailable(f"the database cannot be used: {type(failure).__name__}: {failure}") from None
            stack.push_async_callback(_close, pool)
            yield cls(pool, resets)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection. Raises `Unavailable` when the database is not there or has no room or time, also
        in the middle; whether a statement has taken effect is not known then."""
        try:
            proxy = await self._pool.acquire(timeout=CONNECT_S_MAX)
            try:
                # It passes everything on to the connection, for as long as there is one.
                yield cast("asyncpg.Connection", proxy)
            finally:
                # Cleaning up after a session is a round trip, for which nobody has to wait.
                self._later(self._give_back(proxy))
        except _NOT_NOW as failure:
            # Whoever runs the server must see why it refuses captures, also when nobody else meets it.
            log.warning("database_unavailable", reason=type(failure).__name__)
            raise Unavailable(f"the database is not available: {type(failure).__name__}") from failure
        except asyncpg.DataError:
            raise  # An interface error by descent, and a mistake of ours, which must be seen.
        except _DRIVER_LOST as failure:
            if self._pool.is_closing():
                raise Unavailable("this server is ending") from failure
            # The driver's words for a connection that is gone, or that was cut off in the middle of something.
            log.warning("connection_lost", detail=str(failure))
            raise Unavailable("the database is not available: connection lost") from failure

    async def _give_back(self, proxy: PoolConnectionProxy[asyncpg.Record]) -> None:
        """Whatever is wrong with a connection now changes nothing of what was done with it: it is cut off."""
        try:
            await self._pool.release(proxy)
        except (*_NOT_NOW, *_DRIVER_LOST) as failure:
            log.warning("connection_cut_off", reason=type(failure).__name__, detail=str(failure))
            with contextlib.suppress(asyncpg.InterfaceError):  # The pool has it back, and has cut it off.
                proxy.terminate()

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection in a read-only transaction: all that is read through it is of one moment."""
        async with contextlib.AsyncExitStack() as stack:
            connection = await stack.enter_async_context(self.session())
            await stack.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
            yield connection
            self._resets.spare(connection)
            # What was read is in hand: nobody waits for the end of a transaction that has changed nothing.
            self._later(_end(stack.pop_all()))

    def _later(self, ending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(ending)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)


class _Resets:
    """What a session leaves behind of settings and locks is undone before the next one, unless it could not leave any:
    those that have only read. That saves each of them a round trip."""

    def __init__(self) -> None:
        self._spared: set[int] = set()

    async def begin(self, connection: asyncpg.Connection) -> None:
        """A new connection. An older one of its number may have ended when it was spared, and before it was reset."""
        self._spared.discard(connection.get_server_pid())

    def spare(self, connection: asyncpg.Connection) -> None:
        """Its session changed no setting and took no lock."""
        self._spared.add(connection.get_server_pid())

    async def reset(self, connection: asyncpg.Connection) -> None:
        """What the pool calls."""
        if (pid := connection.get_server_pid()) in self._spared:
            self._spared.remove(pid)
        else:
            await connection.reset()


async def _end(reading: contextlib.AsyncExitStack) -> None:
    try:
        await reading.aclose()
    except Unavailable as failure:
        log.info("reading_cut_off", detail=str(failure))


def is_lost(connection: asyncpg.Connection) -> bool:
    """Whether a session's connection is gone."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool takes a lost connection back at once, and what we hold answers nothing more.
        return True


async def _bring_up_to_date(url: str) -> None:
    # Its own connection, without the pool's time limits: a migration may take as long as it needs.
    connection = await asyncpg.connect(url, timeout=CONNECT_S_MAX)
    try:
        if connection.get_server_version().major < VERSION_MIN:
            raise Unavailable(f"Postgres {VERSION_MIN} or newer is needed")
        await migrate(connection, known_migrations())
    finally:
        await connection.close()


async def _close(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_S_MAX):
            await pool.close()
    except TimeoutError:
        pool.terminate()
