"""`python -m trace_api` and the command `wayproof`."""

from __future__ import annotations

import sys

import click

from trace_api.cli import wayproof
from trace_api.cli.connection import EXIT_UNREACHABLE
from trace_api.errors import Unavailable


def main() -> None:
    """The command line."""
    try:
        wayproof(prog_name="wayproof")
    except Unavailable as failure:
        click.echo(str(failure), err=True)
        sys.exit(EXIT_UNREACHABLE)


if __name__ == "__main__":
    main()
