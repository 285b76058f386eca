"""`wayproof verify`, `trace` and `recall`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import httpx
import orjson

import trace_core
from trace_api.cli.connection import SERVER, connect, read_json, unreachable

JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
GENUINE = frozenset({"genuine", "genuine-with-warnings"})


@click.command()
@click.argument("what")
@SERVER
@click.option("--key", help="Verifier key of the log; then WHAT is a receipt file, checked offline.")
@JSON
def verify(what: str, server: str, key: str | None, *, as_json: bool) -> None:
    """Ask for the verdict on a barcode, or check a receipt without any server.

    WHAT is what a scanner gives (element string, Digital Link, EAN/UPC, SSCC, EPC URN), or with --key
    the file of a receipt.

    \b
    Examples:
      wayproof verify "(01)09520201000053(21)A1"
      wayproof verify receipt.json --key "example.org/log+c8f23a5b+AW…"

    Exit codes: 0 genuine, or the receipt holds; 1 anything else; 3 the server cannot be reached.
    """
    if key is not None:
        _verify_receipt(Path(what), key, as_json=as_json)
        return
    verdict = _get(server, "/verify", {"scan": what})
    if as_json:
        click.echo(orjson.dumps(verdict))
    else:
        click.echo(verdict["verdict"])
        for reason in verdict["reasons"]:
            click.echo(f"  {reason['code']}: {reason['message']}")
    sys.exit(0 if verdict["verdict"] in GENUINE else 1)


def _verify_receipt(file: Path, key: str, *, as_json: bool) -> None:
    try:
        steps = trace_core.check_receipt(file.read_bytes(), key)
    except FileNotFoundError:
        raise click.UsageError(f"{file} is not there") from None
    except trace_core.TraceError as failure:
        click.echo(orjson.dumps({"holds": False, "reason": str(failure)}) if as_json else f"does not hold: {failure}")
        sys.exit(1)
    click.echo(orjson.dumps({"holds": True, "checked": steps}) if as_json else "\n".join(steps))


@click.command()
@click.argument("item")
@SERVER
@click.option("--forward/--backward", default=True, show_default=True, help="What came of it, or where it came from.")
@JSON
def trace(item: str, server: str, *, forward: bool, as_json: bool) -> None:
    """Trace an item forward or backward.

    \b
    Examples:
      wayproof trace "(01)09520201000053(10)M0482" --forward
      wayproof trace urn:epc:id:sscc:9520201.0000000017 --backward
    """
    answer = _get(server, "/trace", {"item": item, "direction": "forward" if forward else "backward"})
    if as_json:
        click.echo(orjson.dumps(answer))
        return
    for edge in answer["edges"]:
        click.echo(f"{edge['time']}  {edge['from']}  {edge['kind']}  {edge['to']}")


@click.command()
@click.argument("item")
@SERVER
@JSON
def recall(item: str, server: str, *, as_json: bool) -> None:
    """List what a recall of a lot or item reaches, where each of it is, and whom to notify.

    \b
    Examples:
      wayproof recall "(01)09520201000053(10)M0482"
      wayproof recall https://id.gs1.org/01/09520201000053/10/M0482 --json

    Exit codes: 0 here is what it reaches; 1 no event names it; 3 the server cannot be reached.
    """
    answer = _get(server, "/recall", {"item": item})
    is_known = any(affected["kind"] is not None for affected in answer["affected"])
    if as_json:
        click.echo(orjson.dumps(answer))
    elif is_known:
        _print_recall(answer)
    else:
        click.echo("no event names this item", err=True)
    sys.exit(0 if is_known else 1)


def _print_recall(answer: dict[str, Any]) -> None:
    for affected in answer["affected"]:
        click.echo(f"{affected['item']}  {affected.get('place') or 'place unknown'}  since {affected.get('since')}")
    for found in answer["discrepancies"]:
        unit = found["unit"] or "pieces"
        what = f"{found['expected']} {unit} expected, {found['found']} found"
        click.echo(f"discrepancy: {found['item']}  {found['kind']}: {what}")
    for gap in answer["gaps"]:
        click.echo(f"gap: {', '.join(gap['items'])}  {gap['kind']}  {gap['event']['time']}  {gap['event']['event_id']}")
    click.echo(f"{len(answer['affected'])} items, {len(answer['notify'])} to notify")
    if answer["truncated"]:
        click.echo(f"not all: the answer is cut at {', '.join(answer['limits_reached'])}", err=True)


def _get(server: str, path: str, parameters: dict[str, str]) -> dict[str, Any]:
    with connect(server) as client:
        try:
            response = client.get(path, params=parameters, headers={"Accept": "application/json"})
        except httpx.TransportError as failure:
            unreachable(client, failure)
    answer = read_json(client, response)
    if response.is_error:
        raise click.ClickException(f"{answer.get('title')}: {answer.get('detail')}")
    return answer


COMMANDS = [verify, trace, recall]
