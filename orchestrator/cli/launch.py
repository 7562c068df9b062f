"""`agentlark launch`: a run in the background, its logs in a terminal session."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exits import FINE, refuse_as_output, say
from orchestrator.cli.modes import Modes
from orchestrator.cli.options import (
    AnswerOptions,
    CourseOptions,
    PlaceOptions,
    SquadOptions,
    arguments,
    spread,
)
from orchestrator.cli.ourselves import own_command
from orchestrator.cli.showing_session import show_session
from orchestrator.cli.tapes import TapeOptions

if TYPE_CHECKING:
    from orchestrator.launch.opening import Launch, RunnerRefused


class Where(StrEnum):
    """Where the logs are shown."""

    zellij = "zellij"
    tmux = "tmux"
    lines = "lines"


@spread
def launch(
    squad: SquadOptions,
    answers: AnswerOptions,
    modes: Modes,
    places: PlaceOptions,
    course: CourseOptions,
    tape: TapeOptions,
    session: Annotated[
        str | None,
        typer.Option("--session", metavar="NAME", help="The terminal session's name (not the run's slug)."),
    ] = None,
    where: Annotated[
        Where | None, typer.Option("--in", help="Show logs in this; by default the first there is.")
    ] = None,
    project_root: Annotated[
        Path | None,
        typer.Option(
            "--project-root", metavar="DIR", help="The folder whose configs/ to use; found upwards."
        ),
    ] = None,
    no_attach: Annotated[
        bool, typer.Option("--no-attach", help="Leave the session in the background.")
    ] = False,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Let the run go on when Ctrl+Q ends the session.")
    ] = False,
    no_bars: Annotated[bool, typer.Option("--no-bars", help="No tab bar and no status bar.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print layout, command and paths; write nothing.")
    ] = False,
) -> None:
    """Run a squad in the background and show every agent's log in a terminal session.

    Detaching, or losing the terminal, leaves everything going. Ctrl+S interrupts the run, Ctrl+Q too, and
    ends the session.
    """
    from orchestrator.cli.meant import squad_prompt
    from orchestrator.launch.planning import Asked, plan_launch
    from orchestrator.schedule.select import select

    folder = Path.cwd()
    squad = _in_project(squad, folder, project_root)
    found = squad.find()
    for notice in found.notices:
        say(notice)
    if course.output is not None:
        refuse_as_output(course.output, squad.sources())
    flags = course.onto(modes.onto(answers.flags()))
    replay = tape.tapes().replay
    passed_on = arguments(replace(squad, prompt=None), answers, modes, places, course, tape)
    asked = Asked(
        folder,
        own_command(),
        tuple(passed_on),
        session,
        not no_bars,
        keep_running,
        is_replay=replay is not None,
    )
    if dry_run:  # asks nobody what the squad should do
        prompt = "…"
    else:
        task = replay.head.task if replay and squad.prompt is None else None
        prompt = task or squad_prompt(squad.prompt, found.squad)
    plan = plan_launch(select(found.squad, *squad.part()), prompt, flags, places.flags(), asked)
    if dry_run:
        _print_plan(plan)
    elif where is Where.lines or not (no_attach or _has_terminal()):
        _in_lines(plan, "" if where else "this is no terminal (--no-attach opens a session to attach to)")
    else:
        _in_session(plan, where, no_attach=no_attach)


def _in_project(squad: SquadOptions, folder: Path, named: Path | None) -> SquadOptions:
    """The squad of the project that the folder belongs to, as seen from the folder."""
    from orchestrator.core.settings import config_override
    from orchestrator.launch.project import find_project, located
    from orchestrator.run.squads import configuration_of

    root = find_project(folder, named)
    if squad.agents_lark is not None or squad.agents_config is not None:
        lark = squad.agents_lark and located(squad.agents_lark, folder, root)
        compiled = squad.agents_config and located(squad.agents_config, folder, root)
        return replace(squad, agents_lark=lark, agents_config=compiled)
    if root in (None, folder) or squad.builtin or config_override() is not None:
        return squad
    assert root is not None
    path = configuration_of(root)
    if path is not None and path.suffix == ".lark":
        return replace(squad, agents_lark=path)
    return replace(squad, agents_config=path)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _print_plan(plan: Launch) -> None:
    from orchestrator.core.paths import RunPaths
    from orchestrator.panes.kdl import render_layout

    paths = RunPaths(plan.folder)
    sys.stdout.write(
        f"session: {plan.session}\n"
        f"layout: {paths.layout}\n"
        f"logs: {paths.logs}\n"
        f"output of the run: {paths.runner_output}\n"
        f"command: {shlex.join(plan.command)} (the prompt comes on stdin)\n\n"
        f"{render_layout(plan.layout)}"
    )


def _in_session(plan: Launch, where: Where | None, *, no_attach: bool) -> None:
    import asyncio

    from orchestrator.core.errors import UserError
    from orchestrator.launch.multiplexers import find_multiplexer
    from orchestrator.launch.opening import RunnerRefused, open_session
    from orchestrator.launch.record import opened_session

    found = asyncio.run(find_multiplexer(where.value if where else None))
    if found.multiplexer is None:
        if no_attach:
            raise UserError("there is neither zellij nor tmux", "; ".join(found.missing))
        _in_lines(plan, "there is neither zellij nor tmux: " + "; ".join(found.missing))
        return
    if found.missing:
        say(f"in {found.multiplexer.program}: " + "; ".join(found.missing))
    try:
        runner = asyncio.run(open_session(plan, found.multiplexer))
    except RunnerRefused as error:
        raise _refused(error) from error
    opened = opened_session(plan.folder)
    assert opened is not None
    if no_attach:
        sys.stdout.write(f"{opened.name}\n")
        say("the run goes on in the background: agentlark attach, status, stop")
        return
    show_session(plan.folder, opened)
    raise typer.Exit(runner.code or FINE)


def _in_lines(plan: Launch, why: str) -> None:
    """Show the logs here until the run ends, and exit with its code."""
    import asyncio

    from orchestrator.core.settings import wants_colour
    from orchestrator.launch.lines import Lines, follow_run
    from orchestrator.launch.opening import RunnerRefused, open_run

    if why:
        say(f"logs as lines: {why}")
    try:
        runner = asyncio.run(open_run(plan))
    except RunnerRefused as error:
        raise _refused(error) from error
    lines = Lines(plan.folder, _print, coloured=sys.stdout.isatty() and wants_colour())
    code = follow_run(plan.folder, runner, lines, say)
    say("the squad's answer, and what the run came to: logs/runner.out")
    raise typer.Exit(code)


def _refused(error: RunnerRefused) -> typer.Exit:
    say(error.message)
    return typer.Exit(error.code)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
