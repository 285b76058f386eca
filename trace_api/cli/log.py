"""`wayproof log`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trace_api.cli.serve import DATA
from trace_api.log.keys import LogKeys
from trace_api.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def log() -> None:
    """Look after the transparency log."""


@log.command()
@DATA
@click.option("--origin", required=True, help="The log's URL without scheme.")
def key(data_dir: Path, origin: str) -> None:
    """Print the log's verifier key (vkey).

    \b
    Examples:
      wayproof log key --data ./data --origin trace.example.org/log
    """
    settings = Settings.of(data_dir=data_dir)
    click.echo(LogKeys.load_or_create(settings.key_dir).verifier_key(origin))


COMMANDS = [log]
