"""A disk that is full, for data or for the WAL, and then is not any more: nobody has to help."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.disks import FILLER, MIB, fill, small_disk
from tests.faults.machine import WRITERS, Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DISK_MIB = 200
WAIT_S_MAX = 60.0


def wait_for(machine: Machine, what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not what():
        assert time.monotonic() < deadline, machine.log.read_text()[-3000:]
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("left_bytes", "said"),
    [(100_000, "DiskFullError"), (6 * MIB, "disk_full")],
    ids=["no-room-for-data", "no-room-for-the-wal"],
)
def test_full_disk_is_503_until_there_is_room_and_then_all_goes_on(tmp_path: Path, left_bytes: int, said: str) -> None:
    with small_disk(tmp_path / "disk", DISK_MIB) as disk:
        machine = Machine(disk / "data", 1, tmp_path / "log")
        with machine.forking():
            machine.start()

            def is_noticed() -> bool:
                # Postgres gives back the WAL that it needs no more, and has room again.
                fill(disk, left_bytes)
                return said in machine.log.read_text()

            with machine.load():
                wait_for(machine, lambda: sum(machine.acknowledged) > 20)
                wait_for(machine, is_noticed)
                refused = machine.statuses[503]
                wait_for(machine, lambda: machine.statuses[503] > refused + 10)
                if left_bytes < MIB:
                    assert httpx.get(f"{machine.url}/events?perPage=1").status_code == 200
                (disk / FILLER).unlink()
                before = list(machine.acknowledged)
                wait_for(machine, lambda: all(machine.acknowledged[n] > before[n] for n in range(WRITERS)))
            found = machine.check()
    assert found.holds, found
    assert set(machine.statuses) == {202, 503}
    assert "postgres_lost" not in machine.log.read_text()
