"""Tessera's load tester takes our log for one of its own; Tessera's own log is the control."""

from __future__ import annotations

import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import trace_core
from tests.other_tools import tessera
from tests.system.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.other_tools.tessera import RawLog

ENTRIES = 3_000
WRITERS = 512
"""More than the 256 entries that Tessera's server takes at once: with fewer it waits a second each time."""
ADDS_PER_S = 1_000


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    if shutil.which("go") is None:
        pytest.skip("no Go compiler")
    folder = tmp_path_factory.mktemp("programs")
    return {program: tessera.build(program, folder) for program in (tessera.HAMMER, tessera.POSIX, tessera.FSCK)}


@pytest.fixture(params=["wayproof", "tessera"])
def log(request: pytest.FixtureRequest, programs: dict[str, Path], tmp_path: Path) -> Iterator[RawLog]:
    data, port = tmp_path / "data", free_port()
    opened = (
        tessera.wayproof(data, port)
        if request.param == "wayproof"
        else tessera.posix(programs[tessera.POSIX], data, port)
    )
    with opened as running:
        yield running


def published_entries(log: RawLog) -> list[bytes]:
    size = trace_core.checkpoint_size(log.checkpoint())
    entries = []
    for start in range(0, size, trace_core.TILE_WIDTH):
        path = trace_core.tile_path(None, start // trace_core.TILE_WIDTH, min(trace_core.TILE_WIDTH, size - start))
        bundle = httpx.get(f"{log.prefix}/{path}").raise_for_status().content
        while bundle:
            end = 2 + int.from_bytes(bundle[:2])
            entries.append(bundle[2:end])
            bundle = bundle[end:]
    assert len(entries) == size
    return entries


def test_hammer_adds_reads_and_follows_checkpoints_without_a_complaint(
    programs: dict[str, Path], log: RawLog, tmp_path: Path
) -> None:
    command = tessera.hammer(programs[tessera.HAMMER], log, entries=ENTRIES, writers=WRITERS, per_s=ADDS_PER_S)
    done = tessera.run(command)
    assert done.returncode == 0, done.stderr
    assert "Reached tree size goal" in done.stderr
    complaints = [line for line in done.stderr.splitlines() if re.match(r"[WEF]\d{4} ", line)]
    # When it ends it cuts off what it is asking for just then, and says so.
    assert [line for line in complaints if not line.endswith("context canceled")] == []

    # It numbers its entries from 0; its writers may each have been cut off with one in hand.
    entries = published_entries(log)
    numbers = {int(entry) for entry in entries}
    assert len(numbers) == len(entries) >= ENTRIES
    assert len(set(range(max(numbers) + 1)) - numbers) <= WRITERS
    assert set(entries) == {b" %d" % number for number in numbers}

    # Every tile and the root, computed again from the entries by others.
    key = tmp_path / "key"
    key.write_text(log.verifier_key)
    check = [programs[tessera.FSCK], f"--storage_url={log.prefix}/", f"--public_key={key}", "--ui=false"]
    done = tessera.run(list(map(str, check)))
    assert done.returncode == 0, done.stderr
    assert "Successfully fsck'd log" in done.stderr


def test_entries_added_at_the_same_time_are_where_the_answers_say(log: RawLog) -> None:
    added = [b"", *(b"entry %d" % n for n in range(50)), bytes(65_535)]

    def add(entry: bytes) -> int:
        return int(httpx.post(f"{log.prefix}/add", content=entry, timeout=60).raise_for_status().text)

    with ThreadPoolExecutor(8) as clients:
        indexes = list(clients.map(add, added))
    assert sorted(indexes) == list(range(len(added)))
    deadline = time.monotonic() + tessera.READY_S_MAX
    while len(entries := published_entries(log)) < len(added):
        assert time.monotonic() < deadline
    assert [entries[index] for index in indexes] == added
