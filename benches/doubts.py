"""What a reader must know before believing a table."""

from __future__ import annotations

import os
import platform
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benches.interleaved import DISAGREEMENT_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benches.table import Results

BUSY_LOAD = 0.5
"""Of others, where the machine counts as quiet."""
FLAGS = ("avx512f", "avx512bw", "sha_ni")

_ALWAYS = (
    "Rates are those of the fastest of several runs, ratios the medians of interleaved pairs in one process; a ratio "
    f"marked void disagreed with that of the fastest runs by more than {DISAGREEMENT_MAX:.0%}. Ratios travel, rates "
    "do not.",
    "Limits of the core are the fastest parser of the same bytes and the hashes that the formats ask for, names' "
    "tokens left out; those of trees follow from instructions, the ports that take them (Intel since Ice Lake) and the "
    "clock of this core. On another CPU they are others. Plain batches are no true limit of signatures: ours joins "
    "those of one key, and is beyond.",
    "Raw COPY has both cores to itself; over HTTP the client, the core, Postgres and the sequencer share them.",
    "Events are simulated. Questions are asked one after the other over HTTP by one client, on a database that was "
    "filled just before, vacuumed and written out, and fits into memory, about items from all of its time. Items are "
    "drawn by mention: pallets, which go round, more often than what is sold once.",
    "Peers are what their registries gave when the locks were made. Of designs that are not packaged, the FasTnT shape "
    "and jsonb under GIN were rebuilt as tables, on the same Postgres; they keep no log entry, commitment, digest or "
    "index over all names.",
    "Left out: the best event hash in Java, whose modules are in no registry; the GS1 syntax engine in C, whose number "
    "is from another day; simd-json, slower here than sonic-rs.",
)


def machine() -> str:
    """What this is measured on, and how busy it is."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", info)
    flags = set(re.findall(r"\w+", found[1])) if (found := re.search(r"flags\s*:\s*(.+)", info)) else set()
    has = ", ".join(f"{flag} {'yes' if flag in flags else 'no'}" for flag in FLAGS)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}, {model[1] if model else platform.processor()}, {os.cpu_count()} cores, "
        f"{has}, {memory:.0f} GB, Linux {platform.release()}, Python {platform.python_version()}, load {_load()}"
    )


def _load() -> str:
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def doubts(results: Results, before: str, took: Mapping[str, float], left_out: Sequence[str]) -> list[str]:
    """Lines for people."""
    lines = [f"Machine: {before}; at the end, load {_load()}, with the benchmark's own."]
    began = float(before.rpartition("load ")[2].partition(",")[0])
    if began > BUSY_LOAD:
        lines.append(f"Others kept the machine busy when it began (load {began:.1f}): rates are too low.")
    parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items())
    lines.append(f"The parts ran one after the other: {parts}.")
    if results.void_rows:
        lines.append(f"Void: {'; '.join(results.void_rows)}.")
    if left_out:
        lines.append(f"Not measured in this run: {', '.join(left_out)}.")
    missed = [goal.operation for goal in results.goals if goal.reached < 1]
    lines.append(f"Goals not reached: {'; '.join(missed) if missed else 'none'}.")
    return [*lines, *_ALWAYS]
