"""The log as plain files: whoever reads it needs neither the server nor its database."""

from __future__ import annotations

import asyncio
import functools
import http.server
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import trace_core
from tests.other_tools import tessera
from tests.system.conftest import WAYPROOF, Server, document_of, free_port, observation, simulated
from tests.system.test_completeness import wait_indexed
from trace_api.settings import Settings
from trace_api.store.objects import CHANGING, IMMUTABLE, BucketObjects
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GO = Path(__file__).parent.parent / "go"
JSON = {"Content-Type": "application/json"}
SHOWN_S_MAX = 30.0


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def static(tmp_path: Path) -> Iterator[str]:
    """A server of files that knows nothing of logs, for `tiles` under the temporary folder."""
    (tmp_path / "tiles").mkdir()
    handler = functools.partial(Quiet, directory=str(tmp_path / "tiles"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def capture(server: Server, events: int, seed: int) -> None:
    with server.client() as client:
        body = simulated(events, seed)[0]
        assert client.post("/capture?ack=published", content=body, headers=JSON).json()["success"]


def start(data: Path, place: object, **environment: str) -> Server:
    return Server.start(data, **{**os.environ, "WAYPROOF_TILES": str(place), **environment})


def wait_shown(read: Callable[[str], bytes], server: Server) -> None:
    """Until the files have the checkpoints that the server has published, of both logs."""
    with server.client() as client:
        wait_indexed(client)
        wanted = {f"{at}checkpoint": client.get(f"/log/{at}checkpoint").content for at in ("", "index/")}
    deadline = time.monotonic() + SHOWN_S_MAX
    while any(read(path) != note for path, note in wanted.items()):
        assert time.monotonic() < deadline, "the files do not follow"
        time.sleep(0.05)


def audited(prefix: str, server: Server, folder: Path) -> None:
    policy = folder / "policy.txt"
    policy.write_bytes(httpx.get(f"{server.url}/log/policy").content)
    state = folder / "state.json"
    state.unlink(missing_ok=True)
    command = [WAYPROOF, "audit", prefix, "--policy", policy, "--state", state]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_folder_is_a_log_of_its_own_for_auditors_and_tools_of_others(tmp_path: Path, static: str) -> None:
    data, tiles = tmp_path / "data", tmp_path / "tiles"
    server = start(data, tiles)
    for seed, events in ((1, 300), (2, 1), (3, 700)):
        capture(server, events, seed)
    wait_shown(lambda path: (tiles / path).read_bytes(), server)
    audited(static, server, tmp_path)
    if shutil.which("go") is None:
        pytest.skip("no Go compiler")
    binary = tessera.build(tessera.FSCK, tmp_path)
    for at in ("", "index/"):
        key = tmp_path / "key"
        key.write_bytes(httpx.get(f"{server.url}/log/{at}key").content)
        done = tessera.run([str(binary), f"--storage_url={static}/{at}", f"--public_key={key}", "--ui=false"])
        assert "Successfully fsck'd log" in done.stderr, done.stderr
    assert server.end() == 0


def test_lost_folder_is_filled_again_and_a_full_disk_holds_up_publishing_alone(tmp_path: Path, static: str) -> None:
    data, tiles = tmp_path / "data", tmp_path / "tiles"
    server = start(data, tiles)
    capture(server, 600, 1)
    assert server.end() == 0
    for path in tiles.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    server = start(data, tiles)
    wait_shown(lambda path: (tiles / path).read_bytes() if (tiles / path).exists() else b"", server)
    audited(static, server, tmp_path)
    # A file stands where the next bundle has to go: what is captured is safe, and published once there is room.
    shutil.rmtree(tiles / "unfinished")
    (tiles / "unfinished").write_bytes(b"")
    with server.client() as client:
        job = client.post("/capture?ack=sequenced", json=document_of(observation("held"))).json()
        assert job["state"] == "sequenced"
        time.sleep(1)
        assert client.get(f"/capture/{job['captureID']}").json()["state"] == "sequenced"
        (tiles / "unfinished").unlink()
        (tiles / "unfinished").mkdir()
        deadline = time.monotonic() + SHOWN_S_MAX
        while client.get(f"/capture/{job['captureID']}").json()["state"] != "published":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    audited(static, server, tmp_path)
    assert server.end() == 0
    assert "not_shown" in server.log.read_text()


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[str]:
    """The address of a server that speaks S3, with an empty bucket `logs`."""
    if shutil.which("go") is None:
        pytest.skip("no Go compiler")
    binary = tmp_path / "gofakes3"
    program = "github.com/johannesboyne/gofakes3/cmd/gofakes3"
    subprocess.run(["go", "build", "-o", binary, program], cwd=GO / "gofakes3", check=True)
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [binary, "-backend", "memory", "-host", address, "-initialbucket", "logs"], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + SHOWN_S_MAX
    while True:
        try:
            httpx.get(f"http://{address}/logs")
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield f"http://{address}"
    process.kill()
    process.wait()


def test_bucket_is_a_log_of_its_own(tmp_path: Path, bucket: str) -> None:
    environment = {
        "AWS_ENDPOINT": bucket,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
        "AWS_REGION": "us-east-1",
    }
    server = start(tmp_path / "data", "s3://logs/trace", **environment)
    for seed, events in ((1, 300), (2, 400)):
        capture(server, events, seed)
    prefix = f"{bucket}/logs/trace"
    wait_shown(lambda path: httpx.get(f"{prefix}/{path}").content, server)
    audited(prefix, server, tmp_path)
    full, checkpoint = httpx.get(f"{prefix}/tile/0/000"), httpx.get(f"{prefix}/checkpoint")
    assert full.headers["Content-Type"] == "application/octet-stream"
    assert checkpoint.headers["Content-Type"].startswith("text/plain")
    assert trace_core.checkpoint_size(checkpoint.content) == 700
    assert httpx.get(f"{prefix}/tile/entries/001.p/44").status_code == 404
    assert server.end() == 0
    assert "secret-of-the-tests" not in server.log.read_text()


async def test_files_of_a_bucket_say_how_long_they_may_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, str | None] = {}

    class Recorder(Quiet):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            kept[self.path] = self.headers["Cache-Control"]
            self.send_response(200)
            self.send_header("ETag", '"0"')
            self.send_header("Content-Length", "0")
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        for name, value in {"ENDPOINT": address, "ALLOW_HTTP": "true", "ACCESS_KEY_ID": "k"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
        files = BucketObjects("s3://logs/trace")
        await files.put({"tile/0/000": b"hashes"}, is_immutable=True)
        await files.put({"checkpoint": b"note"}, is_immutable=False)
        server.shutdown()
        thread.join()
    assert kept == {"/logs/trace/tile/0/000": IMMUTABLE, "/logs/trace/checkpoint": CHANGING}


def test_what_is_older_than_the_retention_is_refused_and_all_else_holds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = Server.start(data)
    for seed in (1, 2):
        capture(server, 400, seed)
    with server.client() as client:
        assert client.get("/log/retention").json() == {"retentionDays": None, "minimumIndex": 0}
        listed = client.get("/events", params={"perPage": 1}).content
        receipt = client.get("/receipt", params={"event": trace_core.event_hash_ids(listed)[0]}).content
        key = client.get("/log/key").text.strip()
    assert server.end() == 0

    async def age() -> None:
        async with Store.open(Settings.of(data_dir=data)) as store, store.session() as connection:
            older = "UPDATE capture SET record_time = record_time - interval '40 days' WHERE first_leaf_index = 0"
            await connection.execute(older)

    asyncio.run(age())
    server = Server.start(data, **{**os.environ, "WAYPROOF_RETENTION_DAYS": "30"})
    with server.client() as client:
        assert client.get("/log/retention").json() == {"retentionDays": 30, "minimumIndex": 400}
        assert {path: client.get(f"/log/{path}").status_code for path in ("tile/0/000", "tile/entries/000")} == {
            "tile/0/000": 410,
            "tile/entries/000": 410,
        }
        refused = client.get("/log/tile/entries/000")
        assert refused.headers["Content-Type"] == "application/problem+json"
        for path in ("tile/0/001", "tile/entries/001", "tile/1/000.p/3", "checkpoint"):
            assert client.get(f"/log/{path}").status_code == 200, path
        # Old leaves have their proofs all the same.
        proof = client.get("/log/proof/3.tlog-proof").content
        trace_core.check_evidence(proof, key)
    trace_core.check_receipt(receipt, key)
    policy = tmp_path / "policy.txt"
    policy.write_bytes(httpx.get(f"{server.url}/log/policy").content)
    command = [WAYPROOF, "audit", f"{server.url}/log", "--policy", policy, "--state", tmp_path / "state.json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "go on from a state of then" in done.stderr
    assert server.end() == 0
