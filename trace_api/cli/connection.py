"""How commands reach a server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click
import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_UNREACHABLE = 3

SERVER = click.option(
    "--server",
    envvar="WAYPROOF_SERVER",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="Address of the server; also WAYPROOF_SERVER.",
)


def connect(server: str, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """A client with time-outs for large captures."""
    return httpx.Client(base_url=server, headers=dict(headers or {}), timeout=httpx.Timeout(120, connect=10))


def unreachable(client: httpx.Client, failure: Exception) -> NoReturn:
    """Says so and ends the command with its own exit code."""
    click.echo(f"{client.base_url}: {failure}", err=True)
    sys.exit(EXIT_UNREACHABLE)
