"""The log as plain files: whole at every moment, whatever the disk and whoever kills it."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.log.shown import ORIGIN, MemoryLog, show, shown_size
from trace_api.log.shelf import NotShown, Shelf
from trace_api.store.objects import FolderObjects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS = "openat,write,fsync,rename,mkdir,unlink,unlinkat,rmdir,close"
"""System calls by which files come to be and go."""
STRACE = shutil.which("strace")
BEFORE, AFTER = 300, 600


@pytest.mark.parametrize("seed", range(3))
def test_log_grows_in_any_steps_and_is_whole_after_each(tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    shelf, size = Shelf(FolderObjects(tmp_path), "", ORIGIN), 0
    for _ in range(12):
        size += random_.choice([1, 2, 100, 255, 256, 257, 1_000, 20_000])
        log = MemoryLog(size)
        asyncio.run(shelf.show(log.note, log))
        assert shown_size(tmp_path) == size
        if random_.random() < 0.3:
            shelf = Shelf(FolderObjects(tmp_path), "", ORIGIN)


def test_partial_tiles_stay_until_the_full_one_is_there(tmp_path: Path) -> None:
    for size in (10, 20, 256, 300):
        show(tmp_path, MemoryLog(size))
        partial = (tmp_path / "tile/entries/000.p/10").exists()
        assert partial == (size < 256)
    assert not list((tmp_path / "tile/0").glob("000.p"))


def test_another_log_and_an_older_state_are_not_shown_in_its_place(tmp_path: Path) -> None:
    show(tmp_path, MemoryLog(300))
    with pytest.raises(NotShown, match="older state"):
        show(tmp_path, MemoryLog(299))
    (tmp_path / "checkpoint").write_bytes(b"other.test/log\n1\n")
    with pytest.raises(NotShown, match="another log"):
        show(tmp_path, MemoryLog(400))


class Appender:
    """A process that can be told to show more leaves, stopped before its first call."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.log.shown"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def show(self, folder: Path, *, fault: str | None = None) -> tuple[int, int]:
        """Exit status, or minus the signal that ended it, and how many calls strace saw."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{folder} {AFTER}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        trace = folder.with_suffix(".trace")
        options = [] if fault is None else ["-e", f"inject={CALLS}:{fault}"]
        command = ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={CALLS}", *options, "-p", str(child)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
        while "TracerPid:\t0" in _status(child):
            assert tracer.poll() is None, tracer.stderr and tracer.stderr.read().decode()
            time.sleep(0.002)
        os.kill(child, signal.SIGCONT)
        status = int(self.process.stdout.readline())
        tracer.wait()
        assert tracer.stderr is not None
        tracer.stderr.close()
        return status, sum(1 for line in trace.read_text().splitlines() if "(" in line and "resumed" not in line)


def _status(pid: int) -> str:
    with open(f"/proc/{pid}/status") as file:
        return file.read()


def may_trace() -> bool:
    """Whether strace may attach to a process, which containers and kernels can forbid."""
    sleeper = subprocess.Popen(["sleep", "60"])
    tracer = subprocess.Popen(["strace", "-qq", "-o", os.devnull, "-p", str(sleeper.pid)], stderr=subprocess.DEVNULL)
    try:
        while tracer.poll() is None:
            if "TracerPid:\t0" not in _status(sleeper.pid):
                return True
            time.sleep(0.01)
        return False
    finally:
        sleeper.kill()
        sleeper.wait()
        tracer.wait()


@pytest.fixture(scope="module")
def appender() -> Iterator[Appender]:
    if STRACE is None:
        pytest.skip("strace is not installed")
    if not may_trace():
        pytest.skip("no process may be traced here")
    made = Appender()
    yield made
    assert made.process.stdin is not None
    made.process.stdin.close()
    assert made.process.wait(10) == 0


@pytest.mark.parametrize("fault", ["error=EIO", "signal=SIGKILL"])
def test_fault_at_every_call_of_an_append_leaves_a_log_that_can_be_read_and_goes_on(
    appender: Appender, tmp_path: Path, fault: str
) -> None:
    grown = tmp_path / "grown"
    show(grown, MemoryLog(BEFORE))
    counting = tmp_path / "counting"
    shutil.copytree(grown, counting)
    status, calls = appender.show(counting)
    assert (status, shown_size(counting), calls > 40) == (0, AFTER, True)
    statuses = set()
    for number in range(1, calls + 1):
        folder = tmp_path / f"{number}"
        shutil.copytree(grown, folder)
        status, _ = appender.show(folder, fault=f"{fault}:when={number}")
        statuses.add(status)
        assert shown_size(folder) in (BEFORE, AFTER), number
        assert status != 0 or shown_size(folder) == AFTER, number
        show(folder, MemoryLog(AFTER))
        assert shown_size(folder) == AFTER, number
        shutil.rmtree(folder)
    # The fault was seen, and not only by calls that nothing hangs on.
    assert (1 if "EIO" in fault else -signal.SIGKILL) in statuses
