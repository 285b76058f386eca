"""Witnesses: what they cosign, what a log publishes without and with them, and that none can be shown two histories."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, free_port, observation
from trace_api.witness.app import Witness
from trace_api.witness.book import Book

if TYPE_CHECKING:
    from collections.abc import Iterator

ORIGIN = "wayproof.test/log"
LOG = trace_core.NoteSigner("Ed25519", ORIGIN, bytes(32))
TESTLOG_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
GO = Path(__file__).parent.parent / "go"


# What a log looks like to a witness --------------------------------------------------------------------


def leaves(size: int, history: str) -> list[bytes]:
    """Two histories part after two leaves."""
    return [hashlib.sha256(b"\0" + f"{n} {history if n > 1 else ''}".encode()).digest() for n in range(size)]


def request(old_size: int, size: int, history: str, signer: trace_core.NoteSigner = LOG) -> bytes:
    hashes = b"".join(leaves(size, history))
    note = trace_core.sign_checkpoint(
        signers=[signer], origin=ORIGIN, tree_size=size, root_hash=trace_core.root_hash(hashes), time_s=0
    )
    proof = [] if old_size in (0, size) else trace_core.prove_consistency(old_size, size, [(0, 0, hashes)])
    return trace_core.AddCheckpoint.write(old_size=old_size, proof=proof, checkpoint=note)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    signer = trace_core.NoteSigner("cosignature", "w.test", bytes(range(32)))
    with Book.open(tmp_path / "book.sqlite") as book:
        yield Witness([signer], {ORIGIN: [LOG.verifier_key]}, book, lambda: 1_800_000_000)


def test_dialogue_of_the_specification_is_answered_byte_for_byte(witness: Witness) -> None:
    status, media_type, lines = witness.add_checkpoint(request(0, 3, "a"))
    assert (status, media_type) == (200, "text/plain; charset=utf-8")
    policy = trace_core.Policy(
        f"log {LOG.verifier_key}\nwitness w {witness.signers[0].verifier_key}\nquorum w\n".encode()
    )
    note = policy.add_cosignatures(request(0, 3, "a").partition(b"\n\n")[2], lines)
    assert policy.check(note)[3] == [("w", 1_800_000_000)]
    # Again, for a log that lost the answer.
    assert witness.add_checkpoint(request(3, 3, "a"))[0] == 200
    assert witness.add_checkpoint(request(0, 3, "a")) == (409, "text/x.tlog.size", b"3\n")
    assert witness.add_checkpoint(request(2, 5, "a")) == (409, "text/x.tlog.size", b"3\n")
    assert witness.add_checkpoint(request(3, 3, "b")) == (409, "text/x.tlog.size", b"3\n")
    assert witness.add_checkpoint(request(3, 5, "b"))[0] == 422
    stranger = trace_core.NoteSigner("Ed25519", ORIGIN, bytes([9] * 32))
    assert witness.add_checkpoint(request(3, 5, "a", stranger))[0] == 403
    other = Witness(witness.signers, {}, witness.book)
    assert other.add_checkpoint(request(3, 5, "a"))[0] == 404
    for malformed in (
        b"",
        b"\xff",
        b"old 3\n\n",
        request(3, 5, "a")[:-1],
        request(3, 5, "a").replace(b"old 3", b"old 9"),
    ):
        assert witness.add_checkpoint(malformed)[0] == 400
    # None of that changed what it remembers.
    assert witness.add_checkpoint(request(3, 5, "a"))[0] == 200


def test_lines_that_others_added_are_not_kept(witness: Witness) -> None:
    asked = request(0, 3, "a")
    note = asked.partition(b"\n\n")[2]
    strangers = [trace_core.NoteSigner("cosignature", f"s{n}", bytes([n] * 32)) for n in range(1, 90)]
    padded = asked + b"".join(stranger.signature_line(note, 1) for stranger in strangers)
    assert witness.add_checkpoint(padded)[0] == 200
    kept = witness.book.last(ORIGIN)
    assert kept is not None
    assert kept.checkpoint == note


def test_of_two_histories_at_once_one_is_cosigned(witness: Witness) -> None:
    assert witness.add_checkpoint(request(0, 2, "a"))[0] == 200
    asked = [request(2, size, history) for size in range(3, 9) for history in "ab"] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: (body, witness.add_checkpoint(body)[0]), asked))
    cosigned = {body for body, status in answers if status == 200}
    assert len(cosigned) == 1


def test_book_that_cannot_be_written_leaves_no_signature(witness: Witness, tmp_path: Path) -> None:
    assert witness.add_checkpoint(request(0, 3, "a"))[0] == 200
    with Book.open(tmp_path / "book.sqlite") as other:
        other._connection.execute("BEGIN EXCLUSIVE")
        witness.book._connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(Exception, match="cannot be written"):
            witness.add_checkpoint(request(3, 5, "a"))
        other._connection.execute("ROLLBACK")
    assert witness.add_checkpoint(request(3, 4, "b"))[0] == 422
    assert witness.add_checkpoint(request(3, 4, "a"))[0] == 200


def test_log_of_tessera_is_cosigned(witness: Witness, shared_data: Path) -> None:
    folder = shared_data / "tlog/tessera-testlog/testdata/log"
    if not folder.is_dir():
        pytest.skip("no shared data with a log of Tessera's")
    watching = Witness(witness.signers, {"example.com/log/testdata": [TESTLOG_KEY]}, witness.book)
    checkpoints = {trace_core.checkpoint_size(f.read_bytes()): f.read_bytes() for f in folder.glob("checkpoint*")}
    assert len(checkpoints) > 10
    newest = max(checkpoints)
    tile = (folder / f"tile/0/000.p/{newest}").read_bytes()
    last = 0
    for size in sorted(checkpoints):
        proof = [] if last in (0, size) else trace_core.prove_consistency(last, size, [(0, 0, tile)])
        body = trace_core.AddCheckpoint.write(old_size=last, proof=proof, checkpoint=checkpoints[size])
        assert watching.add_checkpoint(body)[0] == 200, size
        last = size


# Processes ---------------------------------------------------------------------------------------------


@dataclass
class Cosigner:
    """One run of `wayproof witness`."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, data: Path, log_keys: list[str], *more: str, port: int | None = None) -> Cosigner:
        port = port or free_port()
        command = [
            WAYPROOF,
            "witness",
            "--name",
            data.name,
            *[option for key in log_keys for option in ("--log", key)],
            "--data",
            data,
            "--port",
            str(port),
            *more,
        ]
        with data.with_suffix(".log").open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        started = cls(data, port, process)
        wait_for(started.url)
        return started

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(30)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"{url} does not answer")


