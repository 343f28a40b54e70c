"""One row of the budget table, and how the table is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Row:
    """`measured` and `floor` are sentences of figures; `met` None where the budget has no number."""

    what: str
    budget: str
    measured: str
    floor: str = ""
    met: bool | None = None


def print_table(rows: Iterable[Row]) -> None:
    table = Table(title="Budgets on this machine", title_justify="left")
    for heading in ("what", "budget", "measured", "floor in the same run", "met"):
        table.add_column(heading)
    for row in rows:
        mark = {True: "yes", False: "NO", None: "–"}[row.met]
        table.add_row(row.what, row.budget, row.measured, row.floor, mark)
    Console(width=170).print(table)
