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
@click.option("--key", help="Verifier key of the log; then WHAT is a file, checked offline.")
@click.option(
    "--policy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Whose cosignatures you ask for (a tlog-policy file); then WHAT is a file, checked offline.",
)
@click.option(
    "--entry", type=click.Path(dir_okay=False, path_type=Path), help="The entry that a tlog-proof without it is about."
)
@JSON
def verify(what: str, server: str, key: str | None, policy: Path | None, entry: Path | None, *, as_json: bool) -> None:
    """Ask for the verdict on a barcode, or check evidence without any server.

    WHAT is what a scanner gives (element string, Digital Link, EAN/UPC, SSCC, EPC URN); or with --key or --policy a
    file: a receipt, a disclosure, a tlog-proof or an evidence bundle.

    \b
    Examples:
      wayproof verify "(01)09520201000053(21)A1"
      wayproof verify receipt.json --key "example.org/log+c8f23a5b+AW…"
      wayproof verify evidence-17.zip --policy policy.txt

    Exit codes: 0 genuine, or the evidence holds; 1 anything else; 2 wrong usage; 3 the server cannot be reached.
    """
    if key is not None and policy is not None:
        raise click.UsageError("either --key or --policy")
    if key is not None or policy is not None:
        trust = key if key is not None else _policy(policy)
        _verify_evidence(_read(Path(what)), trust, None if entry is None else _read(entry), as_json=as_json)
        return
    verdict = _get(server, "/verify", {"scan": what})
    if as_json:
        click.echo(orjson.dumps(verdict))
    else:
        click.echo(verdict["verdict"])
        for reason in verdict["reasons"]:
            click.echo(f"  {reason['code']}: {reason['message']}")
    sys.exit(0 if verdict["verdict"] in GENUINE else 1)


def _policy(file: Path | None) -> trace_core.Policy:
    assert file is not None
    try:
        return trace_core.Policy(_read(file))
    except trace_core.SignatureError as wrong:
        raise click.UsageError(f"{file}: {wrong}") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as failure:
        raise click.UsageError(f"{file} cannot be read: {failure.strerror}") from None


def _verify_evidence(document: bytes, trust: str | trace_core.Policy, entry: bytes | None, *, as_json: bool) -> None:
    try:
        checked = trace_core.check_evidence(document, trust, entry=entry)
    except trace_core.TraceError as failure:
        click.echo(
            orjson.dumps({"holds": False, "reason": str(failure)}) if as_json else _line(f"does not hold: {failure}")
        )
        sys.exit(1)
    if as_json:
        answer = {"holds": True, "kind": checked.kind, "checked": checked.held, "unproven": checked.unproven}
        click.echo(orjson.dumps(answer))
        return
    click.echo(f"{checked.kind}: holds")
    for step in checked.held:
        click.echo(_line(f"  checked: {step}"))
    for step in checked.unproven:
        click.echo(_line(f"  unproven: {step}"))


def _line(text: str) -> str:
    """The text as one line. It quotes what strangers wrote, who could else add lines to a verdict, or overwrite it."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


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
