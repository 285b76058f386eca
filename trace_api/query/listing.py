"""Events by id, and of an item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import NotFound
from trace_api.query.receipts import event_id_of
from trace_api.query.simple.values import TIME_MAX, microseconds
from trace_api.store import events

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.events import StoredEvent

EVENTS_OF_ONE_ID_MAX = 1_000
_CONTENT_DIGEST = re.compile(r"[0-9a-f]{64}")


async def find_events(
    connection: asyncpg.Connection, blinding: trace_core.Blinding, event_id: str
) -> list[StoredEvent]:
    """The events with this id: as captured, the event hash id, or the content digest in hexadecimal.
    Ids as captured and event hash ids may be shared by several events. Raises `NotFound`."""
    if _CONTENT_DIGEST.fullmatch(event_id):
        key = await events.key_of_digest(connection, bytes.fromhex(event_id))
        keys = [] if key is None else [key]
    else:
        span = microseconds(TIME_MAX)
        keys = await events.references(
            connection, [blinding.name_hash(event_id)], [0], [span], limit=EVENTS_OF_ONE_ID_MAX
        )
    found = await events.events_by_key(connection, list(dict.fromkeys(keys)))
    if not _CONTENT_DIGEST.fullmatch(event_id):
        found = [event for event in found if event_id in (event.event_id, _hash_id(event))]
    if not found:
        raise NotFound("no such event")
    return found


def _hash_id(event: StoredEvent) -> str:
    return f"ni:///sha-256;{event.event_hash_id.hex()}?ver=CBV2.0"


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
