"""`agentlark resume`: take a run up where its record ends."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import modes, places
from orchestrator.cli.exits import FINE, refuse_as_output, say
from orchestrator.cli.options import AnswerOptions, CourseOptions, spread
from orchestrator.cli.tapes import TapeOptions


class Unknown(StrEnum):
    """What to do about turns that were sent and have no recorded outcome."""

    ask = "ask"
    retry = "retry"
    fail = "fail"


@spread
def resume(
    answers: AnswerOptions,
    course: CourseOptions,
    tape: TapeOptions,
    run: Annotated[str | None, typer.Argument(help="The run's slug; by default the last one.")] = None,
    unknown: Annotated[
        Unknown, typer.Option("--unknown", help="Turns whose outcome is unknown: ask, send again, or stop.")
    ] = Unknown.ask,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Go on with the recorded squad though its file has changed.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Send turns that other runs have answered; never this run's own.")
    ] = False,
    max_waves: modes.MaxWaves = None,
    max_agents: modes.MaxAgents = None,
    mini: modes.Mini = False,
    debug_prompt: modes.DebugPrompt = False,
    agentfs_id: places.AgentfsId = None,
    agentfs_path: places.AgentfsPath = None,
    memory_dir: places.MemoryDir = None,
) -> None:
    """Go on with a run; recorded turns are never sent again."""
    from orchestrator.cli.foreground import in_foreground, settle_unknown
    from orchestrator.core.settings import Fresh
    from orchestrator.wiring.reading import open_reader, recorded_run
    from orchestrator.wiring.runs import RunOptions
    from orchestrator.wiring.runs import resume as resumed

    folder = Path.cwd()
    where = places.place_flags(agentfs_id, agentfs_path, memory_dir)
    changed = modes.Modes(max_waves=max_waves, max_agents=max_agents, mini=mini, debug_prompt=debug_prompt)
    flags = replace(course.onto(changed.onto(answers.flags())), fresh=Fresh(everybody=fresh))
    with open_reader(folder, where) as journal:
        known = recorded_run(journal, run, flags)
    if known.state.ending is not None and known.state.ending.ending == "done":
        say(f"{known.record.slug} is finished; there is nothing to resume")
        raise typer.Exit(FINE)
    if course.output is not None:
        refuse_as_output(course.output, ())
    showing = course.showing()
    showing.note(settle_unknown(known.state, unknown.value))
    options = RunOptions(
        folder=folder,
        flags=flags,
        places=where,
        ignores_changes=recorded,
        tapes=tape.tapes(),
        sinks=showing.sinks,
    )
    in_foreground(resumed(known, options), showing)
