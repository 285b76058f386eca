"""The command `wayproof`: one file a family of commands.

Exit codes: 0 done; 1 the answer is no (refused, not verified, inconsistent); 2 wrong usage;
3 the server or database cannot be reached; 130 interrupted.
"""

from __future__ import annotations

import click

from trace_api.cli import (
    ask,
    audit,
    capture,
    demo,
    erase,
    event_hash,
    keys,
    links,
    log,
    mirror,
    serve,
    simulate,
    witness,
)

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="wayproof")
def wayproof() -> None:
    """Supply-chain traceability that can be proven.

    \b
    Examples:
      wayproof demo                                      a small supply chain to look at
      wayproof serve --data ./data --port 8080           a server on its own Postgres
      wayproof capture events.json --server http://127.0.0.1:8080
      wayproof verify "(01)09520201000053(21)A1" --server http://127.0.0.1:8080

    Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 3 not reachable; 130 interrupted.
    """


for room in (serve, demo, capture, ask, event_hash, simulate, log, links, keys, erase, witness, mirror, audit):
    for command in room.COMMANDS:
        wayproof.add_command(command)
