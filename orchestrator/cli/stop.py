"""`agentlark stop`: end what was launched in this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import say


def stop(
    grace: Annotated[
        float,
        typer.Option("--grace", metavar="SECONDS", min=0, help="How long turns in flight may take to end."),
    ] = 30.0,
) -> None:
    """Interrupt the run of this folder, stop it at once if that takes too long, and end its session."""
    import asyncio

    from orchestrator.launch.opening import end_session
    from orchestrator.launch.stopping import await_end, stop_run

    folder = Path.cwd()
    run = stop_run(folder, grace, say)
    session = asyncio.run(end_session(folder))
    if session is not None:
        say(f"the session {session} is closed")
    if run is not None:
        await_end(folder)
        say(f"{run}: ended; to go on with it: agentlark resume {run}")
    if run is None and session is None:
        say("nothing runs in this folder")
