"""The auditor against a real server, and against operators who lie in every way that has a name."""

from __future__ import annotations

import asyncio
import functools
import http.server
import shutil
import subprocess
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

import trace_core
from tests.system.conftest import WAYPROOF, Server, simulated
from trace_api.audit.findings import Finding
from trace_api.audit.index import Auditor
from trace_api.audit.reader import LogReader, tile_path
from trace_api.audit.state import Kept
from trace_api.log.keys import LogKeys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "wayproof.test/log"
KEYS = LogKeys(bytes(range(32)), bytes(32))
KEY, INDEX_KEY = KEYS.verifier_key(ORIGIN), KEYS.for_index().verifier_key(f"{ORIGIN}/index")
WIDTH = trace_core.TILE_WIDTH


def audit(url: str, state: Path, *options: str) -> tuple[int, dict[str, Any]]:
    command = [WAYPROOF, "audit", url, "--state", state, "--json", *options]
    done = subprocess.run(command, check=False, capture_output=True, timeout=120)
    return done.returncode, orjson.loads(done.stdout or b"{}")


# A real log -------------------------------------------------------------------------------------------


def test_server_is_audited_visit_by_visit(tmp_path: Path) -> None:
    server = Server.start(tmp_path / "data")
    state, policy = tmp_path / "state", tmp_path / "policy"
    with server.client() as client:
        policy.write_bytes(client.get("/log/policy").content)
        for seed, events in ((1, 700), (2, 1), (3, 300), (4, 4_000)):
            body = simulated(events, seed)[0]
            answer = client.post("/capture?ack=published", content=body, headers={"Content-Type": "application/json"})
            assert answer.json()["success"]
            size = trace_core.checkpoint_size(client.get("/log/checkpoint").content)
            code, found = audit(f"{server.url}/log", state, "--policy", str(policy))
            assert (code, found["holds"], found["tree_size"]) == (0, True, size), found
        # The index follows within a moment.
        while trace_core.checkpoint_size(client.get("/log/index/checkpoint").content) < 4:
            pass
        code, found = audit(f"{server.url}/log", state, "--policy", str(policy))
        assert (code, found["holds"]) == (0, True)
        assert found["indexed_size"] > 0
        # Another auditor, from nothing, without the index.
        key = client.get("/log/key").text.strip()
        code, found = audit(f"{server.url}/log/", tmp_path / "other", "--key", key)
        assert (code, found["indexed_size"]) == (0, None)
    assert server.end() == 0
    assert audit(f"{server.url}/log", state, "--policy", str(policy))[0] == 3


# Operators who lie ------------------------------------------------------------------------------------


