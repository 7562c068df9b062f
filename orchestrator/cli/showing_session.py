"""A folder's session on this terminal, as `launch` and `attach` show it, and what is said when it is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.exits import say

if TYPE_CHECKING:
    from orchestrator.launch.record import OpenedSession


def show_session(folder: Path, opened: OpenedSession) -> None:
    """Show a session until it is detached from, or ended, which interrupts its run."""
    import asyncio

    from orchestrator.core.settings import zellij_around
    from orchestrator.launch.attaching import attach, switch_zellij

    if opened.program == "zellij" and zellij_around() is not None:
        if not asyncio.run(switch_zellij(opened)):
            say(f"this is inside zellij: go to the session {opened.name} with Ctrl+o w")
        return
    is_detached = attach(folder, opened)
    # What follows takes a moment to load, and nobody waits for it now.
    from orchestrator.launch.record import forget_session
    from orchestrator.launch.stopping import end_with_session
    from orchestrator.wiring.commands import going_in

    if is_detached:
        run = going_in(folder)
        say(f"detached: {run} goes on" if run else "detached: the run has ended, its session is still there")
        say("agentlark attach shows it again, agentlark stop ends it")
        return
    forget_session(folder)
    if interrupted := end_with_session(folder, opened):
        say(f"{interrupted}: interrupted; turns in flight end (agentlark status)")
        say(f"to go on with it: agentlark resume {interrupted}")
    elif run := going_in(folder):
        say(f"{run} goes on without a session (agentlark status, agentlark stop)")
    else:
        say("the session is closed")
