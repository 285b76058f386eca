"""Limits below ASGI: what uvicorn lets through that no server should."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trace_api.http.problems import problem

if TYPE_CHECKING:
    import asyncio

log = structlog.get_logger()

HEADER_S_MAX = 10.0
"""From the first byte of a request to the end of its headers."""
HEADER_BYTES_MAX = 65_536
"""Request line and headers together; uvicorn's h11 twin has the same limit."""
HEADERS_MAX = 128
URL_BYTES_MAX = 32_768
READ_LOOK_S = 10.0
"""How often one who has an answer waiting is looked at."""
READ_RATE_BYTES_PER_S_MIN = 16_384
"""Who takes less of a waiting answer between two looks is cut off: it holds the memory of all that waits."""

_TOO_MUCH = f"a request has at most {HEADERS_MAX} headers, of {HEADER_BYTES_MAX} bytes with its first line"


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with a deadline and a size limit for headers, a Host that must be there, and
    a least rate at which answers are taken."""

    _header_bytes = 0
    _in_headers = False
    _header_deadline: asyncio.TimerHandle | None = None
    _next_look: asyncio.TimerHandle | None = None

    def on_message_begin(self) -> None:
        self._in_headers, self._header_bytes = True, 0
        self._header_deadline = self.loop.call_later(HEADER_S_MAX, self._refuse, 408, "the headers came too slowly")
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)
        if len(self.url) > URL_BYTES_MAX:
            detail = f"an address has at most {URL_BYTES_MAX} bytes"
            self._refuse(414, detail, type_="epcisException:URITooLongException")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > HEADERS_MAX:
            self._refuse(431, _TOO_MUCH)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._cancel_deadline()
        if self.transport.is_closing():
            return
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            self._refuse(400, "a request names its host once")
            return
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._in_headers and self._header_bytes + len(data) > HEADER_BYTES_MAX:
            self._refuse(431, _TOO_MUCH)
            return
        super().data_received(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_again(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._cancel_look()
        super().resume_writing()

    def _look_again(self, waiting: int) -> None:
        self._cancel_look()
        self._next_look = self.loop.call_later(READ_LOOK_S, self._look, waiting)

    def _look(self, waited: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waited - waiting < READ_LOOK_S * READ_RATE_BYTES_PER_S_MIN:
            log.info("reader_cut_off", bytes_left=waiting)
            self.transport.abort()
        else:
            self._look_again(waiting)

    def _cancel_look(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        self._cancel_look()
        super().connection_lost(exc)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADER_BYTES_MAX:
            self._refuse(431, _TOO_MUCH)

    def _cancel_deadline(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def _refuse(self, status: int, detail: str, *, type_: str = "about:blank") -> None:
        if self.transport.is_closing():
            return
        document = problem(status, type_, detail, headers={"Connection": "close"})
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [name + b": " + value for name, value in document.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(document.body)]))
        self.transport.close()