@dataclass
class Operator:
    """Whoever has the keys can publish what he likes: here a log and its index as files, at some sizes."""

    entries: list[bytes]
    sizes: list[int]
    keys: LogKeys = KEYS
    root: bytes | None = None
    """Signed in the place of the true one."""
    indexed: list[bytes] | None = None
    """Entries that the index is made of, in the place of the true ones."""
    more_files: dict[str, bytes] = field(default_factory=dict)
    claimed: list[int] | None = None
    """Sizes that the index' log has, in the place of all."""

    def publish(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        size = self.sizes[-1]
        self._write_log(folder, self.entries[:size])
        root = self.root or self._root(self.entries[:size])
        self._write(folder / "checkpoint", self.keys.sign_checkpoint(ORIGIN, size, root))
        index, claims = trace_core.ItemIndex(), []
        source = self.entries if self.indexed is None else self.indexed
        for size in self.sizes if self.claimed is None else self.claimed:
            index.append(index.size, trace_core.join_entries(source[index.size : size]))
            note = self.keys.sign_checkpoint(ORIGIN, size, self._root(self.entries[:size]))
            claims.append(trace_core.write_index_entry(index.root_hash, note))
        self._write_log(folder / "index", claims)
        note = self.keys.for_index().sign_checkpoint(f"{ORIGIN}/index", len(claims), self._root(claims))
        self._write(folder / "index/checkpoint", note)
        for path, content in self.more_files.items():
            self._write(folder / path, content)

    @staticmethod
    def _root(entries: list[bytes]) -> bytes:
        return trace_core.root_hash(b"".join(trace_core.leaf_hash(entry) for entry in entries))

    def _write_log(self, folder: Path, entries: list[bytes]) -> None:
        tree = trace_core.TreeRebuild()
        tiles = zip(*tree.append(trace_core.join_entries(entries)), strict=True)
        for level, index, hashes in [*tiles, *zip(*tree.partial_tiles(), strict=True)]:
            self._write(folder / self._tile(str(level), index, len(hashes) // 32), hashes)
        for index in range((len(entries) + WIDTH - 1) // WIDTH):
            bundle = entries[index * WIDTH : (index + 1) * WIDTH]
            self._write(folder / self._tile("entries", index, len(bundle)), trace_core.join_entries(bundle))

    @staticmethod
    def _tile(level: str, index: int, width: int) -> str:
        return tile_path(level, index) + ("" if width == WIDTH else f".p/{width}")

    @staticmethod
    def _write(file: Path, content: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server for files: URL and folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


NOW_US = 1_800_000_000_000_000


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    """Entries as the core makes them, recorded now."""
    import time

    prepared = trace_core.prepare_capture(
        simulated(900, 11)[0],
        partner="test",
        record_time_us=int(time.time() * 1e6),
        capture_no=1,
        seed=bytes(32),
        blinding=trace_core.Blinding(bytes(32)),
        strict=False,
    )
    return entries_of(prepared)


def entries_of(prepared: trace_core.PreparedCapture) -> list[bytes]:
    """The column `entry` of the binary COPY stream."""
    copies = prepared.copies([])
    stream, at = b"", 0
    while piece := copies.read("event", at, 1 << 20):
        stream, at = stream + piece, at + len(piece)
    place = trace_core.Copies.columns("event").index("entry")
    found, at = [], 19
    while int.from_bytes(stream[at : at + 2], signed=True) != -1:
        fields, at = int.from_bytes(stream[at : at + 2]), at + 2
        for number in range(fields):
            length, at = int.from_bytes(stream[at : at + 4], signed=True), at + 4
            if number == place:
                found.append(stream[at : at + length])
            at += max(0, length)
    return found


def check_of(url: str, state: Path) -> str | None:
    """The name of the check that does not hold; None when all do."""

    async def visit() -> None:
        async with LogReader.open(url) as reader, LogReader.open(f"{url}/index") as index_reader:
            kept = Kept.load(state, with_index=True)
            await Auditor(reader, KEY, index_reader, INDEX_KEY, lambda kept: kept.save(state)).visit(kept)

    try:
        asyncio.run(visit())
    except Finding as finding:
        return finding.check
    return None


def changed(entry: bytes, at: int = 20) -> bytes:
    return entry[:at] + bytes([entry[at] ^ 1]) + entry[at + 1 :]


def test_honest_operator_is_believed(site: tuple[str, Path], entries: list[bytes], tmp_path: Path) -> None:
    url, folder = site
    for sizes in ([10], [10, 255], [10, 255, 256], [10, 255, 256, 900]):
        Operator(entries, sizes).publish(folder)
        assert check_of(url, tmp_path / "state") is None
        assert check_of(url, tmp_path / "state") is None
    assert check_of(url, tmp_path / "fresh") is None


def test_index_that_follows_its_log_from_behind_is_believed_and_holds_nothing_up(
    site: tuple[str, Path], entries: list[bytes], tmp_path: Path
) -> None:
    """Of two logs that grow while they are read one is always read later: the index may speak of trees that the last
    visit has gone past."""
    url, folder = site
    state = tmp_path / "state"
    for sizes, claimed in (
        ([10, 300, 400], [10]),
        ([10, 300, 400], [10]),
        ([10, 300, 400], [10, 300]),
        ([10, 300, 400], [10, 300, 400]),
        ([10, 300, 400, 500, 600], [10, 300, 400]),
        ([10, 300, 400, 500, 600, 900], [10, 300, 400, 500, 600]),
        ([10, 300, 400, 500, 600, 900], [10, 300, 400, 500, 600, 900]),
    ):
        Operator(entries, sizes, claimed=claimed).publish(folder)
        assert check_of(url, state) is None, claimed
    # What the index does not speak of yet is verified all the same, and may not change until it does.
    behind = Operator(entries, [300, 700], claimed=[300])
    for lie, check in (
        (Operator([*entries[:650], changed(entries[650]), *entries[651:]], [300, 700, 800]), "append-only"),
        (Operator([*entries[:650], entries[649], *entries[651:]], [300, 700], claimed=[300]), "split-view"),
        (replace(behind, sizes=[300, 600]), "rollback"),
    ):
        state.unlink()
        behind.publish(folder)
        assert check_of(url, state) is None
        lie.publish(folder)
        assert check_of(url, state) == check
    assert trace_core.checkpoint_size((folder / "checkpoint").read_bytes()) == 600


def test_each_lie_is_caught_by_its_name(site: tuple[str, Path], entries: list[bytes], tmp_path: Path) -> None:
    url, folder = site
    honest = Operator(entries, [300, 700])
    rewritten = [*entries[:5], changed(entries[5]), *entries[6:]]
    dropped = [*entries[:5], *entries[6:]]
    old = entries[0][:2] + (1_000_000).to_bytes(8) + entries[0][10:]
    future = entries[0][:2] + (1 << 53).to_bytes(8) + entries[0][10:]
    token = trace_core.entry_tokens(entries[750])[0]
    hidden = [*entries[:750], without(entries[750], token), *entries[751:]]
    lies: list[tuple[str, Operator]] = [
        ("rollback", Operator(entries, [300])),
        ("split-view", Operator(rewritten, [300, 700])),
        ("append-only", replace(honest, sizes=[300, 700, 800], root=bytes(32))),
        ("append-only", Operator(rewritten, [300, 700, 800])),
        ("append-only", Operator(dropped, [300, 700, 800])),
        ("back-dated", Operator([*entries[:700], old, *entries[701:]], [300, 700, 800])),
        ("back-dated", Operator([*entries[:700], future, *entries[701:]], [300, 700, 800])),
        ("entry", Operator([*entries[:700], b"no entry", *entries[701:]], [300, 700, 800], indexed=entries)),
        ("index", Operator(entries, [300, 700, 800], indexed=hidden)),
        ("checkpoint", Operator(entries, [300, 700, 800], LogKeys(bytes(32), bytes(32)))),
        ("tile", replace(honest, sizes=[300, 700, 800], more_files={"tile/0/002": bytes(8192)})),
        ("available", replace(honest, sizes=[300, 700, 800], more_files={"tile/entries/003.p/32": b"\0"})),
    ]
    for check, liar in lies:
        state = tmp_path / "state"
        state.unlink(missing_ok=True)
        honest.publish(folder)
        assert check_of(url, state) is None
        liar.publish(folder)
        found = check_of(url, state)
        allowed = {check, "split-view", "append-only"} if check in ("append-only", "split-view") else {check}
        assert found in allowed, (check, found)
        # What was found once is found again: nothing of it was kept.
        assert check_of(url, state) == found
    code, told = audit(url, tmp_path / "state", "--key", KEY, "--index-key", INDEX_KEY)
    assert (code, told["holds"], told["check"]) == (1, False, "available")
    Operator(rewritten, [300, 700, 800]).publish(folder)
    code, told = audit(url, tmp_path / "state", "--key", KEY, "--index-key", INDEX_KEY)
    # Two signed checkpoints that contradict each other are evidence by themselves.
    assert (code, len(told["checkpoints"])) == (1, 2)
    for note in told["checkpoints"]:
        assert trace_core.open_checkpoint(note.encode(), INDEX_KEY)


def without(entry: bytes, token: bytes) -> bytes:
    """The entry as it would be without one of its tokens."""
    tokens = [kept for kept in trace_core.entry_tokens(entry) if kept != token]
    return entry[:44] + len(tokens).to_bytes(2) + b"".join(tokens)


def test_any_changed_byte_of_a_tile_or_entry_is_caught(
    site: tuple[str, Path], entries: list[bytes], tmp_path: Path
) -> None:
    url, folder = site
    Operator(entries, [300, 520]).publish(folder)
    assert check_of(url, tmp_path / "good") is None
    files = sorted(file for file in folder.rglob("*") if file.is_file() and "tile" in file.parts)
    assert len(files) >= 8
    for number, file in enumerate(files):
        good = file.read_bytes()
        for at in {0, len(good) - 1, (number * 7919) % len(good)}:
            bad = bytearray(good)
            bad[at] ^= 1 << (number % 8)
            file.write_bytes(bad)
            assert check_of(url, tmp_path / f"{number}-{at}") is not None, (file, at)
        file.write_bytes(good)
    assert check_of(url, tmp_path / "again") is None


def test_state_that_is_damaged_is_not_used(site: tuple[str, Path], entries: list[bytes], tmp_path: Path) -> None:
    url, folder = site
    state = tmp_path / "state"
    Operator(entries, [300]).publish(folder)
    assert check_of(url, state) is None
    good = state.read_bytes()
    for bad in (b"", b"{}", good[:-20], good.replace(b'"tree_size": 300', b'"tree_size": 299')):
        state.write_bytes(bad)
        assert audit(url, state, "--key", KEY, "--index-key", INDEX_KEY)[0] == 3
    state.write_bytes(good)
    snapshot = next(tmp_path.glob("state.index-*"))
    snapshot.write_bytes(snapshot.read_bytes()[:-1])
    assert audit(url, state, "--key", KEY, "--index-key", INDEX_KEY)[0] == 3
    assert audit(url, state, "--key", KEY)[0] == 0
