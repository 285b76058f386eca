"""Limits below ASGI: what uvicorn lets through that no server should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEADER_S_MAX = 10.0
"""From the first byte of a request to the end of its headers."""
HEADER_BYTES_MAX = 65_536
"""Request line and headers together; uvicorn's h11 twin has the same limit."""
HEADERS_MAX = 128


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with a deadline and a size limit for headers, and a Host that must be there."""

    _header_bytes = 0
    _in_headers = False
    _header_deadline: asyncio.TimerHandle | None = None

    def on_message_begin(self) -> None:
        self._in_headers, self._header_bytes = True, 0
        self._header_deadline = self.loop.call_later(HEADER_S_MAX, self._refuse, 408)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > HEADERS_MAX:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._cancel_deadline()
        if self.transport.is_closing():
            return
        if self.parser.get_http_version() == "1.1" and not any(name == b"host" for name, _ in self.headers):
            self._refuse(400)
            return
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._in_headers and self._header_bytes + len(data) > HEADER_BYTES_MAX:
            self._refuse(431)
            return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADER_BYTES_MAX:
            self._refuse(431)

    def _cancel_deadline(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        phrases: dict[int, Any] = {
            400: "Bad Request",
            408: "Request Timeout",
            431: "Request Header Fields Too Large",
        }
        head = f"HTTP/1.1 {status} {phrases[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        self.transport.write(head.encode())
        self.transport.close()
