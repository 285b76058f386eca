"""`wayproof key`: a trading partner's keys, with which it signs what it captures."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
import orjson

import trace_core
from trace_api.cli.connection import SERVER, connect, read_json, unreachable
from trace_api.cli.links import JSON, TOKEN
from trace_api.partners import statements

SEED_BYTES = 32
KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"])


@click.group()
def key() -> None:
    """Make, register and revoke the keys with which a trading partner signs.

    \b
    Examples:
      wayproof key create acme.key --partner acme.example
      wayproof key request acme.key > request.json             to the operator, who registers it:
      wayproof key register request.json --server https://trace.example.org
      wayproof capture events.json --sign acme.key

    Exit codes: 0 done; 1 refused; 2 wrong usage; 3 the server cannot be reached.
    """


@key.command("create")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--partner", required=True, help="Name of the trading partner, best a domain of its own.")
@JSON
def create_key(file: Path, partner: str, *, as_json: bool) -> None:
    """Make an Ed25519 key of a partner in FILE, readable by nobody else. The file is a private JWK.

    \b
    Example:
      wayproof key create acme.key --partner acme.example
    """
    if not statements.is_partner(partner):
        raise click.UsageError("a partner's name has 1 to 200 of a-z, 0-9 and, within, . _ / -")
    seed = secrets.token_bytes(SEED_BYTES)
    content = trace_core.write_key_file(partner, seed)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as failure:
        raise click.UsageError(f"{file} cannot be made: {failure.strerror}") from None
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    signer = trace_core.read_key_file(content)
    public = {"keyID": signer.key_id, "partner": partner, "key": orjson.loads(signer.jwk)}
    click.echo(orjson.dumps(public) if as_json else f"{file}: key {signer.key_id} of {partner}")


@key.command("request")
@click.argument("file", type=KEY_FILE)
@click.option("--from", "valid_from", type=MOMENT, help="Valid from then on (UTC); now, if not said.")
@click.option("--until", "valid_until", type=MOMENT, help="Valid until before then (UTC); for ever, if not said.")
@click.option("--by", type=KEY_FILE, help="A key of the same partner that counts: then no operator is needed.")
def request_key(file: Path, valid_from: datetime | None, valid_until: datetime | None, by: Path | None) -> None:
    """Print the signed statement by which the key in FILE is registered.

    \b
    Examples:
      wayproof key request acme.key --until 2027-12-31 > request.json
      wayproof key request next.key --by acme.key > request.json
    """
    signer = load_signer(file)
    begin = _utc(valid_from) or datetime.now(UTC).replace(microsecond=0)
    by_signer = signer if by is None else load_signer(by)
    if by_signer.partner != signer.partner:
        raise click.UsageError("the two keys are of different partners")
    click.echo(statements.write_registration(signer, begin, _utc(valid_until), by_signer))


@key.command("register")
@click.argument("request", type=KEY_FILE)
@SERVER
@TOKEN
@JSON
def register_key(request: Path, server: str, token: str | None, *, as_json: bool) -> None:
    """Register the key of a REQUEST. A partner's first key takes the operator's token.

    \b
    Example:
      wayproof key register request.json --server https://trace.example.org
    """
    answer = _post(server, token, "/keys", request.read_bytes())
    click.echo(orjson.dumps(answer) if as_json else f"key {answer['keyID']} is registered for {answer['partner']}")


@key.command("revoke")
@click.argument("key_id")
@click.option("--by", type=KEY_FILE, help="The key itself, or another one of its partner; else the operator's token.")
@click.option("--reason", required=True)
@click.option("--compromised-since", type=MOMENT, help="What it signed since then (UTC) is in doubt.")
@SERVER
@TOKEN
@JSON
def revoke_key(
    key_id: str,
    by: Path | None,
    reason: str,
    compromised_since: datetime | None,
    server: str,
    token: str | None,
    *,
    as_json: bool,
) -> None:
    """Revoke the key KEY_ID: what it signs from now on does not count.

    \b
    Examples:
      wayproof key revoke 7Qk… --by acme.key --reason "the scanner was lost" --compromised-since 2026-05-01
    """
    signer = None if by is None else load_signer(by)
    body = statements.write_revocation(key_id, reason, _utc(compromised_since), signer)
    answer = _post(server, token, f"/keys/{key_id}/revocation", body)
    click.echo(orjson.dumps(answer) if as_json else f"key {answer['keyID']} of {answer['partner']} is revoked")


@key.command("list")
@click.option("--partner", help="Of this one alone.")
@SERVER
@JSON
def list_keys(partner: str | None, server: str, *, as_json: bool) -> None:
    """List the registered keys.

    \b
    Example:
      wayproof key list --partner acme.example
    """
    found: list[dict[str, Any]] = []
    with connect(server) as client:
        path: str | None = "/keys"
        parameters = {} if partner is None else {"partner": partner}
        while path is not None:
            response = _ask(client, client.build_request("GET", path, params=parameters))
            found += orjson.loads(response.content)
            path, parameters = response.links.get("next", {}).get("url"), {}
    if as_json:
        click.echo(orjson.dumps(found))
        return
    for one in found:
        end = f"revoked {one['revokedAt']}" if "revokedAt" in one else f"until {one.get('validUntil', 'revoked')}"
        click.echo(f"{one['keyID']}  {one['partner']}  from {one['validFrom']}  {end}")


def load_signer(file: Path) -> trace_core.PartnerSigner:
    """The signer of a file that `wayproof key create` has made."""
    try:
        return trace_core.read_key_file(file.read_bytes())
    except (OSError, trace_core.SignatureError):
        raise click.UsageError(f"{file} is no key of a partner") from None


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _post(server: str, token: str | None, path: str, body: bytes) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with connect(server, headers) as client:
        return read_json(client, _ask(client, client.build_request("POST", path, content=body)))


def _ask(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    try:
        response = client.send(request)
    except httpx.HTTPError as failure:
        unreachable(client, failure)
    if response.is_error:
        click.echo(read_json(client, response).get("detail", response.status_code), err=True)
        sys.exit(1)
    return response


COMMANDS = [key]
