"""Files that are whole and on the disk, or not there."""

from __future__ import annotations

import itertools
import os
import shutil
from typing import TYPE_CHECKING, Self

from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Folder:
    """A copy of a log as plain files, laid out as C2SP tlog-tiles names them, so that any server of files can show it:
    `checkpoint`, `tile/<level>/…`, `tile/entries/…`. `unfinished/` has what is being written."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unfinished = root / "unfinished"
        self._numbers = itertools.count()

    @classmethod
    def open(cls, root: Path) -> Self:
        """Made if it is not there; what a killed process left unfinished goes. Raises `Unavailable`."""
        folder = cls(root)
        try:
            shutil.rmtree(folder._unfinished, ignore_errors=True)
            _make(folder._unfinished)
        except OSError as failure:
            raise Unavailable(f"{root} cannot be used: {failure.strerror}") from None
        return folder

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None if it is not there. Raises `Unavailable` when it cannot be read."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as failure:
            raise Unavailable(f"{path} cannot be read: {failure.strerror}") from None

    def put(self, files: Mapping[str, bytes]) -> None:
        """Writes files by their paths, each in the place of what was there. When it returns they are durable; a kill
        before leaves each as it was or as it will be. Raises `Unavailable` when the disk does not take them."""
        try:
            folders = set()
            for path, content in files.items():
                unfinished, target = self._unfinished / str(next(self._numbers)), self._root / path
                with unfinished.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                _make(target.parent)
                unfinished.replace(target)
                folders.add(target.parent)
            for folder in folders:
                _sync(folder)
        except OSError as failure:
            raise Unavailable(f"{self._root} cannot be written: {failure.strerror}") from None

    def drop_partials(self, full: str) -> None:
        """Removes the partial forms of what is there in full. That some stay after a kill does no harm."""
        shutil.rmtree(self._root / f"{full}.p", ignore_errors=True)


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
