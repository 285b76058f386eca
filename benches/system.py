"""The whole road over HTTP beside raw COPY of the same rows; look-ups and recalls over what is there."""

from __future__ import annotations

import asyncio
import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import httpx
import orjson

import trace_core
from benches.captures import prepared
from benches.footprint import restart, storage
from benches.half_load import half_load
from benches.plans import query_plans
from benches.queries import export, queries
from benches.trust import trust
from trace_api.store.captures import copy_rows
from trace_api.store.embedded import embedded_postgres
from trace_api.store.migrate import known_migrations, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benches.table import Row

WAYPROOF = Path(sys.executable).with_name("wayproof")
DOCUMENT_EVENTS = 5_000
WRITERS = 2
PART_DOCUMENTS = 20
LOOK_UPS = 400
RECALLS = 40
PORT = 8931


def system(events: int, plans: Path | None) -> Iterator[Row]:
    """Captures `events`, then asks. The server is the one that users start, in its own process. How Postgres
    answered goes to `plans`."""
    with tempfile.TemporaryDirectory(prefix="wayproof-bench-") as folder:
        limit = _raw_copy(Path(folder) / "copy", events)
        copy = f"raw binary COPY of the same rows, {WRITERS} writers, {events:,} events"
        yield copy, f"{limit:,.0f} events/s", "the limit of a capture", "-"
        yield from _over_http(Path(folder) / "http", events, limit)
        if plans is not None:
            plans.write_text(query_plans(Path(folder) / "http") + "\n")


def _documents(events: int) -> tuple[list[bytes], list[trace_core.Landmark]]:
    simulator = trace_core.Simulator(events=events, seed=21)
    documents = []
    while (document := simulator.next_document(DOCUMENT_EVENTS)) is not None:
        documents.append(document)
    return documents, simulator.landmarks()


def _over_http(data: Path, events: int, limit: float) -> Iterator[Row]:
    documents, landmarks = _documents(events)
    command: list[str | Path] = [WAYPROOF, "serve", "--data", data, "--port", str(PORT)]
    with (Path(data.parent) / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stderr=log)
    try:
        client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=300)
        _wait_ready(client)
        rate, peak = _capture(documents, events, server.pid)
        what = f"capture over HTTP, durable, indexed, sequenced, {events:,} events"
        yield what, f"{rate:,.0f} events/s", f"raw COPY {limit:,.0f}", f"{rate / limit:.2f}"
        body = len(documents[0])
        yield (
            "peak memory of the server while capturing",
            f"{peak / 1e6:,.0f} MB",
            f"{WRITERS} captures of {body / 1e6:.1f} MB at a time",
            "-",
        )
        yield from _questions(client, landmarks, events)
        yield from queries(client, landmarks, events)
        yield from trust(client, landmarks, events)
        yield from export(client, events, lambda: _resident(server.pid))
    finally:
        server.terminate()
        server.wait()
    # All of the rows are counted as they were captured, before anything else is sent.
    yield from storage(data)
    yield from restart(command, f"http://127.0.0.1:{PORT}", events)
    fsck = ["/usr/bin/time", "-f", "%M", WAYPROOF, "log", "fsck", "--data", data, "--json"]
    start = time.perf_counter()
    try:
        done = subprocess.run(fsck, capture_output=True, check=True, text=True)
    except FileNotFoundError:
        done = subprocess.run(fsck[3:], capture_output=True, check=True, text=True)
    took = time.perf_counter() - start
    assert orjson.loads(done.stdout)["findings"] == []
    memory = re.search(r"(\d+)\s*$", done.stderr)
    peak_mb = f"{int(memory[1]) / 1000:,.0f} MB" if memory else "not measured"
    yield f"fsck of {events:,} events", f"{events / took:,.0f} events/s, peak {peak_mb}", "limit 500 MB", "-"
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_ready(client)
        yield from half_load(f"http://127.0.0.1:{PORT}", rate)
    finally:
        server.terminate()
        server.wait()


def _wait_ready(client: httpx.Client) -> None:
    while True:
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)


def _capture(documents: list[bytes], events: int, pid: int) -> tuple[float, int]:
    # A client costs more to make than a document to send.
    client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=300)

    def send(document: bytes) -> int:
        job = client.post("/capture", content=document, headers={"Content-Type": "application/json"}).json()
        assert job["success"], job["errors"][:3]
        return _resident(pid)

    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as writers:
        peak = max(writers.map(send, documents))
    while client.get("/healthz").json()["tree_size"] < events:
        time.sleep(0.05)
    return events / (time.perf_counter() - start), peak


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def _questions(client: httpx.Client, landmarks: list[trace_core.Landmark], events: int) -> Iterator[Row]:
    items = [landmark for landmark in landmarks if landmark.role in ("pack", "consignment")]
    lots = [landmark for landmark in landmarks if landmark.role == "lot"]
    limit = _percentiles([_timed(client, "/log/key", {}) for _ in range(LOOK_UPS)])
    for what, path, name, asked, count in (
        ("item look-up (history)", "/history", "item", items, LOOK_UPS),
        ("verdict with proofs", "/verify", "scan", items, LOOK_UPS),
        ("recall of a lot", "/recall", "item", lots, RECALLS),
    ):
        times = [_timed(client, path, {name: asked[n % len(asked)].element_string}) for n in range(count)]
        yield f"{what}, over {events:,} events", _percentiles(times), f"prepared bytes: {limit}", "-"


def _timed(client: httpx.Client, path: str, parameters: dict[str, str]) -> float:
    began = time.perf_counter()
    answer = client.get(path, params=parameters)
    took = time.perf_counter() - began
    assert answer.status_code == 200, answer.text[:300]
    return took


def _percentiles(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return ", ".join(f"p{percent} {cuts[percent - 1] * 1000:.1f} ms" for percent in (50, 95, 99))


def _raw_copy(data: Path, events: int) -> float:
    """The same rows into the same tables and indexes, in the same kind of transactions. They are prepared
    part by part outside the clock, so that memory stays small."""
    captures = prepared(events, DOCUMENT_EVENTS, seed=21)

    def next_part() -> list[trace_core.Copies]:
        return [copies for _, _, copies in itertools.islice(captures, PART_DOCUMENTS)]

    return asyncio.run(_copy_all(data, next_part, events))


async def _copy_all(data: Path, next_part: Callable[[], list[trace_core.Copies]], events: int) -> float:
    async with embedded_postgres(data) as url:
        connections = [await asyncpg.connect(url) for _ in range(WRITERS)]
        await migrate(connections[0], known_migrations())

        async def write(connection: asyncpg.Connection, part: list[trace_core.Copies]) -> None:
            for copies in part:
                async with connection.transaction():
                    for table in ("event_digest", "event", "reference"):
                        await copy_rows(connection, table, copies)

        took = 0.0
        while part := next_part():
            start = time.perf_counter()
            await asyncio.gather(*(write(c, part[n::WRITERS]) for n, c in enumerate(connections)))
            took += time.perf_counter() - start
        for connection in connections:
            await connection.close()
    return events / took
