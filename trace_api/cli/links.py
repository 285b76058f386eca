"""`wayproof links`: where those are led who scan a key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx
import orjson

from trace_api.cli.connection import SERVER, connect, read_json, unreachable

if TYPE_CHECKING:
    from typing import Any

TOKEN = click.option(
    "--token", envvar="WAYPROOF_OPERATOR_TOKEN", help="The operator's token; better in WAYPROOF_OPERATOR_TOKEN."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


@click.group()
def links() -> None:
    """Register, show and end the links of a key: where those are led who scan it.

    \b
    Examples:
      wayproof links put https://id.gs1.org/01/09520201000053 links.json
      wayproof links list "(01)09520201000053"
      wayproof links remove https://id.gs1.org/01/09520201000053

    Exit codes: 0 done; 1 refused; 3 the server cannot be reached.
    """


@links.command("put")
@click.argument("key")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@SERVER
@TOKEN
@JSON
def put_links(key: str, file: Path, server: str, token: str | None, *, as_json: bool) -> None:
    """Replace the links of KEY by those of FILE, `{"links": [{"linkType": …, "href": …, "title": …}]}`.

    \b
    Example:
      wayproof links put https://id.gs1.org/01/09520201000053 links.json
    """
    headers = {"Content-Type": "application/json"}
    _show(_ask("PUT", server, token, {"key": key}, file.read_bytes(), headers), as_json=as_json)


@links.command("list")
@click.argument("key", required=False)
@SERVER
@JSON
def list_links(key: str | None, server: str, *, as_json: bool) -> None:
    """Show the registered links of KEY, or of the first hundred keys that have any.

    \b
    Example:
      wayproof links list "(01)09520201000053"
    """
    _show(_ask("GET", server, None, {} if key is None else {"key": key}), as_json=as_json)


@links.command("remove")
@click.argument("key")
@SERVER
@TOKEN
@JSON
def remove_links(key: str, server: str, token: str | None, *, as_json: bool) -> None:
    """End all links of KEY.

    \b
    Example:
      wayproof links remove https://id.gs1.org/01/09520201000053
    """
    _ask("DELETE", server, token, {"key": key})
    click.echo(orjson.dumps({"removed": key}) if as_json else f"removed the links of {key}")


def _ask(
    method: str,
    server: str,
    token: str | None,
    parameters: dict[str, str],
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    given = {"Authorization": f"Bearer {token}"} if token else {}
    with connect(server, given | (headers or {})) as client:
        try:
            response = client.request(method, "/links", params=parameters, content=body)
        except httpx.HTTPError as failure:
            unreachable(client, failure)
        if response.status_code == 204:
            return {}
        answer = read_json(client, response)
    if response.is_error:
        click.echo(answer.get("detail", response.status_code), err=True)
        sys.exit(1)
    return answer


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(answer))
        return
    for level in answer["linkset"]:
        click.echo(level["anchor"])
        for link_type, targets in level.items():
            for target in targets if isinstance(targets, list) else []:
                click.echo(f"  {link_type.rpartition('/')[2]}: {target['href']}  ({target['title']})")


COMMANDS = [links]
