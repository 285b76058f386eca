"""The log: what is acknowledged stays, what is tampered with is found, and tools by others agree."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import orjson
import pytest

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, free_port, observation, simulated
from trace_api.log.fsck import fsck
from trace_api.log.keys import LogKeys
from trace_api.settings import Settings
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = {"Content-Type": "application/json"}
KILLS = int(os.environ.get("WAYPROOF_KILLS", "8"))
POSTGRES_KILLS = int(os.environ.get("WAYPROOF_POSTGRES_KILLS", "4"))
GO = Path(__file__).parent.parent / "go"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a small log of several checkpoints; each test may look, none may add."""
    running = Server.start(tmp_path_factory.mktemp("filled") / "data")
    with running.client() as client:
        for seed in range(3):
            document, _ = simulated(700, seed)
            answer = client.post("/capture?ack=published", content=document, headers=JSON)
            assert answer.json()["firstLeafIndex"] == 700 * seed
    yield running
    assert running.end() == 0


def receipts(client: httpx.Client, count: int) -> list[dict[str, Any]]:
    listing = client.get("/events", params={"perPage": 1000}).content
    ids = trace_core.event_hash_ids(listing)
    events = orjson.loads(listing)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    found = []
    for event, hash_id in zip(events[:: max(1, len(events) // count)], ids[:: max(1, len(ids) // count)], strict=True):
        answer = client.get(f"/events/{quote(event.get('eventID', hash_id), safe='')}/receipt")
        if answer.status_code == 200:
            found.append(answer.json())
    return found


def test_receipts_verify_offline_and_no_other_receipt_does(filled: Server) -> None:
    with filled.client() as client:
        key = client.get("/log/key").text
        some = receipts(client, 12)
    assert len(some) >= 10
    for receipt in some:
        steps = trace_core.check_receipt(orjson.dumps(receipt), key)
        assert len(steps) == 6
        assert receipt["event_id"] in steps[5]
    good = some[0]
    other = some[1]
    twice = orjson.dumps(good)[:-1] + b',"event_id":%s}' % orjson.dumps(other["event_id"])
    with pytest.raises(trace_core.ProofError, match="twice"):
        trace_core.check_receipt(twice, key)
    with pytest.raises(trace_core.ProofError, match="not a receipt"):
        trace_core.check_receipt(b"[" * 100_000, key)
    for member in (
        "event_id",
        "entry",
        "inclusion_proof",
        "leaf_index",
        "tree_size",
        "secret",
        "event",
        "content_digest",
        "issuer",
    ):
        forged = {**good, member: other[member]}
        if member == "tree_size":
            forged[member] += 1
        if member == "issuer":
            forged[member] = {"partner": "somebody else"}
        with pytest.raises(trace_core.TraceError):
            trace_core.check_receipt(orjson.dumps(forged), key)
    for number in (-1, 1 << 63, 1e300, good["leaf_index"] + 0.5, str(good["leaf_index"])):
        with pytest.raises(trace_core.ProofError):
            trace_core.check_receipt(orjson.dumps({**good, "leaf_index": number}), key)
    text = good["event"].replace("2025", "2024", 1)
    with pytest.raises(trace_core.ProofError):
        trace_core.check_receipt(orjson.dumps({**good, "event": text}), key)
    with pytest.raises(trace_core.TraceError):
        trace_core.check_receipt(orjson.dumps(good), key.replace("+", "+0", 1))


def test_command_verifies_a_receipt_without_any_server(filled: Server, tmp_path: Path) -> None:
    with filled.client() as client:
        key = client.get("/log/key").text.strip()
        receipt = receipts(client, 3)[0]
    file = tmp_path / "receipt.json"
    file.write_bytes(orjson.dumps(receipt))
    good = subprocess.run([WAYPROOF, "verify", file, "--key", key, "--json"], capture_output=True, check=False)
    assert (good.returncode, orjson.loads(good.stdout)["holds"]) == (0, True)
    file.write_bytes(orjson.dumps({**receipt, "leaf_index": receipt["leaf_index"] + 1}))
    bad = subprocess.run([WAYPROOF, "verify", file, "--key", key], capture_output=True, check=False)
    assert bad.returncode == 1


def test_tiles_are_those_of_the_standard(filled: Server) -> None:
    with filled.client() as client:
        size = int(client.get("/log/checkpoint").text.splitlines()[1])
        assert size == 2100
        full = client.get("/log/tile/0/007")
        assert len(full.content) == 8192
        assert "immutable" in full.headers["cache-control"]
        assert full.headers["access-control-allow-origin"] == "*"
        partial = client.get("/log/tile/0/008.p/52")
        assert len(partial.content) == 52 * 32
        bundle = client.get("/log/tile/entries/008.p/52", headers={"Accept-Encoding": "gzip"})
        assert bundle.headers["content-encoding"] == "gzip"
        entries = []
        rest = bundle.content
        while rest:
            length = int.from_bytes(rest[:2])
            entries.append(rest[2 : 2 + length])
            rest = rest[2 + length :]
        assert b"".join(map(trace_core.leaf_hash, entries)) == partial.content
        for absent in ("0/009", "0/008", "0/008.p/53", "0/8", "0/008.p/0", "9/000", "entries/009.p/1", "1/000"):
            assert client.get(f"/log/tile/{absent}").status_code == 404, absent


def test_entries_tell_nothing_about_the_business(filled: Server) -> None:
    with filled.client() as client:
        entries = client.get("/log/tile/entries/000").content
        body = client.get("/events", params={"perPage": 1}).content
    for word in (b"gs1", b"urn:", b"shipping", b"ObjectEvent", b"9520"):
        assert word in body or word == b"shipping"
        assert word not in entries


def test_killed_server_has_lost_nothing_acknowledged_and_holds_nothing_half(tmp_path: Path) -> None:
    data = tmp_path / "data"
    acknowledged: dict[str, int | None] = {}
    serial = 0
    for cycle in range(KILLS):
        server = Server.start(data)
        with server.client() as client:
            for _ in range(3 + cycle % 4):
                events = [observation(f"kill{serial + n}") for n in range(20)]
                serial += 20
                ack = "stored" if serial % 40 else "sequenced"
                job = client.post(
                    f"/capture?ack={ack}", content=orjson.dumps(document_of(*events)), headers=JSON
                ).json()
                assert job["success"]
                acknowledged[job["captureID"]] = job["firstLeafIndex"]
        if cycle % 2:
            # In the middle of a capture: whether it was stored, only the database knows.
            with server.client() as client, pytest.raises(httpx.TransportError):
                server.process.send_signal(signal.SIGKILL)
                document, _ = simulated(3000, cycle)
                client.post("/capture", content=document, headers=JSON)
        server.process.kill()
        server.process.wait()
    server = Server.start(data)
    with server.client() as client:
        for capture_id, first_leaf_index in acknowledged.items():
            job = client.get(f"/capture/{capture_id}").json()
            assert job["eventsStored"] == 20
            assert first_leaf_index in (None, job["firstLeafIndex"])
        again = [observation(f"kill{n}") for n in range(serial)]
        job = client.post("/capture?ack=sequenced", content=orjson.dumps(document_of(*again)), headers=JSON).json()
        assert (job["eventsStored"], job["eventsRepeated"]) == (0, serial)
    assert server.end() == 0
    checked = subprocess.run([WAYPROOF, "log", "fsck", "--data", data, "--json"], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert orjson.loads(checked.stdout)["events"] >= serial


def kill_postgres(server: Server) -> None:
    postmaster = int((server.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)


def test_killed_postgres_under_load_comes_back_and_has_lost_nothing_acknowledged(tmp_path: Path) -> None:
    server = Server.start(tmp_path / "data")
    statuses: set[int] = set()
    end = threading.Event()

    def send(writer: int) -> list[str]:
        acknowledged, number = [], 0
        with server.client() as client:
            while not end.is_set():
                events = [observation(f"lost{writer}-{number}-{n}") for n in range(20)]
                answer = client.post("/capture", content=orjson.dumps(document_of(*events)), headers=JSON)
                statuses.add(answer.status_code)
                statuses.add(client.get("/verify", params={"scan": "9521234543213"}).status_code)
                if answer.status_code == 202:
                    number += 1
                    acknowledged.append(answer.json()["captureID"])
        return acknowledged

    with ThreadPoolExecutor(6) as threads:
        writers = [threads.submit(send, writer) for writer in range(6)]
        for _ in range(POSTGRES_KILLS):
            time.sleep(1)
            kill_postgres(server)
            server.wait_ready()
        time.sleep(1)
        end.set()
        acknowledged = [capture_id for writer in writers for capture_id in writer.result()]
    assert statuses <= {200, 202, 503}
    assert len(acknowledged) > 50
    with server.client() as client:
        for capture_id in acknowledged:
            job = client.get(f"/capture/{capture_id}").json()
            # What an attempt has stored whose answer was lost, the next one finds there.
            assert job["eventsStored"] + job["eventsRepeated"] == 20
        assert client.post("/capture?ack=published", content=simulated(10, 1)[0], headers=JSON).status_code == 202
    assert server.end() == 0
    checked = subprocess.run([WAYPROOF, "log", "fsck", "--data", server.data], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_postgres_that_cannot_be_started_again_ends_the_server_with_an_exit_code(tmp_path: Path) -> None:
    server = Server.start(tmp_path / "data")
    with (server.data / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = on\n")
    kill_postgres(server)
    assert server.process.wait(60) == 3
    assert "postgres_lost" in server.log.read_text()


ANY_REFERENCE = "(SELECT ctid FROM reference ORDER BY name_hash LIMIT 1)"
TAMPERING = {
    "event body": "UPDATE event SET bodies = set_byte(bodies, 300, get_byte(bodies, 300) # 1) "
    "WHERE event_key = (SELECT min(event_key) FROM event)",
    "event bodies lost": "UPDATE event SET bodies = NULL WHERE event_key = (SELECT min(event_key) FROM event)",
    "event bodies of others": "UPDATE event SET bodies = (SELECT bodies FROM event WHERE body_place = 0 "
    "ORDER BY event_key DESC LIMIT 1) WHERE event_key = (SELECT min(event_key) FROM event)",
    "event body misplaced": "UPDATE event SET body_place = 2 WHERE event_key = (SELECT min(event_key) + 1 FROM event)",
    "event erased but for its body": "UPDATE event SET body_bytes = NULL, secret = NULL "
    "WHERE event_key = (SELECT min(event_key) FROM event)",
    "event secret": "UPDATE event SET secret = set_byte(secret, 0, get_byte(secret, 0) # 1) "
    "WHERE event_key = (SELECT min(event_key) FROM event)",
    "event entry": "UPDATE event SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1) "
    "WHERE event_key = (SELECT max(event_key) FROM event)",
    "capture partner": "UPDATE capture SET partner = 'other' WHERE first_leaf_index = 0",
    "event record time": "UPDATE event SET record_time = record_time + interval '1 second' "
    "WHERE event_key = (SELECT min(event_key) FROM event)",
    "deleted event": "DELETE FROM event WHERE event_key = (SELECT min(event_key) + 3 FROM event)",
    "event half erased": "UPDATE event SET secret = NULL WHERE event_key = (SELECT min(event_key) FROM event)",
    "capture context": "UPDATE capture SET context = '[]' WHERE first_leaf_index = 0",
    "capture moved": "UPDATE capture SET first_leaf_index = first_leaf_index + 1 WHERE first_leaf_index > 0",
    "tile flipped": "UPDATE tile SET hashes = set_byte(hashes, 9, get_byte(hashes, 9) # 1) WHERE level = 0 AND tile_index = 1",
    "tile lost": "DELETE FROM tile WHERE level = 0 AND tile_index = 2",
    "tile surplus": "INSERT INTO tile VALUES (0, 99, '\\x00')",
    "checkpoint root": "UPDATE checkpoint SET root_hash = set_byte(root_hash, 0, get_byte(root_hash, 0) # 1) WHERE tree_size = 700",
    "checkpoint note": "UPDATE checkpoint SET note = set_byte(note, 30, get_byte(note, 30) # 1) WHERE tree_size = 700",
    "head rolled back": "UPDATE log_head SET (tree_size, root_hash, checkpoint) = "
    "(SELECT tree_size, root_hash, note FROM checkpoint WHERE tree_size = 700) WHERE log_id = 1",
    "head root": "UPDATE log_head SET root_hash = set_byte(root_hash, 0, get_byte(root_hash, 0) # 1) WHERE log_id = 1",
    "digest replaced": "UPDATE event SET content_digest = gen_random_uuid() WHERE event_key = (SELECT min(event_key) + 1 FROM event)",
    "head blinded otherwise": "UPDATE log_head SET blinding_token = set_byte(blinding_token, 0, "
    "get_byte(blinding_token, 0) # 1) WHERE log_id = 1",
    "event time": "UPDATE event SET event_time = event_time + interval '1 us' "
    "WHERE event_key = (SELECT max(event_key) FROM event)",
    "reference by another event hash id": "UPDATE event SET event_hash_id = sha256(event_hash_id) "
    "WHERE event_key = (SELECT max(event_key) FROM event)",
    "event id": "UPDATE event SET event_id = 'urn:uuid:0' WHERE event_key = (SELECT max(event_key) FROM event)",
    "reference lost": f"DELETE FROM reference WHERE ctid = {ANY_REFERENCE}",
    "reference twice": f"INSERT INTO reference SELECT * FROM reference WHERE ctid = {ANY_REFERENCE}",
    "reference under another name": f"UPDATE reference SET name_hash = name_hash # 1 WHERE ctid = {ANY_REFERENCE}",
    "reference of another event": f"UPDATE reference SET event_ref = event_ref # 16 WHERE ctid = {ANY_REFERENCE}",
    "reference in another role": f"UPDATE reference SET event_ref = event_ref # 7 WHERE ctid = {ANY_REFERENCE}",
    "reference of an event by its hash id": "UPDATE event SET name_hash = name_hash # 1 "
    "WHERE event_key = (SELECT min(event_key) FROM event)",
    "reference swapped": "UPDATE event AS a SET name_hash = b.name_hash FROM event AS b WHERE "
    "(a.event_key, b.event_key) IN ((r(0), r(1)), (r(1), r(0)))".replace(
        "r(0)", "(SELECT min(event_key) FROM event)"
    ).replace("r(1)", "(SELECT max(event_key) FROM event)"),
    "reference of no event": "INSERT INTO reference VALUES (1, 17)",
    "reference of all lost": "DELETE FROM reference",
    "index root": "UPDATE index_entry SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1) WHERE leaf_index = 0",
    "index entry lost": "DELETE FROM index_entry WHERE leaf_index = (SELECT max(leaf_index) FROM index_entry)",
    "index entry misfiled": "UPDATE index_entry SET indexed_size = indexed_size + 1 WHERE leaf_index = 0",
    "index tile": "UPDATE tile SET hashes = set_byte(hashes, 9, get_byte(hashes, 9) # 1) WHERE log_id = 2 AND level = 0",
    "index head": "UPDATE log_head SET root_hash = set_byte(root_hash, 0, get_byte(root_hash, 0) # 1) WHERE log_id = 2",
    "digest swapped": "DROP TABLE IF EXISTS two; CREATE TEMP TABLE two AS SELECT event_key, content_digest FROM event "
    "WHERE event_key IN ((SELECT min(event_key) FROM event), (SELECT max(event_key) FROM event)); "
    "UPDATE event SET content_digest = NULL WHERE event_key IN (SELECT event_key FROM two); "
    "UPDATE event SET content_digest = two.content_digest FROM two "
    "WHERE event.event_key <> two.event_key AND event.event_key IN (SELECT event_key FROM two)",
    "digest lost": "UPDATE event SET content_digest = NULL WHERE event_key = (SELECT min(event_key) + 2 FROM event)",
}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that has ended, with three captures in its log."""
    data = tmp_path_factory.mktemp("stopped") / "data"
    server = Server.start(data)
    with server.client() as client:
        for seed in range(3):
            document, _ = simulated(700, seed)
            assert client.post("/capture?ack=published", content=document, headers=JSON).status_code == 202
    assert server.end() == 0
    return data


async def test_fsck_finds_every_tampering_and_names_the_row(stopped: Path) -> None:
    settings = Settings.of(data_dir=stopped)
    keys = LogKeys.load(settings.key_dir)
    async with Store.open(settings) as store:
        sound = await fsck(store, keys)
        assert (sound.findings, sound.events, sound.checkpoints) == ([], 2100, 3)
        for what, statement in TAMPERING.items():
            async with store.session() as connection:
                tables = (
                    "event",
                    "reference",
                    "capture",
                    "tile",
                    "checkpoint",
                    "log_head",
                    "index_entry",
                )
                for table in tables:
                    await connection.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
                changed = await connection.execute(statement)
                assert not changed.endswith(" 0"), what
            report = await fsck(store, keys)
            table = (
                what.split()[0]
                .replace("deleted", "capture")
                .replace("digest", "event")
                .replace("head", "log_head")
                .replace("index", "index_entry")
            )
            assert report.findings, f"{what} was not found"
            assert any(
                finding.startswith((table, "event", "capture", "log_head", "tile")) for finding in report.findings
            ), report.findings
            async with store.session() as connection:
                for table in tables:
                    await connection.execute(f"TRUNCATE {table}")
                    await connection.execute(f"INSERT INTO {table} TABLE kept_{table}")
                    await connection.execute(f"DROP TABLE kept_{table}")
        assert (await fsck(store, keys)).findings == []
        async with store.session() as connection:
            # Nobody can tell any more what the names of an erased event were.
            erased = "body_bytes = NULL, secret = NULL, content_digest = NULL"
            await connection.execute(f"UPDATE event SET {erased} WHERE event_key & 7 = 3")
            for key, bodies in await connection.fetch("SELECT event_key, bodies FROM event WHERE bodies IS NOT NULL"):
                kept = bodies
                for place in (place for place in range(32) if (key + place) & 7 == 3):
                    kept = trace_core.without_body(kept, place)
                await connection.execute("UPDATE event SET bodies = $2 WHERE event_key = $1", key, kept)
        report = await fsck(store, keys)
        assert (report.findings, report.erased > 200) == ([], True)


DERIVED = (
    *("tile flipped", "tile lost", "tile surplus", "digest replaced", "digest swapped", "digest lost", "index tile"),
    *(what for what in TAMPERING if what.startswith("reference") and "hash id" not in what),
)


def test_repair_makes_again_what_follows_from_the_events_and_touches_no_evidence(stopped: Path, tmp_path: Path) -> None:
    def run(command: str, data: Path) -> tuple[int, dict[str, Any]]:
        done = subprocess.run([WAYPROOF, "log", command, "--data", data, "--json"], capture_output=True, check=False)
        return done.returncode, orjson.loads(done.stdout)

    async def tamper(data: Path, *statements: str) -> None:
        async with Store.open(Settings.of(data_dir=data)) as store, store.session() as connection:
            for statement in statements:
                await connection.execute(statement)

    data = tmp_path / "data"
    subprocess.run(["cp", "-a", stopped, data], check=True)
    asyncio.run(tamper(data, *(TAMPERING[what] for what in DERIVED if "all lost" not in what)))
    assert run("fsck", data)[0] == 1
    code, report = run("repair", data)
    assert (code, report["findings"]) == (0, [])
    asyncio.run(tamper(data, TAMPERING["tile lost"], TAMPERING["event body"]))
    code, report = run("repair", data)
    assert code == 1
    assert {finding.split()[0] for finding in report["findings"]} >= {"tile", "event"}
    assert run("fsck", data)[1]["findings"] == report["findings"]


@pytest.mark.parametrize(
    ("lost", "replaced", "said"),
    [
        ("log-blinding.key", None, "log-blinding.key cannot be read"),
        ("log-signing.key", None, "log-signing.key cannot be read"),
        ("log-blinding.key", bytes(32), "blinded with another key"),
        ("log-signing.key", bytes(32), "signed with another key"),
    ],
)
def test_log_without_one_of_its_keys_is_not_served_and_no_key_is_made(
    stopped: Path, tmp_path: Path, lost: str, replaced: bytes | None, said: str
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(stopped, copy)
    for path in [copy / "postgres", *(copy / "postgres").rglob("*")]:
        source = stopped / path.relative_to(copy)
        os.chown(path, source.stat().st_uid, source.stat().st_gid)
    key = copy / "keys" / lost
    key.unlink()
    if replaced is not None:
        key.write_bytes(replaced)
    command = [WAYPROOF, "serve", "--data", copy, "--port", str(free_port())]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert [said in line for line in ended.stderr.splitlines()].count(True) == 1, ended.stderr
    assert (key.read_bytes() if key.exists() else None) == replaced


def test_keys_are_made_once_whole_and_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: LogKeys.load_or_create(folder), range(8)))
    assert made == {LogKeys.load(folder)}
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["log-blinding.key", "log-signing.key"]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A log of 100,000 events."""
    running = Server.start(tmp_path_factory.mktemp("large") / "data")
    simulator = trace_core.Simulator(events=100_000, seed=5)
    with running.client() as client:
        while (document := simulator.next_document(10_000)) is not None:
            assert client.post("/capture", content=document, headers=JSON).json()["success"]
        client.post("/capture?ack=published", content=orjson.dumps(document_of(observation("last"))), headers=JSON)
    yield running
    assert running.end() == 0


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain")
def test_tesseras_fsck_accepts_the_log(large: Server, tmp_path: Path) -> None:
    with large.client() as client:
        (tmp_path / "key").write_text(client.get("/log/key").text.strip())
        assert int(client.get("/log/checkpoint").text.splitlines()[1]) == 100_001
    command = ["go", "run", "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"]
    arguments = [f"--storage_url={large.url}/log/", f"--public_key={tmp_path / 'key'}", "--origin=wayproof.test/log"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain")
def test_gos_sumdb_note_opens_our_checkpoint(filled: Server, tmp_path: Path) -> None:
    with filled.client() as client:
        key = client.get("/log/key").text.strip()
        note = client.get("/log/checkpoint").content
    (tmp_path / "good").write_bytes(note)
    (tmp_path / "bad").write_bytes(note.replace(b"\n2100\n", b"\n2101\n"))
    command = ["go", "run", ".", key]
    for name, code in (("good", 0), ("bad", 1)):
        done = subprocess.run(
            [*command, tmp_path / name], cwd=GO / "note_open", capture_output=True, timeout=600, check=False
        )
        assert (done.returncode == 0) == (code == 0), done.stderr
