"""Which multiplexer shows a session: zellij, else tmux."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.launch.record import OpenedSession, opened_session
from orchestrator.panes.errors import MultiplexerError, SessionNotFound
from orchestrator.panes.multiplexer import Multiplexer, Session
from orchestrator.panes.tmux import TmuxMultiplexer
from orchestrator.panes.zellij import ZellijMultiplexer

KINDS: dict[str, type[ZellijMultiplexer] | type[TmuxMultiplexer]] = {
    "zellij": ZellijMultiplexer,
    "tmux": TmuxMultiplexer,
}
"""In the order in which they are preferred."""


@dataclass(frozen=True, slots=True)
class Found:
    """The multiplexer to use, None when none can be, and why those before it cannot."""

    multiplexer: Multiplexer | None
    missing: tuple[str, ...] = ()


async def find_multiplexer(wanted: str | None = None) -> Found:
    """The wanted multiplexer, else the first that is there and new enough.

    Raises ProgramMissing and ProgramTooOld for a wanted one.
    """
    if wanted is not None:
        chosen = KINDS[wanted]()
        await chosen.version()
        return Found(chosen)
    missing = []
    for kind in KINDS.values():
        multiplexer = kind()
        try:
            await multiplexer.version()
        except MultiplexerError as error:
            missing.append(f"{error.message}: {error.remedy}")
        else:
            return Found(multiplexer, tuple(missing))
    return Found(None, tuple(missing))


async def live_session(folder: Path) -> tuple[OpenedSession, Session] | None:
    """The session that a folder has, if it lives. Raises MultiplexerError when that cannot be told."""
    opened = opened_session(folder)
    if opened is None:
        return None
    try:
        return opened, await KINDS[opened.program]().session(opened.name)
    except SessionNotFound:
        return None
