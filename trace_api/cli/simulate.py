"""`wayproof simulate`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson
from rich.progress import Progress

import trace_core


@click.command()
@click.option("--events", type=click.IntRange(1), default=1_000, show_default=True, help="How many events in all.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Equal seeds give equal bytes.")
@click.option("--recall-items", type=click.IntRange(0), default=0, help="One lot whose recall reaches so many items.")
@click.option("--trouble", type=click.IntRange(0, 10_000), help="Stories with trouble, of 10,000.")
@click.option("--out", type=click.Path(path_type=Path), help="A file, or with --file-events a folder.")
@click.option("--file-events", type=click.IntRange(1), help="Split into files of so many events.")
@click.option("--landmarks", is_flag=True, help="Print things worth looking up, and no events.")
@click.option("--master-data", is_flag=True, help="Print what the firms and sites are called, and no events.")
@click.option("--json", "as_json", is_flag=True, help="Landmarks as JSON.")
def simulate(
    events: int,
    seed: int,
    recall_items: int,
    trouble: int | None,
    out: Path | None,
    file_events: int | None,
    *,
    landmarks: bool,
    master_data: bool,
    as_json: bool,
) -> None:
    """Generate supply chains as EPCIS 2.0 JSON: frozen fish, produce, medicine, parts.

    \b
    Examples:
      wayproof simulate --events 1000 > events.json
      wayproof simulate --events 1000000 --out events/ --file-events 10000
      wayproof simulate --events 1000 --landmarks
      wayproof simulate --master-data > names.json
    """
    if file_events is not None and out is None:
        raise click.UsageError("--file-events needs --out FOLDER")
    if as_json and not landmarks:
        raise click.UsageError("--json is for --landmarks; events are JSON already")
    simulator = trace_core.Simulator(events=events, seed=seed, troubled_per_10k=trouble, recall_items=recall_items)
    if landmarks:
        _print_landmarks(simulator, as_json=as_json)
        return
    try:
        if master_data:
            sys.stdout.buffer.write(simulator.master_data())
        elif file_events is not None and out is not None:
            _write_files(simulator, out, events, file_events)
        else:
            _write_stream(simulator, out)
    except OSError as failure:
        raise click.ClickException(f"{out or 'standard output'}: {failure.strerror}") from None


def _write_stream(simulator: trace_core.Simulator, out: Path | None) -> None:
    if out is None:
        simulator.write_document(sys.stdout.buffer.write)
        return
    with out.open("wb") as file:
        simulator.write_document(file.write)


def _write_files(simulator: trace_core.Simulator, folder: Path, events: int, file_events: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("events", total=events)
        number = 0
        while (document := simulator.next_document(file_events)) is not None:
            (folder / f"events-{number:06}.json").write_bytes(document)
            number += 1
            progress.advance(task, file_events)


def _print_landmarks(simulator: trace_core.Simulator, *, as_json: bool) -> None:
    simulator.write_document(lambda _chunk: None)
    for landmark in simulator.landmarks():
        trouble = landmark.trouble or "all well"
        if as_json:
            names = ("domain", "role", "trouble", "urn", "digital_link", "element_string")
            click.echo(orjson.dumps({name: getattr(landmark, name) for name in names}))
        else:
            click.echo(f"{landmark.domain:9} {landmark.role:12} {trouble:18} {landmark.element_string}")


COMMANDS = [simulate]
