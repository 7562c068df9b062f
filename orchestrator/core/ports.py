"""The Protocols between rooms: who answers turns, who records them, who watches, who commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from orchestrator.core.commands import Command
from orchestrator.core.facts import Fact, Signal, Told
from orchestrator.core.frozen import Digest, Frozen
from orchestrator.core.turn import Answer, Deferred, Done, Outcome, TurnOrder, Usage

Tell = Callable[[Told], Awaitable[None]]


class Performer(Protocol):
    """Carries out one turn. Backends are Performers, and so is whatever wraps one."""

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """The outcome of the order; failures are values, cancellation is asyncio's."""
        ...


@runtime_checkable
class Admission(Performer, Protocol):
    """A Performer that knows whether its provider would take an order now."""

    def admit(self, order: TurnOrder) -> Deferred | None:
        """Why an order is not to be sent now, and until when; None lets it pass and expects it to be sent."""
        ...

    def opening(self, order: TurnOrder) -> Awaitable[None] | None:
        """Ends once an order that was deferred may be sent; None when the time it was deferred to is all."""
        ...


class Replay(Protocol):
    """Answers that a cassette has in place of what other runs of the folder have recorded."""

    def recalled(self, key: Digest) -> Done | None:
        """The answer that the recorded run had taken from its record; None where it sent the turn."""
        ...


@dataclass(frozen=True, slots=True)
class BackendCard:
    """What a backend says of itself before anything is sent."""

    name: str
    default_model: str
    cheap_model: str
    window_tokens: int
    """Tokens that prompt, thread and answer together may take."""
    simulated: bool = False
    offers_tools: bool = False
    where: str = ""
    """What it talks to, for the first line a user sees; never a credential."""


class Prices(Protocol):
    """What turns cost."""

    def cost(self, backend: str, model: str, usage: Usage) -> Decimal | None:
        """US dollars for an answer of a model; None when nobody knows its price."""
        ...


class RunRecord(Frozen):
    """What a run was started with, kept so that it can be resumed: everything but its facts."""

    slug: str
    squad: str
    """The compiled squad, its emitted JSON text."""
    prompt: str
    settings: dict[str, str]
    """Effective settings by name, for resuming and for `show`; never a credential."""
    simulated: bool
    started: datetime


class Journal(Protocol):
    """The one record of all runs. Awaited, may refuse, never a sink."""

    async def open_run(self, record: RunRecord) -> str:
        """Record a new run and give its slug, with a suffix if the wanted one is taken; durable on return."""
        ...

    def commit(self, run: str, facts: Sequence[Fact], bodies: Mapping[Digest, bytes]) -> Awaitable[int]:
        """Record facts and bodies in one transaction; gives, when durable, the number of the last fact.

        Asking is enough: it is recorded even if nobody awaits it, or whoever does is cancelled.
        """
        ...

    async def find(self, key: Digest, run: str | None) -> Answer | None:
        """The recorded answer under a turn key, of one run or (None) of any."""
        ...

    def runs(self) -> Sequence[RunRecord]:
        """All recorded runs, oldest first."""
        ...

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """The run's facts numbered above `after`, in order."""
        ...

    def body(self, digest: Digest) -> bytes:
        """The bytes recorded under a digest, verified. Raises StoreError when absent or altered."""
        ...

    async def close(self) -> None:
        """Flush, checkpoint and let go of the file."""
        ...


class Sink(Protocol):
    """What facts and signals look like to somebody. Never awaited by the run."""

    @property
    def name(self) -> str:
        """What it writes, in a word."""
        ...

    @property
    def failure(self) -> Exception | None:
        """Why it fell silent or behind; None while all is well."""
        ...

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        """Take note of a committed fact and its number, or of a signal (None)."""
        ...

    def close(self) -> None:
        """Finish writing."""
        ...


class Inbox(Protocol):
    """Where commands to a run come in, whoever sent them."""

    async def next(self) -> Command:
        """The next command, waiting for one."""
        ...


class Clock(Protocol):
    """Time, passed in so that tests decide it."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...
