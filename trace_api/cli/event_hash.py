"""`wayproof event-hash`."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click
import orjson

import trace_core


@click.command("event-hash")
@click.argument("files", nargs=-1, required=True, type=click.File("rb"))
@click.option("--prehash", is_flag=True, help="Print the strings that are hashed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array for each file.")
def event_hash(files: tuple[BinaryIO, ...], *, prehash: bool, as_json: bool) -> None:
    """Print the event hash id (CBV 2.0) of every event in EPCIS FILES (JSON or XML), one a line; - is standard input.

    \b
    Examples:
      wayproof event-hash events.json
      wayproof event-hash --prehash - < events.json
    """
    make = trace_core.event_prehashes if prehash else trace_core.event_hash_ids
    for file in files:
        try:
            lines = make(file.read())
        except trace_core.CaptureError as refused:
            click.echo(f"{file.name}: {refused}", err=True)
            sys.exit(1)
        click.echo(orjson.dumps(lines).decode() if as_json else "\n".join(lines))


COMMANDS = [event_hash]
