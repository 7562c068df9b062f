"""A session on our terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.core.errors import UserError
from orchestrator.core.settings import process_environment, zellij_around
from orchestrator.launch.multiplexers import KINDS, live_session
from orchestrator.launch.record import OpenedSession
from orchestrator.panes.errors import MultiplexerError
from orchestrator.panes.zellij import ZellijClient
from orchestrator.process import run_in_foreground

_NESTING = {"ZELLIJ", "ZELLIJ_SESSION_NAME", "ZELLIJ_PANE_ID", "TMUX", "TMUX_PANE"}
"""By these a multiplexer knows that it runs inside itself."""


def attach(folder: Path, opened: OpenedSession) -> bool:
    """Show a session on this terminal until it is detached from, or ended; whether it lives on.

    Raises UserError when the multiplexer cannot be started here.
    """
    environ = process_environment()
    argv = KINDS[opened.program]().attach_command(opened.name)
    try:
        run_in_foreground(argv, environ, environ.keys() - _NESTING)
    except OSError as error:
        raise UserError(f"{argv[0]} cannot be run: {error.strerror}", f"install {opened.program}") from error
    return asyncio.run(live_session(folder)) is not None


async def switch_zellij(opened: OpenedSession) -> bool:
    """Take whoever looks at the zellij session around us to another one; False when that cannot be done."""
    around = zellij_around()
    if around is None or opened.program != "zellij":
        return False
    try:
        await ZellijClient(around).sessions.switch(opened.name)
    except MultiplexerError:
        return False
    return True
