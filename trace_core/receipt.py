"""Checks a receipt offline: no server, no clock, no database."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from trace_core import _native
from trace_core._native import ProofError


def check_receipt(receipt: bytes, verifier_key: str) -> list[str]:
    """Checks the receipt of an event (`docs/formats.md`, "Receipt") against the log's verifier key.

    Returns the steps that held, in words. Raises `ProofError` or `SignatureError` at the first that
    does not. The plan:

    (1) the checkpoint is signed by the log;
    (2) its tree has the size that the receipt says;
    (3) the entry is in that tree, at the leaf index that the receipt says;
    (4) the event, under its context, has the content digest that the receipt says;
    (5) the entry commits to exactly this event, all its fields and no others;
    (6) the event has the id that the receipt says: its `eventID`, or without one its event hash id.

    What remains the caller's duty: that `verifier_key` is the log's, that the log shows everybody the
    same tree (witnesses), and that the entry's tokens are those of the event's items.
    """
    try:
        parts = _Receipt(json.loads(receipt, object_pairs_hook=_each_once))
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise ProofError(f"not a receipt: {error}") from None
    # (1)
    origin, tree_size, root_hash = _native.open_checkpoint(parts.checkpoint, verifier_key)
    # (2)
    if tree_size != parts.tree_size:
        raise ProofError(f"the checkpoint is of {tree_size} leaves, the receipt says {parts.tree_size}")
    # (3)
    _native.check_inclusion(
        leaf_hash=_native.leaf_hash(parts.entry),
        leaf_index=parts.leaf_index,
        tree_size=tree_size,
        root_hash=root_hash,
        proof=parts.proof,
    )
    # (4)
    opened = _native.open_event(parts.event, parts.context, secret=parts.secret, partner=parts.partner)
    if opened.content_digest != parts.content_digest:
        raise ProofError("the event does not have the content digest of the receipt")
    # (5)
    commitment, field_count, record_time_us = _native.read_entry(parts.entry)
    if (commitment, field_count) != (opened.commitment, opened.field_count):
        raise ProofError("the log entry does not commit to this event")
    # (6)
    event_id = _event_id(_native.bare_event(parts.event, parts.context))
    if event_id != parts.event_id:
        raise ProofError("the event has another id than the receipt says")
    return [
        f"the checkpoint of {origin} is signed by the log's key",
        f"its tree has {tree_size} leaves",
        f"the entry is leaf {parts.leaf_index} of that tree, recorded at {record_time_us} µs since 1970",
        "the event has the content digest of the receipt",
        f"the entry commits to this event and its issuer, {field_count} fields in all",
        f"the event is {event_id}, of content digest {parts.content_digest.hex()}",
    ]


def _event_id(bare: bytes) -> str:
    event_id = json.loads(bare).get("eventID")
    try:
        return str(event_id or _native.event_hash_ids(bare)[0])
    except _native.CaptureError as refused:
        raise ProofError(f"the event has no event hash id: {refused.args[0]}") from None


class _Receipt:
    """The members of a receipt, decoded."""

    def __init__(self, document: dict[str, Any]) -> None:
        def decode(text: str) -> bytes:
            return base64.b64decode(text, validate=True)

        self.event_id = str(document["event_id"])
        self.checkpoint = str(document["checkpoint"]).encode()
        self.tree_size = _count(document["tree_size"])
        self.leaf_index = _count(document["leaf_index"])
        self.entry = decode(document["entry"])
        self.proof = [decode(step) for step in document["inclusion_proof"]]
        self.content_digest = bytes.fromhex(document["content_digest"])
        self.event = str(document["event"]).encode()
        self.context = str(document["context"]).encode()
        self.secret = decode(document["secret"])
        self.partner = str(document["issuer"]["partner"])


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as it stands, if each of its names does so once: another reader might take another value."""
    document = dict(members)
    if len(document) != len(members):
        raise ValueError("a member stands there twice")
    return document


def _count(value: object) -> int:
    """A whole number of at most 63 bits; neither what can be rounded to one, nor what a proof cannot hold."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError("sizes and indexes are whole numbers from 0 on")
    return value
