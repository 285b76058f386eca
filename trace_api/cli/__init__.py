"""The command `wayproof`: one file a family of commands.

Exit codes: 0 done; 1 the answer is no (refused, not verified, inconsistent); 2 wrong usage;
3 the server or database cannot be reached; 130 interrupted.
"""

from __future__ import annotations

from importlib import import_module

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FAMILIES = {
    "serve": ("serve", "migrate"),
    "demo": ("demo",),
    "capture": ("capture",),
    "ask": ("verify", "trace", "recall"),
    "event_hash": ("event-hash",),
    "simulate": ("simulate",),
    "log": ("log",),
    "links": ("links",),
    "keys": ("key",),
    "erase": ("erase",),
    "witness": ("witness",),
    "mirror": ("mirror",),
    "audit": ("audit",),
}
"""Files and the names of their `COMMANDS`. A command's file alone is imported when it runs."""


class Families(click.Group):
    """Finds commands in their files."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(name for names in FAMILIES.values() for name in names)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        for family, names in FAMILIES.items():
            if name in names:
                commands: list[click.Command] = import_module(f"{__name__}.{family}").COMMANDS
                return dict(zip(names, commands, strict=True))[name]
        return None


@click.group(cls=Families, context_settings=CONTEXT)
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
