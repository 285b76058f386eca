"""What goes over the wire to `add-entries` and back (C2SP tlog-mirror): written, and read while it comes."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trace_core
from trace_api.mirror.bundles import HASH_BYTES, LENGTH_BYTES, Package

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INFO_TYPE = "text/x.tlog.mirror-info"
UPLOAD_TYPE = "application/octet-stream"
PROOF_HASHES_MAX = 63
PIECE_BYTES_MAX = 256 * 1024
"""Of what is unpacked at a time."""
_RANGE = struct.Struct(">QQ")
_GZIP_WINDOW = 31
_DIGITS_MAX = 20


class Ended(Exception):
    """The body ends, or cannot be unpacked, before what was to come."""


@dataclass(frozen=True, slots=True)
class UploadHead:
    """Of whose log an upload is, and its leaves `[start, end)`. `ticket` is the mirror's own."""

    origin: bytes
    start: int
    end: int
    ticket: bytes = b""

    def write(self) -> bytes:
        """The bytes before the packages."""
        return b"".join(
            (
                len(self.origin).to_bytes(LENGTH_BYTES),
                self.origin,
                _RANGE.pack(self.start, self.end),
                len(self.ticket).to_bytes(LENGTH_BYTES),
                self.ticket,
            )
        )

    @classmethod
    async def read(cls, body: Inflow) -> UploadHead:
        """Raises `Ended`."""
        origin = await body.exactly(int.from_bytes(await body.exactly(LENGTH_BYTES)))
        start, end = _RANGE.unpack(await body.exactly(_RANGE.size))
        ticket = await body.exactly(int.from_bytes(await body.exactly(LENGTH_BYTES)))
        return cls(origin, start, end, ticket)


def write_package(package: Package) -> bytes:
    """The bytes of a package."""
    return b"".join((package.entries, bytes([len(package.proof)]), *package.proof))


async def read_package(body: Inflow, start: int, end: int) -> Package:
    """The package of the leaves `[start, end)`. Raises `Ended`, and `ProofError` for more hashes than a proof has."""
    pieces = []
    for _ in range(start, end):
        length = await body.exactly(LENGTH_BYTES)
        pieces += [length, await body.exactly(int.from_bytes(length))]
    count = (await body.exactly(1))[0]
    if count > PROOF_HASHES_MAX:
        raise trace_core.ProofError(f"a proof has at most {PROOF_HASHES_MAX} hashes")
    proof = [await body.exactly(HASH_BYTES) for _ in range(count)]
    return Package(start, end, b"".join(pieces), proof)


@dataclass(frozen=True, slots=True)
class MirrorInfo:
    """Where an upload may go on: up to `tree_size`, from `next_entry`."""

    tree_size: int
    next_entry: int
    ticket: bytes = b""

    def write(self) -> bytes:
        """The three lines."""
        return f"{self.tree_size}\n{self.next_entry}\n{base64.b64encode(self.ticket).decode()}\n".encode()

    @classmethod
    def read(cls, text: bytes) -> MirrorInfo:
        """Raises `ProofError` for what are not three such lines."""
        lines = text.split(b"\n", 4)
        tree_size, next_entry = (read_size(line) for line in (*lines, b"", b"")[:2])
        if len(lines) != 4 or lines[3] or tree_size is None or next_entry is None:
            raise trace_core.ProofError("the mirror does not say where to go on")
        try:
            ticket = base64.b64decode(lines[2], validate=True)
        except binascii.Error:
            raise trace_core.ProofError("the mirror's ticket is not base64") from None
        return cls(tree_size, next_entry, ticket)


def read_size(line: bytes) -> int | None:
    """The number of a line; None for what is none."""
    digits = line.removesuffix(b"\n")
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS_MAX else None


class Inflow:
    """A body, read in pieces of known size. Memory: one piece, and one chunk of what comes."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._held = bytearray()

    async def exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises `Ended`, and what the chunks raise."""
        while len(self._held) < size:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                raise Ended
            self._held += chunk
        piece = bytes(self._held[:size])
        del self._held[:size]
        return piece


async def unpacked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The content of a gzip stream of any number of members, in pieces of bounded size. Raises `Ended` for what is
    none."""
    decoder = zlib.decompressobj(_GZIP_WINDOW)
    async for chunk in chunks:
        rest = chunk
        while rest:
            try:
                piece = decoder.decompress(rest, PIECE_BYTES_MAX)
            except zlib.error:
                raise Ended from None
            if piece:
                yield piece
            rest = decoder.unconsumed_tail
            if decoder.eof:
                rest, decoder = decoder.unused_data, zlib.decompressobj(_GZIP_WINDOW)
