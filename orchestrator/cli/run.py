"""`agentlark run`: run a squad in the foreground."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.exits import refuse_as_output
from orchestrator.cli.modes import Modes
from orchestrator.cli.options import AnswerOptions, CourseOptions, PlaceOptions, SquadOptions, spread


@spread
def run(
    squad: SquadOptions, answers: AnswerOptions, modes: Modes, places: PlaceOptions, course: CourseOptions
) -> None:
    """Run a squad in this folder and print its answer."""
    from orchestrator.cli.foreground import in_foreground, squad_prompt
    from orchestrator.wiring.runs import RunOptions, start

    found = squad.find()
    if course.output is not None:
        refuse_as_output(course.output, squad.sources())
    flags = course.onto(modes.onto(answers.flags()))
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
        sinks=showing.sinks,
    )
    in_foreground(start(found.squad, squad_prompt(squad.prompt, found.squad), options), showing)
