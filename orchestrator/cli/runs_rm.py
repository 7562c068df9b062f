"""`agentlark runs rm`: take a run out of the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import program, say


def rm(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's slug.")],
    force: Annotated[bool, typer.Option("--force", help="Also one that could be resumed.")] = False,
) -> None:
    """Take a run out; what other runs need of it stays."""
    from orchestrator.core.errors import UserError
    from orchestrator.store.journal.gc import footprints, remove_run
    from orchestrator.wiring.reading import places_of

    paths = places_of(Path.cwd()).paths
    if not force and any(one.run == run and one.is_resumable for one in footprints(paths.journal)):
        raise UserError(
            f"{run} can be resumed", f"go on with it: {program()} resume {run}; or take it out with --force"
        )
    done = remove_run(paths, run)
    say(f"{run} is gone; the file has {done.after:,} bytes, it had {done.before:,}")
