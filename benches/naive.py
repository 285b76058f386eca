"""Two designs that come to mind first, on the same Postgres with the same events: one row an EPC without an index on
it, as FasTnT keeps them, and the events as jsonb under a GIN index."""

from __future__ import annotations

import asyncio
import datetime
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

import trace_core
from benches.captures import BLINDING_KEY, prepared
from benches.interleaved import ratio_of
from benches.table import Row, said
from trace_api.store.captures import TABLES, copy_rows
from trace_api.store.embedded import embedded_postgres
from trace_api.store.events import bodies_at
from trace_api.store.migrate import known_migrations, migrate
from trace_api.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

DOCUMENT_EVENTS = 1_000
ITEMS_ASKED = 40

_SHAPES = """
CREATE TABLE row_event (id bigint PRIMARY KEY, event_time timestamptz NOT NULL, record_time timestamptz NOT NULL,
    type text NOT NULL, action text, biz_step text, disposition text, read_point text, biz_location text,
    event_id text);
CREATE TABLE row_epc (event_id bigint NOT NULL, id text NOT NULL, type text NOT NULL, quantity double precision,
    PRIMARY KEY (event_id, type, id));
CREATE TABLE document_event (id bigint PRIMARY KEY, body jsonb NOT NULL);
CREATE INDEX document_event_body ON document_event USING gin (body jsonb_path_ops);
"""
_BY_ROW = """
SELECT row_event.* FROM row_event WHERE id IN (SELECT event_id FROM row_epc WHERE row_epc.id = $1)
ORDER BY event_time LIMIT 1000
"""
_BY_DOCUMENT = """
SELECT body FROM document_event
WHERE body @> ANY ($1::jsonb[]) ORDER BY body->>'eventTime' LIMIT 1000
"""
_LISTS = {"epcList": "epc", "childEPCs": "child", "inputEPCList": "input", "outputEPCList": "output"}
_QUANTITIES = {
    "quantityList": "epc",
    "childQuantityList": "child",
    "inputQuantityList": "input",
    "outputQuantityList": "output",
}
_COLUMNS = ("type", "action", "bizStep", "disposition")


