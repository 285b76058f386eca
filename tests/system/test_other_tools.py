"""Tools that others wrote for tiled logs take ours unchanged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import trace_core
from tests.other_tools import tessera
from tests.system.conftest import Server, document_of, observation, simulated


def test_fsck_of_tessera_takes_the_log_and_that_of_its_index(tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("no Go compiler")
    binary = tessera.build(tessera.FSCK, tmp_path)
    server = Server.start(tmp_path / "data")
    with server.client() as client:
        for seed, events in ((1, 300), (2, 1), (3, 700)):
            headers = {"Content-Type": "application/json"}
            assert client.post("/capture?ack=published", content=simulated(events, seed)[0], headers=headers).is_success
        client.post("/capture?ack=published", json=document_of(observation("last")))
        for prefix in ("/log", "/log/index"):
            key = tmp_path / "key"
            key.write_bytes(client.get(f"{prefix}/key").content)
            size = trace_core.checkpoint_size(client.get(f"{prefix}/checkpoint").content)
            assert size > 0
            command = [binary, f"--storage_url={server.url}{prefix}/", f"--public_key={key}", "--ui=false"]
            done = tessera.run(list(map(str, command)))
            assert done.returncode == 0, done.stderr
            assert "Successfully fsck'd log" in done.stderr
    assert server.end() == 0
