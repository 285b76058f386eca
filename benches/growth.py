"""`python -m benches.growth`: what grows with the database, and what does not. Writes the figures that are drawn.

python -m benches.growth                          # 10⁵, 10⁶ and 10⁷ events, about half an hour
python -m benches.growth --sizes 100000,1000000   # a few minutes
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click
import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benches.doubts import machine
from benches.footprint import footprint, start_seconds
from benches.plots import FIGURES, NUMBERS, draw, table
from benches.questions import ask, prepared_bytes, questions
from benches.server import DOCUMENT_EVENTS, WRITERS, command, fill, percentile, running
from benches.system import raw_copy

SIZES = "100000,1000000,10000000"
POINTS = 100
"""Of the rate of captures while a database fills."""
PERCENTS = (50, 95, 99)


@click.command()
@click.option("--sizes", default=SIZES, show_default=True, help="Numbers of events, each in a database of its own.")
@click.option("--data", type=click.Path(path_type=Path), help="Keep the databases here; a temporary folder else.")
@click.option("--folder", type=click.Path(path_type=Path), default=FIGURES, show_default=True, help="For the figures.")
def main(sizes: str, data: Path | None, folder: Path) -> None:
    """Fill a database of each size over HTTP, ask it, weigh it, start it again; then draw what came out."""
    folder.mkdir(parents=True, exist_ok=True)
    before = machine()
    click.echo(before)
    found: dict[str, Any] = {"machine": before, "document_events": DOCUMENT_EVENTS, "writers": WRITERS, "sizes": []}
    with tempfile.TemporaryDirectory(prefix="wayproof-growth-") as temporary:
        for events in map(int, sizes.split(",")):
            found["sizes"].append(_measured((data or Path(temporary)) / f"{events}", events))
            # After each size: the largest takes longest, and may not be waited for.
            (folder / NUMBERS).write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    for path in draw(folder):
        click.echo(path)
    click.echo(table(folder))


def _measured(data: Path, events: int) -> dict[str, Any]:
    """All of one size. Nobody else may use the machine meanwhile."""
    data.parent.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task(f"{events:,} events by raw COPY", total=None)
        copied = data.with_suffix(".copy")
        limit = raw_copy(copied, events)
        shutil.rmtree(copied)
        progress.update(bar, total=events, completed=0, description=f"{events:,} events over HTTP")
        with running(data) as server:
            filled = fill(server, events, lambda stored: progress.update(bar, completed=stored))
            times = {"prepared_bytes": prepared_bytes(server)}
            for question in questions(filled):
                progress.update(bar, description=f"{question.what}, over {events:,} events")
                times[question.name] = ask(server, question)
        progress.update(bar, description=f"{events:,} events weighed and started")
        weighed = footprint(data)
        started = [start_seconds(command(data), server.url) for _ in range(3)]
    measured = {
        "events": events,
        "captured_per_s": round(filled.rate),
        "raw_copy_per_s": round(limit),
        "peak_memory_mb": round(filled.peak / 1e6),
        "captured_meanwhile": _rates(filled.marks),
        "trace_events": [filled.traced.events.start, filled.traced.events.stop - 1],
        "longest_events": [filled.longest.events.start, filled.longest.events.stop - 1],
        "milliseconds": {
            name: {f"p{percent}": round(percentile(taken, percent), 2) for percent in PERCENTS}
            for name, taken in times.items()
        },
        "bytes_per_event": round(weighed.total / weighed.events),
        "json_bytes_per_event": round(weighed.body / weighed.events),
        "start_s": [round(seconds, 2) for seconds in sorted(started)],
    }
    click.echo(orjson.dumps({**measured, "captured_meanwhile": "…"}).decode())
    return measured


def _rates(marks: list[tuple[int, float]]) -> list[tuple[int, int]]:
    """Events there were, and events a second since the point before."""
    step = -(-len(marks) // POINTS)
    points = [(0, 0.0), *marks[step - 1 :: step]]
    pairs = itertools.pairwise(points)
    return [(after, round((after - before) / (late - early))) for (before, early), (after, late) in pairs]


if __name__ == "__main__":
    main()
