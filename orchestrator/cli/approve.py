"""`agentlark approve`, `reject`, `edit`: answer for a wave that waits for consent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exits import program, say

if TYPE_CHECKING:
    from orchestrator.core.commands import Decide

Run = Annotated[str | None, typer.Argument(help="The run's slug; by default the last one.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; kept in the record.")]
Wave = Annotated[int | None, typer.Option("--wave", metavar="N", help="Which wave, if several wait.")]


def approve(run: Run = None, note: Note = "", wave: Wave = None) -> None:
    """Let a waiting wave be run."""
    from orchestrator.core.commands import Decide
    from orchestrator.wiring.commands import waiting

    asked = waiting(Path.cwd(), run, wave)
    _answer(asked.run, Decide(wave=asked.joining.wave, approved=True, note=note))


def reject(run: Run = None, note: Note = "", wave: Wave = None) -> None:
    """Refuse a waiting wave.

    It is skipped, and its group adds no more.
    """
    from orchestrator.core.commands import Decide
    from orchestrator.wiring.commands import waiting

    asked = waiting(Path.cwd(), run, wave)
    _answer(asked.run, Decide(wave=asked.joining.wave, approved=False, note=note))


def edit(run: Run = None, note: Note = "", wave: Wave = None) -> None:
    """Edit a waiting wave in $EDITOR, and let it be run.

    The blueprint is checked when the editor ends.
    """
    from orchestrator.cli.consent import wire
    from orchestrator.cli.editing import edited
    from orchestrator.core.commands import Decide
    from orchestrator.wiring.commands import waiting

    asked = waiting(Path.cwd(), run, wave)
    blueprint = edited(wire(asked.joining), asked.faults)
    if blueprint is None:
        say(f"nothing was changed: wave {asked.joining.wave} still waits")
        raise typer.Exit
    _answer(asked.run, Decide(wave=asked.joining.wave, approved=True, note=note, blueprint=blueprint))


def _answer(run: str, command: Decide) -> None:
    from orchestrator.wiring.commands import decide

    verdict = "rejected" if not command.approved else "approved" if command.blueprint is None else "edited"
    if decide(Path.cwd(), run, command):
        say(f"{run}: wave {command.wave} is {verdict}; the run goes on")
    else:
        say(f"{run}: wave {command.wave} is {verdict}")
        say(f"  next: {program()} resume {run}")
