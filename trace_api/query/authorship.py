"""Who signed events, and whether anything speaks against the keys that they signed with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from trace_api.store import partner_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from trace_api.store.events import LoggedEvent


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Who signed an event. The signature was checked, and its key counted, when the event came; `in_doubt` when the
    key was said later to have been in other hands by then."""

    partner: str
    key_id: str
    in_doubt: bool


async def signatures(connection: asyncpg.Connection, events: Sequence[LoggedEvent]) -> Mapping[int, SignedBy]:
    """Who signed these events, by their keys; those that nobody signed are left out. Cost: one read at most."""
    issuers = {event.event_key: orjson.loads(event.signed_by) for event in events if event.signed_by is not None}
    if not issuers:
        return {}
    found = await partner_keys.by_id(connection, list({issuer["key"] for issuer in issuers.values()}))
    signed = {}
    for event in events:
        if (issuer := issuers.get(event.event_key)) is None:
            continue
        key = found.get(issuer["key"])
        since = None if key is None else key.compromised_since
        in_doubt = key is None or (since is not None and event.record_time >= since)
        signed[event.event_key] = SignedBy(issuer["signer"], issuer["key"], in_doubt)
    return signed
