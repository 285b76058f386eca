"""Bodies that come compressed (RFC 9110 §8.4): unpacked piece by piece, never more than there is room for."""

from __future__ import annotations

import asyncio
import gzip
import io
import sys
import zlib
from typing import TYPE_CHECKING, Protocol

from trace_api.errors import Invalid, TooLarge, UnsupportedMedia

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdError, ZstdFile
else:
    from zstandard import ZstdDecompressor, ZstdError

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE_BYTES = 1 << 20
SLICE_BYTES = 512
"""What is unpacked of a zstd body at a time; it becomes 16 MiB at most."""
WINDOW_LOG_MAX = 23
"""8 MiB, what RFC 9659 lets a zstd body need."""
ENCODINGS = ("identity", "gzip", "zstd")


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes:
        """About so many bytes; none at the end. Raises `EOFError` where the body ends before its encoding does."""


class _ZstdFrames:
    """One frame behind the other. The library's own reader takes a frame that was cut off for a whole one."""

    def __init__(self, body: bytes) -> None:
        self._source = io.BytesIO(body)
        self._unpacker = ZstdDecompressor(max_window_size=1 << WINDOW_LOG_MAX)
        self._frame = self._unpacker.decompressobj()

    def read(self, size: int, /) -> bytes:
        pieces: list[bytes] = []
        left = size
        while left > 0 and (packed := self._source.read(SLICE_BYTES)):
            while packed:
                if self._frame.eof:
                    self._frame = self._unpacker.decompressobj()
                pieces.append(self._frame.decompress(packed))
                left -= len(pieces[-1])
                packed = self._frame.unused_data
        if left == size and not self._frame.eof:
            raise EOFError("it ends in the middle of a frame")
        return b"".join(pieces)


def encoding_of(header: str) -> str:
    """The one encoding that a Content-Encoding header names. Raises `UnsupportedMedia` for another one, or several."""
    encoding = header.strip().lower() or "identity"
    encoding = encoding.removeprefix("x-") if encoding == "x-gzip" else encoding
    if encoding not in ENCODINGS:
        raise UnsupportedMedia(f"send the body as it is, or with one of the content encodings {', '.join(ENCODINGS)}")
    return encoding


async def decoded(body: bytes, encoding: str, bytes_max: int, hold: Callable[[int], None]) -> bytes:
    """The body without its encoding. `hold` is told of each piece's size before it is kept, and may refuse it.

    Raises `TooLarge` as soon as it has more than `bytes_max` bytes, `Invalid` where it is not in that encoding.
    Memory: the encoded body, the decoded one, and a window of 8 MiB.
    """
    if encoding == "identity":
        return body
    reader = _reader(body, encoding)
    pieces, size = [], 0
    while piece := await asyncio.to_thread(_read, reader, encoding):
        size += len(piece)
        if size > bytes_max:
            raise TooLarge(f"the body may have {bytes_max} bytes without its encoding", limit=bytes_max)
        hold(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


def _reader(body: bytes, encoding: str) -> _Reader:
    source = io.BytesIO(body)
    if encoding == "gzip":
        return gzip.GzipFile(fileobj=source)
    if sys.version_info >= (3, 14):
        return ZstdFile(source, options={DecompressionParameter.window_log_max: WINDOW_LOG_MAX})
    return _ZstdFrames(body)


def _read(reader: _Reader, encoding: str) -> bytes:
    try:
        return reader.read(PIECE_BYTES)
    except (OSError, EOFError, zlib.error, ZstdError) as error:
        raise Invalid(f"the body is not in the content encoding {encoding}: {error}") from None
