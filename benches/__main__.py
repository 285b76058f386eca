"""`python -m benches`: measures everything and prints one table."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import click

from benches.core import capture_memory, capture_path, event_hash_ids, rust_examples, syntaxes
from benches.log import log_rows
from benches.naive import naive
from benches.signatures import signatures
from benches.system import system
from benches.table import Results

NAIVE_EVENTS_MAX = 100_000
"""A look-up without an index reads everything, and a benchmark should end."""


@click.command()
@click.option("--events", default=1_000_000, show_default=True, help="Events for the measurements over HTTP.")
@click.option("--only", type=click.Choice(["core", "rust", "log", "naive", "system"]), help="One part alone.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Also write the table to this file.")
@click.option("--plans", type=click.Path(path_type=Path), help="Write the query plans on the measured database here.")
def main(events: int, only: str | None, markdown: Path | None, plans: Path | None) -> None:
    """Measure each operation beside a peer or a limit, in this run, on this machine."""
    click.echo(machine())
    results = Results()
    if only in (None, "core"):
        for row in (*event_hash_ids(), *syntaxes(), *capture_path(), *signatures(), *capture_memory()):
            results.add(row)
    if only in (None, "rust"):
        for row in rust_examples():
            results.add(row)
    if only in (None, "log"):
        for row in log_rows():
            results.add(row)
    if only in (None, "naive"):
        for row in naive(min(events, NAIVE_EVENTS_MAX)):
            results.add(row)
    if only in (None, "system"):
        for row in system(events, plans):
            results.add(row)
    results.show()
    click.echo("Machines are noisy: a void row disagreed with itself by more than 5 %. Ratios travel, rates do not.")
    if markdown is not None:
        markdown.write_text(f"{machine()}\n\n{results.markdown()}\n")


def machine() -> str:
    """What this was measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{time.strftime('%Y-%m-%d')}, {model}, {os.cpu_count()} cores, load {load}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
