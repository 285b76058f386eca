"""A server under captures of all kinds for as long as one likes: its memory must not grow with what it has taken.

    python -m tests.faults.soak 60

Memory is looked at when nobody asks for anything, after each round of the same load: what belongs to the server's
process alone, without what it shares or has read from files.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import trace_core
from tests.system.conftest import free_port
from trace_api.cli import serve
from trace_api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REPOSITORY = Path(__file__).parent.parent.parent
WRITERS = 3
SIZES = (1, 2_000, 20, 500)
"""Events of captures, in turns."""
CAPTURES = 12
"""In a round."""
SIMULATED_EVENTS = 20_000
"""More than these take."""
STORY_EVENTS = 1_000
"""Captured once. Its items are asked about: no other event names them, so that answers do not grow."""
ASKED = 10
WARM_UP_ROUNDS = 5
ROUNDS_MIN = 9
"""After those."""
REST_S = 1.0
READY_S_MAX = 60.0
FLAT_BYTES_MAX = 8_000_000
"""That it may grow by, however long it takes: what allocators leave. The control keeps more in the shortest run."""


@dataclass
class Soaked:
    """Events taken by the end of each round, and the bytes of memory at rest then."""

    rests: list[tuple[int, int]] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Bytes from the first third of the rounds to the last, those of the warm-up left out, each by its median."""
        rests = [rest for _, rest in self.rests[WARM_UP_ROUNDS:]]
        third = -(-len(rests) // 3)
        return statistics.median(rests[-third:]) - statistics.median(rests[:third])

    @property
    def is_flat(self) -> bool:
        return self.growth <= FLAT_BYTES_MAX

    def __str__(self) -> str:
        events, rest = self.rests[-1]
        return f"{events:,} events, {rest / 1e6:.1f} MB at rest, grown by {self.growth / 1e6:+.1f} MB"


@contextlib.contextmanager
def soaking(data: Path, kept_percent: int = 0) -> Iterator[Iterator[Soaked]]:
    """What was found so far, after each round; with `kept_percent` of a server that keeps so much of each capture."""
    port = free_port()
    command = [sys.executable, "-m", "tests.faults.soak", "serve", str(data), str(port), str(kept_percent)]
    with data.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(command, stderr=log, cwd=REPOSITORY)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_ready(client)
            yield _rounds(client, lambda: at_rest(process.pid))
    finally:
        process.terminate()
        process.wait()


def _rounds(client: httpx.Client, memory: Callable[[], int]) -> Iterator[Soaked]:
    simulator = trace_core.Simulator(events=SIMULATED_EVENTS, seed=1)
    documents = [simulator.next_document(size) for size in itertools.islice(itertools.cycle(SIZES), CAPTURES)]
    story = trace_core.Simulator(events=STORY_EVENTS, seed=2)
    _capture(client, story.next_document(STORY_EVENTS) or b"", 202)
    asked = [landmark.element_string for landmark in story.landmarks()][:ASKED]
    soaked = Soaked()
    for number in itertools.count():
        with ThreadPoolExecutor(WRITERS) as threads:
            sent = [threads.submit(_send, client, at_another_time(d, number), asked) for d in documents if d]
            for done in sent:
                done.result()
        time.sleep(REST_S)
        soaked.rests.append((client.get("/healthz").json()["tree_size"], memory()))
        yield soaked


def at_another_time(document: bytes, number: int) -> bytes:
    """New events of the same items: the index over items is in memory, and grows with them alone."""
    later = re.sub(rb'("eventTime":"[^".]+)\.000', rb"\1.%06d" % number, document)
    return re.sub(rb'"eventID":"[^"]*",?', b"", later)


def _send(client: httpx.Client, document: bytes, items: list[str]) -> None:
    """It, it again, and something like it that is refused; then what people ask."""
    for content, status in ((document, 202), (document, 202), (document[:-7], 400)):
        _capture(client, content, status)
    for item in items:
        assert client.get("/history", params={"item": item}).status_code == 200
        assert client.get("/verify", params={"scan": item}).json()["event_count"] > 0


def _capture(client: httpx.Client, document: bytes, status: int) -> None:
    answer = client.post("/capture?ack=sequenced", content=document, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


def wait_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if client.get("/healthz").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"not ready after {READY_S_MAX} s")


def at_rest(pid: int) -> int:
    """Bytes of memory that belong to this process alone."""
    kib = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert kib is not None
    return int(kib[1]) * 1024


def leaking(app: ASGIApp, kept_percent: int) -> ASGIApp:
    """The control: what a careless cache would do."""
    kept: list[bytes] = []

    async def keep(scope: Scope, receive: Receive, send: Send) -> None:
        async def received() -> Message:
            message = await receive()
            body = message.get("body", b"")
            kept.append(bytes(body[: len(body) * kept_percent // 100]))
            return message

        await app(scope, received, send)

    return keep


def serve_leaking(data: Path, port: int, kept_percent: int) -> None:
    """The server that users start, but for what the control keeps."""
    honest = serve.server_of
    if kept_percent:
        serve.server_of = lambda app, host, port: honest(leaking(app, kept_percent), host, port)
    serve.run(Settings.of(data_dir=data, port=port))


def main() -> None:
    """For so many minutes; exits with 1 unless memory stayed flat."""
    end = time.monotonic() + 60 * float(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="wayproof-soak-") as folder, soaking(Path(folder) / "data") as rounds:
        for soaked in rounds:
            if len(soaked.rests) > WARM_UP_ROUNDS + ROUNDS_MIN:
                print(soaked, flush=True)
                if time.monotonic() > end:
                    break
    sys.exit(0 if soaked.is_flat else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve_leaking(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
