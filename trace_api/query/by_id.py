"""Events by id: as captured, the event hash id, or the content digest in hexadecimal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import trace_core
from trace_api.errors import NotFound
from trace_api.query.receipts import event_hash_id_of
from trace_api.query.simple.filters import CLASS_KINDS, MATCH_FIELDS
from trace_api.store import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from trace_api.query.simple.filters import Keys
    from trace_api.store.events import LoggedEvent, StoredEvent

EVENTS_OF_ONE_ID_MAX = 1_000
"""Events of one id that are looked at."""
SHARED_BYTES_MAX = 8 * 1024 * 1024
"""Bodies of events of one id in one answer, and one event more."""
DIGESTS_NAMED_MAX = 20
"""Content digests that a problem document names."""
_CONTENT_DIGEST = re.compile(r"[0-9a-f]{64}")


async def find(
    connection: asyncpg.Connection, blinding: trace_core.Blinding, event_id: str
) -> tuple[list[LoggedEvent], bool]:
    """The events with this id, oldest first, and whether there may be more: ids as captured and event hash ids
    may be shared by several events. Raises `NotFound`."""
    if _CONTENT_DIGEST.fullmatch(event_id):
        key = await events.key_of_digest(connection, bytes.fromhex(event_id))
        found = await events.logged_by_key(connection, [] if key is None else [key])
        is_cut = False
    else:
        name = blinding.name_hash(event_id)
        keys = await events.events_called(connection, name, limit=EVENTS_OF_ONE_ID_MAX)
        logged = await events.logged_by_key(connection, keys)
        found = [event for event in logged if event_id in (event.event_id, event_hash_id_of(event))]
        is_cut = len(keys) == EVENTS_OF_ONE_ID_MAX
    if not found:
        raise NotFound("no such event")
    return found, is_cut


async def load(connection: asyncpg.Connection, found: Sequence[LoggedEvent]) -> list[StoredEvent]:
    """The first of these events with their bodies: as many as have `SHARED_BYTES_MAX` bytes together, but one at
    least."""
    fitting, size = 1, found[0].body_bytes
    while fitting < len(found) and (size := size + found[fitting].body_bytes) <= SHARED_BYTES_MAX:
        fitting += 1
    return await events.events_by_key(connection, [event.event_key for event in found[:fitting]])


async def digests(connection: asyncpg.Connection, found: Sequence[LoggedEvent]) -> list[str]:
    """The content digests in hexadecimal of the first `DIGESTS_NAMED_MAX` of these events, but for erased ones."""
    named = await load(connection, found[:DIGESTS_NAMED_MAX])
    return [
        trace_core.open_event(e.body, e.context, secret=e.secret, issuer=e.issuer).content_digest.hex()
        for e in named
        if e.body is not None and e.secret is not None
    ]


async def one_of_class(connection: asyncpg.Connection, keys: Keys, class_: str) -> LoggedEvent | None:
    """An event that names a class, or an item or lot of it."""
    terms = [keys.terms.term(f"{field}/{kind}", class_) for field in MATCH_FIELDS for kind in CLASS_KINDS]
    key = await events.event_that_says(connection, terms)
    if key is None:
        as_itself = keys.blinding.name_hash(class_)
        key = next(iter(await events.references(connection, [as_itself], limit=1)), None)
    found = await events.logged_by_key(connection, [] if key is None else [key])
    return found[0] if found else None
