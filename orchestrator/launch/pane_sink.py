"""The sink that keeps a session and a run together, from inside the run.

An agent that is born during the run gets a pane; an interrupt gets one in the first tab, where Ctrl+S leads,
with its summary. And when the session that a run was launched with is over (Ctrl+Q ends it), the run is
interrupted, unless it was asked to go on. All of it works whether or not somebody is attached.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence

from orchestrator.core.facts import AgentsEngaged, AgentsJoined, Fact, InterruptAsked, Signal
from orchestrator.launch.multiplexers import live_session
from orchestrator.launch.record import OpenedSession
from orchestrator.launch.stopping import end_with_session
from orchestrator.launch.view import View
from orchestrator.panes.errors import DeadlineExceeded, MultiplexerError, SessionNotFound
from orchestrator.panes.growth import add_log_pane
from orchestrator.panes.multiplexer import Session
from orchestrator.sinks.logs import INTERRUPT
from orchestrator.sinks.queue import QueueSink

LOOK_S = 2.0
"""From one look whether the session lives to the next."""

LAST_S = 30.0
"""How long panes are still added once the run has ended; a session without room refuses each slowly."""

LOOKS_WITHOUT = 2
"""So many looks in a row must miss a session before it counts as over: a busy server may not answer one."""


class PaneSink(QueueSink):
    """Shows a run's later agents in the session that its folder has.

    A pane that cannot be made is a failure that is named at the end of the run; those after it are tried.
    """

    gather_s = 0.02

    def __init__(self, view: View, opened: OpenedSession) -> None:
        super().__init__("panes")
        self._view = view
        self._unseen: list[str] = []
        """Logs that may need a pane."""
        self._opened = opened
        self.idle_s = LOOK_S if opened.runner == os.getpid() else None
        self._looked_s = time.monotonic()
        self._missed = 0
        self._until_s: float | None = None

    def close(self) -> None:
        """Add the panes that are due, as far as they can be added in a moment."""
        self._until_s = time.monotonic() + LAST_S
        super().close()

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Take note of who is born."""
        match item:
            case AgentsJoined():
                self._unseen += [specialist.id for specialist in item.agents]
            case AgentsEngaged():
                self._unseen += item.agents
            case InterruptAsked():
                self._unseen.append(INTERRUPT)
            case _:
                pass

    def flush(self) -> None:
        """Show those who were born; look after the session if that is due."""
        unseen, self._unseen = self._unseen, []
        if unseen:
            asyncio.run(self._show(unseen))
        if self.idle_s is not None and time.monotonic() - self._looked_s >= self.idle_s:
            self.idle()

    def idle(self) -> None:
        """Interrupt the run if the session it was launched with is over."""
        self._looked_s = time.monotonic()
        try:
            lives = asyncio.run(live_session(self._view.folder)) is not None
        except MultiplexerError:
            return
        self._missed = 0 if lives else self._missed + 1
        if self._missed == LOOKS_WITHOUT:
            self.idle_s = None
            end_with_session(self._view.folder, self._opened)

    async def _show(self, logs: Sequence[str]) -> None:
        try:
            living = await live_session(self._view.folder)
            if living is None:
                return
            _, session = living
            shown = {pane.title for pane in await session.panes()}
            for log in dict.fromkeys(logs):
                if self._until_s is not None and time.monotonic() > self._until_s:
                    raise DeadlineExceeded("the run ended before all panes could be added")
                if log not in shown:
                    await self._add(session, log)
        except SessionNotFound:
            return
        except MultiplexerError as error:
            self.failure = error

    async def _add(self, session: Session, log: str) -> None:
        plan = self._view.pane(log)
        try:
            if log == INTERRUPT:
                await session.new_pane((await session.tabs())[0].id, plan)
            else:
                await add_log_pane(session, plan)
        except SessionNotFound:
            raise
        except MultiplexerError as error:
            self.failure = error
