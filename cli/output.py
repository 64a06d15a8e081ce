"""Where the commands print: a terminal as it is, a pipe without colour and without cutting lines; and their tables."""

from __future__ import annotations

import sys
from collections.abc import Collection

from rich.console import Console
from rich.table import Column, Table

PIPE_WIDTH = 200
FOLDED = 10
"""Characters that a column of words can do with."""


def console() -> Console:
    """For tables: as wide as the terminal, or wide enough for a pipe to lose nothing."""
    made = Console(file=sys.stdout, highlight=False)
    return made if made.is_terminal else Console(file=sys.stdout, width=PIPE_WIDTH, highlight=False)


def counted(number: int, thing: str) -> str:
    """`1 read`, `2 reads`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def table(*columns: str, whole: Collection[str] = ()) -> Table:
    """An empty one. whole: the columns of ids and names, which people copy: in print_table() their lines are neither cut nor folded."""
    made = Table(box=None, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold", no_wrap=name in whole)
    return made


def print_table(made: Table, out: Console | None = None) -> None:
    """As wide as the terminal, or wider where a line would be broken that has to be whole: then the terminal goes on below."""
    out = out or console()
    width = out.width
    out.width = max(width, sum(_least(out, column) + 2 for column in made.columns))
    out.print(made)
    out.width = width


def _least(out: Console, column: Column) -> int:
    unlimited = out.options.update(max_width=10_000)
    widest = max(out.measure(cell, options=unlimited).maximum for cell in (column.header, *column.cells))
    return widest if column.no_wrap else min(widest, FOLDED)
