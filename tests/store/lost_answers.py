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
        if self._left == 0 or b"COMMIT;" not in data:
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
                    if faults.fault is Fault.AFTER:
                        to_server.write(data)
                        while b"COMMIT\0" not in await server.read(65_536):
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


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()
