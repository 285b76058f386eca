"""The server that users start, in a process of its own, filled with simulated captures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import trace_core
from trace_api.store.embedded import beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WAYPROOF = Path(sys.executable).with_name("wayproof")
PORT = 8931
DOCUMENT_EVENTS = 5_000
PART_DOCUMENTS = 20
"""Made before they are sent."""
WRITERS = 2
RECALL_ITEMS = 10_000
"""Packs of the one large lot."""
RECALL_EVENTS_MIN = 20_000
"""Of a simulation that has the large lot."""
SEED = 21
ITEMS_KEPT = 4_000
"""Items to ask about, from all of the time."""
TRACED_EVENTS, TRACED_APART, TRACED_ITEMS = 50, 10, 40
"""Events of an item with a long history, by how many more or less it may have, and items that are asked about: pallets,
which go round."""
LONGEST_ITEMS = 10
_ITEM = re.compile(rb'"epcList":\["([^"]+)"')
_PALLET = re.compile(rb"urn:epc:id:grai:[0-9.]+|https://id\.gs1\.org/8003/[0-9]+")


@dataclass(frozen=True, slots=True)
class Server:
    """A running one."""

    url: str
    pid: int
    client: httpx.Client
    data: Path

    def resident(self) -> int:
        """Bytes of its memory, without Postgres."""
        return resident(self.pid)

    def timed(self, path: str, parameters: dict[str, str]) -> float:
        """Seconds of one question, by the client's own clock."""
        began = time.perf_counter()
        answer = self.client.get(path, params=parameters)
        took = time.perf_counter() - began
        assert answer.status_code == 200, answer.text[:300]
        return took


def command(data: Path) -> list[str | Path]:
    """What starts it on a data folder."""
    return [WAYPROOF, "serve", "--data", data, "--port", str(PORT)]


@contextlib.contextmanager
def running(data: Path) -> Iterator[Server]:
    """From its first answer to its end. What it logs stands beside the folder."""
    url = f"http://127.0.0.1:{PORT}"
    with data.with_suffix(".log").open("wb") as log, httpx.Client(base_url=url, timeout=600) as client:
        # On the embedded Postgres, wherever the one who measures keeps a database.
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        process = subprocess.Popen(command(data), stderr=log, env=environment)
        try:
            wait_ready(client, process)
            yield Server(url, process.pid, client, data)
        finally:
            process.terminate()
            process.wait()


def wait_ready(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    """Until it answers."""
    while True:
        assert process.poll() is None, "the server did not start"
        with contextlib.suppress(httpx.TransportError):
            if client.get("/healthz").status_code == 200:
                return
        time.sleep(0.02)


def resident(pid: int) -> int:
    """Bytes of a process' memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


@dataclass(frozen=True, slots=True)
class Histories:
    """Items, and of how many events they are."""

    items: list[str] = field(default_factory=list)
    events: range = range(0)


@dataclass(slots=True)
class Filled:
    """What captures cost, and what can be asked about now."""

    events: int
    seconds: float = 0.0
    peak: int = 0
    body: int = 0
    items: list[str] = field(default_factory=list)
    traced: Histories = field(default_factory=Histories)
    longest: Histories = field(default_factory=Histories)
    landmarks: list[trace_core.Landmark] = field(default_factory=list)
    marks: list[tuple[int, float]] = field(default_factory=list)
    """Events in the log, and the seconds until then, after each part."""

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    def of_role(self, *roles: str) -> list[str]:
        """Landmarks as a scanner reads them."""
        return [landmark.element_string for landmark in self.landmarks if landmark.role in roles]


def simulator(events: int) -> trace_core.Simulator:
    """The same events for raw COPY and over HTTP; with the large lot, where there is room for it."""
    recall_items = RECALL_ITEMS if events >= RECALL_EVENTS_MIN else 0
    return trace_core.Simulator(events=events, seed=SEED, recall_items=recall_items)


class _Source:
    """Documents part by part, and what is noted of them on the way: memory stays small."""

    def __init__(self, events: int) -> None:
        self.simulator = simulator(events)
        self.pallets: Counter[str] = Counter()
        self.items: list[str] = []
        self.body = 0
        self._chance = random.Random(SEED)
        self._kept_of_each = -(-ITEMS_KEPT * DOCUMENT_EVENTS // events)

    def part(self) -> list[bytes]:
        made = (self.simulator.next_document(DOCUMENT_EVENTS) for _ in range(PART_DOCUMENTS))
        documents = [document for document in made if document is not None]
        for document in documents:
            self._note(document)
        return documents

    def _note(self, document: bytes) -> None:
        self.body = max(self.body, len(document))
        for _ in range(self._kept_of_each):
            if found := _ITEM.search(document, self._chance.randrange(len(document))):
                self.items.append(found[1].decode())
        for name, count in Counter(_PALLET.findall(document)).items():
            self.pallets[trace_core.item_key(name.decode()) or name.decode()] += count

    def traced(self) -> Histories:
        """Those whose number of events is nearest to the wanted one, of all of the time."""
        near = [name for name, count in self.pallets.items() if abs(count - TRACED_EVENTS) <= TRACED_APART]
        self._chance.shuffle(near)
        return self._histories(sorted(near, key=lambda name: abs(self.pallets[name] - TRACED_EVENTS))[:TRACED_ITEMS])

    def longest(self) -> Histories:
        """Those with the most events."""
        return self._histories([name for name, _ in self.pallets.most_common(LONGEST_ITEMS)])

    def _histories(self, items: list[str]) -> Histories:
        counts = [self.pallets[name] for name in items]
        return Histories(items, range(min(counts, default=0), max(counts, default=0) + 1))


def fill(server: Server, events: int, stored: Callable[[int], object] = lambda _: None) -> Filled:
    """Captures so many events, and waits until they are in the log; `stored` is told how many there are by now. Events
    are made part by part outside the clock, as for raw COPY; a part counts until all of it is in the log. Then the
    database is vacuumed and written out, as it would be some time after a load."""
    source = _Source(events)
    filled = Filled(events, 0.0)
    sent = 0

    def write(documents: list[bytes]) -> None:
        # A client costs more to make than a document to send.
        with httpx.Client(base_url=server.url, timeout=600) as client:
            for document in documents:
                answer = client.post("/capture", content=document, headers={"Content-Type": "application/json"})
                assert answer.json().get("success"), answer.text[:500]
                filled.peak = max(filled.peak, server.resident())

    with ThreadPoolExecutor(WRITERS) as writers:
        while part := source.part():
            start = time.perf_counter()
            for done in [writers.submit(write, part[n::WRITERS]) for n in range(WRITERS)]:
                done.result()
            sent = min(events, sent + len(part) * DOCUMENT_EVENTS)
            while server.client.get("/healthz").json()["tree_size"] < sent:
                time.sleep(0.02)
            filled.seconds += time.perf_counter() - start
            filled.marks.append((sent, filled.seconds))
            stored(sent)
    asyncio.run(_settle(server.data))
    filled.body, filled.items = source.body, source.items
    filled.traced, filled.longest = source.traced(), source.longest()
    filled.landmarks = source.simulator.landmarks()
    return filled


async def _settle(data: Path) -> None:
    """Counts, cleans and writes out all that is there."""
    async with beside(data) as connection:
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")


def percentile(times: Sequence[float], percent: int) -> float:
    """In milliseconds."""
    return statistics.quantiles(times, n=100)[percent - 1] * 1000


def percentiles(times: Sequence[float], *percents: int) -> str:
    """For people."""
    return ", ".join(f"p{percent} {percentile(times, percent):.1f} ms" for percent in percents)
