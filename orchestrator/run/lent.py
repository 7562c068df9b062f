"""What the engine lends to its engagements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from agentlark.model import Agent
from orchestrator.core.facts import Fact, Signal
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import Admission, Clock, Performer
from orchestrator.core.redact import Redactor
from orchestrator.core.turn import Answer, TurnInput, TurnOrder, Usage
from orchestrator.run.given import Given
from orchestrator.schedule.state import RunState


class Recorder(Protocol):
    """Commits facts and shows them."""

    async def record(self, facts: Sequence[Fact], bodies: Mapping[Digest, bytes] | None = None) -> None:
        """Durable on return, applied to the run's state and shown to the sinks."""
        ...

    def note(self, facts: Sequence[Fact], texts: Mapping[Digest, str]) -> None:
        """Applied at once and durable later; for what follows from the record alone.

        `texts` are those of answers that the facts speak of, so that nobody has to read them back.
        """
        ...

    def show(self, signal: Signal) -> None:
        """Show a signal."""
        ...


class Bound(NamedTuple):
    """What a call can take at most: input tokens, and US dollars where its price is known."""

    input: int
    cost: Decimal | None


class Gate(Protocol):
    """Lets calls through as the budget allows, and keeps the run's time."""

    @property
    def elapsed_s(self) -> float:
        """How long the run has been going, its earlier sessions included."""
        ...

    def cost(self, turn: TurnInput, usage: Usage) -> Decimal | None:
        """What an answer costs in US dollars; None when nobody knows."""
        ...

    async def enter(self, order: TurnOrder) -> Bound:
        """What an order can take at most, once that is reserved. Raises Interrupted when it may not start."""
        ...


class Interrupted(Exception):
    """The run was asked to end before the next turn."""


class GaveUp(Exception):
    """The engagement cannot go on; `str()` is the reason recorded for its node."""


@dataclass(frozen=True, slots=True)
class Found:
    """A recorded answer; `is_own` says that this run recorded it, else it is another run's."""

    answer: Answer
    is_own: bool


@dataclass(frozen=True, slots=True)
class Lent:
    """The run's services, and what an engagement may ask of its state."""

    run: str
    recorder: Recorder
    performer: Performer
    admission: Admission | None
    """The performer, if it knows its provider's limits."""
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
    gate: Gate
    """What every call passes before it is sent."""
    idle: Callable[[Awaitable[None]], Awaitable[None]]
    """Wait for something without holding one of the run's job slots, at most until nothing new may start."""
