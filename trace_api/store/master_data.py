"""Master data: what things are called and are like, as it was told from time to time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

_SQL = load("master_data")
PAGE_BYTES_MAX = 4 * 1024 * 1024
"""Elements of one page, and one more."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a vocabulary, as it was told at `record_time`. `body` is JSON."""

    vocabulary: str
    element_id: str
    record_time: datetime
    body: bytes


async def insert(
    connection: asyncpg.Connection,
    capture_no: int,
    record_time: datetime,
    elements: Sequence[tuple[int, str, str, bytes, list[int]]],
) -> None:
    """Keeps what is new in the elements of a capture: name hash, vocabulary, id, JSON and terms of each."""
    *columns, terms = map(list, zip(*elements, strict=True))
    arrays = [f"{{{','.join(map(str, hashes))}}}" for hashes in terms]
    await connection.execute(_SQL["insert_master_data"], capture_no, record_time, *columns, arrays)


async def that_say(connection: asyncpg.Connection, terms: Sequence[int], limit: int) -> list[str]:
    """Ids of the first things of which one of these terms is said now. Cost: one scan of an index."""
    return [row[0] for row in await connection.fetch(_SQL["elements_that_say"], terms, limit)]


async def of_things(connection: asyncpg.Connection, name_hashes: Sequence[int], at: datetime) -> list[Element]:
    """What was known at a time of the things with these name hashes; compare the id itself.
    Cost: one index scan for each thing."""
    return [Element(**row) for row in await connection.fetch(_SQL["master_data_of"], name_hashes, at)]


async def page(
    connection: asyncpg.Connection, after: tuple[str, str], vocabulary: str | None, at: datetime, limit: int
) -> list[Element]:
    """What was known at a time, in order of vocabulary and id, behind that pair; `limit` elements at most, and as many
    as have `PAGE_BYTES_MAX` bytes together, but one at least.
    Cost: one index scan over what was ever told of the elements of the page."""
    rows = await connection.fetch(_SQL["page_of_master_data"], *after, vocabulary, at, limit, PAGE_BYTES_MAX)
    return [Element(**row) for row in rows]
