"""How long a single event takes to be stored while others send half of what the server can take."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import orjson

import trace_core
from benches.server import percentile, percentiles
from benches.table import Goal, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from benches.server import Server

SINGLES = 300
SINGLES_PER_S = 20
OTHERS_EVENTS = 500
FLAT_OUT = 400
"""Captures of so many that tell what the server takes."""
SENDERS = 4
GOAL_MS = 25
SHOWN = (50, 95, 99)
SEED = 4711  # events that were not captured before
SYNCED_BYTES, SYNCED_FILE_BYTES = 8_192, 16 << 20
"""Written at a time, and the size of a file of Postgres' log."""


def half_load(server: Server) -> Iterator[Row | Goal]:
    """p99 of one capture of one event, while others offer half of what the server took of their captures alone, right
    before. All come by the clock, whether or not those before were answered; what is late waits, and its wait
    counts. Beside them the disk is asked as often to keep a page, which no capture can do without."""
    url = server.url
    flat_out = _documents(FLAT_OUT, OTHERS_EVENTS, SEED + 2)
    start = time.perf_counter()
    _send(url, flat_out, 0)
    capacity = OTHERS_EVENTS * FLAT_OUT / (time.perf_counter() - start)
    others = _documents(int(capacity / 2 * SINGLES / SINGLES_PER_S) // OTHERS_EVENTS + 1, OTHERS_EVENTS, SEED)
    singles = _documents(SINGLES, 1, SEED + 1)
    sent = threading.Thread(target=_send, args=(url, others, OTHERS_EVENTS / (capacity / 2)))
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryFile(dir=server.data, buffering=0) as file:
        file.write(bytes(SYNCED_FILE_BYTES))
        os.fsync(file)
        start = time.perf_counter()
        sent.start()
        synced = beside.submit(_sync, file, SINGLES, 1 / SINGLES_PER_S)
        took = _send(url, singles, 1 / SINGLES_PER_S)
        sent.join()
        offered = OTHERS_EVENTS * len(others) / (time.perf_counter() - start)
        limit = f"fdatasync of {SYNCED_BYTES} B meanwhile: {percentiles(synced.result(), *SHOWN)}"
    what = f"capture of a single event at half load, {SINGLES} of them"
    meanwhile = f"{offered:,.0f} events/s of others meanwhile, {OTHERS_EVENTS} at a time, of {capacity:,.0f} at most"
    yield Row(what, f"{percentiles(took, *SHOWN)}; {meanwhile}", limit)
    yield Goal(what, f"p99 ≤ {GOAL_MS} ms", GOAL_MS / percentile(took, 99))


def _documents(count: int, events: int, seed: int) -> list[bytes]:
    simulator = trace_core.Simulator(events=count * events, seed=seed)
    document = orjson.loads(simulator.next_document(count * events) or b"{}")
    found = document["epcisBody"]["eventList"]
    made = []
    for n in range(count):
        document["epcisBody"]["eventList"] = found[n * events : (n + 1) * events]
        made.append(orjson.dumps(document))
    return made


def _sync(file: FileIO, times: int, interval_s: float) -> list[float]:
    """Seconds that the disk takes to keep a page of a file that has its size."""
    took = []
    page = os.urandom(SYNCED_BYTES)
    for n in range(times):
        file.seek(n * SYNCED_BYTES % SYNCED_FILE_BYTES)
        start = time.perf_counter()
        file.write(page)
        os.fdatasync(file)
        took.append(time.perf_counter() - start)
        time.sleep(max(0.0, interval_s - took[-1]))
    return took


def _send(url: str, documents: list[bytes], interval_s: float) -> list[float]:
    """Seconds from when each was due to its answer."""
    client = httpx.Client(base_url=url, timeout=300)
    first = time.perf_counter() + interval_s

    def send(n: int) -> float:
        due = first + n * interval_s
        time.sleep(max(0.0, due - time.perf_counter()))
        answer = client.post("/capture", content=documents[n], headers={"Content-Type": "application/json"})
        assert answer.json()["success"], answer.text[:300]
        return time.perf_counter() - due

    with ThreadPoolExecutor(SENDERS) as senders:
        return list(senders.map(send, range(len(documents))))
