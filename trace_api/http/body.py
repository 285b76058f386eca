"""Request bodies: read as raw bytes, capped while they stream, within a deadline."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from trace_api.errors import Invalid, TooLarge, TooSlow, UnsupportedMedia

if TYPE_CHECKING:
    from starlette.requests import Request

CHUNK_WAIT_S_MAX = 10.0
"""A client that sends nothing for so long is too slow."""
BODY_RATE_BYTES_PER_S_MIN = 16_384
"""A body may take 30 s, and a second more for each of these."""
_GRACE_S = 30.0
_JSON_TYPES = frozenset({"application/json", "application/ld+json"})


async def read_json_body(request: Request, *, bytes_max: int) -> bytes:
    """The body as it came, at most `bytes_max` bytes. Raises `TooLarge` as soon as it is known to be
    larger, `TooSlow`, `UnsupportedMedia` for another media type or an encoded body, `Invalid` when empty."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON_TYPES:
        raise UnsupportedMedia(f"send {' or '.join(sorted(_JSON_TYPES))}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("send the body without content encoding")
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > bytes_max:
        raise TooLarge(f"the body may have {bytes_max} bytes", limit=bytes_max)
    body = await _read_bounded(request, bytes_max)
    if not body:
        raise Invalid("the body is empty", problems=[])
    return body


async def _read_bounded(request: Request, bytes_max: int) -> bytes:
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
        chunks.append(chunk)
