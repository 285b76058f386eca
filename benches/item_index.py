"""What the index over items costs each event, and its share of what a publication costs."""

from __future__ import annotations

import contextlib
import secrets
import statistics
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trace_core
from benches.table import Row
from tests.other_tools.raw_entries import RawEntries, open_raw_log, store_entries
from trace_api.capture.numbers import CaptureNumbers
from trace_api.log.cosigners import Cosigners
from trace_api.log.item_index import IndexKeeper, index_once, index_origin, open_index_log
from trace_api.log.publisher import Growth, Publisher, no_witnesses
from trace_api.log.sequencer import Sequencer, sequence_once
from trace_api.settings import Settings
from trace_api.store import log as log_store
from trace_api.store.log import Log
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import asyncpg

    from trace_api.log.keys import LogKeys

ITEMS = (100_000, 1_000_000)
EVENT_ITEMS = 3
CAPTURE_EVENTS = 1_000
PUBLICATIONS = 20
TOKEN_BYTES = 16


async def index_updates(folder: Path) -> list[Row]:
    """One row for each number of items."""
    return [await _update(folder / f"index-{items}", items) for items in ITEMS]


async def _update(data: Path, items: int) -> Row:
    tokens = [secrets.token_bytes(TOKEN_BYTES) for _ in range(items)]
    settings = Settings.of(data_dir=data, origin="wayproof.test/bench")
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(settings))
        keys, origin = await open_raw_log(store, settings)
        vkeys = [keys.verifier_key(origin), keys.for_index().verifier_key(index_origin(origin))]
        cosigners = await stack.enter_async_context(Cosigners.open(no_witnesses(vkeys)))
        numbers, keeper = CaptureNumbers(store), IndexKeeper(data / "item-index")
        wait = Sequencer(store, keys, origin, period_ms=1_000).wait_sequenced
        publishers = {
            log: Publisher(store, cosigners, Growth(log, vkey, wait), period_ms=1_000)
            for log, vkey in zip(Log, vkeys, strict=True)
        }

        async def add(connection: asyncpg.Connection, named: Sequence[bytes]) -> list[bytes]:
            entries = [_entry(named[n : n + EVENT_ITEMS]) for n in range(0, len(named), EVENT_ITEMS)]
            for n in range(0, len(entries), CAPTURE_EVENTS):
                await store_entries(store, RawEntries(await numbers.next(), entries[n : n + CAPTURE_EVENTS]))
            epoch = await log_store.begin_epoch(connection)
            while await sequence_once(connection, keys, origin, epoch) is not None:
                pass
            return entries

        async with store.session() as connection:
            await open_index_log(connection, keys, origin)
            # The same index once more, to time it by itself.
            index = trace_core.ItemIndex()
            index.append(0, trace_core.join_entries(await add(connection, tokens)))
            await _publish(connection, publishers, keeper, keys)
            updates, steps = [], []
            for _ in range(PUBLICATIONS):
                # Later events are about items that are known, each of them as likely as any.
                named = [secrets.choice(tokens) for _ in range(CAPTURE_EVENTS * EVENT_ITEMS)]
                joined = trace_core.join_entries(await add(connection, named))
                start = time.perf_counter()
                await _publish(connection, publishers, keeper, keys)
                between = time.perf_counter()
                index.append(index.size, joined)
                root_hash = index.root_hash
                updates.append(time.perf_counter() - between)
                steps.append(between - start)
            assert await keeper.root_at(connection, index.size) == root_hash
    update, step = statistics.median(updates), statistics.median(steps)
    return Row(
        f"index update of {CAPTURE_EVENTS:,} events of {EVENT_ITEMS} items, over {items:,} items",
        f"{update / CAPTURE_EVENTS * 1e6:.2f} µs/event",
        f"publishing them, index and all: {step * 1000:.1f} ms",
        f"{update / step:.2f} of it",
    )


async def _publish(
    connection: asyncpg.Connection, publishers: dict[Log, Publisher], keeper: IndexKeeper, keys: LogKeys
) -> None:
    """What one beat of the cadence does: the log's checkpoint, the index, and its log's checkpoint."""
    assert await publishers[Log.EVENTS].publish_once(connection, datetime.now(UTC)) is not None
    await index_once(connection, keeper, keys)
    assert await publishers[Log.INDEX].publish_once(connection, datetime.now(UTC)) is not None


def _entry(tokens: Sequence[bytes]) -> bytes:
    """A log entry (`docs/formats.md`) of a commitment that nobody will open."""
    distinct = sorted(set(tokens))
    begin = bytes([1, 1]) + (0).to_bytes(8) + secrets.token_bytes(32) + (9).to_bytes(2)
    return begin + len(distinct).to_bytes(2) + b"".join(distinct)
