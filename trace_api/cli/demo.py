"""`wayproof demo`: a server with a small supply chain in it, to look at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click
from rich.console import Console
from rich.progress import track

import trace_core
from trace_api.capture.road import CaptureRequest
from trace_api.cli.serve import run
from trace_api.settings import Settings

if TYPE_CHECKING:
    from trace_api.http.service import Service

EVENTS = 3_000
SEED = 2
PART_EVENTS = 500
PARTNER = "demo"

console = Console(highlight=False, soft_wrap=True)


@click.command()
@click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
)
@click.option("--port", type=click.IntRange(1, 65_535), default=8080, show_default=True)
@click.option(
    "--database-url",
    envvar="DATABASE_URL",
    help="A Postgres server (15 or newer) instead of the embedded one.",
)
def demo(data_dir: Path, port: int, database_url: str | None) -> None:
    """Start a server, load a small supply chain of fish, medicine and parts, and say what to try.

    \b
    Examples:
      wayproof demo
      wayproof demo --port 9000 --data /tmp/demo

    Ctrl-C ends it; the data stays for the next time.
    """
    settings = Settings.of(data_dir=data_dir, database_url=database_url, port=port, origin="wayproof.demo/log")
    console.print(f"Starting on an {'own' if database_url else 'embedded'} Postgres …")
    loading: list[asyncio.Task[None]] = []  # Held here, because the loop itself holds tasks weakly.
    run(settings, lambda service: loading.append(asyncio.create_task(_load(service))), log_level="warning")
    console.print(f"Ended. The data stays in {data_dir}.")


async def _load(service: Service) -> None:
    simulator = trace_core.Simulator(events=EVENTS, seed=SEED)
    await service.door.capture(CaptureRequest(simulator.master_data(), PARTNER))
    parts = -(-EVENTS // PART_EVENTS)
    for _ in track(range(parts), "Loading the supply chain", console=console, transient=True):
        document = await asyncio.to_thread(simulator.next_document, PART_EVENTS)
        if document is None:
            break
        await service.door.capture(CaptureRequest(document, PARTNER))
        service.sequencer.wake()
    address = f"http://{service.settings.host}:{service.settings.port}"
    console.print(
        f"\n[bold]Wayproof is at {address}[/bold], with {EVENTS} events of fish, produce, medicine and parts.\n"
    )
    console.print("Three things to try:")
    for number, (what, landmark) in enumerate(_things_to_try(simulator.landmarks()), 1):
        console.print(f"  {number}. {what}: {landmark.element_string}")
        console.print(f"     {address}/?scan={quote(landmark.element_string)}")
    console.print("\nCtrl-C ends it.")


def _things_to_try(landmarks: list[trace_core.Landmark]) -> list[tuple[str, trace_core.Landmark]]:
    wanted = [
        ("A pack of medicine, as a customs officer scans it", "pack", None),
        ("A pack that was dispensed twice: somebody copied its number", "pack", "dispensed_twice"),
        ("A lot of fish to recall", "lot", None),
    ]
    found = []
    for what, role, trouble in wanted:
        for landmark in landmarks:
            domain_fits = role != "lot" or landmark.domain == "fish"
            if (landmark.role, landmark.trouble) == (role, trouble) and domain_fits:
                found.append((what, landmark))
                break
    return found


COMMANDS = [demo]