def log_keys_of(data: Path) -> list[str]:
    """The verifier keys of a log that is made here and of its index, by a first start without witnesses."""
    server = Server.start(data)
    with server.client() as client:
        keys = [client.get(path).text.strip() for path in ("/log/key", "/log/index/key")]
    assert server.end() == 0
    return keys


def logs(keys: list[str]) -> str:
    return "".join(f"log {key}\n" for key in keys)


def line_of(cosigner: Cosigner, number: int = 0) -> str:
    key = httpx.get(cosigner.url).json()["keys"][number]
    return f"witness {cosigner.data.name}-{number} {key} {cosigner.url}\n"


def with_policy(policy: Path) -> dict[str, str]:
    return {**os.environ, "WAYPROOF_POLICY": str(policy)}


def test_log_publishes_what_a_quorum_cosigned_and_nothing_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    keys = log_keys_of(data)
    one, two = Cosigner.start(tmp_path / "one", keys), Cosigner.start(tmp_path / "two", keys, "--ml-dsa")
    policy_file = tmp_path / "policy"
    policy_file.write_text(f"{logs(keys)}{line_of(one)}{line_of(two, 1)}group all all one-0 two-1\nquorum all\n")
    policy = trace_core.Policy(policy_file.read_bytes())
    server = Server.start(data, **with_policy(policy_file))
    with server.client() as client:
        assert client.get("/log/policy").text == policy_file.read_text()
        job = client.post("/capture?ack=published", json=document_of(observation("first"))).json()
        assert (job["state"], job["firstLeafIndex"]) == ("published", 0)
        first = client.get("/log/checkpoint").content
        _, size, _, cosigned = policy.check(first)
        assert (size, sorted(name for name, _ in cosigned)) == (1, ["one-0", "two-1"])
        assert all(abs(time_s - time.time()) < 60 for _, time_s in cosigned)
        # What the witness shows to monitors is what it cosigned.
        shown = httpx.get(f"{one.url}/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint").content
        assert trace_core.open_checkpoint(shown, keys[0]) == trace_core.open_checkpoint(first, keys[0])

        # A witness less: captures are stored and sequenced, and nobody is shown what is not cosigned.
        assert two.end(signal.SIGKILL) == -signal.SIGKILL
        job = client.post("/capture?ack=sequenced", json=document_of(observation("second"))).json()
        assert (job["state"], job["firstLeafIndex"]) == ("sequenced", 1)
        time.sleep(1.5)
        assert client.get("/log/checkpoint").content == first
        assert client.get(f"/capture/{job['captureID']}").json()["state"] == "sequenced"
        assert client.get("/log/tile/entries/000.p/2").status_code == 404

        # It comes back with its memory.
        two = Cosigner.start(tmp_path / "two", keys, "--ml-dsa", port=two.port)
        job = client.post("/capture?ack=published", json=document_of(observation("third"))).json()
        assert job["state"] == "published"
        assert policy.check(client.get("/log/checkpoint").content)[1] == 3
    assert server.end() == 0
    assert one.end() == two.end() == 0


