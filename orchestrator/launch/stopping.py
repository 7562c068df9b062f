"""Ending a folder's run: with its session, or in steps that each leave it time to end well."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from orchestrator.core.commands import Interrupt, StopNow
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.paths import RunPaths
from orchestrator.launch.record import OpenedSession
from orchestrator.store.folder_lock import holder_of
from orchestrator.wiring.commands import command, going_in

GRACE_S = 30.0
"""How long turns in flight may take once the run was interrupted."""

STOP_S = 15.0
"""How long a run may take to end at once."""

_POLL_S = 0.1


class StillRunning(OrchestratorError):
    """A run does not end although it was told to stop at once."""


def end_with_session(folder: Path, opened: OpenedSession) -> str | None:
    """What the end of a session means for the run it was opened with: an interrupt; the run's slug.

    None when that run has ended, or was asked to go on; other runs of the folder are left alone.
    """
    holder = holder_of(RunPaths(folder).lock)
    if opened.keep_running or holder is None or holder.pid != opened.runner:
        return None
    return command(folder, holder.run, Interrupt())


def stop_run(folder: Path, grace_s: float, say: Callable[[str], None]) -> str | None:
    """Interrupt the run that is going, and tell it to stop at once should its turns take too long; its slug.

    None when no run was going.
    """
    run = command(folder, None, Interrupt())
    if run is None:
        return None
    say(f"{run}: interrupted; turns in flight have {grace_s:g} s to end")
    if not _has_ended(folder, grace_s):
        say(f"{run}: stopping now")
        command(folder, None, StopNow())
    return run


def await_end(folder: Path) -> None:
    """Return when no run is going any more. Raises StillRunning when one that was stopped does not end."""
    if not _has_ended(folder, STOP_S):
        raise StillRunning(
            f"{going_in(folder)} does not end", "its process may hang: agentlark status names it"
        )


def _has_ended(folder: Path, within_s: float) -> bool:
    until_s = time.monotonic() + within_s
    while going_in(folder) is not None:
        if time.monotonic() >= until_s:
            return False
        time.sleep(_POLL_S)
    return True
