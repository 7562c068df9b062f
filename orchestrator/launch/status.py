"""What runs in a folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.core.errors import UserError
from orchestrator.core.frozen import Frozen
from orchestrator.core.paths import RunPaths
from orchestrator.launch.multiplexers import live_session
from orchestrator.launch.record import opened_session
from orchestrator.panes.errors import MultiplexerError
from orchestrator.store.folder_lock import holder_of
from orchestrator.wiring.reading import open_reader, read_history


class SessionStatus(Frozen):
    """A session that was opened for the folder."""

    program: str
    name: str
    lives: bool | None
    """None when its program cannot be asked."""
    fault: tuple[str, str] | None = None
    """Why not, and what to do about it."""


class Status(Frozen):
    """What runs in a folder."""

    run: str | None
    """The run that is going, else the last one; None when there was none."""
    process: int | None
    """The process that carries it out; None when none does."""
    ending: str | None
    """How the run ended; None while it goes, and when it was cut off."""
    agents: dict[str, tuple[str, ...]]
    """The run's nodes by how they stand, in the DAG's order."""
    consent: tuple[int, ...]
    """The run's waves that wait for a person's consent."""
    session: SessionStatus | None

    def lines(self) -> list[str]:
        """This in words."""
        return [*self._of_run(), *self._of_session()]

    def _of_run(self) -> list[str]:
        if self.run is None:
            return ["nothing has run in this folder"]
        how = f"going, process {self.process}" if self.process else self.ending or "cut off"
        standings = [f"  {standing} ({len(ids)}): {', '.join(ids)}" for standing, ids in self.agents.items()]
        asked = [
            f"  wave {wave} waits for consent: agentlark approve (or reject, edit)" for wave in self.consent
        ]
        return [f"{self.run}: {how}", *standings, *asked]

    def _of_session(self) -> list[str]:
        if self.session is None:
            return ["no session"]
        if self.session.fault is not None:
            cause, remedy = self.session.fault
            return [f"session {self.session.name}: {cause}", f"  help: {remedy}"]
        if not self.session.lives:
            return [f"session {self.session.name} ({self.session.program}): ended"]
        return [f"session {self.session.name} ({self.session.program}): agentlark attach shows it"]


def status_of(folder: Path) -> Status:
    """What runs in a folder. Raises StoreError for a journal that cannot be read."""
    holder = holder_of(RunPaths(folder).lock)
    run, ending = holder.run if holder else None, None
    agents: dict[str, tuple[str, ...]] = {}
    consent: tuple[int, ...] = ()
    try:
        with open_reader(folder) as journal:
            record, history = read_history(journal, run)
    except UserError:  # it is kept elsewhere, or not at all
        pass
    else:
        run = record.slug
        ending = history.ending.ending if history.ending and holder is None else None
        consent = tuple(sorted(history.state.awaiting))
        for name, passage in history.passages.items():
            agents[passage.standing] = (*agents.get(passage.standing, ()), name)
    opened = opened_session(folder)
    session = None
    if opened is not None:
        lives, fault = None, None
        try:
            lives = asyncio.run(live_session(folder)) is not None
        except MultiplexerError as error:
            fault = (error.message, error.remedy)
        session = SessionStatus(program=opened.program, name=opened.name, lives=lives, fault=fault)
    return Status(
        run=run,
        process=holder.pid if holder else None,
        ending=ending,
        agents=agents,
        consent=consent,
        session=session,
    )
