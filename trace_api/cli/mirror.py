"""`wayproof mirror`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx
import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import trace_core
from trace_api.cli.serve import server_of
from trace_api.errors import Unavailable
from trace_api.log.keys import load_or_create_seed
from trace_api.mirror.book import Book
from trace_api.mirror.follow import PERIOD_S, Inconsistent, catch_up
from trace_api.mirror.mirror import Mirror
from trace_api.mirror.push import Refused, Upload
from trace_api.mirror.source import FETCH_S_MAX, LogSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KINDS: dict[str, trace_core.KeyKind] = {"mirror.key": "cosignature", "mirror-ml-dsa.key": "ML-DSA-44"}
_LOG = click.option("--log", "log_keys", multiple=True, metavar="VKEY", help="A log, by its verifier key. Repeatable.")
_POLICY = click.option(
    "--policy",
    "policy_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The logs of a tlog-policy file; only checkpoints with its quorum are followed or pushed.",
)


@click.group(invoke_without_command=True)
@click.option("--name", help="Name of the mirror: a URL without scheme, such as example.org/mirror.")
@_LOG
@_POLICY
@click.option("--follow", "followed", multiple=True, metavar="URL", help="Fetch what is new of a log. Repeatable.")
@click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("wayproof-mirror"),
    show_default=True,
    help="Folder of the mirror's key, and of its copies.",
)
@click.option("--once", is_flag=True, help="Catch up with the followed logs and end; nothing is served.")
@click.option(
    "--every",
    "period_s",
    type=click.FloatRange(0.05),
    default=PERIOD_S,
    show_default=True,
    help="Seconds from one look at a followed log to the next.",
)
@click.option("--ml-dsa", is_flag=True, help="Cosign with a key of ML-DSA-44 as well.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8091, show_default=True)
@click.option("--show-key", is_flag=True, help="Print the mirror's verifier keys, as lines for a policy, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --show-key or --once, print JSON.")
@click.pass_context
def mirror(
    context: click.Context,
    name: str | None,
    log_keys: tuple[str, ...],
    policy_file: Path | None,
    followed: tuple[str, ...],
    data_dir: Path,
    period_s: float,
    host: str,
    port: int,
    *,
    once: bool,
    ml_dsa: bool,
    show_key: bool,
    as_json: bool,
) -> None:
    """Keep a copy of logs, serve it, and cosign what is in it (C2SP tlog-mirror). Logs are followed, or pushed here.

    \b
    Examples:
      wayproof mirror --name example.org/mirror --show-key
      wayproof mirror --name example.org/mirror --log "trace.example.org/log+c8f23a5b+AW…" --follow https://trace.example.org/log
      wayproof mirror --name example.org/mirror --policy policy.txt --follow https://trace.example.org/log --once
      wayproof mirror push https://trace.example.org/log https://mirror.example.org --log "trace.example.org/log+c8…"

    Exit codes: 0 ended by a signal, or caught up; 1 a log is inconsistent; 2 wrong options; 3 the folder or a log
    cannot be used.
    """
    if context.invoked_subcommand is not None:
        return
    if once and not followed:
        raise click.UsageError("--once needs a log to catch up with: --follow URL")
    if name is None:
        raise click.UsageError("a mirror needs a name: --name example.org/mirror")
    files = list(_KINDS)[: 2 if ml_dsa else 1]
    signers = [trace_core.NoteSigner(_KINDS[file], name, load_or_create_seed(data_dir / file)) for file in files]
    if show_key:
        keys = [signer.verifier_key for signer in signers]
        click.echo(orjson.dumps(keys) if as_json else "\n".join(f"witness {name} {key}" for key in keys))
        return
    policy = _policy_of(log_keys, policy_file)
    from trace_api.http.operations import configure_logging
    from trace_api.mirror.app import create_app

    configure_logging("warning" if once else "info")
    with Book.open(data_dir / "mirror.sqlite") as book:
        opened = Mirror.open(signers, policy, book, data_dir)
        if once:
            _catch_up(opened, followed, as_json=as_json)
        else:
            server_of(create_app(opened, followed, period_s), host, port).run()


def _catch_up(opened: Mirror, followed: tuple[str, ...], *, as_json: bool) -> None:
    async def one(url: str) -> dict[str, object]:
        async with LogSource.open(url) as source:
            with _progress(url) as on_progress:
                copy = await catch_up(opened, source, on_progress)
        return {"origin": copy.origin, "tree_size": copy.mirrored_size}

    for url in followed:
        try:
            done = asyncio.run(one(url))
        except Inconsistent as refused:
            click.echo(str(refused), err=True)
            sys.exit(1)
        click.echo(orjson.dumps(done) if as_json else f"{done['origin']}: {done['tree_size']} entries mirrored")


@mirror.command()
@click.argument("log_url")
@click.argument("mirror_url")
@_LOG
@_POLICY
def push(log_url: str, mirror_url: str, log_keys: tuple[str, ...], policy_file: Path | None) -> None:
    """Upload the log at LOG_URL to the mirror at MIRROR_URL, and print the checkpoint with the mirror's cosignatures.
    Interrupt it and call it again: it goes on where it was.

    \b
    Examples:
      wayproof mirror push https://trace.example.org/log https://mirror.example.org --log "trace.example.org/log+c8…"

    Exit codes: 0 the mirror has it all; 1 it does not take it; 2 wrong options; 3 log or mirror cannot be reached.
    """
    policy = _policy_of(log_keys, policy_file)

    async def upload(on_progress: Callable[[int, int], None]) -> bytes:
        async with LogSource.open(log_url) as source, httpx.AsyncClient(timeout=FETCH_S_MAX) as client:
            note, lines = await Upload(source, client, mirror_url, policy).run(on_progress)
        return note + lines

    try:
        with _progress(log_url) as on_progress:
            cosigned = asyncio.run(upload(on_progress))
    except (Refused, trace_core.TraceError) as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)
    click.echo(cosigned, nl=False)


@contextlib.contextmanager
def _progress(url: str) -> Iterator[Callable[[int, int], None]]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(url, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _policy_of(log_keys: tuple[str, ...], policy_file: Path | None) -> trace_core.Policy:
    if bool(log_keys) == (policy_file is not None):
        raise click.UsageError("say which logs: either by --log VKEY or by --policy FILE")
    if policy_file is not None:
        try:
            return trace_core.Policy(policy_file.read_bytes())
        except (OSError, trace_core.SignatureError) as failure:
            raise Unavailable(f"{policy_file} cannot be used: {failure}") from None
    try:
        return trace_core.Policy("".join([*(f"log {key}\n" for key in log_keys), "quorum none\n"]).encode())
    except trace_core.SignatureError as wrong:
        raise click.UsageError(f"no verifier key of a log: {wrong}") from None


COMMANDS = [mirror]
