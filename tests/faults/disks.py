"""Disks of a test's own: one that can be filled, and one whose power can be cut."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXT4_SHUTDOWN = 0x8004587D
WITHOUT_WRITING_THE_JOURNAL = 2
UNMOUNT_S_MAX = 20.0
MIB = 1024 * 1024
FILLER = "filler"


def mount(*arguments: str | Path) -> None:
    """Skips the test where mounting is not possible."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")


def unmount(folder: Path) -> None:
    """Waits for those who are about to let go of it."""
    deadline = time.monotonic() + UNMOUNT_S_MAX
    while subprocess.run(["umount", folder], capture_output=True, check=False).returncode != 0:
        assert time.monotonic() < deadline, f"{folder} is in use"
        time.sleep(0.02)


class Disk:
    """An ext4 in a file. `cut` is what xfstests has for a power loss: from then on nothing is written any more, neither
    pages nor the journal, so after the next mount there is what was forced to the disk, and what the kernel had
    written by itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "disk"
        self._image = folder / "disk.img"

    @contextlib.contextmanager
    def mounted(self, mib: int) -> Iterator[None]:
        if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
            pytest.skip("only root can mount, and mkfs.ext4 is needed")
        self.folder.mkdir()
        with self._image.open("wb") as image:
            image.truncate(mib * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-F", self._image], check=True)
        self.mount()
        try:
            yield
        finally:
            unmount(self.folder)

    def mount(self) -> None:
        # Pages are written back as late as can be.
        mount("-o", "loop,commit=300", self._image, self.folder)

    def cut(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_SHUTDOWN, struct.pack("I", WITHOUT_WRITING_THE_JOURNAL))
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """A disk in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", folder)
    try:
        yield folder
    finally:
        unmount(folder)


def fill(folder: Path, left_bytes: int) -> None:
    """Leaves so much room, also where there was some again; the file is to be deleted."""
    with (folder / FILLER).open("ab") as filler:
        while (room := os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - left_bytes) > 0:
            with contextlib.suppress(OSError):  # Others were faster.
                os.posix_fallocate(filler.fileno(), filler.seek(0, os.SEEK_END), min(room, MIB))
