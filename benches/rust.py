"""What the crates measure themselves: each example prints one JSON object a line."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from benches.table import VOID, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REPOSITORY = Path(__file__).parent.parent
Line = dict[str, Any]


EXAMPLES = {
    "wayproof-capture": "floor",
    "wayproof-gs1": "measure",
    "wayproof-merkle": "peers",
    "wayproof-signature": "batch",
}
"""Of each crate."""


def example(package: str, *arguments: str | Path) -> list[Line]:
    """Runs that of a crate, in a process of its own."""
    command = [_programs()[EXAMPLES[package]], *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [orjson.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@functools.cache
def _programs() -> dict[str, str]:
    """All of them, built at once: linking one takes half a minute of one core."""
    named = [word for package, name in EXAMPLES.items() for word in ("-p", package, "--example", name)]
    command = ["cargo", "build", "--release", "--quiet", "--message-format=json", *named]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    made = [orjson.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {one["target"]["name"]: one["executable"] for one in made if one.get("executable")}


def rows(lines: Sequence[Line]) -> Iterator[Row]:
    """Of one operation the line with the fastest peer first, the other peers below it."""
    for name in dict.fromkeys(line["operation"] for line in lines):
        of_name = sorted((line for line in lines if line["operation"] == name), key=_peer_rate, reverse=True)
        best, *others = of_name
        yield row(best)
        yield from (row(other, f"… and {other['peer']}", limited=False) for other in others)


def row(line: Line, named: str | None = None, *, limited: bool = True) -> Row:
    """A line as a row of the table, under another name if one is given."""
    ours = line["ours_per_s"]
    limit = of_limit = peer = times = "-"
    void = VOID if line.get("void") else ""
    if limited and "limit" in line:
        limit = f"{line['limit_per_s']:,.0f}/s: {line['limit']}"
        # Measured by turns, or a number that follows from the machine.
        of_limit = f"{line['of_limit']:.2f}{void}" if "of_limit" in line else f"{ours / line['limit_per_s']:.2f}"
    if "peer" in line:
        peer, times = f"{line['peer']}: {line['peer_per_s']:,.0f}/s", f"{line['times_peer']:.2f}{void}"
    return Row(named or line["operation"], f"{ours:,.0f}/s", limit, of_limit, peer, times)


def _peer_rate(line: Line) -> float:
    return float(line.get("peer_per_s", 0))
