"""The mirror's doors (C2SP tlog-mirror): `POST /add-checkpoint` and `/add-entries`, and its copies as tiled logs."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from typing import TYPE_CHECKING

import orjson
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import trace_core
from trace_api.errors import Unavailable
from trace_api.http.body import media_type_of
from trace_api.http.log import CHECKPOINT_CACHE, IMMUTABLE
from trace_api.mirror.bundles import spans
from trace_api.mirror.follow import PERIOD_S, follow
from trace_api.mirror.mirror import TREE_SIZE_MAX, origin_hash
from trace_api.mirror.source import LogSource
from trace_api.mirror.wire import (
    INFO_TYPE,
    UPLOAD_TYPE,
    Ended,
    Inflow,
    MirrorInfo,
    UploadHead,
    read_package,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from starlette.requests import Request

    from trace_api.mirror.book import Pending
    from trace_api.mirror.copy import LogCopy
    from trace_api.mirror.mirror import Mirror

CHECKPOINT_BYTES_MAX = 512 * 1024
"""Of an add-checkpoint request: 63 hashes and a checkpoint with a hundred signatures of the largest kind."""
CHECKPOINT_S_MAX = 10.0
"""How long an add-checkpoint request may take to arrive."""
UPLOADS_MAX = 8
"""Uploads at a time; each holds one package, of 16 MiB at most."""
UPLOAD_S_MAX = 120.0
"""How long one upload may take; what has come by then is kept, and the client goes on with another."""
UPLOAD_PAUSE_S_MAX = 10.0
"""How long an upload may pause."""
BEHIND_ENTRIES_MAX = 32 * trace_core.TILE_WIDTH
"""How far before the next entry an upload may start: as much as one request should have, for clients in a race."""
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
_CORS = {"Access-Control-Allow-Origin": "*"}
_ACCEPT = {"Accept-Encoding": "gzip"}

log = structlog.get_logger()


class _Stalled(Exception):
    """The body does not arrive."""


def create_app(mirror: Mirror, followed: Sequence[str] = (), period_s: float = PERIOD_S) -> Starlette:
    """The application. Everything that it keeps is in the mirror's book and copies. While it runs, it follows the logs
    at these addresses."""
    doors = _Doors(mirror)

    @contextlib.asynccontextmanager
    async def following(_app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            sources = [await stack.enter_async_context(LogSource.open(url)) for url in followed]
            tasks = [asyncio.create_task(follow(mirror, source, period_s)) for source in sources]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return Starlette(
        routes=[
            Route("/", doors.about),
            Route("/add-checkpoint", _guarded(doors.add_checkpoint), methods=["POST"]),
            Route("/add-entries", _guarded(doors.add_entries), methods=["POST"]),
            Route("/{origin_hash}/checkpoint", _guarded(doors.checkpoint)),
            Route("/{origin_hash}/tile/{path:path}", _guarded(doors.tile)),
        ],
        lifespan=following,
    )


class _Doors:
    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._copies = {origin_hash(origin): copy for origin, copy in mirror.copies.items()}
        self._uploads = 0

    async def about(self, _request: Request) -> Response:
        keys = [signer.verifier_key for signer in self._mirror.signers]
        logs = {copy.origin: name for name, copy in self._copies.items()}
        return Response(orjson.dumps({"keys": keys, "logs": logs}), media_type="application/json")

    async def add_checkpoint(self, request: Request) -> Response:
        try:
            body = await asyncio.wait_for(_read(request), CHECKPOINT_S_MAX)
        except TimeoutError:
            return _refusal(408, "the request does not arrive")
        if body is None:
            return _refusal(413, "the request is too long")
        try:
            asked = trace_core.AddCheckpoint(body)
        except trace_core.ProofError as refused:
            return _refusal(400, str(refused))
        status, reason, last_size = await asyncio.to_thread(self._mirror.take_checkpoint, asked)
        if status == 409:
            return Response(f"{last_size}\n".encode(), 409, headers={"Content-Type": SIZE_TYPE})
        if status != 200:
            return _refusal(status, reason)
        log.info("pending", origin=asked.origin, tree_size=asked.tree_size)
        return Response(b"", media_type=TEXT_TYPE)

    async def add_entries(self, request: Request) -> Response:
        if media_type_of(request) != UPLOAD_TYPE:
            return _refusal(415, f"send {UPLOAD_TYPE}")
        chunks = _chunks(request)
        encoding = ",".join(request.headers.getlist("content-encoding")).strip().lower()
        if encoding in ("gzip", "x-gzip"):
            chunks = unpacked(chunks)
        elif encoding not in ("", "identity"):
            return _refusal(415, "send the body as it is, or with content encoding gzip")
        if self._uploads >= UPLOADS_MAX:
            return PlainTextResponse("too many uploads at a time\n", 503, headers={"Retry-After": "1"})
        self._uploads += 1
        try:
            return await self._upload(Inflow(chunks))
        finally:
            self._uploads -= 1

    async def _upload(self, body: Inflow) -> Response:
        try:
            head = await UploadHead.read(body)
        except Ended:
            return _refusal(400, "the request is cut off before its first package")
        except _Stalled:
            return _refusal(408, "the request does not arrive")
        copy = self._mirror.copies.get(head.origin.decode(errors="replace"))
        if copy is None:
            return _refusal(404, "a log that is not mirrored")
        if head.start > head.end:
            return _refusal(400, "the upload ends before its start")
        pending = await asyncio.to_thread(self._pending_at, copy, head.end)
        next_entry = await asyncio.to_thread(lambda: copy.next_entry)
        if pending is None or not next_entry - BEHIND_ENTRIES_MAX <= head.start <= next_entry:
            return await self._info(409, copy, pending)
        return await self._packages(body, head, copy, pending)

    async def _packages(self, body: Inflow, head: UploadHead, copy: LogCopy, pending: Pending) -> Response:
        taken, reason = 0, (400, "the request is cut off in its first package")
        try:
            for start, end in spans(head.start, head.end):
                package = await read_package(body, start, end)
                await asyncio.to_thread(copy.add, package, pending)
                taken += 1
        except Ended:
            pass
        except _Stalled:
            reason = (408, "the request does not arrive")
        except trace_core.ProofError as refused:
            log.warning("entries_refused", origin=copy.origin, tree_size=pending.tree_size, reason=str(refused))
            return _refusal(422, str(refused))
        else:
            lines = await asyncio.to_thread(copy.finish, pending, self._mirror.cosign)
            if lines is None:
                return await self._info(409, copy, None)
            log.info("mirrored", origin=copy.origin, tree_size=pending.tree_size)
            return Response(lines, media_type=TEXT_TYPE, headers=_ACCEPT)
        return await self._info(202, copy, pending) if taken else _refusal(*reason)

    def _pending_at(self, copy: LogCopy, tree_size: int) -> Pending | None:
        """The pending checkpoint that an upload may end at."""
        known = copy.mirrored_size <= tree_size <= TREE_SIZE_MAX
        return self._mirror.book.pending(copy.origin, tree_size) if known else None

    async def _info(self, status: int, copy: LogCopy, pending: Pending | None) -> Response:
        """Where to go on."""
        aim = pending or await asyncio.to_thread(self._mirror.book.newest, copy.origin)
        next_entry = await asyncio.to_thread(lambda: copy.next_entry)
        info = MirrorInfo(0 if aim is None else aim.tree_size, next_entry)
        # As a header, because a charset would be added to a media type.
        return Response(info.write(), status, headers={"Content-Type": INFO_TYPE, **_ACCEPT})

    async def checkpoint(self, request: Request) -> Response:
        copy = self._copies.get(request.path_params["origin_hash"])
        note = None if copy is None else await asyncio.to_thread(copy.checkpoint)
        if note is None:
            return _refusal(404, "no checkpoint of such a log")
        return Response(note, headers={"Cache-Control": CHECKPOINT_CACHE, **_CORS}, media_type=TEXT_TYPE)

    async def tile(self, request: Request) -> Response:
        copy, path = self._copies.get(request.path_params["origin_hash"]), f"tile/{request.path_params['path']}"
        content = None if copy is None else await asyncio.to_thread(copy.tile, path)
        if content is None:
            return _refusal(404, "no such tile")
        headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding", **_CORS}
        if path.startswith("tile/entries/") and "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["Content-Encoding"] = await asyncio.to_thread(gzip.compress, content, 6), "gzip"
        return Response(content, headers=headers, media_type=UPLOAD_TYPE)


def _guarded(door: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await door(request)
        except Unavailable as failure:
            log.error("storage", detail=str(failure))
            return _refusal(503, str(failure))

    return answer


def _refusal(status: int, reason: str) -> Response:
    return PlainTextResponse(f"{reason}\n", status)


async def _read(request: Request) -> bytes | None:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > CHECKPOINT_BYTES_MAX:
                return None
    except ClientDisconnect:
        return b""
    return body


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `_Stalled` for one that pauses or takes too long, `Ended` when nobody is there."""
    stream = request.stream().__aiter__()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + UPLOAD_S_MAX
    while True:
        left = min(UPLOAD_PAUSE_S_MAX, deadline - loop.time())
        try:
            chunk = await asyncio.wait_for(anext(stream, None), left)
        except TimeoutError:
            raise _Stalled from None
        except ClientDisconnect:
            raise Ended from None
        if chunk is None:
            return
        yield chunk
