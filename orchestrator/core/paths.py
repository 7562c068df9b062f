"""Where a run's files are: all of them in the folder it was started in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunPaths:
    """The files of the runs of one folder."""

    folder: Path

    @property
    def journal(self) -> Path:
        """The AgentFS file that is the journal and the audit trail."""
        return self.folder / ".agentfs" / "agent-db.db"

    @property
    def artifacts(self) -> Path:
        """The AgentFS file of artifacts."""
        return self.folder / "memory" / "artifacts.agentfs.db"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.folder / "logs"

    @property
    def lock(self) -> Path:
        """The lock that keeps a second run out of the folder."""
        return self.folder / ".agentfs" / "run.lock"

    def log(self, agent: str) -> Path:
        """The log of one agent, or of `timeline`."""
        return self.logs / f"{agent}.log"
