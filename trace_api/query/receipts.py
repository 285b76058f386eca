"""Receipts: an event, its log entry, and the proof that the entry is in the log."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson

import trace_core
from trace_api.errors import NotFound, StoreError, Unavailable
from trace_api.log import tiles
from trace_api.store import log as log_store
from trace_api.store import partner_keys

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    import asyncpg

    from trace_api.log.tiles import Inclusion
    from trace_api.store.events import LoggedEvent, StoredEvent
    from trace_api.store.log import Tree


ENTRY_LENGTH_BYTES = 2
"""What stands before each entry in an entry bundle."""


def event_id_of(event: LoggedEvent) -> str:
    """The id as captured, else the event hash id."""
    return event.event_id or event_hash_id_of(event)


def event_hash_id_of(event: LoggedEvent) -> str:
    """The event hash id as CBV 2.0 prints it."""
    return f"ni:///sha-256;{event.event_hash_id.hex()}?ver=CBV2.0"


async def inclusion(connection: asyncpg.Connection, event: StoredEvent) -> Inclusion:
    """The place of one event's entry in the published log, checked. Raises `NotFound` once erased, `Unavailable`
    before the event is in the log, `ProofError` when the log does not hold."""
    if event.body is None:
        raise NotFound("the event was erased; its log entry remains")
    if event.leaf_index is None:
        raise Unavailable("the event is stored, but not in the log yet")
    [proven] = await tiles.prove_inclusion(connection, [event.leaf_index])
    _check([event], [proven])
    return proven


async def receipt(connection: asyncpg.Connection, event: StoredEvent) -> dict[str, Any]:
    """The receipt of one event (`docs/formats.md`). Raises `NotFound` once erased, `Unavailable` before
    the event is in the log."""
    if event.body is None or event.secret is None:
        raise NotFound("the event was erased; its log entry remains")
    if event.leaf_index is None:
        raise Unavailable("the event is stored, but not in the log yet")
    [inclusion] = await tiles.prove_inclusion(connection, [event.leaf_index])
    opened = trace_core.open_event(event.body, event.context, secret=event.secret, issuer=event.issuer)
    # Whoever checks a receipt has the event alone, and not what its document said of fields to ignore.
    bare = trace_core.bare_event(event.body, event.context)
    issuer = orjson.loads(event.issuer)
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
        "issuer": issuer,
        **await _signed(connection, issuer, event.signed_place),
    }


async def _signed(
    connection: asyncpg.Connection, issuer: dict[str, Any], signed_place: bytes | None
) -> dict[str, dict[str, Any]]:
    """What checks the signature of an issuer, if there is one: the key, and the event's place in a signed capture."""
    if "key" not in issuer:
        return {}
    found = await partner_keys.by_id(connection, [issuer["key"]])
    if issuer["key"] not in found:
        raise StoreError("the key of a signed event is not registered")
    place = None if signed_place is None else _base64(signed_place)
    return {"signed": {"key": orjson.loads(found[issuer["key"]].jwk), "place": place}}


async def disclosure(connection: asyncpg.Connection, event: StoredEvent, pointers: list[str]) -> dict[str, Any]:
    """Some fields of one event with what proves them, all else withheld (`docs/formats.md`, "Disclosure"). Raises as
    `receipt` does, and `NotFound` for a pointer that the event does not have."""
    whole = await receipt(connection, event)
    assert event.body is not None
    assert event.secret is not None
    shown = trace_core.disclose_fields(
        event.body, event.context, secret=event.secret, issuer=event.issuer, pointers=pointers
    )
    texts = [orjson.loads(text)[0] for _, _, text, _ in shown]
    for pointer in pointers:
        if not any(text == pointer or text.startswith(f"{pointer}/") for text in texts):
            raise NotFound(f"the event has no field {pointer[:200]}")
    placed = ("leaf_index", "tree_size", "entry", "inclusion_proof", "checkpoint")
    fields = [
        {"index": index, "salt": _base64(salt), "text": text, "proof": [_base64(step) for step in proof]}
        for index, salt, text, proof in shown
    ]
    return {name: whole[name] for name in placed} | {"fields": fields}


async def log_proof(connection: asyncpg.Connection, leaf_index: int) -> bytes:
    """The C2SP tlog-proof file of a leaf, with its entry as extra data. Raises `NotFound` for one that is not
    published."""
    if leaf_index >= (await log_store.read_head(connection)).published_size:
        raise NotFound("no such leaf")
    [inclusion] = await tiles.prove_inclusion(connection, [leaf_index])
    bundle = await log_store.entries_of_leaves(connection, leaf_index, leaf_index + 1)
    return trace_core.write_log_proof(
        leaf_index=leaf_index,
        proof=inclusion.proof,
        checkpoint=inclusion.checkpoint.decode(),
        extra=bundle[ENTRY_LENGTH_BYTES:],
    )


async def proofs(
    connection: asyncpg.Connection,
    events: Sequence[LoggedEvent],
    tree: Tree,
    shown: Container[int],
    upper: tiles.UpperTiles,
) -> dict[str, Any] | None:
    """Inclusion proofs of those events that are in the log, under its published checkpoint, and of them those that are
    `shown`, by their keys; None when none is. All are checked, whatever is shown. Raises `ProofError` when the log does
    not hold. Cost: one read."""
    logged = [event for event in events if event.leaf_index is not None]
    if not logged:
        return None
    try:
        inclusions = await _proven(connection, logged, tree, upper)
    except trace_core.ProofError:
        # What is kept may have been damaged when it was read, and was mended since.
        upper.forget()
        inclusions = await _proven(connection, logged, tree, tiles.UpperTiles())
    head = inclusions[0]
    told = [pair for pair in zip(logged, inclusions, strict=True) if pair[0].event_key in shown]
    paths = trace_core.hash_lists_json([inclusion.path for _, inclusion in told])
    if not told:
        return None
    return {
        "checkpoint": head.checkpoint.decode(),
        "tree_size": head.tree_size,
        "events": [
            {
                "event_id": event_id_of(event),
                "leaf_index": inclusion.leaf_index,
                "entry": _base64(event.entry),
                "inclusion_proof": orjson.Fragment(path),
            }
            for (event, inclusion), path in zip(told, paths, strict=True)
        ],
    }


async def _proven(
    connection: asyncpg.Connection, events: Sequence[LoggedEvent], tree: Tree, upper: tiles.UpperTiles
) -> list[Inclusion]:
    """Proofs of events that are in the log, checked."""
    indexes = [event.leaf_index for event in events if event.leaf_index is not None]
    inclusions = await tiles.prove_inclusion_in(connection, tree, indexes, upper=upper)
    _check(events, inclusions)
    return inclusions


def _check(events: Sequence[LoggedEvent], proven: Sequence[Inclusion]) -> None:
    """That each event's entry is where its proof, all under one root, says. At least one."""
    trace_core.check_inclusions(
        leaf_hashes=trace_core.entry_hashes(trace_core.join_entries([event.entry for event in events])),
        leaf_indexes=[one.leaf_index for one in proven],
        tree_size=proven[0].tree_size,
        root_hash=proven[0].root_hash,
        proofs=[one.path for one in proven],
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
