"""The log files that panes follow."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from orchestrator.core.errors import UserError
from orchestrator.core.paths import RunPaths
from orchestrator.sinks.logs import TIMELINE


def spawn_squad_session(folder: Path, agents: Iterable[str]) -> tuple[Path, ...]:
    """Make sure that the log of every agent, and the timeline, exist in a folder; nothing more.

    Gives their paths, the timeline's last. What they hold stays; links are not followed, as an agent may
    have put one there. Raises UserError when they cannot be written.
    """
    return _open_all(folder, agents, os.O_APPEND)


def empty_logs(folder: Path, agents: Iterable[str]) -> None:
    """As `spawn_squad_session`, and take out what an earlier run left, before anybody is shown it as new."""
    _open_all(folder, agents, os.O_TRUNC)


def _open_all(folder: Path, agents: Iterable[str], how: int) -> tuple[Path, ...]:
    paths = RunPaths(folder)
    logs = tuple(paths.log(name) for name in (*agents, TIMELINE))
    try:
        paths.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for log in logs:
            os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how, 0o600))
    except OSError as error:
        raise UserError(
            f"{error.filename or paths.logs} cannot be written: {error.strerror}",
            "launch in a folder that you can write to",
        ) from error
    return logs
