"""Capture numbers, taken from the database in blocks so that a capture needs no round trip for one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trace_api.store import captures

if TYPE_CHECKING:
    from trace_api.store.pool import Store


class CaptureNumbers:
    """Numbers that no other process has. A block that a crash leaves unused is a gap, which nothing minds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._block = iter(range(0))

    async def next(self) -> int:
        """The next number; one round trip for each `captures.NUMBERS_IN_BLOCK`."""
        async with self._lock:
            number = next(self._block, None)
            if number is None:
                self._block = iter(await captures.next_number_block(self._store))
                number = next(self._block)
            return number
