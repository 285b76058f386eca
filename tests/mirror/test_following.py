"""Mirrors that follow a log, logs that are pushed to mirrors, and mirrors that are killed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

import trace_core
from tests.mirror.small_log import FOLDER, LOG, ORIGIN, SIGNER, SmallLog, policy_of, served, verified_size
from tests.system.conftest import WAYPROOF, Server, free_port, simulated
from trace_api.errors import Unavailable
from trace_api.mirror.book import Book
from trace_api.mirror.follow import Inconsistent, catch_up
from trace_api.mirror.mirror import Mirror, origin_hash
from trace_api.mirror.push import Refused, Upload
from trace_api.mirror.source import LogSource
from trace_api.mirror.wire import INFO_TYPE, UPLOAD_TYPE, MirrorInfo, UploadHead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TESTLOG_ORIGIN = "example.com/log/testdata"
TESTLOG_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
COSIGNED = policy_of(f"witness m {SIGNER.verifier_key}", "quorum m")
KILLS = int(os.environ.get("WAYPROOF_KILLS", "8"))


def from_folder(folder: Path) -> Callable[[str], bytes | None]:
    """Files as they stand on the disk."""
    return lambda path: (folder / path).read_bytes() if (folder / path).is_file() else None


def from_address(url: str) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        answer = httpx.get(f"{url}/{path}", timeout=30)
        assert answer.status_code in (200, 404), answer.text
        return answer.content if answer.status_code == 200 else None

    return read


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Book.open(tmp_path / "mirror.sqlite") as book:
        yield Mirror.open([SIGNER], policy_of("quorum none"), book, tmp_path)


async def test_followed_log_is_copied_and_cosigned_and_goes_on_as_it_grows(mirror: Mirror, tmp_path: Path) -> None:
    log, shown = SmallLog(3000), tmp_path / "shown"
    told: list[tuple[int, int]] = []
    with served(shown) as url:
        async with LogSource.open(url) as source:
            with pytest.raises(Unavailable, match="not there"):
                await catch_up(mirror, source)
            for size in (1, 255, 256, 700, 701, 3000, 3000):
                log.write(shown, size)
                await catch_up(mirror, source, lambda done, total: told.append((done, total)))
                # As a server of files would show it, without ours.
                assert verified_size(from_folder(tmp_path / FOLDER), COSIGNED) == size
    assert told[-1] == (3000, 3000)
    assert (256, 256) in told


async def test_interrupted_following_goes_on_without_fetching_twice(mirror: Mirror, tmp_path: Path) -> None:
    log, shown = SmallLog(2000), tmp_path / "shown"
    log.write(shown, 2000)
    (shown / "tile/entries/005").rename(tmp_path / "kept")
    with served(shown) as url:
        async with LogSource.open(url) as source:
            with pytest.raises(Unavailable, match="entries/005"):
                await catch_up(mirror, source)
            assert mirror.copies[ORIGIN].next_entry == 5 * 256
            assert mirror.copies[ORIGIN].checkpoint() is None
            (tmp_path / "kept").rename(shown / "tile/entries/005")
            shutil.rmtree(shown / "tile/entries")
            log.write(tmp_path / "again", 2000)
            (tmp_path / "again/tile/entries").rename(shown / "tile/entries")
            (shown / "tile/entries/000").unlink()
            assert (await catch_up(mirror, source)).mirrored_size == 2000
    assert verified_size(from_folder(tmp_path / FOLDER), COSIGNED) == 2000


STRANGER = trace_core.NoteSigner("Ed25519", ORIGIN, bytes([9] * 32))


@pytest.mark.parametrize(
    ("path", "content", "kept"),
    [
        ("tile/entries/003.p/232", trace_core.join_entries([b"forged"] * 232), 768),
        ("tile/entries/003.p/232", trace_core.join_entries([b"few"]), 768),
        ("tile/entries/001", b"", 256),
        ("tile/0/003.p/232", bytes(32 * 232), 0),
        ("tile/1/000.p/3", b"short", 0),
        ("checkpoint", b"no checkpoint", 0),
        ("checkpoint", SmallLog(1000, "!").note(1000), 0),
        ("checkpoint", SmallLog(1000, signer=STRANGER).note(1000), 0),
    ],
)
async def test_forged_file_of_a_log_is_not_copied(
    mirror: Mirror, tmp_path: Path, path: str, content: bytes, kept: int
) -> None:
    shown = tmp_path / "shown"
    SmallLog(1000).write(shown, 1000)
    (shown / path).write_bytes(content)
    with served(shown) as url:
        async with LogSource.open(url) as source:
            with pytest.raises(Inconsistent):
                await catch_up(mirror, source)
    # What was proven until then stays; nothing is cosigned.
    assert mirror.copies[ORIGIN].next_entry == kept
    assert mirror.copies[ORIGIN].checkpoint() is None


async def test_forked_log_is_not_followed_and_the_first_history_goes_on(mirror: Mirror, tmp_path: Path) -> None:
    log, forked, shown = SmallLog(1000), SmallLog(1200, "!"), tmp_path / "shown"
    copied = from_folder(tmp_path / FOLDER)
    with served(shown) as url:
        log.write(shown, 600)
        async with LogSource.open(url) as source:
            await catch_up(mirror, source)
        # Another history: longer, as long, and shorter than what was shown.
        for size in (1200, 600, 500):
            forked.write(shown, size)
            async with LogSource.open(url) as source:
                with pytest.raises(Inconsistent):
                    await catch_up(mirror, source)
            assert verified_size(copied, COSIGNED) == 600
        # An old checkpoint of the same history is no lie.
        shutil.rmtree(shown)
        log.write(shown, 1000)
        log.write(shown, 500)
        async with LogSource.open(url) as source:
            await catch_up(mirror, source)
            assert verified_size(copied, COSIGNED) == 600
            log.write(shown, 1000)
            await catch_up(mirror, source)
    assert verified_size(copied, COSIGNED) == 1000


async def test_log_of_tessera_is_followed(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "tlog/tessera-testlog/testdata/log"
    if not folder.is_dir():
        pytest.skip("no shared data with a log of Tessera's")
    shown = tmp_path / "shown"
    shutil.copytree(folder, shown)
    notes = {trace_core.checkpoint_size(f.read_bytes()): f.read_bytes() for f in folder.glob("checkpoint*")}
    policy = trace_core.Policy(f"log {TESTLOG_KEY}\nquorum none\n".encode())
    cosigned = trace_core.Policy(f"log {TESTLOG_KEY}\nwitness m {SIGNER.verifier_key}\nquorum m\n".encode())
    with Book.open(tmp_path / "mirror.sqlite") as book, served(shown) as url:
        mirror = Mirror.open([SIGNER], policy, book, tmp_path)
        for size in sorted(notes):
            (shown / "checkpoint").write_bytes(notes[size])
            async with LogSource.open(url) as source:
                await catch_up(mirror, source)
            assert verified_size(from_folder(tmp_path / origin_hash(TESTLOG_ORIGIN)), cosigned) == size
    # Entries and hashes are, byte for byte, those of the log.
    last = max(notes)
    copied = tmp_path / origin_hash(TESTLOG_ORIGIN)
    for path in (f"tile/entries/000.p/{last}", f"tile/0/000.p/{last}"):
        assert (copied / path).read_bytes() == (folder / path).read_bytes()


# Processes ---------------------------------------------------------------------------------------------


@dataclass
class Running:
    """One run of `wayproof mirror`."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, data: Path, *options: str, port: int | None = None, key: str = LOG.verifier_key) -> Running:
        port = port or free_port()
        command = [WAYPROOF, "mirror", "--name", "m.test", "--log", key, "--data", data, "--port", str(port), *options]
        with data.with_suffix(".log").open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        running = cls(data, port, process)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert process.poll() is None, data.with_suffix(".log").read_text()[-2000:]
            try:
                if httpx.get(running.url, timeout=5).status_code == 200:
                    return running
            except httpx.TransportError:
                time.sleep(0.05)
        pytest.fail(f"{running.url} does not answer")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def policy(self, log_key: str = LOG.verifier_key) -> trace_core.Policy:
        keys = httpx.get(self.url).json()["keys"]
        witnesses = "".join(f"witness m{n} {key}\n" for n, key in enumerate(keys))
        names = " ".join(f"m{n}" for n in range(len(keys)))
        return trace_core.Policy(f"log {log_key}\n{witnesses}group all all {names}\nquorum all\n".encode())

    def end(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(30)


def push(source: str, mirror: str) -> subprocess.CompletedProcess[bytes]:
    command = [WAYPROOF, "mirror", "push", source, mirror, "--log", LOG.verifier_key]
    return subprocess.run(command, check=False, capture_output=True, timeout=120)


def test_log_is_pushed_by_command_and_cosigned_with_both_keys(tmp_path: Path) -> None:
    # More than one request has.
    size, shown = 40 * 256 + 17, tmp_path / "shown"
    log = SmallLog(size)
    running = Running.start(tmp_path / "data", "--ml-dsa")
    with served(shown) as url:
        log.write(shown, 300)
        assert push(url, running.url).returncode == 0
        log.write(shown, size)
        done = push(url, running.url)
        assert done.returncode == 0, done.stderr
        policy = running.policy()
        assert policy.check(done.stdout)[1] == size
        assert verified_size(from_address(f"{running.url}/{FOLDER}"), policy) == size
        # Again, with nothing new; then from a log of another history.
        assert push(url, running.url).returncode == 0
        SmallLog(size + 10, "!").write(shown, size + 10)
        refused = push(url, running.url)
        assert refused.returncode == 1, refused.stderr
        assert push("http://127.0.0.1:9/none", running.url).returncode == 3
    assert running.end() == 0


def test_upload_that_breaks_off_is_kept_and_one_in_vain_is_answered_early(tmp_path: Path) -> None:
    running, log = Running.start(tmp_path / "data"), SmallLog(1000)
    binary = {"Content-Type": UPLOAD_TYPE}
    assert httpx.post(f"{running.url}/add-checkpoint", content=log.checkpoint(0, 1000)).status_code == 200
    with began(running, log.upload(0, 1000)[: len(log.upload(0, 1000, packages=2)) + 7]):
        deadline = time.monotonic() + 30
        while next_entry(running) < 512:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert next_entry(running) == 512
    # What cannot succeed is answered while the body is still to come.
    unknown, far = (UploadHead(origin, 999, 1000).write() for origin in (b"unknown.test/log", ORIGIN.encode()))
    forged = bytearray(log.upload(512, 1000, packages=1))
    forged[100] ^= 1
    for begin, status in ((unknown, b"404"), (far, b"409"), (bytes(forged), b"422")):
        with began(running, begin) as waiting:
            assert waiting.recv(1 << 16).startswith(b"HTTP/1.1 " + status)
    answer = httpx.post(f"{running.url}/add-entries", content=log.upload(512, 1000), headers=binary)
    assert answer.status_code == 200
    assert verified_size(from_address(f"{running.url}/{FOLDER}"), running.policy()) == 1000
    assert running.end() == 0


@contextlib.contextmanager
def began(running: Running, begin: bytes) -> Iterator[socket.socket]:
    """An upload of which no more than this comes, for as long as it is held open."""
    lines = (
        "POST /add-entries HTTP/1.1",
        "Host: m",
        f"Content-Type: {UPLOAD_TYPE}",
        "Content-Length: 999999999",
        "",
        "",
    )
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as opened:
        opened.sendall("\r\n".join(lines).encode() + begin)
        yield opened


def next_entry(running: Running) -> int:
    asked = UploadHead(ORIGIN.encode(), 0, 0).write()
    answer = httpx.post(f"{running.url}/add-entries", content=asked, headers={"Content-Type": UPLOAD_TYPE})
    assert (answer.status_code, answer.headers["content-type"]) == (409, INFO_TYPE)
    return MirrorInfo.read(answer.content).next_entry


def test_wayproof_log_is_followed_over_http(tmp_path: Path) -> None:
    server = Server.start(tmp_path / "log")
    with server.client() as client:
        key = client.get("/log/key").text.strip()
        policy_file = tmp_path / "policy"
        policy_file.write_text(f"log {key}\nquorum none\n")
        running = Running.start(tmp_path / "data", "--follow", f"{server.url}/log", "--every", "0.05", key=key)
        policy = running.policy(key)
        read = from_address(f"{running.url}/{origin_hash('wayproof.test/log')}")
        size = 0
        for seed, events in enumerate((300, 1, 900)):
            document, _ = simulated(events, seed)
            headers = {"Content-Type": "application/json"}
            answer = client.post("/capture?ack=published", content=document, headers=headers)
            size += answer.json()["eventsStored"]
            deadline = time.monotonic() + 60
            while verified_size(read, policy) < size:
                assert time.monotonic() < deadline, (tmp_path / "data.log").read_text()[-2000:]
                time.sleep(0.05)
        # What the mirror shows of the tree is what the log shows.
        for path in ("tile/0/000", f"tile/entries/{size // 256:03}.p/{size % 256}"):
            assert read(path) == client.get(f"/log/{path}").content
        assert running.end() == 0
        # Once, with a policy; a second one has all of it.
        command = [WAYPROOF, "mirror", "--name", "n.test", "--policy", policy_file, "--data", tmp_path / "once"]
        once = subprocess.run(
            [*command, "--follow", f"{server.url}/log", "--once", "--json"], capture_output=True, check=True
        )
        assert orjson.loads(once.stdout) == {"origin": "wayproof.test/log", "tree_size": size}
    assert server.end() == 0


def test_memory_of_a_mirror_does_not_grow_with_the_log(tmp_path: Path) -> None:
    peaks = []
    for size in (2_000, 60_000):
        shown, data = tmp_path / f"shown-{size}", tmp_path / f"data-{size}"
        log = SmallLog(0)
        log.entries = [size.to_bytes(4) + n.to_bytes(4) * 180 for n in range(size)]
        log.write(shown, size)
        with served(shown) as url:
            running = Running.start(data, "--follow", url)
            deadline = time.monotonic() + 120
            while not (data / FOLDER / "checkpoint").exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            status = Path(f"/proc/{running.process.pid}/status").read_text()
            peaks.append(int(status.partition("VmHWM:")[2].split()[0]) * 1024)
            assert running.end() == 0
    assert peaks[1] - peaks[0] < 16 << 20, peaks


@pytest.mark.parametrize("way", ["pushed", "followed"])
def test_killed_mirror_serves_a_whole_prefix_and_goes_on(tmp_path: Path, way: str) -> None:
    """SIGKILL at random moments while entries come: what is on the disk and what is served after the restart is a
    prefix of the log that verifies completely, and never shorter than one that was seen before."""
    log, shown, data, port = SmallLog(60_000), tmp_path / "shown", tmp_path / "data", free_port()
    reached = 0
    with served(shown) as url:
        follow = ("--follow", url, "--every", "0.05") if way == "followed" else ()
        for cycle in range(KILLS):
            log.write(shown, min(60_000, 7_001 * (cycle + 1)))
            running = Running.start(data, *follow, port=port)
            policy = running.policy()
            now = verified_size(from_address(f"{running.url}/{FOLDER}"), policy)
            assert now >= reached
            reached = now
            killer = threading.Timer(0.05 + 0.06 * (cycle % 7), running.process.kill)
            killer.start()
            if way == "pushed":
                two = [threading.Thread(target=pushed, args=(url, running.url)) for _ in range(2)]
                for one in two:
                    one.start()
            killer.join()
            running.process.wait()
            if way == "pushed":
                for one in two:
                    one.join()
            on_disk = verified_size(from_folder_or_full(data / FOLDER), policy)
            assert on_disk >= reached
            reached = on_disk
        running = Running.start(data, port=port)
        assert push(url, running.url).returncode == 0
        size = min(60_000, 7_001 * KILLS)
        assert verified_size(from_address(f"{running.url}/{FOLDER}"), running.policy()) == size
        assert verified_size(from_folder(data / FOLDER), running.policy()) == size
        assert running.end() == 0
    assert not list((data / FOLDER / "unfinished").iterdir())


def from_folder_or_full(folder: Path) -> Callable[[str], bytes | None]:
    """As any reader of a tiled log: what is partial may be full meanwhile."""

    def read(path: str) -> bytes | None:
        file, full = folder / path, folder / path.partition(".p/")[0]
        if file.is_file() or not full.is_file():
            return file.read_bytes() if file.is_file() else None
        width, content = int(path.rpartition("/")[2]), full.read_bytes()
        if "entries" not in path:
            return content[: width * 32]
        at = 0
        for _ in range(width):
            at += 2 + int.from_bytes(content[at : at + 2])
        return content[:at]

    return read


def pushed(source: str, mirror: str) -> None:
    """Pushes until it is done or the mirror is gone."""

    async def run() -> None:
        async with LogSource.open(source) as opened, httpx.AsyncClient(timeout=30) as client:
            await Upload(opened, client, mirror, policy_of("quorum none")).run()

    with contextlib.suppress(Unavailable, Refused):
        asyncio.run(run())
