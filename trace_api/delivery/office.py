"""The office that tells subscribers: takes what is due, looks for news, sends, and notes how far it came.

A subscription is told in the order of the log, each event at least once: how far it has been told is noted after
the receiver has confirmed. What has been taken is held for a while (`HELD_S`); if this process is lost meanwhile,
somebody else tells it again from there.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson
import structlog

from trace_api.delivery.schedule import Schedule
from trace_api.delivery.webhook import DELIVERY_S_MAX, NotDelivered, Webhooks
from trace_api.errors import TraceError
from trace_api.query import documents, named
from trace_api.query.documents import EpcFormat, Form
from trace_api.store import queries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trace_api.query.named import News
    from trace_api.query.simple.filters import Keys
    from trace_api.store.pool import Store
    from trace_api.store.queries import Subscription

HELD_S = 3 * DELIVERY_S_MAX
"""How long one who takes a subscription has it for one batch."""
AT_ONCE_MAX = 8
"""Subscriptions that one process tells at the same time."""
LOOK_AGAIN_S = 1.0
"""The longest wait until what is due is looked for, and the shortest between two looks for one stream."""
PAUSE_S_MIN, PAUSE_S_MAX = 1.0, 3600.0
"""Pause after a failed delivery: doubled with each further one, and never given up."""
FAILURE_CHARACTERS_MAX = 300

log = structlog.get_logger()


class Office:
    """Runs in the server's process. Several may run against one database."""

    def __init__(
        self, store: Store, keys: Keys, wait_sequenced: Callable[[float], Awaitable[None]], *, private: bool
    ) -> None:
        self._store = store
        self._keys = keys
        self._wait_sequenced = wait_sequenced
        self._webhooks = Webhooks(private=private)

    async def run(self) -> None:
        """Tells subscribers until cancelled."""
        telling: set[asyncio.Task[None]] = set()
        try:
            while True:
                try:
                    taken = await self._take(AT_ONCE_MAX - len(telling))
                except TraceError as failure:
                    log.warning("office_waits", reason=type(failure).__name__, detail=str(failure))
                    taken = []
                for subscription in taken:
                    task = asyncio.create_task(self._tell(subscription))
                    telling.add(task)
                    task.add_done_callback(telling.discard)
                if not taken:
                    await self._wait_sequenced(LOOK_AGAIN_S)
                elif len(telling) >= AT_ONCE_MAX:
                    await asyncio.wait(telling, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in telling:
                task.cancel()
            await asyncio.gather(*telling, return_exceptions=True)
            await self._webhooks.close()

    async def _take(self, limit: int) -> list[Subscription]:
        now = datetime.now(UTC)
        if limit <= 0:
            return []
        async with self._store.session() as connection:
            tree_size = await queries.tree_size(connection)
            return await queries.claim_due(connection, tree_size, now, now + timedelta(seconds=HELD_S), limit)

    async def _tell(self, subscription: Subscription) -> None:
        """Batch after batch, until there is nothing left, or the subscription is gone."""
        left: Subscription | None = subscription
        is_first = True
        while left is not None:
            subscription = left
            try:
                left, is_first = await self._tell_batch(subscription, is_first=is_first)
            except (NotDelivered, TraceError) as failure:
                await self._postpone(subscription, str(failure))
                return
            except Exception as failure:  # One subscription's trouble is not the others'.
                log.warning("delivery_failed", error=type(failure).__name__, detail=str(failure))
                await self._postpone(subscription, "an error of the server's own")
                return

    async def _tell_batch(self, subscription: Subscription, *, is_first: bool) -> tuple[Subscription | None, bool]:
        """The subscription as it stands behind the batch, if there is more, and whether nothing was told yet."""
        news = await self._news(subscription)
        if news is None:
            return None, False
        is_due = subscription.schedule is not None and subscription.report_if_empty and is_first and news.is_all
        notified_at = None
        if news.events or is_due:
            await self._send(subscription, news)
            notified_at = datetime.now(UTC)
        now = datetime.now(UTC)
        due_at = _due_again(subscription, now) if news.is_all else now + timedelta(seconds=HELD_S)
        async with self._store.session() as connection:
            held = await queries.advance(connection, subscription, news.next_leaf_index, due_at, notified_at)
        if news.is_all or not held:
            return None, False
        return replace(subscription, next_leaf_index=news.next_leaf_index, failures=0), is_first and not news.events

    async def _news(self, subscription: Subscription) -> News | None:
        async with self._store.snapshot() as connection:
            found = await queries.read_query(connection, subscription.partner, subscription.query_name)
            if found is None:
                return None
            query = named.question_of(found.definition)
            since, recorded = subscription.next_leaf_index, subscription.initial_record_time
            return await named.news(connection, query, self._keys, since, recorded, limit=named.NEWS_EVENTS_MAX)

    async def _send(self, subscription: Subscription, news: News) -> None:
        body = await asyncio.to_thread(
            documents.query_document,
            news.events,
            Form(epcs=EpcFormat(subscription.epc_format)),
            query_name=subscription.query_name,
            subscription_id=str(subscription.subscription_id),
        )
        delivery = f"{subscription.subscription_id}:{subscription.next_leaf_index}"
        await self._webhooks.send(subscription.dest, body, subscription.signature_token, delivery)

    async def _postpone(self, subscription: Subscription, reason: str) -> None:
        pause = min(PAUSE_S_MAX, PAUSE_S_MIN * 2.0 ** min(subscription.failures, 32))
        log.info("delivery_postponed", subscription=str(subscription.subscription_id), pause_s=pause, reason=reason)
        due_at = datetime.now(UTC) + timedelta(seconds=pause)
        # If the database is away, too, what was taken is due again by itself.
        with contextlib.suppress(TraceError):
            async with self._store.session() as connection:
                await queries.postpone(connection, subscription, due_at, reason[:FAILURE_CHARACTERS_MAX])


def _due_again(subscription: Subscription, now: datetime) -> datetime:
    if subscription.schedule is None:
        return now + timedelta(seconds=LOOK_AGAIN_S)
    # A schedule that was taken has a next moment.
    return Schedule.parse(orjson.loads(subscription.schedule)).next_after(now) or now + timedelta(days=366)
