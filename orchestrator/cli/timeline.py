"""`agentlark timeline`: who ran when, waited for what, and the critical path of a run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestrator.schedule.timeline import SpanKind

PIPE_COLUMNS = 120
"""How wide it is drawn where there is no terminal to fit."""


def timeline(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The run's slug; by default the last one.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page that needs nothing else.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write a picture that needs nothing else.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draw who ran when, waited for what, and the critical path."""
    from orchestrator.cli.exits import refuse_as_output, say
    from orchestrator.wiring.reading import open_reader, read_timeline

    for target in (html, svg):
        if target is not None:
            refuse_as_output(target, ())
    with open_reader(Path.cwd()) as journal:
        found = read_timeline(journal, run)
    if html is not None:
        from orchestrator.schedule.timeline_svg import as_html

        html.write_text(as_html(found), encoding="utf-8", errors="backslashreplace")
        say(f"timeline of {found.run}: {html}")
    if svg is not None:
        from orchestrator.schedule.timeline_svg import as_svg

        svg.write_text(as_svg(found), encoding="utf-8", errors="backslashreplace")
        say(f"timeline of {found.run}: {svg}")
    if as_json:
        from pydantic import TypeAdapter

        from orchestrator.schedule.timeline import Timeline

        sys.stdout.write(TypeAdapter(Timeline).dump_json(found, indent=2).decode() + "\n")
    elif html is None and svg is None:
        from orchestrator.schedule.timeline_text import as_text

        columns = shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns
        sys.stdout.write(as_text(found, columns, _painted))


_COLOURS: dict[SpanKind, str] = {
    "work": "34",
    "lost": "31",
    "reused": "32",
    "slot": "2",
    "limit": "33",
    "retry": "35",
}


def _painted(text: str, kind: SpanKind) -> str:
    """The text in the terminal's own colours, where it has some and they are wanted."""
    from orchestrator.core.settings import wants_colour

    if not sys.stdout.isatty() or not wants_colour():
        return text
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m"
