"""The log gets another signing key, and everything that was ever given out holds by the key that it was signed with."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import orjson

import trace_core
from tests.system.conftest import WAYPROOF, Server, document_of, observation
from tests.system.test_completeness import wait_indexed

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object, code: int = 0) -> str:
    command = [str(word) for word in (WAYPROOF, *arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def captured(server: Server, name: str) -> tuple[bytes, list[str]]:
    """A receipt of a new event, and the keys of the log and of its index."""
    event_id = f"urn:example:{name}"
    with server.client() as client:
        body = document_of(observation(name, eventID=event_id))
        assert client.post("/capture?ack=published", json=body).json()["success"]
        keys = client.get("/log/key").text.split() + client.get("/log/index/key").text.split()
        wait_indexed(client)
        return client.get("/receipt", params={"event": event_id}).content, keys


def holds(receipt: bytes, vkey: str) -> bool:
    try:
        trace_core.check_receipt(receipt, vkey)
    except trace_core.SignatureError:
        return False
    return True


def test_key_is_rotated_and_every_receipt_holds_by_the_key_of_its_time(tmp_path: Path) -> None:
    data, state, policy = tmp_path / "data", tmp_path / "state.json", tmp_path / "policy.txt"

    def audit(server: Server, *vkeys: str, code: int = 0) -> str:
        policy.write_text("".join(f"log {vkey}\n" for vkey in vkeys) + "quorum none\n")
        return run("audit", f"{server.url}/log", "--policy", policy, "--state", state, code=code)

    server = Server.start(data)
    before, [old, old_index] = captured(server, "before")
    audit(server, old, old_index)
    assert server.end() == 0
    run("log", "rotate", "--data", data, "--finish", code=1)
    told = [line.removeprefix("log ") for line in run("log", "rotate", "--data", data).split("\n") if line]
    run("log", "rotate", "--data", data, "--finish", code=1)

    server = Server.start(data)
    between, keys = captured(server, "between")
    assert (keys, len(keys)) == (told, 4)
    assert keys[0] == old
    [new, new_index] = [keys[1], keys[3]]
    assert holds(between, old)
    assert holds(between, new)
    audit(server, *keys)
    assert server.end() == 0
    assert run("log", "rotate", "--data", data, "--finish").split() == ["log", new, "log", new_index]
    run("log", "rotate", "--data", data, "--finish", code=1)

    server = Server.start(data)
    after, keys = captured(server, "after")
    assert keys == [new, new_index]
    assert not holds(after, old)
    assert holds(after, new)
    assert holds(before, old)
    audit(server, new, new_index)
    # From nothing, an auditor needs the keys of all times: the index' log has checkpoints of all of them.
    state.unlink()
    audit(server, new, new_index, old, old_index)
    assert server.end() == 0
    report = orjson.loads(run("log", "fsck", "--data", data, "--json"))
    assert (report["findings"], report["tree_size"]) == ([], 3)
    # Neither key can sign for the other: the old secret is gone.
    keys_of = sorted(path.name for path in (data / "keys").iterdir())
    assert keys_of == ["log-blinding.key", "log-retired.vkeys", "log-signing.key"]
