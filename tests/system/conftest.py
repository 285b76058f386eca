"""A real server: the command as a user starts it, on its own embedded Postgres, as a child process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import trace_core

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYPROOF = Path(sys.executable).with_name("wayproof")
READY_S_MAX = 60.0
END_S_MAX = 40.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One run of `wayproof serve`."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def start(cls, data: Path, port: int | None = None, **environment: str) -> Server:
        port = port or free_port()
        log = data.with_suffix(".log")
        command = [WAYPROOF, "serve", "--data", data, "--port", str(port), "--origin", "wayproof.test/log"]
        with log.open("ab") as output:
            # Whoever waits for a checkpoint to be out should not wait a second each time.
            told = {"WAYPROOF_PUBLISH_PERIOD_MS": "50", **(environment or os.environ)}
            process = subprocess.Popen(command, stderr=output, stdout=output, env=told)
        server = cls(data, port, process, log)
        server.wait_ready()
        return server

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail(f"not ready after {READY_S_MAX} s: {self.log.read_text()[-2000:]}")

    def peak_bytes(self) -> int:
        """The most memory that it had since this was called for the last time."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return peak

    def end(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(END_S_MAX)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that only add to it; it has to end cleanly."""
    running = Server.start(tmp_path_factory.mktemp("system") / "data")
    yield running
    assert running.end() == 0, running.log.read_text()[-2000:]


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as opened:
        yield opened


def simulated(events: int, seed: int) -> tuple[bytes, list[trace_core.Landmark]]:
    """A document of our own making, and what is worth looking up in it."""
    simulator = trace_core.Simulator(events=events, seed=seed)
    document = simulator.next_document(events)
    assert document is not None
    return document, simulator.landmarks()


def events_in(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of an EPCISQueryDocument."""
    events: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


def document_of(*events: dict[str, object]) -> dict[str, object]:
    """An EPCIS document around events."""
    return {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"ex": "https://example.org/tests/"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-01-01T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }


def observation(serial: str, **members: object) -> dict[str, object]:
    """An event that sees one item."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2025-01-01T12:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [f"https://id.gs1.org/01/09521234543213/21/{serial}"],
        "action": "OBSERVE",
        **members,
    }
