"""What a squad's session looks like: a pane for every log, each running our follower."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentlark.model import Squad
from orchestrator.core.settings import Asked
from orchestrator.panes.multiplexer import OURS
from orchestrator.panes.plans import Layout, PanePlan, arrange
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.node import ORCHESTRATOR
from orchestrator.sinks.logs import INTERRUPT, TIMELINE

_NAME_LENGTH = 16


def shown_agents(squad: Squad, asked: Asked) -> tuple[str, ...]:
    """The agents whose logs a session starts with: the configured ones, then the orchestrator, if any."""
    agents = tuple(agent.id for agent in squad.agents())
    is_autonomous = any(conduct.autonomous for conduct in conducts_of(squad, asked).values())
    return (*agents, ORCHESTRATOR) if is_autonomous else agents


@dataclass(frozen=True, slots=True)
class View:
    """How the logs of a folder are shown."""

    folder: Path
    """Absolute."""
    ourselves: tuple[str, ...]
    """The command that is `agentlark`, findable from anywhere."""

    def pane(self, log: str) -> PanePlan:
        """The pane of one log: an agent's, the timeline's or the interrupt's."""
        return PanePlan(name=log, argv=(*self.ourselves, "logs", "-f", log), cwd=self.folder)

    def layout(self, agents: Sequence[str], *, bars: bool = True) -> Layout:
        """The session of these agents; Ctrl+S interrupts the run."""
        return Layout(
            tabs=arrange([self.pane(agent) for agent in agents], self.pane(TIMELINE)),
            bars=bars,
            interrupt=(*self.ourselves, INTERRUPT),
            cwd=self.folder,
        )


def session_of(folder: Path) -> str:
    """The name of a folder's session unless the user gives one: readable, and no other folder's."""
    readable = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:_NAME_LENGTH].strip("-")
    digest = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return "-".join(part for part in (OURS, readable, digest) if part)
