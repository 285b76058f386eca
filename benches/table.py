"""One table for all of it: operation, ours, limit, ratio, best peer, ratio; and the goals."""

from __future__ import annotations

import sys
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benches.interleaved import Ratio

NONE = "-"
COLUMNS = ("operation", "ours", "limit", "of limit", "best peer", "times peer")
VOID = " (void)"
FILE_COLUMNS = 240


@dataclass(frozen=True, slots=True)
class Row:
    """One operation. `limit` is what cannot be beaten on this machine, measured in this run; `of_limit` is ours ÷ limit
    for rates and limit ÷ ours for times and sizes, `times_peer` how many times better than the peer ours is."""

    operation: str
    ours: str
    limit: str = NONE
    of_limit: str = NONE
    peer: str = NONE
    times_peer: str = NONE


@dataclass(frozen=True, slots=True)
class Goal:
    """Of one operation, with how far it is reached: 1 or more where it is met."""

    operation: str
    goal: str
    reached: float


def said(ratio: Ratio, *, scale: float = 1, digits: int = 2) -> str:
    """A ratio, with a mark where the machine was too busy to tell; `scale` is how much more ours did in a run."""
    return f"{scale * ratio.median_of_pairs:,.{digits}f}{VOID if ratio.void else ''}"


class Results:
    """Rows and goals as they come, then as tables, in the terminal and as Markdown."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.goals: list[Goal] = []
        # In a file, lines are as long as they are.
        self._console = Console(width=None if sys.stdout.isatty() else FILE_COLUMNS)

    def add(self, measured: Row | Goal) -> None:
        if isinstance(measured, Goal):
            self.goals.append(measured)
        else:
            self.rows.append(measured)
            self._console.print(" · ".join(astuple(measured)), highlight=False)

    def show(self) -> None:
        self._console.print(_table(COLUMNS, map(astuple, self.rows)))
        self._console.print(_table(("goal of", "goal", "reached"), self._reached()))

    def markdown(self) -> str:
        rows = _markdown(COLUMNS, map(astuple, self.rows))
        return f"{rows}\n\n{_markdown(('goal of', 'goal', 'reached'), self._reached())}"

    @property
    def void_rows(self) -> list[str]:
        """What was measured on a machine too busy to tell."""
        return [row.operation for row in self.rows if any(VOID in cell for cell in astuple(row))]

    def _reached(self) -> Iterable[tuple[str, str, str]]:
        return ((goal.operation, goal.goal, f"{goal.reached:.2f}") for goal in self.goals)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
