"""What can be asked. Each question takes the name of an item in any form, and on whose behalf it is asked."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

import trace_core
from trace_api.errors import Invalid, NotFound, Unavailable
from trace_api.query import by_id, collections, master_data, named, receipts
from trace_api.query.completeness import LISTS_MAX, IndexBehind, completeness, lists
from trace_api.query.key_records import key_records
from trace_api.query.names import read_name
from trace_api.query.simple import pages
from trace_api.query.simple.filters import Keys
from trace_api.query.verification import TIMELINE_EVENTS, Verification, ids_of, outside, state_of
from trace_api.query.walk import machine, walk
from trace_api.store import captures, events, links, partner_keys, queries
from trace_api.store import master_data as stored_master_data

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import asyncpg

    from trace_api.log.item_index import IndexKeeper
    from trace_api.log.tiles import Inclusion
    from trace_api.query.named import News
    from trace_api.query.page_tokens import PageToken
    from trace_api.query.simple.parse import Query
    from trace_api.store.captures import Job
    from trace_api.store.events import LoggedEvent, StoredEvent
    from trace_api.store.partner_keys import PartnerKeyRow
    from trace_api.store.pool import Store
    from trace_api.store.queries import NamedQuery, Subscription

CAPTURE_NO_MAX = 1 << 43
"""Past every number that a capture can have."""
INDEX_WAIT_S, INDEX_PAUSE_S = 5.0, 0.05
"""How long an answer waits for the index over items, and how often it looks."""
Answer = TypeVar("Answer")


class Questions:
    """Answers as the outside sees them."""

    def __init__(
        self, store: Store, blinding_key: bytes, keeper: IndexKeeper, limits: pages.Limits | None = None
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._keys = Keys.of(blinding_key)
        self._blinding = self._keys.blinding
        self._limits = limits or pages.Limits()
        self._verification = Verification(store, self._keys, keeper)

    @property
    def keys(self) -> Keys:
        """The log's key, as queries use it."""
        return self._keys

    async def history(self, item: str, _partner: str) -> bytes:
        """JSON of lineage's history (`docs/api.md`)."""
        return await self._walk("history", read_name(item, also_wrong=True).item)

    async def state(self, item: str, _partner: str) -> dict[str, Any]:
        """How an item stands now, without how it came to that. Raises `NotFound` where no event names it."""
        named = read_name(item, also_wrong=True)
        answer = orjson.loads(await self._walk("history", named.item))
        [history] = answer["histories"]
        if not history["events"]:
            raise NotFound("no event names this item")
        async with self._store.snapshot() as connection:
            names = await master_data.names_of(connection, self._blinding, ids_of(named, history))
        return {
            "item": named.item,
            "state": state_of(history),
            "contents": outside(history["contents"]),
            "names": names,
            "truncated": answer["truncated"],
        }

    async def verify(self, scan: str, _partner: str, shown: int = TIMELINE_EVENTS) -> dict[str, Any]:
        """The verdict on what a scanner gave; see `Verification.verdict`."""
        return await self._verification.verdict(scan, shown)

    async def trace(self, item: str, _partner: str, *, forward: bool) -> bytes:
        """JSON of lineage's trace."""
        return await self._walk("trace_forward" if forward else "trace_backward", _followed(item))

    async def recall(self, item: str, _partner: str) -> bytes:
        """JSON of lineage's recall."""
        return await self._walk("recall", _followed(item))

    async def recall_with_proofs(self, item: str, _partner: str) -> bytes:
        """The same, and that no event was left out of the history of any item in it, all as of one moment."""

        async def ask(connection: asyncpg.Connection) -> bytes:
            walked = await walk(connection, machine("recall", _followed(item), self._blinding))
            members = orjson.loads(walked.answer)
            # Products have no lists: what happens to them happens to their lots and serials.
            found = [one for one in (*members["affected"], *members["carriers"]) if one["kind"] != "class"]
            items = list(dict.fromkeys(one["item"] for one in found))
            proofs = None
            if len(items) <= LISTS_MAX:
                proofs = await lists(connection, self._keeper, self._blinding, items)
            return orjson.dumps({**members, "completeness": proofs})

        return await self._indexed(ask)

    async def _walk(self, question: trace_core.Question, item: str) -> bytes:
        async with self._store.snapshot() as connection:
            return (await walk(connection, machine(question, item, self._blinding))).answer

    async def events(self, event_id: str, _partner: str) -> tuple[list[StoredEvent], bool]:
        """The events with this id, and whether there may be more than are shown. Raises `NotFound`."""
        async with self._store.snapshot() as connection:
            found, is_cut = await by_id.find(connection, self._blinding, event_id)
            shown = await by_id.load(connection, found)
            return shown, is_cut or len(shown) < len(found)

    async def page(
        self, query: Query, token: str | None, per_page: int, _partner: str
    ) -> tuple[list[StoredEvent], PageToken | None]:
        """A page of the events that a query finds, and the token of the next one."""
        async with self._store.snapshot() as connection:
            found = await pages.page(connection, query, self._keys, token, per_page, self._limits)
            stored = {row.event_key: row for row in await events.events_by_key(connection, found.event_keys)}
        return [stored[key] for key in found.event_keys], found.token

    async def values(
        self, collection: str, token: str | None, limit: int, _partner: str
    ) -> tuple[list[str], PageToken | None]:
        """A page of the values of a collection, and the token of the next one."""
        async with self._store.snapshot() as connection:
            [after] = [""] if token is None else await self._keys.page_tokens.read(connection, collection, token)
            values, last = await collections.page(connection, self._blinding, collection, after, limit)
        return values, None if last is None else self._keys.page_tokens.write(collection, [last])

    async def captures(self, token: str | None, limit: int, partner: str) -> tuple[list[Job], PageToken | None]:
        """A page of the partner's capture jobs, the newest first, and the token of the next one."""
        tokens = self._keys.page_tokens
        async with self._store.snapshot() as connection:
            [before] = [CAPTURE_NO_MAX] if token is None else await tokens.read(connection, "captures", token)
            found = await captures.page_of_captures(connection, partner, before, limit)
            # A page may be short of what was asked for, but never an empty one while there is more.
            is_last = not found or not await captures.page_of_captures(connection, partner, found[-1][0], 1)
        jobs = [job for _, job in found]
        return jobs, None if is_last else tokens.write("captures", [found[-1][0]])

    async def named_query(self, name: str, partner: str) -> NamedQuery:
        """A named query. Raises `NotFound`."""
        async with self._store.session() as connection:
            # No text of Postgres has a NUL, and so no query's name.
            found = None if "\0" in name else await queries.read_query(connection, partner, name)
        if found is None:
            raise NotFound("no such query")
        return found

    async def named_queries(
        self, token: str | None, limit: int, partner: str
    ) -> tuple[list[NamedQuery], PageToken | None]:
        """A page of the partner's named queries, and the token of the next one."""
        tokens = self._keys.page_tokens
        async with self._store.snapshot() as connection:
            [after] = [""] if token is None else await tokens.read(connection, "queries", token)
            found = await queries.page_of_queries(connection, partner, after, limit)
            is_last = not found or not await queries.page_of_queries(connection, partner, found[-1].name, 1)
        return found, None if is_last else tokens.write("queries", [found[-1].name])

    async def subscriptions(
        self, query_name: str, token: str | None, limit: int, partner: str
    ) -> tuple[list[Subscription], PageToken | None]:
        """A page of the subscriptions to a query, and the token of the next one."""
        tokens, list_ = self._keys.page_tokens, f"subscriptions {query_name}"
        async with self._store.snapshot() as connection:
            [after] = [str(uuid.UUID(int=0))] if token is None else await tokens.read(connection, list_, token)
            found = await queries.page_of_subscriptions(connection, partner, query_name, uuid.UUID(after), limit + 1)
        shown = found[:limit]
        return shown, tokens.write(list_, [str(shown[-1].subscription_id)]) if len(found) > limit else None

    async def links(self, token: str | None, limit: int) -> tuple[list[tuple[str, bytes]], PageToken | None]:
        """A page of the levels of keys that have links, and the token of the next one."""
        tokens = self._keys.page_tokens
        async with self._store.snapshot() as connection:
            [after] = [""] if token is None else await tokens.read(connection, "links", token)
            found = await links.page(connection, after, limit)
            is_last = not found or not await links.page(connection, found[-1][0], 1)
        return found, None if is_last else tokens.write("links", [found[-1][0]])

    async def leaf_of_record_time(self, since: datetime | None) -> int:
        """The leaf from which on to look for what was recorded since a time; the end of the log for None."""
        async with self._store.session() as connection:
            if since is None:
                return await queries.tree_size(connection)
            return await queries.leaf_of_record_time(connection, since)

    async def news(self, query: Query, since: int, recorded_since: datetime | None) -> News:
        """What a query finds among the events that were logged from a leaf on."""
        async with self._store.snapshot() as connection:
            limit = named.NEWS_EVENTS_MAX
            return await named.news(connection, query, self._keys, since, recorded_since, limit=limit)

    async def end_page_token(self, token: str) -> None:
        """Ends a page token. Raises `NotFound` for one that is none of ours."""
        async with self._store.session() as connection:
            await self._keys.page_tokens.end(connection, token)

    async def master_data_of(
        self, ids: Sequence[str], vocabulary: str | None, at: datetime, _partner: str
    ) -> list[dict[str, Any]]:
        """What was known at a time of these things, as `vocabularyList`."""
        async with self._store.session() as connection:
            found = await master_data.of_ids(connection, self._blinding, ids, at)
        return master_data.vocabulary_list([e for e in found if vocabulary in (None, e.vocabulary)])

    async def page_of_master_data(
        self, token: str | None, vocabulary: str | None, at: datetime, limit: int, _partner: str
    ) -> tuple[list[dict[str, Any]], PageToken | None]:
        """A page of all that was known at a time, and the token of the next one."""
        tokens = self._keys.page_tokens
        async with self._store.snapshot() as connection:
            place = ["", ""] if token is None else await tokens.read(connection, "masterData", token)
            found = await stored_master_data.page(connection, (place[0], place[1]), vocabulary, at, limit)
            last = (found[-1].vocabulary, found[-1].element_id) if found else None
            is_last = last is None or not await stored_master_data.page(connection, last, vocabulary, at, 1)
        return master_data.vocabulary_list(found), None if is_last else tokens.write("masterData", last or ())

    async def receipt(self, event_id: str, _partner: str) -> dict[str, Any]:
        """The receipt of an event. An id that several events share takes the content digest instead."""
        async with self._store.snapshot() as connection:
            return await receipts.receipt(connection, await self._the_event(connection, event_id))

    async def inclusion(self, event_id: str, _partner: str) -> Inclusion:
        """The place of an event in the published log, with its proof; the id as for `receipt`."""
        async with self._store.snapshot() as connection:
            return await receipts.inclusion(connection, await self._the_event(connection, event_id))

    async def disclosure(self, event_id: str, pointers: list[str], _partner: str) -> dict[str, Any]:
        """Some fields of an event with what proves them, by their JSON pointers."""
        async with self._store.snapshot() as connection:
            return await receipts.disclosure(connection, await self._the_event(connection, event_id), pointers)

    async def completeness(self, item: str, _partner: str) -> dict[str, Any]:
        """All leaves of an item, and the proof that there are no others. Raises `Unavailable` while there is none."""
        named = read_name(item, also_wrong=True)
        proof = await self._indexed(
            lambda connection: completeness(connection, self._keeper, self._blinding, named.item)
        )
        if proof is None:
            raise Unavailable("the item is in too many events")
        return {"item": named.item, **proof}

    async def keys_of_partners(
        self, partner: str | None, token: str | None, limit: int
    ) -> tuple[list[PartnerKeyRow], PageToken | None]:
        """A page of the keys of one partner, or of all, and the token of the next one."""
        tokens, list_ = self._keys.page_tokens, f"keys {partner or ''}"
        async with self._store.snapshot() as connection:
            place = ["", ""] if token is None else await tokens.read(connection, list_, token)
            # No text of Postgres has a NUL, and so no partner's name.
            is_name = partner is None or "\0" not in partner
            found = await partner_keys.page(connection, (place[0], place[1]), partner, limit + 1) if is_name else []
        shown = found[:limit]
        return shown, tokens.write(list_, [shown[-1].partner, shown[-1].key_id]) if len(found) > limit else None

    async def key_records(self, key_id: str) -> dict[str, Any]:
        """The records of a partner's key, with what proves them. Raises `NotFound`."""
        return await self._indexed(lambda connection: key_records(connection, self._keeper, self._blinding, key_id))

    async def _indexed(self, ask: Callable[[asyncpg.Connection], Awaitable[Answer]]) -> Answer:
        """An answer that needs the index over items, as soon as that can be asked. Raises `IndexBehind` when it could
        not for `INDEX_WAIT_S`."""
        deadline = asyncio.get_running_loop().time() + INDEX_WAIT_S
        while True:
            try:
                async with self._store.snapshot() as connection:
                    return await ask(connection)
            except IndexBehind:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(INDEX_PAUSE_S)

    async def log_proof(self, leaf_index: int) -> bytes:
        """The C2SP tlog-proof file of a leaf."""
        async with self._store.snapshot() as connection:
            return await receipts.log_proof(connection, leaf_index)

    async def event_to_erase(self, event_id: str, _partner: str) -> StoredEvent:
        """One event, whole. Raises `NotFound` also for one that was erased."""
        async with self._store.snapshot() as connection:
            event = await self._the_event(connection, event_id)
        if event.body is None:
            raise NotFound("the event was erased; its log entry remains")
        return event

    async def _the_event(self, connection: asyncpg.Connection, event_id: str) -> StoredEvent:
        found, _ = await by_id.find(connection, self._blinding, event_id)
        if len(found) > 1:
            raise await self._shared_id(connection, found)
        [event] = await by_id.load(connection, found)
        return event

    async def _shared_id(self, connection: asyncpg.Connection, found: list[LoggedEvent]) -> Invalid:
        named = await by_id.digests(connection, found)
        message = "several events have this id; ask with the content digest of one, as `errors` and timelines name it"
        problems = [{"code": "shared_id", "content_digest": digest} for digest in named]
        if len(named) < len(found):
            problems.append({"code": "shared_id", "message": f"only {len(named)} of them are named here"})
        return Invalid(message, problems=problems)


def _followed(item: str) -> str:
    """The name of something whose way can be followed. Raises `Invalid` for a product, which is everywhere."""
    named = read_name(item, also_wrong=True)
    if named.is_class:
        what = {"code": "class_only", "message": "name a lot or a serial number of it"}
        raise Invalid("this names a product, not one item or lot of it", problems=[what])
    return named.item
