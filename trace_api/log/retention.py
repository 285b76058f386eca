"""From which leaf on the log serves entries and tiles (C2SP tlog-tiles, "Pruning"): those that its published retention
covers. What is older is kept, and refused: nothing that was proven needs it, and it can be shown where it matters."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import Gone
from trace_api.store import queries

if TYPE_CHECKING:
    from trace_api.store.pool import Store

LOOKED_UP_AGAIN_S = 60.0
"""How long a minimum index is good for: it goes up with time alone, and late is allowed."""


class Retention:
    """The policy of one log: `days` that entries are served for after they were recorded; None: for ever."""

    def __init__(self, store: Store, days: int | None) -> None:
        self._store = store
        self.days = days
        self._minimum = 0
        self._looked_up_s: float | None = None

    async def minimum_index(self) -> int:
        """The first leaf that is served for certain; all before it are older than the policy asks for. Cost: once a
        minute a scan of captures."""
        now_s = asyncio.get_running_loop().time()
        if self.days is not None and (self._looked_up_s is None or now_s - self._looked_up_s > LOOKED_UP_AGAIN_S):
            async with self._store.session() as connection:
                since = datetime.now(UTC) - timedelta(days=self.days)
                self._minimum = await queries.leaf_of_record_time(connection, since)
            self._looked_up_s = now_s
        return self._minimum

    async def check(self, path: str) -> None:
        """Raises `Gone` for a tile or bundle all of whose leaves are older than the policy asks for."""
        if self.days is None or (place := trace_core.parse_tile_path(path)) is None:
            return
        level, index, _ = place
        end = (index + 1) * trace_core.TILE_WIDTH ** ((level or 0) + 1)
        if end <= (minimum := await self.minimum_index()):
            raise Gone(f"entries are served for {self.days} days; the minimum index is {minimum}")
