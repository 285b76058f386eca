"""A log, read over HTTP as C2SP tlog-tiles has it. Nothing that it says is believed: the copy checks it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Self

import httpx
import tenacity

import trace_core
from trace_api.errors import Unavailable
from trace_api.mirror.bundles import BUNDLE_BYTES_MAX, HASH_BYTES, Package, bundle_start, bytes_of, spans
from trace_api.mirror.wire import Ended, unpacked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FETCH_S_MAX = 60.0
"""Of one request to a log or mirror."""
ATTEMPTS_MAX = 5
"""Tries for one file of a log, with pauses that double from a quarter of a second."""
BUNDLES_AHEAD = 4
"""Entry bundles that are fetched while one is being stored; each has 16 MiB at most."""
TILES_KEPT_MAX = 64
"""Tiles of hashes that are kept for the next proof; a proof needs a few of each of eight levels."""
CHECKPOINT_BYTES_MAX = 512 * 1024
TILE_BYTES_MAX = trace_core.TILE_WIDTH * HASH_BYTES


class _NotThere(Unavailable):
    """The log does not have that file."""


class _TryAgain(Unavailable):
    """The log does not answer now."""


class LogSource:
    """`tree_size` says how wide tiles are: files are asked for as a checkpoint of that size has them."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.url = url.rstrip("/")
        self._client = client
        self._tiles: OrderedDict[str, bytes] = OrderedDict()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """With connections that are kept alive."""
        async with httpx.AsyncClient(timeout=FETCH_S_MAX) as client:
            yield cls(client, url)

    def forget(self) -> None:
        """Asks anew for what it keeps: something of it may be wrong."""
        self._tiles.clear()

    async def checkpoint(self) -> bytes:
        """The log's checkpoint. Raises `Unavailable`, as all methods here do."""
        return await self._fetch("checkpoint", CHECKPOINT_BYTES_MAX)

    async def prove_consistency(self, old_size: int, tree_size: int) -> list[bytes]:
        """As the log's tiles give it, from one size to the other; empty from 0, and to the same. Raises `ProofError`
        for tiles that are none."""
        if old_size in (0, tree_size):
            return []
        tiles = await self._hashes(trace_core.consistency_tiles(old_size, tree_size), tree_size)
        return trace_core.prove_consistency(old_size, tree_size, tiles)

    async def packages(self, start: int, end: int, tree_size: int) -> AsyncIterator[Package]:
        """The entries of `[start, end)`, with proofs for the tree of `tree_size`; `end` is that size, or the end of a
        bundle. Memory: `BUNDLES_AHEAD` bundles. Raises `ProofError` for bundles and tiles that are none."""
        waiting: deque[asyncio.Task[Package]] = deque()
        try:
            for span_start, span_end in spans(start, end):
                waiting.append(asyncio.create_task(self._package(span_start, span_end, tree_size)))
                if len(waiting) > BUNDLES_AHEAD:
                    yield await waiting.popleft()
            while waiting:
                yield await waiting.popleft()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _package(self, start: int, end: int, tree_size: int) -> Package:
        first = bundle_start(start)
        bundle = await self._entries(first, end)
        tiles = await self._hashes(trace_core.subtree_tiles(first, end, tree_size), tree_size)
        proof = trace_core.prove_subtree_consistency(first, end, tree_size, tiles)
        return Package(start, end, bundle[bytes_of(bundle, start - first) :], proof)

    async def _entries(self, start: int, end: int) -> bytes:
        """The entries of a bundle up to one of them."""
        index, width = start // trace_core.TILE_WIDTH, end - start
        bundle = await self._partial(trace_core.tile_path(None, index, width), BUNDLE_BYTES_MAX)
        return bundle[: bytes_of(bundle, width)]

    async def _hashes(self, places: tuple[list[int], list[int]], tree_size: int) -> list[tuple[int, int, bytes]]:
        tiles = []
        for level, index in zip(*places, strict=True):
            width = min(trace_core.TILE_WIDTH, (tree_size >> (8 * level)) - index * trace_core.TILE_WIDTH)
            path = trace_core.tile_path(level, index, width)
            if path not in self._tiles:
                self._tiles[path] = await self._partial(path, TILE_BYTES_MAX)
                if len(self._tiles) > TILES_KEPT_MAX:
                    self._tiles.popitem(last=False)
            # Another proof may have pushed it out meanwhile.
            tiles.append((level, index, self._tiles.get(path) or await self._partial(path, TILE_BYTES_MAX)))
        return tiles

    async def _partial(self, path: str, bytes_max: int) -> bytes:
        """A file, or what it has become when that is gone: a partial one may go once it is full."""
        try:
            return await self._fetch(path, bytes_max)
        except _NotThere:
            full, partial, _ = path.partition(".p/")
            if not partial:
                raise
            return await self._fetch(full, bytes_max)

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(_TryAgain),
        wait=tenacity.wait_random_exponential(0.25, 10),
        stop=tenacity.stop_after_attempt(ATTEMPTS_MAX),
        reraise=True,
    )
    async def _fetch(self, path: str, bytes_max: int) -> bytes:
        url, content = f"{self.url}/{path}", bytearray()
        headers = {"Accept-Encoding": "gzip"}
        try:
            async with asyncio.timeout(FETCH_S_MAX), self._client.stream("GET", url, headers=headers) as answer:
                if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
                    raise _NotThere(f"{url} is not there")
                if answer.status_code != httpx.codes.OK:
                    raise _TryAgain(f"{url}: {answer.status_code}")
                encoding = answer.headers.get("content-encoding", "identity")
                if encoding not in ("gzip", "identity"):
                    raise Unavailable(f"{url} comes as {encoding}, which was not asked for")
                # Unpacked here in small pieces: what a hostile log sends could be anything.
                chunks = answer.aiter_raw()
                async for piece in unpacked(chunks) if encoding == "gzip" else chunks:
                    content += piece
                    if len(content) > bytes_max:
                        raise Unavailable(f"{url} has more than {bytes_max} bytes")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, Ended) as failure:
            raise _TryAgain(f"{url}: {type(failure).__name__}") from None
        return bytes(content)
