"""`agentlark run`: run a squad in the foreground."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import refuse_as_output
from orchestrator.cli.modes import Metrics, Modes, Stream
from orchestrator.cli.options import AnswerOptions, PlaceOptions, SquadOptions, names, spread


@spread
def run(
    squad: SquadOptions,
    answers: AnswerOptions,
    modes: Modes,
    places: PlaceOptions,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Start nothing new once an agent has failed.")
    ] = False,
    stream: Stream = False,
    metrics: Metrics = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the squad's answer to a file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as NDJSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the answer and errors only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also print what agents do.")] = False,
    rehearsal_delay: Annotated[
        float, typer.Option("--rehearsal-delay", metavar="SECONDS", help="How long a rehearsed turn takes.")
    ] = 0.0,
    rehearsal_fail_once: Annotated[
        str | None,
        typer.Option("--rehearsal-fail-once", metavar="A,B", help="Rehearsed agents that fail at first."),
    ] = None,
) -> None:
    """Run a squad in this folder and print its answer."""
    from orchestrator.cli.foreground import Showing, in_foreground, squad_prompt
    from orchestrator.wiring.runs import RunOptions, start

    found = squad.find()
    if output is not None:
        refuse_as_output(output, squad.sources())
    flags = replace(
        modes.onto(answers.flags()),
        fail_fast=fail_fast,
        rehearsal_delay_s=rehearsal_delay,
        rehearsal_fail_once=names(rehearsal_fail_once, "--rehearsal-fail-once"),
    )
    showing = Showing(
        as_json=as_json, quiet=quiet, verbose=verbose, stream=stream, metrics=metrics, output=output
    )
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
