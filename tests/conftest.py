"""What tests of every room share: data by others, and a real Postgres of each version that is here."""

from __future__ import annotations

import itertools
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
import pytest_asyncio

from tests.debian_postgres import BINARIES, debian_postgres
from trace_api.settings import Settings
from trace_api.store.embedded import embedded_postgres
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

REPOSITORY = Path(__file__).parent.parent
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of test data by others; the test is skipped where it is missing."""
    folder = Path(os.environ.get("WAYPROOF_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data by others at {folder} (set WAYPROOF_SHARED_DATA)")
    return folder


@pytest_asyncio.fixture(scope="session")
async def embedded_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with embedded_postgres(tmp_path_factory.mktemp("embedded")) as url:
        yield url


@pytest_asyncio.fixture(scope="session")
async def debian_url() -> AsyncIterator[str]:
    if not (BINARIES / "postgres").exists():
        pytest.skip(f"Postgres 15 is not installed at {BINARIES}")
    async with debian_postgres() as url:
        yield url


@pytest.fixture(params=["embedded_url", "debian_url"], ids=["postgres18", "postgres15"])
def server_url(request: pytest.FixtureRequest) -> str:
    """Every test that uses this, directly or not, runs on each Postgres."""
    return request.getfixturevalue(request.param)


@asynccontextmanager
async def new_database(server_url: str) -> AsyncIterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield server_url.replace("/postgres?", f"/{name}?")
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def database_url(server_url: str) -> AsyncIterator[str]:
    """An empty database of its own, on each Postgres."""
    async with new_database(server_url) as url:
        yield url


@pytest_asyncio.fixture
async def database_url_18(embedded_url: str) -> AsyncIterator[str]:
    """An empty database of its own, on the embedded Postgres alone."""
    async with new_database(embedded_url) as url:
        yield url


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[str], AbstractAsyncContextManager[Store]]:
    """Opens a store on a database."""
    return lambda url: Store.open(Settings.of(data_dir=tmp_path, database_url=url))


@pytest_asyncio.fixture
async def store(
    database_url: str, open_store: Callable[..., AbstractAsyncContextManager[Store]]
) -> AsyncIterator[Store]:
    """A store on an empty database with its schema, on each Postgres."""
    async with open_store(database_url) as opened:
        yield opened
