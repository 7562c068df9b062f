"""`agentlark interrupt`: ask a run that is going, in this folder, to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import say


def interrupt(
    run: Annotated[
        str | None, typer.Argument(help="The run's slug; by default the one that is going.")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Stop turns in flight instead of letting them end.")
    ] = False,
) -> None:
    """Ask the run that is going to end.

    Turns in flight end, nothing new starts; asking again changes nothing.
    """
    from orchestrator.core.commands import Interrupt, StopNow
    from orchestrator.wiring.commands import command

    slug = command(Path.cwd(), run, StopNow() if now else Interrupt())
    if slug is None:
        say("no run is going in this folder")
    elif now:
        say(f"{slug}: stopping now")
    else:
        say(f"{slug}: interrupted; turns in flight end, nothing new starts (see logs/interrupt.log)")
