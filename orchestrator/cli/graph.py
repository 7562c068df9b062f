"""`agentlark graph`: a squad, or how a run of it went, as a picture."""

from __future__ import annotations

import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.variables import Variables, variables_of

if TYPE_CHECKING:
    from orchestrator.run.squads import FoundSquad
    from orchestrator.schedule.graph import Picture
    from orchestrator.schedule.history import Standing


class Form(StrEnum):
    """The forms a picture is given in."""

    ascii = "ascii"
    mermaid = "mermaid"
    dot = "dot"
    json = "json"


def graph(
    agents_lark: Annotated[
        Path | None, typer.Option("--agents-lark", metavar="FILE", help="Draw this configuration.")
    ] = None,
    agents_config: Annotated[
        Path | None, typer.Option("--agents-config", metavar="FILE", help="Draw this compiled file.")
    ] = None,
    var: Variables = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Draw how this run went; `last` is the last one."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to draw it.")] = Form.ascii,
) -> None:
    """Draw who waits for whom."""
    if run is not None and (agents_lark or agents_config or var):
        raise typer.BadParameter("--run draws the squad that the run was started with: name no other")
    picture = _of_run(run) if run is not None else _of_squad(agents_lark, agents_config, var)
    sys.stdout.write(_drawn(picture, form))


def _of_run(run: str) -> Picture:
    from orchestrator.schedule.graph import picture_of
    from orchestrator.wiring.reading import open_reader, read_history

    with open_reader(Path.cwd()) as journal:
        _, history = read_history(journal, None if run == "last" else run)
    return picture_of(history.state, history)


def _of_squad(agents_lark: Path | None, agents_config: Path | None, var: list[str] | None) -> Picture:
    from orchestrator.core.settings import Asked
    from orchestrator.schedule.conduct import conducts_of
    from orchestrator.schedule.graph import picture_of
    from orchestrator.schedule.state import RunState

    squad = _found(agents_lark, agents_config, var).squad
    return picture_of(RunState(squad, conducts_of(squad, Asked())))


def _found(agents_lark: Path | None, agents_config: Path | None, var: list[str] | None) -> FoundSquad:
    from orchestrator.cli.exits import say
    from orchestrator.core.settings import config_override
    from orchestrator.run.squads import SquadChoice, find_squad

    found = find_squad(
        SquadChoice(
            folder=Path.cwd(),
            agents_lark=agents_lark,
            agents_config=agents_config,
            environment=config_override(),
            variables=variables_of(var),
        )
    )
    for notice in found.notices:
        say(notice)
    return found


def _drawn(picture: Picture, form: Form) -> str:
    from orchestrator.schedule import graph_markup
    from orchestrator.schedule.graph import as_json
    from orchestrator.schedule.graph_text import MAX_RAILS, as_text

    match form:
        case Form.mermaid:
            return graph_markup.as_mermaid(picture)
        case Form.dot:
            return graph_markup.as_dot(picture)
        case Form.json:
            return as_json(picture)
        case Form.ascii:
            columns = shutil.get_terminal_size((120, 24)).columns
            return as_text(picture, _painted, min(MAX_RAILS, columns // 4))


_COLOURS = {
    "done": "32",
    "failed": "31",
    "blocked": "33",
    "cancelled": "35",
    "started": "36",
    "skipped": "2",
    "not started": "2",
}


def _painted(text: str, standing: Standing | None) -> str:
    """The text in the terminal's own colours, where it has some and they are wanted."""
    from orchestrator.core.settings import wants_colour

    if standing is None or not sys.stdout.isatty() or not wants_colour():
        return text
    return f"\x1b[{_COLOURS[standing]}m{text}\x1b[0m"
