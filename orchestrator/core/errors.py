"""The runner's errors.

OrchestratorError
├── UserError            the user asked for something that cannot be; exit code 2
├── FolderBusy           another run has this folder; exit code 5
├── StoreError           the journal or an artifact file cannot be read or written; exit code 1
│   ├── StoreDamaged     it is not as it was recorded
│   └── StoreRefused     it is not ours to write: locked, foreign, newer; exit code 2
└── ServerError          the loopback model server could not be started
"""

from __future__ import annotations


class OrchestratorError(Exception):
    """The root of everything the runner raises on purpose.

    `message` says what is wrong and where, `remedy` what to do about it.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}\n  help: {remedy}" if remedy else message)


class UserError(OrchestratorError):
    """The user asked for something that cannot be done as asked."""


class FolderBusy(OrchestratorError):
    """Another run has this folder (decision: one run per folder at a time)."""


class StoreError(OrchestratorError):
    """A database of ours cannot be read or written; whether work was lost is said in the message."""


class StoreDamaged(StoreError):
    """A database of ours is not as it was recorded: altered, cut off, or some of it is gone."""

    def __init__(self, message: str) -> None:
        look, mend = "`agentlark doctor`", "`agentlark doctor --repair`"
        super().__init__(message, f"see what is damaged with {look}; mend what can be with {mend}")


class StoreRefused(StoreError):
    """A file that we must not write: locked by another engine, not an AgentFS file, or newer than us."""


class ServerError(OrchestratorError):
    """The loopback model server could not be started."""
