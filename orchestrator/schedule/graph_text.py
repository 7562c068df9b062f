"""The picture in lines, with rails; it shows no edge that is not there.

It is a row for each node, in the order in which they can run, with rails on its left. A rail belongs to
one node: it starts below that node's dot and ends at the last node that waits for it. In a node's row a
corner or a tee on a rail is an edge from the rail's node; a rail that is only crossed stays a `│`:

    1 ●      planner     Planner
    2 ├─●    researcher  Researcher
      └─│─●  writer      Writer
    3 ●─┴─┘  builder     Builder

Here builder waits for researcher and writer. Where more rails would be open at once than anybody could
follow, there are none: each row names what it waits for.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agentlark.diagnostics import visible
from orchestrator.schedule.graph import EdgeKind, Picture, Vertex, one_line, standing_of
from orchestrator.schedule.history import Standing

Paint: TypeAlias = Callable[[str, Standing | None], str]
"""Gives a text the colour of a standing."""

MAX_RAILS = 24

_WAITING: Collection[EdgeKind] = ("depends_on", "relay")


def as_text(picture: Picture, paint: Paint = lambda text, standing: text, max_rails: int = MAX_RAILS) -> str:
    """The picture in lines, as the head of this module says; edges that are no waiting are told below."""
    rails = _rails(picture, max_rails)
    digits = len(str(max((vertex.layer for vertex in picture.vertices), default=1)))
    names = max((len(vertex.id) for vertex in picture.vertices), default=0)
    listed = _sources(picture) if rails is None else {}
    lines: list[str] = []
    row = 0
    for title, members in picture.sections():
        passing = f"{' ' * digits} {rails[row].above}  " if rails and row else ""
        lines.append(f"{passing}{visible(title)}")
        layer = 0
        for vertex in members:
            number = str(vertex.layer) if vertex.layer != layer else ""
            layer = vertex.layer
            drawn = rails[row].drawn if rails else "●"
            dotted = drawn.replace("●", paint("●", vertex.state))
            about = "  ".join(filter(None, (f"{vertex.id:<{names}}", _about(vertex, paint))))
            lines.append(f"{number:>{digits}} {dotted}  {about}".rstrip())
            if vertex.id in listed:
                lines += _waits_for(listed[vertex.id], digits + 5)
            row += 1
    told = [edge for edge in picture.edges if edge.kind == "handoff"]
    lines += [f"{edge.source} ⇢ {edge.target}: {one_line(edge.note)}" for edge in told]
    return "".join(f"{line}\n" for line in lines)


def _about(vertex: Vertex, paint: Paint) -> str:
    what = one_line(vertex.role)
    if vertex.gives_blueprint:
        what += " (may add agents)"
    if vertex.state is None:
        return what
    return f"{what}  {paint(standing_of(vertex), vertex.state)}"


def _waits_for(names: Sequence[str], indent: int) -> list[str]:
    space = " " * indent
    return textwrap.wrap(
        f"← {', '.join(names)}",
        width=100,
        initial_indent=space,
        subsequent_indent=f"{space}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sources(picture: Picture) -> dict[str, list[str]]:
    """What each vertex waits for, in order."""
    found: dict[str, list[str]] = {}
    for edge in picture.edges:
        if edge.kind in _WAITING:
            found.setdefault(edge.target, []).append(edge.source)
    return found


@dataclass(slots=True)
class _Row:
    """A vertex's row of rails, and the rails that pass above it."""

    drawn: str
    above: str


_JOINTS = {  # by whether the line goes on to the left, to the right, and the rail downwards
    (False, True, True): "├",
    (True, False, True): "┤",
    (True, True, True): "┼",
    (False, True, False): "└",
    (True, False, False): "┘",
    (True, True, False): "┴",
}


def _rails(picture: Picture, limit: int) -> list[_Row] | None:
    """A row for each vertex, all of one width; None where more than `limit` rails would be needed.

    Also None should an edge ever lead upwards, which no rail could show.
    """
    sources = _sources(picture)
    place = {vertex.id: row for row, vertex in enumerate(picture.vertices)}
    last: dict[str, int] = {}
    for target, names in sources.items():
        for name in names:
            last[name] = max(last.get(name, -1), place[target])
            if place[name] >= place[target]:
                return None
    columns: list[str | None] = []
    rows: list[_Row] = []
    for row, vertex in enumerate(picture.vertices):
        above = " ".join("│" if owner else " " for owner in columns)
        own = columns.index(None) if None in columns else len(columns)
        if own == len(columns):
            columns.append(None)
        if len(columns) > limit:
            return None
        joined = {columns.index(name) for name in sources.get(vertex.id, ())}
        ends = {column for column in joined if last[columns[column] or ""] == row}
        rows.append(_Row(_drawn(columns, own, joined, ends), above))
        for column in ends:
            columns[column] = None
        if vertex.id in last:
            columns[own] = vertex.id
    width = max((len(row.drawn) for row in rows), default=0)
    return [_Row(row.drawn.ljust(width), row.above.ljust(width)) for row in rows]


def _drawn(columns: Sequence[str | None], own: int, joined: Collection[int], ends: Collection[int]) -> str:
    """The rails of one row: the node's dot in its own column, joints where it waits for a rail's node."""
    first, final = min((own, *joined)), max((own, *joined))
    cells: list[str] = []
    for column, owner in enumerate(columns):
        is_within = first < column < final
        if column == own:
            cells.append("●")
        elif column in joined:
            cells.append(_JOINTS[column > first, column < final, column not in ends])
        else:
            cells.append("│" if owner else "─" if is_within else " ")
        cells.append("─" if first <= column < final else " ")
    return "".join(cells).rstrip()
