"""A server whose processes are killed at random moments under load, and what must hold of it afterwards.

    python -m tests.faults.machine 10000

Servers are forked from a process that has imported all there is, so a start takes what Postgres takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import orjson
from rich.progress import track

import trace_core
from tests.system.conftest import document_of, free_port, observation
from trace_api.cli.serve import run
from trace_api.log.fsck import fsck
from trace_api.log.keys import LogKeys
from trace_api.settings import Settings
from trace_api.store import log as log_store
from trace_api.store.embedded import _postgres_in
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parent.parent.parent
WRITERS = 4
EVENTS = 5
"""In a capture."""
READY_S_MAX = 60.0
NAMESPACE = uuid.UUID(int=0)


def event_id(writer: int, number: int) -> str:
    return uuid.uuid5(NAMESPACE, f"{writer}/{number}").urn


def document(writer: int, number: int) -> bytes:
    events = range(number * EVENTS, (number + 1) * EVENTS)
    seen = [observation(f"{writer}-{n}", eventID=event_id(writer, n), readPoint={"id": f"urn:x:{n}"}) for n in events]
    return orjson.dumps(document_of(*seen))


@dataclass
class Found:
    """What the last look at everything has found."""

    events: int = 0
    lost: int = 0
    twice: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.lost or self.twice or self.findings)


class Machine:
    """`acknowledged` counts captures by writer: each sends the next one only when the last one was acknowledged."""

    def __init__(self, data: Path, seed: int, log: Path | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.chance = random.Random(seed)
        self.acknowledged = [0] * WRITERS
        self.statuses: Counter[int | str] = Counter()
        self.shown: dict[int, bytes] = {}
        self.cycles = self.receipts = 0
        self.key = ""
        self.pid = 0
        self.log = log or data.with_suffix(".log")
        self._end = threading.Event()

    @contextlib.contextmanager
    def forking(self) -> Iterator[None]:
        command = [sys.executable, "-m", "tests.faults.machine", "fork", str(self.data), str(self.port)]
        told = {**os.environ, "WAYPROOF_PUBLISH_PERIOD_MS": "20"}
        with self.log.open("ab") as log:
            self._forks = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=REPOSITORY, env=told
            )
        try:
            yield
        finally:
            if self.pid:
                self.kill_server()
                self.kill_postgres()
            self._forks.communicate()

    def begin(self) -> None:
        """Starts a server, and does not wait."""
        print(file=self._forks.stdin, flush=True)
        self.pid = int(self._forks.stdout.readline())

    def start(self) -> None:
        self.begin()
        self.wait_ready()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S_MAX
        with httpx.Client(base_url=self.url, timeout=5) as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.TransportError):
                    if client.get("/healthz").status_code == 200:
                        self.key = client.get("/log/key").text.strip()
                        return
                time.sleep(0.02)
        raise AssertionError(f"not ready after {READY_S_MAX} s: {self.log.read_text()[-3000:]}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # Faults --------------------------------------------------------------------------------------------

    def kill_postgres(self) -> None:
        """All of its processes, in no order."""
        for pid in list(_postgres_in(self.data / "postgres")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_server(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # It has ended by itself.
            os.kill(self.pid, signal.SIGKILL)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.002)
        self.pid = 0

    def kill_any(self) -> None:
        """The server, its Postgres, or both, and what a supervisor does then."""
        what = self.chance.choice(("postgres", "postgres", "server", "both"))
        if what != "server":
            self.kill_postgres()
        if what != "postgres":
            self.kill_server()
            self.start()

    # Load ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def load(self) -> Iterator[None]:
        """Writers that never give up: what was not acknowledged they send again."""
        self._end.clear()
        with ThreadPoolExecutor(WRITERS) as threads:
            writers = [threads.submit(self._write, writer) for writer in range(WRITERS)]
            try:
                yield
            finally:
                self._end.set()
            for writer in writers:
                writer.result()

    def _write(self, writer: int) -> None:
        acks = itertools.cycle(("stored", "sequenced", "stored", "published"))
        with httpx.Client(base_url=self.url, timeout=60, headers={"Content-Type": "application/json"}) as client:
            while not self._end.is_set():
                content = document(writer, self.acknowledged[writer])
                try:
                    answer = client.post(f"/capture?ack={next(acks)}", content=content)
                except httpx.TransportError:
                    self.statuses["cut off"] += 1
                    time.sleep(0.01)
                    continue
                self.statuses[answer.status_code] += 1
                if answer.status_code == 202:
                    job = answer.json()
                    assert job["eventsStored"] + job["eventsRepeated"] == EVENTS, job
                    self.acknowledged[writer] += 1
                else:
                    assert answer.status_code in (503, 507), answer.text
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert int(answer.headers["retry-after"]) > 0
                    time.sleep(0.01)

    def cycle(self, fault: Callable[[], None], seconds_max: float = 0.4, *, look: bool = True) -> None:
        """Under load: the fault at a random moment, and what anybody sees of it once all is there again."""
        self.cycles += 1
        before = sum(self.acknowledged)
        time.sleep(self.chance.uniform(0, seconds_max))
        fault()
        deadline = time.monotonic() + READY_S_MAX
        while sum(self.acknowledged) <= before:
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.005)
        if look:
            self.look()

    def look(self) -> None:
        """The checkpoint never goes back, and a receipt of something that was acknowledged verifies."""
        with contextlib.suppress(httpx.TransportError), httpx.Client(base_url=self.url, timeout=60) as client:
            note = client.get("/log/checkpoint")
            if note.status_code == 200:
                _, size, root_hash = trace_core.open_checkpoint(note.content, self.key)
                assert size >= max(self.shown, default=0)
                assert self.shown.setdefault(size, root_hash) == root_hash
            writer = self.chance.randrange(WRITERS)
            if self.acknowledged[writer]:
                wanted = event_id(writer, self.chance.randrange(self.acknowledged[writer] * EVENTS))
                receipt = client.get(f"/events/{wanted}/receipt")
                # 503 while it waits to be published.
                assert receipt.status_code in (200, 503), (wanted, receipt.text)
                if receipt.status_code == 200:
                    trace_core.check_receipt(receipt.content, self.key)
                    self.receipts += 1

    # What is left --------------------------------------------------------------------------------------

    def check(self) -> Found:
        """Everything, from storage alone, after one more start. The server must not be under load."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            waiting = client.post("/capture?ack=published", json=document_of(observation(uuid.uuid4().hex)))
            assert waiting.status_code == 202, waiting.text
            policy = client.get("/log/checkpoint").content
        os.kill(self.pid, signal.SIGTERM)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.01)
        self.pid = 0
        return asyncio.run(self._check(trace_core.checkpoint_size(policy)))

    def summary(self, found: Found) -> str:
        return (
            f"{self.cycles} cycles, {sum(self.acknowledged) * EVENTS} events acknowledged, {found.lost} lost, "
            f"{found.twice} twice, {self.receipts} receipts verified, answers {dict(self.statuses)}"
        )

    async def _check(self, published: int) -> Found:
        settings = Settings.of(data_dir=self.data)
        async with Store.open(settings) as store:
            report = await fsck(store, LogKeys.load(settings.key_dir))
            async with store.session() as connection:
                ids = Counter(
                    [row[0] for row in await connection.fetch("SELECT event_id FROM event WHERE event_id > ''")]
                )
                roots = {
                    kept.tree_size: kept.root_hash for kept in await log_store.checkpoints_from(connection, 0, 1 << 40)
                }
                leaves = await connection.fetchval("SELECT sum(event_count) FROM capture WHERE first_leaf_index >= 0")
        found = Found(events=report.events, findings=report.findings)
        wanted = [event_id(w, n) for w, count in enumerate(self.acknowledged) for n in range(count * EVENTS)]
        found.lost = sum(wanted_id not in ids for wanted_id in wanted)
        found.twice = sum(count - 1 for count in ids.values())
        for size, root_hash in self.shown.items():
            if size and roots.get(size) != root_hash:
                found.findings.append(f"a checkpoint of {size} leaves was shown that is not of this log")
        if not leaves == report.events == report.tree_size == published:
            found.findings.append(f"of {report.events} events {leaves} are leaves, and {published} are published")
        return found


def run_cycles(data: Path, cycles: int, seed: int, *, show: bool = False) -> tuple[Machine, Found]:
    machine = Machine(data, seed)
    with machine.forking():
        machine.start()
        with machine.load():
            for _ in track(range(cycles), "kill -9", disable=not show):
                machine.cycle(machine.kill_any)
        machine.wait_ready()
        return machine, machine.check()


def fork_servers(data: Path, port: int) -> None:
    """A server for each line on standard input."""
    from trace_api import app  # noqa: F401 – what a server imports when it starts

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(Settings.of(data_dir=data, port=port, origin="wayproof.test/machine"), log_level="warning")
            os._exit(0)
        print(child, flush=True)


def main() -> None:
    if sys.argv[1] == "fork":
        fork_servers(Path(sys.argv[2]), int(sys.argv[3]))
        return
    seed = time.time_ns()
    folder = Path(tempfile.mkdtemp(prefix="wayproof-kills-"))
    print(f"seed {seed}, in {folder}, which stays if anything is wrong")
    machine, found = run_cycles(folder / "data", int(sys.argv[1]), seed, show=True)
    print(machine.summary(found))
    for finding in found.findings:
        print(finding)
    if not found.holds:
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
