from __future__ import annotations

import asyncio
import contextlib

import asyncpg
import pytest

from tests.store.streams import outcome_of, row_of
from trace_api.errors import Unavailable
from trace_api.settings import POOL_CONNECTIONS_MAX, Settings
from trace_api.store import captures
from trace_api.store.migrate import known_migrations, migrate
from trace_api.store.pool import Store, _Resets, is_lost
from trace_api.store.statements import parse


async def test_session_that_is_cut_off_is_unavailable_and_the_next_one_works(store):
    with pytest.raises(Unavailable):
        async with store.session() as connection, connection.transaction():
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    async with store.session() as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_session_used_after_it_was_cut_off_is_unavailable(store):
    with pytest.raises(Unavailable, match="connection lost"):
        async with store.session() as connection:
            with contextlib.suppress(asyncpg.PostgresError):
                await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            assert is_lost(connection)
            await connection.execute("SELECT 1")


async def test_session_cut_off_in_the_middle_of_something_is_unavailable_and_leaves_nothing_behind(store):
    """As when Postgres goes away under load: the driver says that the connection is busy, or in no state for it."""
    for _ in range(POOL_CONNECTIONS_MAX + 1):
        with pytest.raises(Unavailable, match="connection lost"):
            async with store.session() as connection:
                busy = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
                await asyncio.sleep(0.01)
                await connection.execute("SELECT 1")
        with pytest.raises(asyncpg.PostgresConnectionError):
            await busy
    async with store.session() as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_session_that_did_its_work_is_done_though_its_connection_cannot_be_given_back(store):
    async with store.session() as connection:
        assert await connection.fetchval("SELECT 1") == 1
        busy = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.01)
    with pytest.raises(asyncpg.PostgresConnectionError):
        await busy


async def test_session_over_its_time_is_unavailable(store):
    async with store.session() as connection:
        assert await connection.fetchval("SHOW statement_timeout") == "1min"
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "1min"
    with pytest.raises(Unavailable, match="QueryCanceledError"):
        async with store.session() as connection, connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = '20ms'")
            await connection.execute("SELECT pg_sleep(10)")


@pytest.mark.parametrize("mistake", ["SELECT no_such_column", "SELECT $1::int"])
async def test_session_lets_our_own_mistakes_be_seen(store, mistake):
    with pytest.raises((asyncpg.UndefinedColumnError, asyncpg.DataError, asyncpg.InterfaceError)):
        async with store.session() as connection:
            await connection.fetch(mistake, *(["text"] if "$1" in mistake else []))


async def test_snapshot_sees_one_moment_and_writes_nothing(store):
    async with store.snapshot() as connection:
        assert await connection.fetchval("SELECT count(*) FROM capture") == 0
        await captures.store_capture(store, row_of(1), outcome_of(0), None)
        assert await connection.fetchval("SELECT count(*) FROM capture") == 0
    async with store.snapshot() as connection:
        assert await connection.fetchval("SELECT count(*) FROM capture") == 1
    with pytest.raises(Unavailable, match="ReadOnly"):
        async with store.snapshot() as connection:
            await connection.execute("DELETE FROM capture")


async def test_snapshot_ends_behind_its_answer_and_leaves_nothing_behind_of_it(store):
    """Nobody waits for its end, and its connection is not cleaned: what comes next on it sees all the same no
    snapshot, no read-only transaction and no setting of that."""
    for number in range(1, 2 * POOL_CONNECTIONS_MAX):
        async with store.snapshot() as connection:
            await connection.execute("SET LOCAL work_mem = '123kB'")
            assert await connection.fetchval("SELECT count(*) FROM capture") == number - 1
        async with store.session() as connection:
            assert not connection.is_in_transaction()
            assert await connection.fetchval("SHOW transaction_read_only") == "off"
            assert await connection.fetchval("SHOW work_mem") != "123kB"
        await captures.store_capture(store, row_of(number), outcome_of(0), None)


async def test_new_connection_is_reset_though_an_ended_one_of_its_number_was_spared(connections):
    resets, connection = _Resets(), connections[0]
    resets.spare(connection)
    await resets.begin(connection)
    await connection.execute("SELECT pg_advisory_lock(7)")
    await resets.reset(connection)
    async with asyncio.timeout(5):
        await connections[1].execute("SELECT pg_advisory_lock(7)")


async def test_store_closed_while_a_session_is_open_ends_soon(database_url, open_store, monkeypatch):
    monkeypatch.setattr("trace_api.store.pool.CLOSE_S_MAX", 0.1)
    opened = open_store(database_url)
    store = await opened.__aenter__()
    session = store.session()
    await session.__aenter__()
    async with asyncio.timeout(5):
        await opened.__aexit__(None, None, None)
    with pytest.raises(Unavailable, match="ending"):
        async with store.session():
            pass


