"""`wayproof capture`: a client that splits large files and goes on where it was cut off."""

from __future__ import annotations

import hashlib
import secrets
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx
import orjson
import tenacity
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import trace_core
from trace_api.cli.connection import SERVER, connect, read_json, unreachable
from trace_api.cli.keys import KEY_FILE, load_signer

if TYPE_CHECKING:
    from collections.abc import Callable

PART_EVENTS = 2_000
"""Events in one request: large enough to be fast, small enough that a cut costs little."""
SECRET_BYTES = 32
"""From which the salts of a signed part derive."""
ATTEMPTS_MAX = 6
"""Tries for one part, with pauses that double from half a second; repeating a capture is harmless."""


@dataclass(slots=True)
class Totals:
    """What the server said, over all parts."""

    events: int = 0
    stored: int = 0
    repeated: int = 0
    refused: int = 0


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@SERVER
@click.option("--proceed", is_flag=True, help="Store the good events of a part that has bad ones.")
@click.option("--strict", is_flag=True, help="Refuse events with findings, such as a wrong check digit.")
@click.option("--part-events", type=click.IntRange(1), default=PART_EVENTS, show_default=True)
@click.option("--sign", type=KEY_FILE, help="Sign each part with the partner's key in this file.")
@click.option("--sign-events", type=KEY_FILE, help="Sign each event that nobody signed yet with this key.")
@click.option("--restart", is_flag=True, help="Send everything again, also what was acknowledged before.")
@click.option("--json", "as_json", is_flag=True, help="Print totals and refused events as JSON.")
def capture(
    files: tuple[Path, ...],
    server: str,
    part_events: int,
    sign: Path | None,
    sign_events: Path | None,
    *,
    proceed: bool,
    strict: bool,
    restart: bool,
    as_json: bool,
) -> None:
    """Send EPCIS FILES (JSON or XML) to a server. Interrupt it and call it again: it goes on where it was.

    \b
    Examples:
      wayproof capture events.json
      wayproof capture events/*.json --server https://trace.example.org --proceed
      wayproof capture events.json --sign acme.key
      wayproof capture events.json --sign-events scanner.key --proceed

    Exit codes: 0 everything is stored; 1 some events were refused; 3 the server cannot be reached.
    """
    if sign is not None and proceed:
        raise click.UsageError("a signed part is stored whole: either --sign or --proceed")
    if sign is not None and sign_events is not None:
        raise click.UsageError("one signature over all events or one for each: either --sign or --sign-events")
    prepare = _signing(sign, sign_events)
    totals, errors = Totals(), []
    headers = {"GS1-Capture-Error-Behaviour": "proceed" if proceed else "rollback"}
    with connect(server, headers=headers) as client:
        for file in files:
            try:
                parts = trace_core.split_document(file.read_bytes(), events_max=part_events)
            except trace_core.CaptureError as refused:
                raise click.ClickException(f"{file}: {refused}") from None
            journal = _Journal(file, server, part_events, restart=restart)
            errors += _send(client, file, parts, journal, totals, prepare, strict=strict)
    _report(totals, errors, as_json=as_json)
    sys.exit(1 if errors else 0)


class _Journal:
    """How many parts of a file a server has acknowledged, up to the first with refused events.
    Losing it costs time and nothing else."""

    def __init__(self, file: Path, server: str, part_events: int, *, restart: bool) -> None:
        key = hashlib.sha256(f"{server}\n{part_events}\n".encode() + file.read_bytes()).hexdigest()
        self._path = Path(click.get_app_dir("wayproof")) / "captures" / key
        self.done = 0
        if not restart and self._path.exists():
            self.done = int(self._path.read_text() or 0)

    def write(self, done: int) -> None:
        """Notes that the first `done` parts are acknowledged."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        whole = self._path.with_suffix(".new")
        whole.write_text(str(done))
        whole.replace(self._path)

    def close(self) -> None:
        """The file is through; the next call starts from its beginning."""
        self._path.unlink(missing_ok=True)


def _send(
    client: httpx.Client,
    file: Path,
    parts: list[bytes],
    journal: _Journal,
    totals: Totals,
    prepare: Callable[[bytes], _Part],
    *,
    strict: bool,
) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(file.name, total=len(parts), completed=journal.done)
        for number, part in enumerate(parts[journal.done :], journal.done):
            job = _send_part(client, prepare(part), strict=strict)
            totals.events += job["eventTotal"]
            totals.stored += job["eventsStored"]
            totals.repeated += job["eventsRepeated"]
            refused = [{"file": str(file), "part": number, **error} for error in job["errors"]]
            totals.refused += len({error.get("event_index") for error in refused})
            errors += refused
            if not errors:
                # What is refused stays to be said: after a break all from there on is sent again.
                journal.write(number + 1)
            progress.advance(task)
    journal.close()
    return errors


@dataclass(frozen=True, slots=True)
class _Part:
    """What is sent in one request."""

    body: bytes
    signature: str | None = None


def _signing(sign: Path | None, sign_events: Path | None) -> Callable[[bytes], _Part]:
    if sign is not None:
        return partial(_signed_whole, load_signer(sign))
    if sign_events is not None:
        return partial(_signed_events, load_signer(sign_events))
    return _Part


def _signed_whole(signer: trace_core.PartnerSigner, part: bytes) -> _Part:
    return _Part(part, signer.sign_capture(part, secret=secrets.token_bytes(SECRET_BYTES)))


def _signed_events(signer: trace_core.PartnerSigner, part: bytes) -> _Part:
    return _Part(signer.sign_events(part))


def _send_part(client: httpx.Client, part: _Part, *, strict: bool) -> dict[str, Any]:
    """One part, until the server has answered for good. A lost reply is no lost write, so it is sent again."""

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type((httpx.TransportError, _TryAgain)),
        wait=tenacity.wait_random_exponential(0.5, 30),
        stop=tenacity.stop_after_attempt(ATTEMPTS_MAX),
        reraise=True,
    )
    def send() -> httpx.Response:
        parameters = {"strict": "true"} if strict else {}
        headers = {"Content-Type": "application/json"}
        if part.signature is not None:
            headers["Wayproof-Signature"] = part.signature
        response = client.post("/capture", content=part.body, params=parameters, headers=headers)
        if response.status_code in (408, 429, 502, 503, 504):
            raise _TryAgain(f"the server answers {response.status_code}")
        return response

    try:
        response = send()
    except (httpx.TransportError, _TryAgain) as failure:
        unreachable(client, failure)
    job = read_json(client, response)
    if response.status_code == 202:
        return job
    errors = job.get("errors") or [{"message": job.get("detail", "refused")}]
    return {"eventTotal": 0, "eventsStored": 0, "eventsRepeated": 0, "errors": errors}


class _TryAgain(Exception):
    """The server asks for patience."""


def _report(totals: Totals, errors: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        numbers = {name: getattr(totals, name) for name in Totals.__slots__}
        click.echo(orjson.dumps({**numbers, "errors": errors}))
        return
    for error in errors:
        where = f"{error['file']}, part {error['part']}"
        click.echo(f"{where}: {error.get('pointer', '')}: {error.get('message')} ({error.get('code', '')})", err=True)
    click.echo(f"{totals.stored} events stored, {totals.repeated} were there already, {totals.refused} refused")


COMMANDS = [capture]
