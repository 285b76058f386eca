"""Power cut at random moments under load: what was not forced to the disk is gone."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

from tests.faults.disks import Disk, unmount
from tests.faults.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.machine import Found

    Say = Callable[[Machine, Found], None]

CYCLES = int(os.environ.get("WAYPROOF_POWER_CYCLES", "4"))
DISK_MIB = 1024
FIRST_START_S = 1.5


def lose_power(machine: Machine, disk: Disk) -> None:
    disk.cut()
    machine.kill_server()
    machine.kill_postgres()
    unmount(disk.folder)
    disk.mount()
    machine.start()


def test_power_cut_at_random_moments_loses_nothing_acknowledged(tmp_path: Path, say: Say) -> None:
    disk = Disk(tmp_path)
    with disk.mounted(DISK_MIB):
        machine = Machine(disk.folder / "data", time.time_ns(), tmp_path / "log")
        with machine.forking():
            machine.start()
            with machine.load():
                for _ in range(CYCLES):
                    machine.cycle(lambda: lose_power(machine, disk))
            machine.wait_ready()
            found = machine.check()
    say(machine, found)
    assert found.holds, found
    assert set(machine.statuses) <= {202, 503, "cut off"}


def test_power_cut_in_the_first_start_is_no_hindrance_to_the_next_one(tmp_path: Path) -> None:
    disk, chance = Disk(tmp_path), random.Random()
    with disk.mounted(DISK_MIB):
        for number in range(max(1, CYCLES // 4)):
            machine = Machine(disk.folder / str(number), number, tmp_path / f"log-{number}")
            with machine.forking():
                machine.begin()
                while not machine.data.exists():
                    time.sleep(0.001)
                time.sleep(chance.uniform(0, FIRST_START_S))
                lose_power(machine, disk)
                with machine.load():
                    machine.cycle(lambda: None)
                assert machine.check().holds


def test_power_cut_where_postgres_does_not_force_to_disk_is_seen_to_lose(tmp_path: Path, say: Say) -> None:
    """The control."""
    disk, survived = Disk(tmp_path), True
    with disk.mounted(DISK_MIB):
        machine = Machine(disk.folder / "data", 1, tmp_path / "log")
        with machine.forking():
            machine.start()
            with (machine.data / "postgres" / "postgresql.conf").open("a") as configuration:
                configuration.write("fsync = off\n")
            machine.kill_postgres()
            machine.wait_ready()
            os.sync()
            with machine.load():
                machine.cycle(lambda: None, look=False)
                while sum(machine.acknowledged) < 50:
                    time.sleep(0.01)
            try:
                lose_power(machine, disk)
                found = machine.check()
            except Exception:
                # What is left may not even start.
                survived = "Postgres ended with" not in machine.log.read_text()
            else:
                say(machine, found)
                survived = found.lost == 0
    assert not survived, machine.log.read_text()[-3000:]
