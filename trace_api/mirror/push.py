"""Uploads a log to a mirror (C2SP tlog-mirror), whoever runs either."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import httpx

import trace_core
from trace_api.errors import TraceError, Unavailable
from trace_api.mirror.wire import UPLOAD_TYPE, MirrorInfo, UploadHead, read_size, write_package

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trace_api.mirror.source import LogSource

REQUEST_ENTRIES_MAX = 32 * trace_core.TILE_WIDTH
"""Of one request: 32 packages, as tlog-mirror asks for."""
FRUITLESS_MAX = 5
"""Requests in a row that may bring the mirror no further."""
PAUSE_S = 0.5
"""After a request that brought the mirror no further."""
ANSWER_BYTES_MAX = 256 * 1024
_GZIP_WINDOW = 31


class Refused(TraceError):
    """The mirror does not take this log, or has another history of it."""


class Upload:
    """One log on its way to one mirror. `policy` says which checkpoints of the log hold."""

    def __init__(
        self, source: LogSource, client: httpx.AsyncClient, mirror_url: str, policy: trace_core.Policy
    ) -> None:
        self._source = source
        self._client = client
        self._url = mirror_url.rstrip("/")
        self._policy = policy

    async def run(self, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> tuple[bytes, bytes]:
        """The log's checkpoint, and the signature lines that the mirror answers with once it has it all; whether they
        hold is for the caller to check. Goes on where an upload was interrupted.

        Raises `Unavailable` when log or mirror cannot be reached, `Refused`, `SignatureError` for a checkpoint that
        does not hold, `ProofError` for a log that has no proofs for it. Memory: some bundles.
        """
        note = await self._source.checkpoint()
        origin, tree_size, _, _ = self._policy.check(note)
        await self._offer(note, tree_size)
        # Ends the upload when the mirror has it all; else it says where to begin.
        at, fruitless = MirrorInfo(tree_size, tree_size), 0
        while fruitless < FRUITLESS_MAX:
            end = min(at.tree_size, at.next_entry - at.next_entry % trace_core.TILE_WIDTH + REQUEST_ENTRIES_MAX)
            status, answer = await self._send(origin, at, end)
            if status == httpx.codes.OK and at.tree_size == tree_size:
                on_progress(tree_size, tree_size)
                return note, answer
            if status == httpx.codes.OK:
                # What it had begun with before is whole; now for the rest.
                at = MirrorInfo(tree_size, at.tree_size)
            elif status in (httpx.codes.ACCEPTED, httpx.codes.CONFLICT):
                then = MirrorInfo.read(answer)
                if then.tree_size > tree_size:
                    raise Refused(f"{self._url} has {then.tree_size} leaves, more than this log")
                on_progress(then.next_entry, tree_size)
                then = MirrorInfo(then.tree_size, min(then.next_entry, then.tree_size), then.ticket)
                fruitless = 0 if then != at else fruitless + 1
                at = then
            elif status in (408, 429, 502, 503, 504):
                fruitless += 1
            else:
                raise Refused(f"{self._url}: {status} {answer[:200].decode(errors='replace').strip()}")
            if fruitless:
                await asyncio.sleep(PAUSE_S)
        raise Unavailable(f"{self._url} does not get any further")

    async def _offer(self, note: bytes, tree_size: int) -> None:
        """Makes the checkpoint the mirror's pending one."""
        old_size = 0
        # Whoever knows another size than we think says so, once; twice when somebody else pushes as well.
        for _ in range(3):
            proof = await self._source.prove_consistency(old_size, tree_size)
            body = trace_core.AddCheckpoint.write(old_size=old_size, proof=proof, checkpoint=note)
            status, answer = await self._post("add-checkpoint", body, {})
            if status == httpx.codes.OK:
                return
            known = read_size(answer)
            if status != httpx.codes.CONFLICT or known is None or not old_size < known <= tree_size:
                break
            old_size = known
        raise Refused(f"{self._url}: {status} {answer[:200].decode(errors='replace').strip()}")

    async def _send(self, origin: str, at: MirrorInfo, end: int) -> tuple[int, bytes]:
        head = UploadHead(origin.encode(), at.next_entry, at.tree_size, at.ticket)
        headers = {"Content-Type": UPLOAD_TYPE, "Content-Encoding": "gzip"}
        try:
            return await self._post("add-entries", self._body(head, end), headers)
        except Unavailable as failure:
            # What it had taken until then, it says when it is asked again.
            return httpx.codes.SERVICE_UNAVAILABLE, str(failure).encode()

    async def _body(self, head: UploadHead, end: int) -> AsyncIterator[bytes]:
        packer = zlib.compressobj(wbits=_GZIP_WINDOW)
        yield packer.compress(head.write())
        async for package in self._source.packages(head.start, end, head.end):
            yield await asyncio.to_thread(packer.compress, write_package(package))
        yield packer.flush()

    async def _post(
        self, door: str, content: bytes | AsyncIterator[bytes], headers: dict[str, str]
    ) -> tuple[int, bytes]:
        url, answered = f"{self._url}/{door}", bytearray()
        try:
            async with self._client.stream("POST", url, content=content, headers=headers) as answer:
                async for piece in answer.aiter_bytes():
                    answered += piece
                    if len(answered) > ANSWER_BYTES_MAX:
                        raise Unavailable(f"{url} answers too much")
                return answer.status_code, bytes(answered)
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            raise Unavailable(f"{url}: {type(failure).__name__}") from None
