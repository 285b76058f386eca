"""`wayproof audit`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import trace_core
from trace_api.audit.auditor import LATENESS_S, Trust
from trace_api.audit.findings import Finding
from trace_api.audit.index import Auditor
from trace_api.audit.reader import LogReader
from trace_api.audit.state import Kept
from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S = 60.0


@click.command()
@click.argument("url")
@click.option("--key", help="Verifier key of the log.")
@click.option("--index-key", help="With --key: verifier key of the log of its index, which is audited then, too.")
@click.option("--policy", type=click.Path(dir_okay=False, path_type=Path), help="Whose cosignatures you ask for.")
@click.option(
    "--state",
    "state_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("wayproof-audit.json"),
    show_default=True,
    help="What was verified so far; a visit goes on from there.",
)
@click.option("--follow", is_flag=True, help="Come back again and again, until something is wrong.")
@click.option("--every", "every_s", type=click.FloatRange(min=0.1), default=EVERY_S, show_default=True, help="Seconds.")
@click.option(
    "--lateness",
    "lateness_s",
    type=click.IntRange(min=0),
    default=LATENESS_S,
    show_default=True,
    help="How many seconds an entry may appear after the time at which it says that it was recorded.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def audit(
    url: str,
    key: str | None,
    index_key: str | None,
    policy: Path | None,
    state_file: Path,
    every_s: float,
    lateness_s: int,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Verify a whole log from its public endpoints: every entry, tile and cosignature, that nothing of what was seen
    before has changed, and that its index over items, where it has one, is the one that the entries give. URL is the
    log's, such as https://trace.example.org/log.

    \b
    Examples:
      wayproof audit http://127.0.0.1:8080/log --key "example.org/log+c8f23a5b+AW…"
      wayproof audit https://trace.example.org/log --policy policy.txt --state audit.json --follow

    Exit codes: 0 all of it holds; 1 something does not, with the evidence; 2 wrong usage; 3 the log or the state file
    cannot be used; 130 interrupted. Interrupted, it goes on where it was.
    """
    trust = _trust(key, policy)
    index_trust = index_key if policy is None else _index_trust(trust)
    audit = _audit(url, trust, index_trust, state_file, lateness_s, every_s if follow else None, is_quiet=as_json)
    try:
        kept = asyncio.run(audit)
    except Finding as finding:
        answer = {"holds": False, "check": finding.check, "reason": str(finding), "checkpoints": finding.checkpoints}
        if as_json:
            click.echo(orjson.dumps(answer))
        else:
            click.echo(f"does not hold: {finding.check}: {finding}")
            for note in finding.checkpoints:
                click.echo(f"\n{note}", nl=False)
        sys.exit(1)
    size, is_indexed = kept.events.verified_size, index_trust is not None
    if as_json:
        answer = {"holds": True, "origin": kept.events.origin, "tree_size": size}
        click.echo(orjson.dumps({**answer, "indexed_size": kept.claimed_size if is_indexed else None}))
    else:
        click.echo(f"{kept.events.origin}: all {size:,} leaves hold")
        index = (
            f"holds up to leaf {kept.claimed_size:,}" if is_indexed else "was not audited: no key of its log is given"
        )
        click.echo(f"the index over items {index}")


def _trust(key: str | None, policy: Path | None) -> Trust:
    if (key is None) == (policy is None):
        raise click.UsageError("either --key or --policy")
    if policy is None:
        assert key is not None
        return key
    try:
        return trace_core.Policy(policy.read_bytes())
    except (OSError, trace_core.SignatureError) as wrong:
        raise click.UsageError(f"{policy}: {wrong}") from None


def _index_trust(policy: Trust) -> Trust | None:
    """The policy, if it names the log of an index."""
    assert isinstance(policy, trace_core.Policy)
    return policy if any(name.endswith("/index") for name, _, _ in policy.logs) else None


async def _audit(
    url: str,
    trust: Trust,
    index_trust: Trust | None,
    state_file: Path,
    lateness_s: int,
    every_s: float | None,
    *,
    is_quiet: bool,
) -> Kept:
    kept = Kept.load(state_file, with_index=index_trust is not None)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True, quiet=is_quiet)
    async with LogReader.open(url) as reader, LogReader.open(f"{url.rstrip('/')}/index") as index_reader:
        with Progress(*columns, console=console, transient=True) as progress:
            auditor = Auditor(
                reader,
                trust,
                index_reader if index_trust is not None else None,
                index_trust,
                lambda verified: verified.save(state_file),
                _shown(progress),
                lateness_s,
            )
            while True:
                began = time.monotonic()
                try:
                    kept = await auditor.visit(kept)
                except Unavailable:
                    if every_s is None:
                        raise
                    kept = Kept.load(state_file, with_index=index_trust is not None)
                if every_s is None:
                    return kept
                await asyncio.sleep(max(0.0, began + every_s - time.monotonic()))


def _shown(progress: Progress) -> Callable[[int, int], None]:
    task = progress.add_task("verifying", total=None)
    return lambda done, all_: progress.update(task, completed=done, total=all_)


COMMANDS = [audit]
