"""`agentlark config show`: what would hold for a run, and where each value comes from."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from orchestrator.cli.modes import Modes
from orchestrator.cli.options import AnswerOptions, SquadOptions, spread

config = typer.Typer(help="What holds for a run.", no_args_is_help=True, rich_markup_mode=None)


@config.callback()
def _root() -> None:
    """What holds for a run."""


@config.command("show")
@spread
def show(
    squad: SquadOptions,
    answers: AnswerOptions,
    modes: Modes,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what would hold for a run with these options."""
    from orchestrator.core.settings import settle
    from orchestrator.run.effective import effective
    from orchestrator.wiring.answering import CARDS

    flags = modes.onto(answers.flags())
    squad_found = squad.find().squad
    entries = effective(squad_found, flags, settle(flags), CARDS)
    if as_json:
        json.dump([asdict(entry) for entry in entries], sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        shown = f"{entry.name:<{width}}  {json.dumps(entry.value)}"
        typer.echo(f"{shown}  ({entry.origin})" if origin else shown)
