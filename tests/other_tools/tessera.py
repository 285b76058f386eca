"""Tessera's own programs: its load tester, its log on a file system, and the check of a whole log."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import trace_core

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parent.parent.parent
MODULE = REPOSITORY / "tests" / "go" / "tessera"
FSCK = "github.com/transparency-dev/tessera/cmd/fsck"
HAMMER = "github.com/transparency-dev/tessera/internal/hammer"
POSIX = "github.com/transparency-dev/tessera/cmd/conformance/posix"
APPEND = "./append"
READY_S_MAX = 60.0
END_S_MAX = 40.0
RUN_S_MAX = 300.0
_SEED, _NAME, _ED25519 = bytes(range(32)), "tessera.test/log", 1


def build(program: str, folder: Path) -> Path:
    """One of the programs above, built into a folder."""
    binary = folder / program.rpartition("/")[2]
    subprocess.run(["go", "build", "-o", binary, program], cwd=MODULE, check=True)
    return binary


@dataclass(frozen=True, slots=True)
class RawLog:
    """A running log that takes entries at `/add` under its prefix; `verifier_key` is its vkey."""

    prefix: str
    verifier_key: str

    def checkpoint(self) -> bytes:
        """The published one."""
        return httpx.get(f"{self.prefix}/checkpoint", timeout=10).raise_for_status().content


@contextlib.contextmanager
def wayproof(data: Path, port: int) -> Iterator[RawLog]:
    """Our log with the route that adds. Raises `AssertionError` if it does not end cleanly."""
    command = [sys.executable, "-m", "tests.other_tools.add_server", "--data", data, "--port", str(port)]
    prefix = f"http://127.0.0.1:{port}/log"
    with _running(command, f"{prefix}/checkpoint", data.with_suffix(".log")) as process:
        yield RawLog(prefix, httpx.get(f"{prefix}/key").text.splitlines()[0])
        process.terminate()
        assert process.wait(END_S_MAX) == 0


@contextlib.contextmanager
def posix(binary: Path, data: Path, port: int) -> Iterator[RawLog]:
    """Tessera's log on a file system, with the settings of its own server."""
    key = trace_core.NoteSigner("Ed25519", _NAME, _SEED).verifier_key
    name, key_id, _ = key.split("+", 2)
    secret = data.with_suffix(".key")
    seed = base64.b64encode(bytes([_ED25519]) + _SEED).decode()
    secret.write_text(f"PRIVATE+KEY+{name}+{key_id}+{seed}")
    command = [binary, f"--storage_dir={data}", f"--listen=127.0.0.1:{port}", f"--private_key={secret}"]
    prefix = f"http://127.0.0.1:{port}"
    with _running(command, f"{prefix}/checkpoint", data.with_suffix(".log")):
        yield RawLog(prefix, key)


@contextlib.contextmanager
def _running(command: list[object], answers: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as written:
        process = subprocess.Popen(list(map(str, command)), cwd=REPOSITORY, stdout=written, stderr=written)
    try:
        deadline = time.monotonic() + READY_S_MAX
        while not _answers(answers):
            assert process.poll() is None, output.read_text()[-2000:]
            assert time.monotonic() < deadline, output.read_text()[-2000:]
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(END_S_MAX)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def hammer(binary: Path, log: RawLog, *, entries: int, writers: int, per_s: int, size: int = 0) -> list[str]:
    """The command that has `writers` add so many different entries, at most `per_s` a second, while others read what
    is there and follow the checkpoints. It ends with 0 once a checkpoint over them is published."""
    options = {
        "log_url": f"{log.prefix}/",
        "log_public_key": log.verifier_key,
        "num_writers": writers,
        "max_write_ops": per_s,
        "max_read_ops": 100,
        "leaf_write_goal": entries,
        "leaf_min_size": size,
        "dup_chance": 0,
        "max_runtime": f"{RUN_S_MAX:.0f}s",
        "show_ui": "false",
    }
    return [str(binary), *(f"--{name}={value}" for name, value in options.items())]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end; `stderr` is what it says."""
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=RUN_S_MAX + 60, env={**os.environ, "TERM": "dumb"}
    )
