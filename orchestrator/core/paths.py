"""Where a run's files are: in the folder it was started in, unless places were named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunPaths:
    """The files of the runs of one folder."""

    folder: Path
    audit: Path | None = None
    """The journal's file, when it is elsewhere."""
    memory_folder: Path | None = None
    """The folder of artifacts, when it is elsewhere."""
    keeps_trail: bool = True
    """Whether the journal is kept in its file; False: it lives as long as the process."""

    @property
    def journal(self) -> Path:
        """The AgentFS file that is the journal and the audit trail."""
        return self.audit or self.folder / ".agentfs" / "agent-db.db"

    @property
    def memory(self) -> Path:
        """The folder of artifacts."""
        return self.memory_folder or self.folder / "memory"

    @property
    def artifacts(self) -> Path:
        """The AgentFS file of artifacts."""
        return self.memory / "artifacts.agentfs.db"

    @property
    def condensing(self) -> Path:
        """The memory's own journal, an AgentFS file: condensing passes and what undid them."""
        return self.memory / "condense.agentfs.db"

    @property
    def condense_lock(self) -> Path:
        """The lock that keeps a second pass of condensing out."""
        return self.memory / "condense.lock"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.folder / "logs"

    @property
    def inbox(self) -> Path:
        """Where other processes leave commands for a run."""
        return self.folder / ".agentfs" / "inbox"

    @property
    def lock(self) -> Path:
        """The lock that keeps a second run out of the folder."""
        return self.folder / ".agentfs" / "run.lock"

    @property
    def session(self) -> Path:
        """Which terminal session was opened for the folder's runs."""
        return self.folder / ".agentfs" / "session.json"

    @property
    def layout(self) -> Path:
        """The layout of that session, for zellij."""
        return self.folder / "zellij.kdl"

    @property
    def runner_output(self) -> Path:
        """What a run in the background prints; no agent's log is named like it."""
        return self.logs / "runner.out"

    def log(self, agent: str) -> Path:
        """The log of one agent, or of `timeline`."""
        return self.logs / f"{agent}.log"
