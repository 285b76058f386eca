"""Events as they are shown, and those of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import NotFound
from trace_api.query.receipts import event_id_of
from trace_api.query.simple.values import TIME_MAX, microseconds
from trace_api.store import events

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.events import StoredEvent


def as_bare_event(event: StoredEvent) -> bytes:
    """The event as JSON by itself: its own bytes, with its document's context. Raises `NotFound` once erased."""
    if event.body is None:
        raise NotFound(f"{event_id_of(event)} was erased")
    return trace_core.bare_event(event.body, event.context)


async def events_of_item(
    connection: asyncpg.Connection, blinding: trace_core.Blinding, item: str, limit: int
) -> list[StoredEvent]:
    """The first events that name an item, in order of event time; the names are the caller's to compare."""
    span = microseconds(TIME_MAX)
    keys = await events.references(connection, [blinding.name_hash(item)], [0], [span], limit=limit)
    return await events.events_by_key(connection, list(dict.fromkeys(keys)))
