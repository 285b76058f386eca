"""`wayproof erase`."""

from __future__ import annotations

import sys

import click
import httpx
import orjson

from trace_api.cli.connection import SERVER, connect, read_json, unreachable
from trace_api.cli.links import JSON, TOKEN


@click.command()
@click.argument("event")
@click.option("--reason", required=True, help="Why; it stands in the record, which everybody may read.")
@click.option("--by", required=True, help="Who asks for it; it stands there, too.")
@SERVER
@TOKEN
@JSON
def erase(event: str, reason: str, by: str, server: str, token: str | None, *, as_json: bool) -> None:
    """Erase what EVENT says: an event id, or a content digest in hex. Its log entry stays, proofs of other events are
    not touched, and a record of the erasure is captured.

    \b
    Examples:
      wayproof erase urn:uuid:9cb5…  --reason "Art. 17 GDPR, request 4711" --by "data protection officer"

    Exit codes: 0 erased; 1 refused; 3 the server cannot be reached.
    """
    given = {"Authorization": f"Bearer {token}"} if token else {}
    with connect(server, given) as client:
        try:
            response = client.post("/erasures", json={"event": event, "reason": reason, "by": by})
        except httpx.HTTPError as failure:
            unreachable(client, failure)
        answer = read_json(client, response)
    if response.is_error:
        click.echo(answer.get("detail", response.status_code), err=True)
        sys.exit(1)
    click.echo(
        orjson.dumps(answer) if as_json else f"erased leaf {answer['leafIndex']}; the record is {answer['record']}"
    )


COMMANDS = [erase]
