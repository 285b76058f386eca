"""Receipts: an event, its log entry, and the proof that the entry is in the log."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import trace_core
from trace_api.errors import NotFound, Unavailable
from trace_api.log import tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from trace_api.store.events import LoggedEvent, StoredEvent


def event_id_of(event: LoggedEvent) -> str:
    """The id as captured, else the event hash id."""
    return event.event_id or event_hash_id_of(event)


def event_hash_id_of(event: LoggedEvent) -> str:
    """The event hash id as CBV 2.0 prints it."""
    return f"ni:///sha-256;{event.event_hash_id.hex()}?ver=CBV2.0"


async def receipt(connection: asyncpg.Connection, event: StoredEvent) -> dict[str, Any]:
    """The receipt of one event (`docs/formats.md`). Raises `NotFound` once erased, `Unavailable` before
    the event is in the log."""
    if event.body is None or event.secret is None:
        raise NotFound("the event was erased; its log entry remains")
    if event.leaf_index is None:
        raise Unavailable("the event is stored, but not in the log yet")
    [inclusion] = await tiles.prove_inclusion(connection, [event.leaf_index])
    opened = trace_core.open_event(event.body, event.context, secret=event.secret, partner=event.partner)
    # Whoever checks a receipt has the event alone, and not what its document said of fields to ignore.
    bare = trace_core.bare_event(event.body, event.context)
    return {
        "event_id": event.event_id or trace_core.event_hash_ids(bare)[0],
        "content_digest": opened.content_digest.hex(),
        "leaf_index": inclusion.leaf_index,
        "tree_size": inclusion.tree_size,
        "entry": _base64(event.entry),
        "inclusion_proof": [_base64(step) for step in inclusion.proof],
        "checkpoint": inclusion.checkpoint.decode(),
        "event": event.body.decode(),
        "context": event.context.decode(),
        "secret": _base64(event.secret),
        "issuer": {"partner": event.partner},
    }


async def proofs(connection: asyncpg.Connection, events: Sequence[LoggedEvent]) -> dict[str, Any] | None:
    """Inclusion proofs of those events that are in the log, under one checkpoint; None when none is.
    Each is checked before it is given out. Raises `ProofError` when the log does not hold."""
    logged = [event for event in events if event.leaf_index is not None]
    if not logged:
        return None
    indexes = [event.leaf_index for event in logged if event.leaf_index is not None]
    inclusions = await tiles.prove_inclusion(connection, indexes)
    head = inclusions[0]
    for event, inclusion in zip(logged, inclusions, strict=True):
        trace_core.check_inclusion(
            leaf_hash=trace_core.leaf_hash(event.entry),
            leaf_index=inclusion.leaf_index,
            tree_size=inclusion.tree_size,
            root_hash=inclusion.root_hash,
            proof=inclusion.proof,
        )
    return {
        "checkpoint": head.checkpoint.decode(),
        "tree_size": head.tree_size,
        "events": [
            {
                "event_id": event_id_of(event),
                "leaf_index": inclusion.leaf_index,
                "entry": _base64(event.entry),
                "inclusion_proof": [_base64(step) for step in inclusion.proof],
            }
            for event, inclusion in zip(logged, inclusions, strict=True)
        ],
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
