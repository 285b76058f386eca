"""`wayproof log`."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path

import click
import orjson
from rich.progress import Progress

from trace_api.cli.serve import DATA, DATABASE_URL
from trace_api.log.fsck import Report
from trace_api.log.fsck import fsck as log_fsck
from trace_api.log.keys import LogKeys
from trace_api.log.repair import Derived, write
from trace_api.settings import Settings
from trace_api.store import log as log_store
from trace_api.store.pool import Store

FSCK_SHARED_BUFFERS_MB = 64
"""Everything is read once and in order, so there is nothing to keep."""


@click.group()
def log() -> None:
    """Look after the transparency log."""


@log.command()
@DATA
@DATABASE_URL
@click.option("--json", "as_json", is_flag=True, help="Print origin and key as JSON.")
def key(data_dir: Path, database_url: str | None, *, as_json: bool) -> None:
    """Print the log's verifier key (vkey), once it has opened the log's checkpoint. The server must not run on
    the same folder; a running one tells its key at /log/key.

    \b
    Examples:
      wayproof log key --data ./data
      DATABASE_URL=postgresql://app@db/wayproof wayproof log key --data ./data --json
    """
    settings = Settings.of(data_dir=data_dir, database_url=database_url)
    keys = LogKeys.load(settings.key_dir)
    origin = asyncio.run(_origin(settings, keys))
    vkey = keys.verifier_key(origin)
    click.echo(orjson.dumps({"origin": origin, "key": vkey}) if as_json else vkey)


async def _origin(settings: Settings, keys: LogKeys) -> str:
    async with Store.open(settings) as store, store.session() as connection:
        head = await log_store.read_head(connection)
    keys.check(head)
    return head.origin


@log.command()
@DATA
@DATABASE_URL
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def fsck(data_dir: Path, database_url: str | None, *, as_json: bool) -> None:
    """Re-verify every event, entry, tile and checkpoint from storage alone. The server must not run on
    the same folder.

    \b
    Examples:
      wayproof log fsck --data ./data
      DATABASE_URL=postgresql://app@db/wayproof wayproof log fsck --data ./data --json

    Exit codes: 0 all is as it must be; 1 something is not, and each finding names its row.
    """
    settings = Settings.of(data_dir=data_dir, database_url=database_url)
    report = asyncio.run(_fsck(dataclasses.replace(settings, shared_buffers_mb=FSCK_SHARED_BUFFERS_MB)))
    _say(report, as_json=as_json)


@log.command()
@DATA
@DATABASE_URL
@click.option("--json", "as_json", is_flag=True, help="Print what fsck says after it as JSON.")
def repair(data_dir: Path, database_url: str | None, *, as_json: bool) -> None:
    """Make tiles, content digests and references again from the events and their entries, where they are wrong or
    missing. Where anything else is wrong, nothing is written: that is evidence, and takes a backup. The server must
    not run on the same folder.

    \b
    Example:
      wayproof log repair --data ./data

    Exit codes: 0 all is as it must be now; 1 something is not, and each finding names its row.
    """
    settings = Settings.of(data_dir=data_dir, database_url=database_url)
    report = asyncio.run(_repair(dataclasses.replace(settings, shared_buffers_mb=FSCK_SHARED_BUFFERS_MB)))
    _say(report, as_json=as_json)


def _say(report: Report, *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(report))
    else:
        for finding in report.findings:
            click.echo(finding, err=True)
        counts = (
            f"{report.events} events ({report.erased} erased), {report.tiles} tiles, {report.checkpoints} checkpoints"
        )
        click.echo(f"{'broken' if report.findings else 'sound'}: {report.tree_size} leaves, {counts}")
    sys.exit(1 if report.findings else 0)


async def _repair(settings: Settings) -> Report:
    async with Store.open(settings) as store:
        before: list[str] = []
        while True:
            derived = Derived()
            report = await _checked(store, settings, derived)
            is_evidence = len(report.findings) != derived.findings
            if is_evidence or not derived.has_any or report.findings == before:
                return report
            before = report.findings
            async with store.session() as connection:
                await write(connection, derived)


async def _fsck(settings: Settings) -> Report:
    async with Store.open(settings) as store:
        return await _checked(store, settings, None)


async def _checked(store: Store, settings: Settings, derived: Derived | None) -> Report:
    keys = LogKeys.load(settings.key_dir)
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("leaves", total=None)

        def show(done: int, size: int) -> None:
            progress.update(task, completed=done, total=size)

        return await log_fsck(store, keys, show, derived)


COMMANDS = [log]
