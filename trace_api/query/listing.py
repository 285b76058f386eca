"""Events page by page."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import Invalid, NotFound
from trace_api.query.receipts import event_id_of
from trace_api.store import events

if TYPE_CHECKING:
    import asyncpg

    from trace_api.store.events import PageFilter, StoredEvent

PAGE_EVENTS_MAX = 1_000
TIME_MIN = datetime(1970, 1, 1, tzinfo=UTC)
TIME_MAX = datetime(2113, 1, 1, tzinfo=UTC)


def as_bare_event(event: StoredEvent) -> bytes:
    """The event as JSON by itself: its own bytes, with its document's context. Raises `NotFound` once erased."""
    if event.body is None:
        raise NotFound(f"{event_id_of(event)} was erased")
    return trace_core.bare_event(event.body, event.context)


async def events_of_item(
    connection: asyncpg.Connection, blinding: trace_core.Blinding, item: str, limit: int
) -> list[StoredEvent]:
    """The first events that name an item, in order of event time; the names are the caller's to compare."""
    span = int(TIME_MAX.timestamp() * 1_000_000)
    keys = await events.references(connection, [blinding.name_hash(item)], [0], [span], limit=limit)
    return await events.events_by_key(connection, list(dict.fromkeys(keys)))


async def page(
    connection: asyncpg.Connection, wanted: PageFilter, token: str | None, limit: int
) -> tuple[list[StoredEvent], str | None]:
    """A page of events in order of event time, and the token of the next one, if there may be one.
    A token stays good while events arrive: it is a place, not a count."""
    after = _read_token(token) if token else (TIME_MIN, -1)
    places = await events.page_of_keys(connection, after, wanted, limit)
    rows = await events.events_by_key(connection, [key for _, key in places])
    return rows, _write_token(*places[-1]) if len(places) == limit else None


def _write_token(time: datetime, key: int) -> str:
    return base64.urlsafe_b64encode(f"{time.isoformat()}|{key}".encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[datetime, int]:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        time, _, key = text.partition("|")
        moment, number = datetime.fromisoformat(time), int(key)
        if moment.tzinfo is None or not -1 <= number < 1 << 63 or not TIME_MIN <= moment <= TIME_MAX:
            raise ValueError
    except (ValueError, binascii.Error, OverflowError):
        raise Invalid("the page token is not one of ours") from None
    return moment, number
