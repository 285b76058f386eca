"""A line to Postgres that breaks at a commit: before it arrives, or after it has taken effect unheard."""

from __future__ import annotations

import asyncio
import enum
import re
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_SOCKET = ".s.PGSQL.5432"
_COMMITS, _DONE = (b"COMMIT;", b'"event_hash_id":'), (b"COMMIT\0", b"INSERT 0 1\0")
"""A capture of a few events is a statement that is a transaction, and tells their hash ids."""


class Fault(enum.Enum):
    BEFORE = "the commit does not arrive"
    AFTER = "the commit takes effect, its answer is lost"


class Faults:
    """How many commits are still to be cut off, and how many were."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.count = 0
        self._left = 0

    def arm(self, times: int = 1) -> None:
        self._left = times

    def takes(self, data: bytes) -> bool:
        if self._left == 0 or not _has_one_of(_COMMITS, data):
            return False
        self._left -= 1
        self.count += 1
        return True


@asynccontextmanager
async def losing_commit(url: str, fault: Fault) -> AsyncIterator[tuple[str, Faults]]:
    """The same database behind such a line, which is whole until `arm` is called."""
    real = re.search(r"host=(.+)", url)[1]
    faults = Faults(fault)

    async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_unix_connection(f"{real}/{_SOCKET}")
        answers = asyncio.create_task(_pass_on(server, to_client))
        try:
            while data := await client.read(65_536):
                if faults.takes(data):
                    answers.cancel()
                    await asyncio.wait([answers])
                    if faults.fault is Fault.AFTER:
                        to_server.write(data)
                        while not _has_one_of(_DONE, await server.read(65_536)):
                            pass
                    break
                to_server.write(data)
        finally:
            answers.cancel()
            to_client.close()
            to_server.close()

    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.start_unix_server(serve, Path(folder) / _SOCKET)
        async with server:
            yield url.replace(real, folder), faults


def _has_one_of(marks: tuple[bytes, ...], data: bytes) -> bool:
    return any(mark in data for mark in marks)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()
