"""`agentlark attach`: the session of this folder, on this terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.cli.showing_session import show_session


def attach() -> None:
    """Show the session that was launched in this folder."""
    import asyncio

    from orchestrator.core.errors import UserError
    from orchestrator.launch.multiplexers import live_session
    from orchestrator.launch.record import opened_session

    folder = Path.cwd()
    opened = opened_session(folder)
    if opened is None:
        raise UserError("no session was launched in this folder", "agentlark launch opens one")
    if asyncio.run(live_session(folder)) is None:
        raise UserError(
            f"the {opened.program} session {opened.name} has ended",
            "its layout opens another one: zellij --new-session-with-layout zellij.kdl",
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("this is no terminal", "attach from one")
    show_session(folder, opened)
