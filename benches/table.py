"""One table for all of it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

Row = tuple[str, str, str, str]
"""Operation, ours, peer or limit, ratio."""


class Results:
    """Rows as they come, then as a table and as Markdown."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._console = Console()

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self._console.print(" · ".join(row), highlight=False)

    def show(self) -> None:
        table = Table("operation", "ours", "peer or limit", "ratio")
        for row in self.rows:
            table.add_row(*row)
        self._console.print(table)

    def markdown(self) -> str:
        lines = ["| operation | ours | peer or limit | ratio |", "|---|---|---|---|"]
        return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in self.rows)])