@dataclass(slots=True)
class Shapes:
    """Rows of the two designs for one capture, made outside the clock."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    epcs: list[tuple[Any, ...]] = field(default_factory=list)
    documents: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, event: dict[str, Any]) -> None:
        when = datetime.datetime.fromisoformat(event["eventTime"])
        told = [event.get(name) for name in _COLUMNS]
        places = [event.get(name, {}).get("id") for name in ("readPoint", "bizLocation")]
        self.events.append((number, when, when, *told, *places, event.get("eventID")))
        epcs = {(number, epc, kind): None for name, kind in _LISTS.items() for epc in event.get(name, [])}
        for name, kind in _QUANTITIES.items():
            epcs |= {(number, of["epcClass"], kind): of.get("quantity") for of in event.get(name, [])}
        if "parentID" in event:
            epcs[(number, event["parentID"], "parent")] = None
        self.epcs += [(*key, quantity) for key, quantity in epcs.items()]
        self.documents.append((number, orjson.dumps(event).decode()))


def naive(events: int) -> Iterator[Row]:
    """Captures `events` three times over, side by side, and asks for items. Only Postgres is on the clock, for all."""
    loads, asked, sizes = asyncio.run(_measure(events))
    for peer in ("one row an EPC", "jsonb under GIN"):
        ratio = ratio_of(loads[peer])
        yield Row(
            f"COPY of {events:,} events with all their indexes, beside {peer}",
            f"{DOCUMENT_EVENTS / ratio.ours_s:,.0f} events/s, {sizes['ours']:,.0f} B an event",
            peer=f"{peer}: {DOCUMENT_EVENTS / ratio.peer_s:,.0f} events/s, {sizes[peer]:,.0f} B an event",
            times_peer=said(ratio),
        )
    for peer, pairs in asked.items():
        ratio = ratio_of(pairs)
        yield Row(
            f"look-up of an item of one spelling in Postgres, over {events:,} events, beside {peer}",
            f"{ratio.ours_s / ITEMS_ASKED * 1000:.2f} ms",
            peer=f"{peer}: {ratio.peer_s / ITEMS_ASKED * 1000:.2f} ms",
            times_peer=said(ratio),
        )


Pairs = dict[str, list[tuple[float, float]]]


async def _measure(events: int) -> tuple[Pairs, Pairs, dict[str, float]]:
    blinding = trace_core.Blinding(BLINDING_KEY)
    with tempfile.TemporaryDirectory(prefix="wayproof-naive-") as folder:
        async with embedded_postgres(Path(folder)) as url:
            connection = await asyncpg.connect(url)
            await migrate(connection, known_migrations())
            await connection.execute(_SHAPES)
            loads: Pairs = {"one row an EPC": [], "jsonb under GIN": []}
            spellings: dict[str, set[str]] = {}
            for copies, shapes in _captures(events):
                ours = await _seconds(lambda copies=copies: _copy(connection, copies))
                rows = await _seconds(lambda shapes=shapes: _copy_rows(connection, shapes))
                documents = await _seconds(lambda shapes=shapes: _copy_documents(connection, shapes))
                loads["one row an EPC"].append((ours, rows))
                loads["jsonb under GIN"].append((ours, documents))
                for _, epc, _, quantity in shapes.epcs:
                    if quantity is None:
                        spellings.setdefault(trace_core.item_key(epc) or epc, set()).add(epc)
            await connection.execute("VACUUM ANALYZE")
            # The others would not find what a second spelling names.
            single = sorted(spelled.pop() for spelled in spellings.values() if len(spelled) == 1)
            chosen = random.Random(1).sample(single, ITEMS_ASKED)
            asked = await _ask(connection, blinding, chosen)
            sizes = {
                "ours": await _bytes(connection, *TABLES),
                "one row an EPC": await _bytes(connection, "row_event", "row_epc"),
                "jsonb under GIN": await _bytes(connection, "document_event"),
            }
            await connection.close()
    return loads, asked, {name: size / events for name, size in sizes.items()}


def _captures(events: int) -> Iterator[tuple[trace_core.Copies, Shapes]]:
    for number, document, copies in prepared(trace_core.Simulator(events=events, seed=33), DOCUMENT_EVENTS):
        shapes = Shapes()
        for place, event in enumerate(orjson.loads(document)["epcisBody"]["eventList"]):
            shapes.add(number << 20 | place, event)
        yield copies, shapes


async def _copy(connection: asyncpg.Connection, copies: trace_core.Copies) -> None:
    async with connection.transaction():
        for table in TABLES:
            await copy_rows(connection, table, copies)


async def _copy_rows(connection: asyncpg.Connection, shapes: Shapes) -> None:
    async with connection.transaction():
        await connection.copy_records_to_table("row_event", records=shapes.events)
        await connection.copy_records_to_table("row_epc", records=shapes.epcs)


async def _copy_documents(connection: asyncpg.Connection, shapes: Shapes) -> None:
    async with connection.transaction():
        await connection.copy_records_to_table("document_event", records=shapes.documents)


async def _ask(connection: asyncpg.Connection, blinding: trace_core.Blinding, items: list[str]) -> Pairs:
    """The same items of all three, in turns; all must find as many events."""

    def patterns(item: str) -> list[str]:
        return [orjson.dumps(one).decode() for one in ({"parentID": item}, *({name: [item]} for name in _LISTS))]

    statements = load("events")

    async def ours() -> list[int]:
        found = []
        for item in items:
            name_hash = blinding.name_hash(trace_core.item_key(item) or item)
            keys = await connection.fetch(statements["references"], [name_hash], 1_000)
            events = await connection.fetch(statements["events_by_key"], list({row[0] for row in keys}))
            found.append(len(await bodies_at(connection, [(row["event_key"], row["body_place"]) for row in events])))
        return found

    async def rows() -> list[int]:
        return [len(await connection.fetch(_BY_ROW, item)) for item in items]

    async def documents() -> list[int]:
        return [len(await connection.fetch(_BY_DOCUMENT, patterns(item))) for item in items]

    expected = await ours()
    asked: Pairs = {}
    for peer, ask in (("one row an EPC", rows), ("jsonb under GIN", documents)):
        assert await ask() == expected, f"{peer} finds other events"
        asked[peer] = [(await _seconds(ours), await _seconds(ask)) for _ in range(3)]
    return asked


async def _seconds(run: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await run()
    return time.perf_counter() - start


async def _bytes(connection: asyncpg.Connection, *tables: str) -> int:
    return sum([await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", table) for table in tables])
