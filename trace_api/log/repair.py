"""Writes again what is stored beside events, entries and checkpoints and can be made from them: tiles, content digests
and references. Evidence is never touched: where anything else is wrong, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trace_api.store import log as log_store
from trace_api.store.log import Log

if TYPE_CHECKING:
    import uuid

    import asyncpg

ReferenceRow = tuple[int, int]
"""Name hash; event key and, in the lowest bits, role."""


@dataclass(slots=True)
class Derived:
    """How what fsck found otherwise should be. `tiles` are hashes by log, level and index; `tree_sizes` say which tiles
    belong to a log at all; `digests` are first halves of content digests by event key, None of erased events;
    `references` say how often a row should stand; `names` are hashes of event hash ids by event key."""

    findings: int = 0
    tiles: dict[tuple[Log, int, int], bytes] = field(default_factory=dict)
    tree_sizes: dict[Log, int] = field(default_factory=dict)
    digests: dict[int, uuid.UUID | None] = field(default_factory=dict)
    references: dict[ReferenceRow, int] = field(default_factory=dict)
    names: dict[int, int] = field(default_factory=dict)

    @property
    def has_any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.tiles or self.tree_sizes or self.digests or self.references or self.names)


async def write(connection: asyncpg.Connection, derived: Derived) -> None:
    """All of it in one transaction."""
    async with connection.transaction():
        for log in Log:
            tiles = [(level, index, hashes) for (of, level, index), hashes in derived.tiles.items() if of is log]
            levels, indexes, contents = map(list, zip(*tiles, strict=True)) if tiles else ([], [], [])
            await log_store.write_tiles(connection, levels, indexes, contents, log)
        for log, tree_size in derived.tree_sizes.items():
            await log_store.drop_tiles_beyond(connection, tree_size, log)
        await log_store.file_digests(connection, derived.digests)
        await log_store.file_references(connection, derived.references)
        await log_store.file_events(connection, derived.names)