def test_log_restored_from_an_old_backup_or_forked_is_refused(tmp_path: Path) -> None:
    data, backup, old = (tmp_path / name for name in ("data", "backup", "old"))
    keys = log_keys_of(data)
    one = Cosigner.start(tmp_path / "one", keys)
    policy_file = tmp_path / "policy"
    policy_file.write_text(f"{logs(keys)}{line_of(one)}quorum one-0\n")
    told = with_policy(policy_file)
    server = Server.start(data, **told)
    with server.client() as client:
        assert client.post("/capture?ack=published", json=document_of(observation("kept"))).status_code == 202
    assert server.end() == 0
    subprocess.run(["cp", "-a", data, backup], check=True)
    subprocess.run(["cp", "-a", data, old], check=True)

    server = Server.start(data, **told)
    with server.client() as client:
        assert client.post("/capture?ack=published", json=document_of(observation("lost"))).status_code == 202
    # The other history grows under the same key while the first one is watched: it is never published.
    fork = Server.start(tmp_path / "backup", **{**told, "WAYPROOF_POLICY": str(no_witness(tmp_path, keys))})
    with fork.client() as client:
        for n in range(2):
            capture = client.post("/capture?ack=published", json=document_of(observation(f"forged-{n}")))
            assert capture.status_code == 202
        forged = client.get("/log/checkpoint").content
        tile = client.get("/log/tile/0/000.p/3").content
    assert fork.end() == 0
    forked = tmp_path / "forked"
    (tmp_path / "backup").rename(forked)
    proof = trace_core.prove_consistency(2, 3, [(0, 0, tile)])
    body = trace_core.AddCheckpoint.write(old_size=2, proof=proof, checkpoint=forged)
    assert httpx.post(f"{one.url}/add-checkpoint", content=body).status_code == 422
    assert server.end() == 0

    # Neither starts: both could only go on with a second history.
    for folder, reason in ((old, "has cosigned 2 leaves, and there are 1"), (forked, "is not the begin of this log")):
        with (tmp_path / "restored.log").open("wb") as output:
            command = [WAYPROOF, "serve", "--data", folder, "--port", str(free_port()), "--policy", policy_file]
            restored = subprocess.run(command, check=False, stdout=output, stderr=output, timeout=60)
        said = (tmp_path / "restored.log").read_text()
        assert restored.returncode == 3, said
        assert reason in said
    # The one that was witnessed goes on.
    server = Server.start(data, **told)
    with server.client() as client:
        assert client.post("/capture?ack=published", json=document_of(observation("on"))).status_code == 202
    assert server.end() == 0
    assert one.end() == 0


def no_witness(folder: Path, keys: list[str]) -> Path:
    file = folder / "alone"
    file.write_text(f"{logs(keys)}quorum none\n")
    return file


