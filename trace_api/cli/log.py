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
from trace_api.log.item_index import index_origin
from trace_api.log.keys import LogKeys, begin_rotation, finish_rotation
from trace_api.log.repair import Derived, write
from trace_api.settings import Settings
from trace_api.store import log as log_store
from trace_api.store.log import Log
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


@log.command()
@DATA
@DATABASE_URL
@click.option("--finish", is_flag=True, help="Let the next key take the place of the one before.")
@click.option("--json", "as_json", is_flag=True, help="Print the verifier keys as JSON.")
def rotate(data_dir: Path, database_url: str | None, *, finish: bool, as_json: bool) -> None:
    """Rotate the log's signing key: first both keys sign, then the next one alone. Between the two, everybody who has
    the log's key in a policy adds the next one. The server must not run on the same folder.

    \b
    Examples:
      wayproof log rotate --data ./data             prints the keys that sign from the next start on
      wayproof log rotate --data ./data --finish    when everybody has them

    Exit codes: 0 done; 1 not yet: checkpoints that both keys have signed are not out.
    """
    settings = Settings.of(data_dir=data_dir, database_url=database_url)
    keys = LogKeys.load(settings.key_dir)
    if finish:
        origin = asyncio.run(_origin_of_both(settings, keys))
        if origin is None:
            raise click.ClickException("the server has not published checkpoints that both keys have signed yet")
        keys = finish_rotation(settings.key_dir, [origin, index_origin(origin)])
    else:
        origin = asyncio.run(_origin(settings, keys))
        keys = begin_rotation(settings.key_dir)
    vkeys = [*keys.verifier_keys(origin), *keys.for_index().verifier_keys(index_origin(origin))]
    click.echo(orjson.dumps({"keys": vkeys}) if as_json else "\n".join(f"log {vkey}" for vkey in vkeys))


async def _origin_of_both(settings: Settings, keys: LogKeys) -> str | None:
    """The log's origin, if a rotation has begun and both keys have signed what is stored and what is published."""
    async with Store.open(settings) as store, store.session() as connection:
        heads = [await log_store.read_head(connection, of) for of in Log]
    both = zip((keys, keys.for_index()), heads, strict=True)
    notes = [(of, note, head.origin) for of, head in both for note in (head.checkpoint, head.published_checkpoint)]
    has_begun = keys.next_seed is not None
    return heads[0].origin if has_begun and all(of.has_both_signed(note, name) for of, note, name in notes) else None


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
