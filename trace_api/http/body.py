"""Request bodies: read as raw bytes, capped while they stream, within a deadline and a budget of memory."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from trace_api.errors import Invalid, TooLarge, TooSlow, Unavailable, UnsupportedMedia
from trace_api.http.content_encoding import decoded, encoding_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

CHUNK_WAIT_S_MAX = 10.0
"""A client that sends nothing for so long is too slow."""
BODY_RATE_BYTES_PER_S_MIN = 16_384
"""A body may take 30 s, and a second more for each of these."""
_GRACE_S = 30.0
JSON_TYPES = frozenset({"application/json", "application/ld+json"})
XML_TYPES = frozenset({"application/xml", "text/xml"})
LINES_TYPES = frozenset({"application/x-ndjson", "application/jsonl"})


class BodyBudget:
    """What bodies in flight may hold of memory together, from their first byte until they are dealt with."""

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max

    @contextlib.asynccontextmanager
    async def read(
        self, request: Request, *, bytes_max: int, media_types: frozenset[str] = JSON_TYPES
    ) -> AsyncIterator[bytes]:
        """The body without its content encoding, at most `bytes_max` bytes, for as long as it is needed.

        Raises `TooLarge` as soon as it is known to be larger, `Unavailable` when there is no room for it now,
        before it is read if its length is declared, `TooSlow`, `UnsupportedMedia` for another media type or
        content encoding, `Invalid` when empty or not in its encoding.
        """
        declared = _check_head(request, bytes_max, media_types)
        # Only what has come holds room: a client that declares much and sends little holds little.
        self._check_room(declared)
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            self._check_room(size)
            held += size
            self._left -= size

        try:
            body = await _read_bounded(request, bytes_max, hold)
            body = await decoded(body, encoding_of(_encoding(request)), bytes_max, hold)
            if not body:
                raise Invalid("the body is empty", problems=[])
            yield body
        finally:
            self._left += held

    def _check_room(self, size: int) -> None:
        if size > self._left:
            raise Unavailable("too many captures at a time; send it again a little later")


def media_type_of(request: Request) -> str:
    """The media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _encoding(request: Request) -> str:
    # Named twice means encoded twice.
    return ",".join(request.headers.getlist("content-encoding"))


def _check_head(request: Request, bytes_max: int, media_types: frozenset[str]) -> int:
    """The declared length, 0 if there is none."""
    if media_type_of(request) not in media_types:
        raise UnsupportedMedia(f"send {' or '.join(sorted(media_types))}")
    encoding_of(_encoding(request))
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > bytes_max:
        raise TooLarge(f"the body may have {bytes_max} bytes", limit=bytes_max)
    return int(declared) if declared.isdigit() else 0


async def _read_bounded(request: Request, bytes_max: int, hold: Callable[[int], None]) -> bytes:
    loop = asyncio.get_running_loop()
    start, size = loop.time(), 0
    chunks: list[bytes] = []
    stream = request.stream().__aiter__()
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream, None), CHUNK_WAIT_S_MAX)
        except TimeoutError:
            raise TooSlow(f"no data for {CHUNK_WAIT_S_MAX:.0f} seconds") from None
        except ClientDisconnect:
            # Nobody reads the answer; in the metrics it is no error of ours.
            raise TooSlow("the client went away") from None
        if chunk is None:
            return b"".join(chunks)
        size += len(chunk)
        if size > bytes_max:
            raise TooLarge(f"the body may have {bytes_max} bytes", limit=bytes_max)
        if loop.time() - start > _GRACE_S + size / BODY_RATE_BYTES_PER_S_MIN:
            raise TooSlow(f"less than {BODY_RATE_BYTES_PER_S_MIN} bytes a second")
        hold(len(chunk))
        chunks.append(chunk)
