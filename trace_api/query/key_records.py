"""What the log says of a partner's key: all records of it, and the proof that there are no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trace_api.errors import NotFound, Unavailable
from trace_api.query import by_id, receipts
from trace_api.query.completeness import IndexBehind, completeness
from trace_api.store import partner_keys
from trace_core.key_records import THUMBPRINT

if TYPE_CHECKING:
    import asyncpg

    import trace_core
    from trace_api.log.item_index import IndexKeeper


async def key_records(
    connection: asyncpg.Connection, keeper: IndexKeeper, blinding: trace_core.Blinding, key_id: str
) -> dict[str, Any]:
    """Receipts of the records of a key, and the proof that there are no others (`docs/formats.md`, "Key records").
    Raises `NotFound`, and `Unavailable` before the records are in the log and its index."""
    # No text of Postgres has a NUL, and so no key's id.
    found = {} if "\0" in key_id else await partner_keys.by_id(connection, [key_id])
    if (key := found.get(key_id)) is None:
        raise NotFound("no such key")
    records = [record for record in (key.record, key.revocation_record) if record is not None]
    shown = []
    for record in records:
        logged, _ = await by_id.find(connection, blinding, record)
        [stored] = await by_id.load(connection, logged[:1])
        shown.append(await receipts.receipt(connection, stored))
    complete = await completeness(connection, keeper, blinding, THUMBPRINT + key_id)
    if complete is None:
        raise Unavailable("the key is in too many events")
    if len(complete["leaf_indexes"]) < len(shown):
        raise IndexBehind("the index does not have the key's records yet; try again")
    return {"key_id": key_id, "records": shown, "completeness": complete}
