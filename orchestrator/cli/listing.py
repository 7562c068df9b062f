"""Lists on a terminal: a table where there is room for one, else an entry in a few lines.

Nothing here is coloured, so that pipes, NO_COLOR and dumb terminals get the same text; control characters
are spelled out before a cell is measured.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

NARROW = 64
"""Below so many columns a table would show nothing but its borders."""

PIPED = 120
"""The width where there is no terminal and none was asked for with COLUMNS."""


def print_listing(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headers; the last column takes what room is left, and is cut to it."""
    from rich.console import Console

    width = max(shutil.get_terminal_size((PIPED, 24)).columns, 8)
    console = Console(width=width, highlight=False, markup=False, emoji=False, color_system=None)
    cells = [[_cell(cell) for cell in row] for row in rows]
    with console.capture() as printed:
        if width < NARROW:
            _print_entries(console, cells)
        else:
            _print_table(console, headers, cells)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in printed.get().splitlines()))


def _print_table(console: Console, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, expand=True, header_style="")
    for header in headers[:-1]:
        table.add_column(header, no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column(headers[-1], no_wrap=True, overflow="ellipsis", ratio=1, min_width=16)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_entries(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """Each row as its short cells, wrapped, and below them, set in, a line of the long one."""
    from rich.text import Text

    for *short, long in rows:
        console.print(Text(" ".join(filter(None, short)), overflow="fold"))
        console.print(Text(f"  {long}"), no_wrap=True, overflow="ellipsis")


def _cell(text: str) -> str:
    from orchestrator.sinks.describe import one_line

    return one_line(text)
