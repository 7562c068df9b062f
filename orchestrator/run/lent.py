"""What the engine lends to its engagements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agentlark.model import Agent
from orchestrator.core.facts import Fact, Signal
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import Clock, Performer
from orchestrator.core.redact import Redactor
from orchestrator.core.turn import Done, TurnInput
from orchestrator.run.given import Given
from orchestrator.schedule.state import RunState


class Recorder(Protocol):
    """Commits facts and shows them."""

    async def record(self, facts: Sequence[Fact], bodies: Mapping[Digest, bytes] | None = None) -> None:
        """Durable on return, applied to the run's state and shown to the sinks."""
        ...

    def note(self, facts: Sequence[Fact]) -> None:
        """Applied at once and durable later; for what follows from the record alone."""
        ...

    def show(self, signal: Signal) -> None:
        """Show a signal."""
        ...


class Interrupted(Exception):
    """The run was asked to end before the next turn."""


class GaveUp(Exception):
    """The engagement cannot go on; `str()` is the reason recorded for its node."""


@dataclass(frozen=True, slots=True)
class Found:
    """A recorded answer; `is_own` says that this run recorded it, else it is another run's."""

    done: Done
    is_own: bool


@dataclass(frozen=True, slots=True)
class Lent:
    """The run's services, and what an engagement may ask of its state."""

    run: str
    recorder: Recorder
    performer: Performer
    clock: Clock
    redactor: Redactor
    given: Callable[[Agent], Awaitable[Given]]
    """What an agent is given when an engagement of it starts: files and memory."""
    recorded: Callable[[TurnInput, Digest], Awaitable[Found | None]]
    """What is recorded under a turn key, for an input that may be answered from the record."""
    may_start: Callable[[], bool]
    """Whether new turns may start; False once the run was interrupted."""
    state: RunState
    """The run so far, to look at."""
    is_replay: bool
    """Whether a cassette answers, which every turn then says."""
    measures: bool
    """Whether prompts are measured before they are sent."""
    idle: Callable[[float], Awaitable[None]]
    """Wait so many seconds without holding one of the run's job slots."""
