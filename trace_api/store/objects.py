"""Where a log is kept as plain files for its readers: a folder, or a bucket that speaks S3."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from trace_api.errors import Unavailable
from trace_api.store.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from obstore.store import S3Store

PUTS_AT_ONCE = 16
"""Files on their way to a bucket together."""
IMMUTABLE = "public, max-age=31536000, immutable"
"""Cache-Control of tiles: what is written once stays so."""
CHANGING = "public, max-age=1"
"""Cache-Control of checkpoints."""


class Objects(Protocol):
    """Files by their paths. What is put is durable when the call returns, and whole at every moment before."""

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, or None. Raises `Unavailable`."""

    async def put(self, files: Mapping[str, bytes], *, is_immutable: bool) -> None:
        """Writes files, each in the place of what was there. Raises `Unavailable`."""

    async def drop_partials(self, full: str) -> None:
        """Removes what lies under `full` + `.p/`. That some of it stays does no harm."""


class FolderObjects:
    """Files of a folder."""

    def __init__(self, root: Path) -> None:
        """Made if it is not there. Raises `Unavailable`."""
        self._folder = Folder.open(root)

    async def read(self, path: str) -> bytes | None:
        """As of `Objects`."""
        return await asyncio.to_thread(self._folder.read, path)

    async def put(self, files: Mapping[str, bytes], *, is_immutable: bool) -> None:
        """As of `Objects`: each is forced to the disk."""
        await asyncio.to_thread(self._folder.put, files)

    async def drop_partials(self, full: str) -> None:
        """As of `Objects`."""
        await asyncio.to_thread(self._folder.drop_partials, full)


class BucketObjects:
    """Objects of a bucket, with media type and Cache-Control, so that it can be served as it is."""

    def __init__(self, url: str) -> None:
        """`s3://bucket/prefix`; keys, region and endpoint are those of the environment (`AWS_…`). Raises `Unavailable`
        where the library for it is not installed."""
        try:
            from obstore.store import S3Store
        except ImportError:
            raise Unavailable("a bucket needs the extra: pip install wayproof[s3]") from None
        parts = urlsplit(url)
        self._url = url
        self._bucket: S3Store = S3Store(parts.netloc, prefix=parts.path.strip("/") or None)

    async def read(self, path: str) -> bytes | None:
        """As of `Objects`."""
        import obstore

        try:
            found = await obstore.get_async(self._bucket, path)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except Exception as failure:  # The library's errors have no common kind.
            raise self._unavailable("read", failure) from None

    async def put(self, files: Mapping[str, bytes], *, is_immutable: bool) -> None:
        """As of `Objects`."""
        import obstore

        kind = "application/octet-stream" if is_immutable else "text/plain; charset=utf-8"
        headers = {"Content-Type": kind, "Cache-Control": IMMUTABLE if is_immutable else CHANGING}
        room = asyncio.Semaphore(PUTS_AT_ONCE)

        async def put_one(path: str, content: bytes) -> None:
            async with room:
                await obstore.put_async(self._bucket, path, content, attributes=headers)

        try:
            async with asyncio.TaskGroup() as tasks:
                for path, content in files.items():
                    tasks.create_task(put_one(path, content))
        except* Exception as failures:
            raise self._unavailable("written", failures.exceptions[0]) from None

    async def drop_partials(self, full: str) -> None:
        """As of `Objects`."""
        import obstore

        try:
            async for batch in obstore.list(self._bucket, prefix=f"{full}.p/"):
                await obstore.delete_async(self._bucket, [found["path"] for found in batch])
        except Exception as failure:
            raise self._unavailable("cleaned", failure) from None

    def _unavailable(self, what: str, failure: Exception) -> Unavailable:
        # Of the library's message the first line says what; what follows are its retries.
        return Unavailable(f"{self._url} cannot be {what}: {str(failure).splitlines()[0][:200]}")


def open_objects(place: str) -> Objects:
    """The store that `place` names: `s3://bucket/prefix`, or a folder. Raises `Unavailable`."""
    return BucketObjects(place) if place.startswith("s3://") else FolderObjects(Path(place))
