"""What events name and say, listed: EPCIS 2.0's top-level resources. Values as they were captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

import trace_core
from trace_api.query.simple.filters import CHILD, EPC, EVENT_TYPES, INPUT, OUTPUT, PARENT
from trace_api.store import events
from trace_api.store.events import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import asyncpg

    from trace_api.query.simple.filters import Keys
    from trace_api.store.events import StoredEvent

COLLECTIONS = {
    "eventTypes": "eventType",
    "epcs": "MATCH_anyEPC",
    "bizSteps": "EQ_bizStep",
    "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint",
    "dispositions": "EQ_disposition",
}
"""Each collection, and the parameter that asks for the events of one of its values."""
_FIELDS = {
    "bizSteps": Field.BIZ_STEP,
    "bizLocations": Field.BIZ_LOCATION,
    "readPoints": Field.READ_POINT,
    "dispositions": Field.DISPOSITION,
}
_SPELLINGS = {
    Field.BIZ_STEP: ("bizStep", "biz_step"),
    Field.DISPOSITION: ("disposition", "disposition"),
    Field.READ_POINT: ("readPoint", "id"),
    Field.BIZ_LOCATION: ("bizLocation", "id"),
}
_ITEM_ROLES = (EPC, PARENT, CHILD, INPUT, OUTPUT)
_EPC_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
HASH_MIN = -(1 << 63)


async def page(
    connection: asyncpg.Connection, blinding: trace_core.Blinding, collection: str, after: str, limit: int
) -> tuple[list[str], str | None]:
    """The next values of a collection behind a place, which is empty at first, and the next place. EPCs come by the
    one name of their key, in no order of meaning."""
    if collection == "eventTypes":
        return list(EVENT_TYPES), None
    if collection in _FIELDS:
        values = await events.values_of(connection, _FIELDS[collection], after, limit + 1)
        return values[:limit], values[limit - 1] if len(values) > limit else None
    start = int(after) if after else HASH_MIN
    found = await events.items_named(connection, start, _ITEM_ROLES, limit + 1)
    shown = found[:limit]
    names: dict[int, str] = {}
    keys = {key for _, key in shown if key is not None}
    async for part in events.bodies_in_slices(connection, keys):
        for body in part.bodies:
            names |= {blinding.name_hash(epc): epc for epc in _epcs(orjson.loads(body))}
    # What only erased events name is not known any more.
    return [names[name_hash] for name_hash, _ in shown if name_hash in names], (
        str(shown[-1][0]) if len(found) > limit else None
    )


def terms_of(keys: Keys, event: StoredEvent) -> Callable[[Field, str], list[int]]:
    """The terms of a value that an event has in a field, as its document meant it."""
    own = orjson.loads(event.body or b"{}").get("@context", [])
    parts = [*orjson.loads(event.context), *(own if isinstance(own, list) else [own])]
    namespaces = {prefix: uri for part in parts if isinstance(part, dict) for prefix, uri in part.items()}
    texts = {prefix: uri for prefix, uri in namespaces.items() if isinstance(uri, str)}

    def terms(field: Field, value: str) -> list[int]:
        name, spelling = _SPELLINGS[field]
        return [keys.terms.term(name, trace_core.one_spelling(spelling, value, texts))]

    return terms


def _epcs(event: dict[str, Any]) -> Iterator[str]:
    for name in ("parentID", *_EPC_LISTS):
        value = event.get(name, [])
        for epc in value if isinstance(value, list) else [value]:
            yield trace_core.item_key(epc) or epc