def test_killed_witness_never_cosigns_two_histories(tmp_path: Path) -> None:
    """Two histories are offered again and again while the witness is killed at random moments: what it has cosigned,
    all answers taken together, is one history, and it never forgets the last of it."""
    cosigned: dict[str, int] = {}
    port, known = free_port(), 2
    for cycle in range(int(os.environ.get("WAYPROOF_KILLS", "8"))):
        one = Cosigner.start(tmp_path / "one", [LOG.verifier_key], port=port)
        killer = threading.Timer(0.02 * (cycle % 7), one.process.kill)
        killer.start()
        with contextlib.suppress(httpx.TransportError), httpx.Client(base_url=one.url, timeout=5) as client:
            while known < 200:
                for history in "ab":
                    offered = request(0 if known == 2 and not cosigned else known, known + 1, history)
                    answer = client.post("/add-checkpoint", content=offered)
                    if answer.status_code == 200:
                        cosigned[history] = known + 1
                    elif answer.status_code == 409:
                        assert answer.headers["content-type"] == "text/x.tlog.size"
                        known = int(answer.text)
                        assert known >= max(cosigned.values(), default=0)
        killer.join()
        one.process.kill()
        one.process.wait()
    assert len(cosigned) == 1, cosigned
    assert max(cosigned.values()) > 10


# Others' witnesses -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def litewitness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Torchwood's `litewitness`, built from the module that pins it."""
    if shutil.which("go") is None or shutil.which("ssh-agent") is None:
        pytest.skip("no Go compiler or ssh-agent")
    binary = tmp_path_factory.mktemp("litewitness") / "litewitness"
    build = ["go", "build", "-o", binary, "filippo.io/torchwood/cmd/litewitness"]
    subprocess.run(build, cwd=GO / "litewitness", check=True)
    return binary


def test_litewitness_cosigns_our_checkpoints(litewitness: Path, tmp_path: Path) -> None:
    data, port, agent = tmp_path / "data", free_port(), tmp_path / "agent"
    keys = log_keys_of(data)
    database = tmp_path / "db"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    agents = subprocess.Popen(["ssh-agent", "-D", "-a", agent])
    try:
        while not agent.exists():
            time.sleep(0.02)
        told = {**os.environ, "SSH_AUTH_SOCK": str(agent)}
        subprocess.run(["ssh-add", "-q", tmp_path / "key"], env=told, check=True)
        shown = subprocess.run(
            ["ssh-keygen", "-l", "-f", tmp_path / "key.pub"], check=True, capture_output=True, text=True
        )
        fingerprint = shown.stdout.split()[1]
        command = [litewitness, "-db", database, "-ssh-agent", agent, "-name", "lite.test/w"]
        with (tmp_path / "litewitness.log").open("wb") as output:
            running = subprocess.Popen(
                [*command, "-key", fingerprint, "-listen", f"127.0.0.1:{port}"], stdout=output, stderr=output
            )
        try:
            wait_for(f"http://127.0.0.1:{port}/")
            # What its tool for operators does, which needs a module that not every registry has.
            with sqlite3.connect(database) as rows:
                empty = base64.b64encode(trace_core.root_hash(b"")).decode()
                for origin, key in zip((ORIGIN, f"{ORIGIN}/index"), keys, strict=True):
                    rows.execute("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", (origin, empty))
                    rows.execute("INSERT INTO key (origin, key) VALUES (?, ?)", (origin, key))
            vkey = vkey_of(tmp_path / "key.pub", "lite.test/w")
            policy_file = tmp_path / "policy"
            policy_file.write_text(f"{logs(keys)}witness lite {vkey} http://127.0.0.1:{port}\nquorum lite\n")
            policy = trace_core.Policy(policy_file.read_bytes())
            server = Server.start(data, **with_policy(policy_file))
            with server.client() as client:
                for n in range(5):
                    sent = client.post(
                        "/capture?ack=published", json=document_of(*[observation(f"{n}-{m}") for m in range(n + 1)])
                    )
                    assert sent.json()["state"] == "published", (tmp_path / "litewitness.log").read_text()
                assert policy.check(client.get("/log/checkpoint").content)[1] == 15
            assert server.end() == 0
            # A new start knows nothing of what the witness has seen, and learns it.
            server = Server.start(data, **with_policy(policy_file))
            with server.client() as client:
                assert client.post("/capture?ack=published", json=document_of(observation("again"))).status_code == 202
                assert policy.check(client.get("/log/checkpoint").content)[1] == 16
            assert server.end() == 0
        finally:
            running.terminate()
            running.wait()
    finally:
        agents.terminate()
        agents.wait()


def vkey_of(public_key: Path, name: str) -> str:
    """The cosigner's vkey of an Ed25519 key of OpenSSH's: its last 32 bytes are the point."""
    point = base64.b64decode(public_key.read_text().split()[1])[-32:]
    typed = b"\x04" + point
    key_hash = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    return f"{name}+{key_hash.hex()}+{base64.b64encode(typed).decode()}"
