"""`python -m benches`: measures everything and prints one table."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benches.core import core
from benches.doubts import doubts, machine
from benches.log import log_rows
from benches.naive import naive
from benches.signatures import signatures
from benches.system import system
from benches.table import Results
from benches.trees import trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benches.table import Goal, Row

NAIVE_EVENTS_MAX = 50_000
"""A look-up without an index reads everything, and a benchmark should end."""


@click.command()
@click.option("--events", default=1_000_000, show_default=True, help="Events for the measurements over HTTP.")
@click.option("--only", multiple=True, help="core, signatures, trees, log, naive or system alone; more than once.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Also write the tables to this file.")
@click.option("--plans", type=click.Path(path_type=Path), help="Write the query plans on the measured database here.")
def main(events: int, only: tuple[str, ...], markdown: Path | None, plans: Path | None) -> None:
    """Measure each operation beside what cannot be beaten and the best peer, in this run, on this machine."""
    parts: dict[str, Callable[[], Iterator[Row | Goal]]] = {
        "core": core,
        "signatures": signatures,
        "trees": trees,
        "log": log_rows,
        "naive": lambda: naive(min(events, NAIVE_EVENTS_MAX)),
        "system": lambda: system(events, plans),
    }
    if unknown := set(only) - set(parts):
        raise click.UsageError(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    before = machine()
    click.echo(before)
    results, took = Results(), {}
    for name in only or parts:
        start = time.perf_counter()
        for measured in parts[name]():
            results.add(measured)
        took[name] = time.perf_counter() - start
    results.show()
    to_doubt = doubts(results, before, took, left_out=[name for name in parts if name not in took])
    click.echo("\n".join(f"- {line}" for line in to_doubt))
    if markdown is not None:
        lines = "\n".join(f"- {line}" for line in to_doubt)
        markdown.write_text(f"{before}\n\n{results.markdown()}\n\n{lines}\n")


if __name__ == "__main__":
    main()
