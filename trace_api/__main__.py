"""`python -m trace_api` and the command `wayproof`."""

from __future__ import annotations

import sys

import click

from trace_api.cli import wayproof
from trace_api.cli.connection import EXIT_UNREACHABLE
from trace_api.errors import Unavailable

EXIT_INTERRUPTED = 130


def main() -> None:
    """The command line."""
    try:
        # Not standalone: there, click ends with 1 when it is interrupted, which means "no" here.
        sys.exit(wayproof(prog_name="wayproof", standalone_mode=False))
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except click.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except Unavailable as failure:
        click.echo(str(failure), err=True)
        sys.exit(EXIT_UNREACHABLE)


if __name__ == "__main__":
    main()
