"""Processes killed at random moments under load. For long runs: `make kill-cycles CYCLES=10000`."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from tests.faults.machine import EVENTS, Machine, run_cycles
from trace_api.store.embedded import beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.machine import Found

    Say = Callable[[Machine, Found], None]

CYCLES = int(os.environ.get("WAYPROOF_KILL_CYCLES", "10"))
CONTROL_CAPTURES = 20


async def commit_without_waiting(machine: Machine) -> None:
    async with beside(machine.data) as connection:
        await connection.execute("ALTER ROLE wayproof SET synchronous_commit = off")
        await connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")


def test_kills_at_random_moments_lose_nothing_acknowledged_and_make_nothing_twice(tmp_path: Path, say: Say) -> None:
    machine, found = run_cycles(tmp_path / "data", CYCLES, seed=time.time_ns())
    say(machine, found)
    assert found.holds, found
    assert found.events > sum(machine.acknowledged) * EVENTS > CYCLES * EVENTS
    assert machine.receipts > CYCLES / 4
    assert set(machine.statuses) <= {202, 503, "cut off"}


def test_kills_where_commits_do_not_wait_for_the_disk_are_seen_to_lose(tmp_path: Path, say: Say) -> None:
    """The control: what Postgres has not yet written, it loses, and the check above must see it."""
    machine = Machine(tmp_path / "data", seed=1)
    with machine.forking():
        machine.start()
        asyncio.run(commit_without_waiting(machine))
        machine.kill_postgres()
        machine.wait_ready()
        with machine.load():
            while sum(machine.acknowledged) < CONTROL_CAPTURES:
                time.sleep(0.005)
        # Nobody writes now, and nobody waits for what will be gone.
        machine.kill_postgres()
        machine.kill_server()
        machine.start()
        machine.wait_ready()
        found = machine.check()
    say(machine, found)
    assert found.lost > 0
    assert not found.holds
