"""What `doctor` says about the session of a folder: that it is there, or what was left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.core.errors import StoreError
from orchestrator.core.health import Check
from orchestrator.launch.record import opened_session
from orchestrator.launch.status import status_of


def known_sessions(folder: Path) -> set[str]:
    """The sessions that `examine` reports on, so that nobody else need."""
    opened = opened_session(folder)
    return {opened.name} if opened is not None else set()


def examine(folder: Path) -> Iterator[Check]:
    """At most one check: nothing is said of a folder where nothing was launched."""
    try:
        found = status_of(folder)
    except StoreError:
        return  # what is wrong with the journal is told where it is looked at
    session = found.session
    if session is None:
        return
    if session.fault is not None:
        yield Check("session", "broken", *session.fault)
    elif session.lives and found.process is not None:
        yield Check("session", "ok", f"{session.name} ({session.program}) shows {found.run}")
    elif session.lives:
        yield Check(
            "session", "optional", f"{session.name} ({session.program}) outlives its run", "agentlark stop"
        )
    elif found.process is not None:
        yield Check(
            "session", "optional", f"{session.name} has ended, and {found.run} goes on", "agentlark stop"
        )
