"""`agentlark run`: run a squad in the foreground."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.exits import refuse_as_output
from orchestrator.cli.modes import Modes
from orchestrator.cli.options import AnswerOptions, CourseOptions, PlaceOptions, SquadOptions, spread
from orchestrator.cli.tapes import TapeOptions


@spread
def run(
    squad: SquadOptions,
    answers: AnswerOptions,
    modes: Modes,
    places: PlaceOptions,
    course: CourseOptions,
    tape: TapeOptions,
) -> None:
    """Run a squad in this folder and print its answer."""
    from orchestrator.cli.foreground import in_foreground
    from orchestrator.cli.meant import squad_prompt
    from orchestrator.wiring.runs import RunOptions, start

    found = squad.find()
    if course.output is not None:
        refuse_as_output(course.output, squad.sources())
    flags = course.onto(modes.onto(answers.flags()))
    tapes = tape.tapes()
    showing = course.showing()
    showing.introduce(found, flags.asked)
    part = squad.part()
    options = RunOptions(
        folder=Path.cwd(),
        flags=flags,
        places=places.flags(),
        agents=part.agents,
        groups=part.groups,
        with_deps=part.with_deps,
        source=found.source,
        tapes=tapes,
        sinks=showing.sinks,
    )
    task = tapes.replay.head.task if tapes.replay and squad.prompt is None else None
    task = task or squad_prompt(squad.prompt, found.squad)
    in_foreground(start(found.squad, task, options), showing)