@pytest.mark.parametrize(
    "database_url",
    [
        "postgresql://localhost:1/postgres",
        "postgresql:///postgres?host=/nonexistent",
        "mysql://localhost/x",
    ],
)
async def test_store_that_cannot_be_reached_is_unavailable(tmp_path, database_url):
    with pytest.raises(Unavailable, match="cannot be used"):
        async with Store.open(Settings.of(data_dir=tmp_path, database_url=database_url)):
            pass


async def test_store_refused_by_its_database_does_not_tell_the_password(embedded_url, tmp_path):
    database_url = embedded_url.replace("@", "-wrong@")
    with pytest.raises(Unavailable) as refused:
        async with Store.open(Settings.of(data_dir=tmp_path, database_url=database_url)):
            pass
    assert "InvalidPasswordError" in str(refused.value)
    assert "wrong" not in str(refused.value)


async def test_store_without_url_runs_its_own_postgres(tmp_path):
    async with Store.open(Settings.of(data_dir=tmp_path)) as store:
        await captures.store_capture(store, row := row_of(1), outcome_of(0), None)
    async with Store.open(Settings.of(data_dir=tmp_path)) as store:
        assert await captures.load_capture(store, row.capture_id) is not None


@pytest.fixture
async def connections(database_url):
    opened = [await asyncpg.connect(database_url) for _ in range(4)]
    yield opened
    for connection in opened:
        await connection.close()


async def tables(connection):
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {row[0] for row in rows}


async def test_migrate_twice_and_at_once_runs_each_step_once(connections):
    steps = known_migrations()
    versions = await asyncio.gather(*(migrate(connection, steps) for connection in connections))
    assert versions == [len(steps)] * 4
    assert await migrate(connections[0], steps) == len(steps)
    rows = await connections[0].fetch("SELECT version FROM schema_version ORDER BY version")
    assert [row[0] for row in rows] == list(range(1, len(steps) + 1))
    assert {
        "capture",
        "event",
        "reference",
        "log_head",
        "tile",
        "checkpoint",
    } <= await tables(connections[0])


async def test_migrate_older_schema_runs_the_missing_steps_alone(connections):
    first = ["CREATE TABLE a ()"]
    await migrate(connections[0], first)
    assert await migrate(connections[1], [*first, "CREATE TABLE b ()", "CREATE TABLE c ()"]) == 3
    assert await tables(connections[0]) == {"a", "b", "c", "schema_version"}


async def test_migrate_newer_schema_is_refused_and_left_alone(connections):
    await migrate(connections[0], ["CREATE TABLE a ()", "CREATE TABLE b ()"])
    with pytest.raises(Unavailable, match="schema 2, this program knows 1"):
        await migrate(connections[1], ["CREATE TABLE c ()"])
    assert await tables(connections[0]) == {"a", "b", "schema_version"}


async def test_migrate_that_fails_leaves_whole_steps_and_no_lock(connections):
    # The second step is there but for its number, which cannot be written.
    steps = ["CREATE TABLE a ()", "CREATE TABLE b (); INSERT INTO schema_version VALUES (2)"]
    with pytest.raises(asyncpg.UniqueViolationError):
        await migrate(connections[0], steps)
    assert await tables(connections[0]) == {"a", "schema_version"}
    async with asyncio.timeout(5):
        assert await migrate(connections[1], ["CREATE TABLE a ()", "CREATE TABLE b ()"]) == 2


async def test_schema_can_be_spread_over_several_servers(store):
    """What Citus asks for: no foreign keys, no columns that number themselves."""
    async with store.session() as connection:
        assert await connection.fetchval("SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == 0
        numbering = "SELECT count(*) FROM pg_attribute WHERE attidentity <> ''"
        assert await connection.fetchval(numbering) == 0
        rows = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'S'")
        assert [row[0] for row in rows] == ["capture_no_block"]


def test_statements_are_read_by_name():
    text = "-- name: one\n-- The first.\nSELECT 1;\n\n-- name: two\n-- The second.\n-- And more.\nSELECT 2;\n"
    assert dict(parse(text, "x")) == {"one": "SELECT 1;", "two": "-- And more.\nSELECT 2;"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1;\n-- name: one\n-- The first.\nSELECT 1;\n",
        "-- name: one\nSELECT 1;\n",
        "-- name: one\n-- The first.\nSELECT 1;\n-- name: two\nSELECT 2;\n",
        "-- name: one\n-- The first.\nSELECT 1;\n-- name: one\n-- Again.\nSELECT 2;\n",
    ],
)
def test_statements_without_name_or_prose_are_refused(text):
    with pytest.raises(ValueError, match=r"x\.sql"):
        parse(text, "x")
