"""How commands reach a server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

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
    import httpx

    return httpx.Client(base_url=server, headers=dict(headers or {}), timeout=httpx.Timeout(120, connect=10))


def read_json(client: httpx.Client, response: httpx.Response) -> dict[str, Any]:
    """The answer of a Wayproof server. What is no JSON comes from somebody else, such as a proxy before it."""
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        unreachable(client, f"{response.status_code} from something that is no Wayproof server")
    return answer


def unreachable(client: httpx.Client, failure: Exception | str) -> NoReturn:
    """Says so and ends the command with its own exit code."""
    click.echo(f"{client.base_url}: {failure}", err=True)
    sys.exit(EXIT_UNREACHABLE)
