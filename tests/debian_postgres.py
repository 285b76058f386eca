"""Debian's Postgres 15 on a Unix socket, for tests: the oldest server that `DATABASE_URL` may name."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BINARIES = Path("/usr/lib/postgresql/15/bin")
START_S_MAX = 30


@asynccontextmanager
async def debian_postgres() -> AsyncIterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="wayproof-test-"))
    options: dict[str, Any] = {"cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    initdb = [BINARIES / "initdb", "-D", folder / "data", "-U", "wayproof", "-A", "trust", "-N"]
    subprocess.run([*initdb, "-E", "UTF8", "--locale=C.UTF-8"], check=True, **options)
    configuration = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    server = subprocess.Popen([BINARIES / "postgres", "-D", folder / "data", *configuration], **options)
    url = f"postgresql://wayproof@/postgres?host={folder}"
    try:
        deadline = time.monotonic() + START_S_MAX
        while True:
            try:
                await (await asyncpg.connect(url)).close()
                break
            except (OSError, asyncpg.CannotConnectNowError):
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                await asyncio.sleep(0.05)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        shutil.rmtree(folder)
