"""`wayproof serve`, `demo` and `migrate`."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
import uvicorn

from trace_api.cli.connection import EXIT_UNREACHABLE
from trace_api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from trace_api.http.service import Service

SHUTDOWN_S_MAX = 10
"""How long running requests may take to end after SIGTERM."""
WEBSOCKET_MESSAGE_BYTES_MAX = 4_096
"""Of what a listener says, who has nothing to say."""
ARENAS_MAX = 2
"""Of the allocator: as many as keep two cores apart."""
_M_ARENA_MAX = -8  # malloc.h of glibc

DATA = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("wayproof-data"),
    show_default=True,
    envvar="WAYPROOF_DATA",
    help="Folder of the embedded Postgres and of the log's keys.",
)
DATABASE_URL = click.option("--database-url", envvar="DATABASE_URL", help="A Postgres server (15 or newer) instead.")


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every command with a server has."""
    port = click.option("--port", type=click.IntRange(1, 65_535), default=8080, show_default=True)
    host = click.option("--host", default="127.0.0.1", show_default=True)
    origin = click.option("--origin", help="Name of a new log: its URL without scheme. Default HOST:PORT/log.")
    for option in (origin, port, host, DATABASE_URL, DATA):
        command = option(command)
    return command


@click.command()
@server_options
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="WAYPROOF_POLICY",
    help="Whose cosignatures a checkpoint needs before it is published: a tlog-policy file.",
)
@click.option(
    "--tiles",
    metavar="PLACE",
    envvar="WAYPROOF_TILES",
    help="Keep the log as plain files, too: a folder, or s3://BUCKET/PREFIX (keys and region from AWS_…).",
)
def serve(
    data_dir: Path,
    database_url: str | None,
    host: str,
    port: int,
    origin: str | None,
    policy_file: Path | None,
    tiles: str | None,
) -> None:
    """Serve the API, the log and the pages.

    \b
    Examples:
      wayproof serve --data ./data --port 8080
      DATABASE_URL=postgresql://app@db/wayproof wayproof serve --origin trace.example.org/log
      wayproof serve --policy policy.txt
      wayproof serve --tiles /srv/www/log

    GET /healthz answers 200 when it is ready. SIGINT and SIGTERM end it cleanly, Postgres included.
    """
    run(
        Settings.of(
            data_dir=data_dir,
            database_url=database_url,
            host=host,
            port=port,
            origin=origin,
            policy_file=policy_file,
            tiles=tiles,
        )
    )


def run(
    settings: Settings, on_ready: Callable[[Service], None] = lambda _service: None, log_level: str = "info"
) -> None:
    """Serves until a signal. `on_ready` is called once the service answers. Exits with 3 when the embedded
    Postgres has ended for good."""
    # A start makes next to no garbage, and to look for some takes a sixth of it.
    gc.disable()
    keep_memory_together()
    from trace_api.app import create_app
    from trace_api.http.operations import configure_logging

    configure_logging(log_level)
    lost = False

    def begin(service: Service) -> None:
        # What is there now stays. Each look at all of it would let every request wait for a tenth of a second.
        gc.freeze()
        gc.enable()
        on_ready(service)

    def lose() -> None:
        nonlocal lost
        lost = server.should_exit = True

    server = server_of(create_app(settings, on_ready=begin, on_lost=lose), settings.host, settings.port)
    server.run()
    if lost:
        sys.exit(EXIT_UNREACHABLE)


def keep_memory_together() -> None:
    """In few arenas. glibc would give nearly each thread its own, and what large captures leave free in one is no use
    to the others: memory would grow for hours. MALLOC_ARENA_MAX in the environment says otherwise. Does nothing where
    the allocator is another."""
    with contextlib.suppress(OSError, AttributeError):
        if "MALLOC_ARENA_MAX" not in os.environ:
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS_MAX)


def server_of(app: ASGIApp, host: str, port: int) -> uvicorn.Server:
    """A server that ends cleanly at SIGINT and SIGTERM."""
    from trace_api.http.protocol import GuardedProtocol

    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=GuardedProtocol,
        loop="uvloop",
        ws="websockets-sansio",
        ws_max_size=WEBSOCKET_MESSAGE_BYTES_MAX,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S_MAX,
    )
    # After its shutdown uvicorn raises the signal again for whoever had a handler before; nobody had, and
    # the default one would make a clean end look like a killed process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return uvicorn.Server(config)


@click.command()
@DATA
@DATABASE_URL
@click.option("--json", "as_json", is_flag=True, help="Print the schema's version as JSON.")
def migrate(data_dir: Path, database_url: str | None, *, as_json: bool) -> None:
    """Bring the database's schema up to date; the server does it at its start, too.

    \b
    Examples:
      DATABASE_URL=postgresql://app@db/wayproof wayproof migrate
    """
    from trace_api.store.migrate import known_migrations
    from trace_api.store.pool import Store

    async def open_and_close() -> None:
        async with Store.open(Settings.of(data_dir=data_dir, database_url=database_url)):
            pass

    asyncio.run(open_and_close())
    version = len(known_migrations())
    click.echo(orjson.dumps({"schema_version": version}) if as_json else f"the schema is up to date: version {version}")


COMMANDS = [serve, migrate]
