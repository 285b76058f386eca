"""Reads a log over HTTP as C2SP tlog-tiles has it. Nothing here is believed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

import httpx
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential

import trace_core
from trace_api.audit.findings import Check, Finding
from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

ANSWER_S_MAX = 60.0
ANSWER_BYTES_MAX = 32 * 1024 * 1024
"""Of one answer: a bundle of 256 entries of 64 KiB, and a little more."""
AT_ONCE_MAX = 8
"""Requests in flight."""
ATTEMPTS_MAX = 5
NOT_NOW = 429


def _may_pass(failure: BaseException) -> bool:
    if isinstance(failure, httpx.HTTPStatusError):
        return failure.response.status_code == NOT_NOW or failure.response.is_server_error
    return isinstance(failure, httpx.TransportError)


class LogReader:
    """The public endpoints of one log, below its URL prefix."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._room = asyncio.Semaphore(AT_ONCE_MAX)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, prefix: str) -> AsyncIterator[Self]:
        """`prefix` is the log's URL, such as `https://trace.example.org/log`."""
        try:
            client = httpx.AsyncClient(base_url=f"{prefix.rstrip('/')}/", timeout=ANSWER_S_MAX)
        except httpx.InvalidURL as wrong:
            raise Unavailable(f"{prefix} is no URL: {wrong}") from None
        async with client:
            yield cls(client)

    async def checkpoint(self) -> bytes:
        """The latest checkpoint. Raises `Unavailable` when the log cannot be reached."""
        try:
            return await self._get("checkpoint")
        except httpx.HTTPError as failure:
            raise Unavailable(f"the log cannot be reached: {failure}") from None

    async def find(self, path: str) -> bytes | None:
        """What lies under a path; None where the log has nothing there. Raises `Unavailable`."""
        try:
            return await self._get(path)
        except httpx.HTTPStatusError as failure:
            if failure.response.status_code == httpx.codes.NOT_FOUND:
                return None
            if failure.response.status_code == httpx.codes.GONE:
                what = "the log does not serve what is as old as that any more; go on from a state of then"
                raise Unavailable(f"{path}: {what}") from None
            raise Unavailable(f"the log cannot be read: {failure}") from None
        except httpx.HTTPError as failure:
            raise Unavailable(f"the log cannot be read: {failure}") from None

    async def tiles(self, places: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """Tiles by level (`entries`, or a number), index and width, 1 … 256. Raises `Finding` for one that is not
        there, `Unavailable` when the log cannot be reached."""
        return await asyncio.gather(*(self._tile(*place) for place in places))

    async def _tile(self, level: str, index: int, width: int) -> bytes:
        path = tile_path(level, index)
        if width < trace_core.TILE_WIDTH:
            partial = await self.find(f"{path}.p/{width}")
            if partial is not None:
                return partial
        # A log may leave a partial tile away once it has the full one.
        full = await self.find(path)
        if full is None:
            raise Finding(Check.AVAILABLE, f"{path} (width {width}) is not there")
        return full

    @retry(
        retry=retry_if_exception(_may_pass),
        stop=stop_after_attempt(ATTEMPTS_MAX),
        wait=wait_exponential(0.2, max=10),
        reraise=True,
    )
    async def _get(self, path: str) -> bytes:
        async with self._room, self._client.stream("GET", path) as answer:
            answer.raise_for_status()
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > ANSWER_BYTES_MAX:
                    raise Finding(Check.AVAILABLE, f"{path} has more than {ANSWER_BYTES_MAX} bytes")
            return bytes(content)


def tile_path(level: str, index: int) -> str:
    """The path of a full tile: `tile/<L>/x001/x234/067`."""
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/{'/'.join(parts)}"
