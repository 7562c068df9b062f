"""A whole run on doubles: real engine, real state; journal, performer, time and watchers made up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from agentlark.model import Limits, Squad
from orchestrator.backends.cassette.player import CassettePlayer
from orchestrator.core.facts import Fact, NodeEnded, RunStarted, Signal, TurnEnded
from orchestrator.core.frozen import digest_of
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import BackendCard, Performer, Prices, Sink
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import Asked, Flags, Fresh, settle
from orchestrator.run.assignment import assign
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.handle import RunHandle, RunHead, RunResult, carry_out
from orchestrator.run.inbox import QueueInbox
from orchestrator.run.spending import budget_of
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.state import RunState
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import ScriptedPerformer
from tests.doubles.virtual_time import LoopClock, run_virtual

F = TypeVar("F", bound=Fact | Signal)

CARD = BackendCard(
    name="fake", default_model="fake-1", cheap_model="fake-0", window_tokens=100_000, offers_tools=True
)


class Watcher:
    """A sink that keeps everything it sees."""

    name = "watcher"
    failure: Exception | None = None

    def __init__(self) -> None:
        self.seen: list[tuple[int | None, Fact | Signal]] = []
        self.is_closed = False

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        self.seen.append((seq, item))

    def close(self) -> None:
        self.is_closed = True

    def of(self, kind: type[F]) -> list[F]:
        """Everything of one kind, in order."""
        return [item for _, item in self.seen if isinstance(item, kind)]


@dataclass
class Stage:
    """What a run is made of. Call `play` once; `journal` may come from an earlier stage, to resume it."""

    squad: Squad
    performer: ScriptedPerformer = field(default_factory=ScriptedPerformer)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    task: str = "the task"
    jobs: int = 16
    fail_fast: bool = False
    secrets: Sequence[str] = ()
    card: BackendCard = CARD
    sinks: Sequence[Sink] = ()
    resumed: bool = False
    debug: bool = False
    asked: Asked = field(default_factory=Asked)
    caps: Caps = field(default_factory=Caps)
    concise: bool = False
    fresh: Fresh = field(default_factory=Fresh)
    measures: bool = False
    limits: Limits | None = None
    """What the run may spend; None bounds nothing, not even its groups and agents."""
    prices: Prices | None = None
    replay: CassettePlayer | None = None
    """A cassette that answers in the performer's place."""
    around: Callable[[Performer], Performer] = lambda performer: performer
    """What stands around the performer."""
    watcher: Watcher = field(default_factory=Watcher)
    inbox: QueueInbox = field(default_factory=QueueInbox)

    def play(self) -> RunResult:
        """Run to the end, in virtual time."""
        return run_virtual(self.run(), self.debug)

    async def run(self) -> RunResult:
        """Run to the end, in the running loop."""
        return await self.started().result()

    def started(self) -> RunHandle:
        """The run, going."""
        engine = self.engine()
        begun = RunStarted(
            run="r",
            prompt=digest_of(b"p"),
            squad=digest_of(b"s"),
            simulated=False,
            resumed=self.resumed,
            replayed=self.replay is not None,
            at=LoopClock().now(),
        )
        task = asyncio.create_task(carry_out(engine, begun, LoopClock(), RunPaths(Path("nowhere"))))
        head = RunHead(run="r", backends={}, unknown=tuple(engine.state.unknown.values()), simulated=False)
        return RunHandle(head, engine, self.journal, self.inbox.send, task)

    def engine(self) -> Engine:
        """The engine, its state folded from what the journal has."""
        asked = replace(self.asked, one_turn=self.concise)
        state = RunState(self.squad, conducts_of(self.squad, asked))
        for _, fact in self.journal.facts("r"):
            state.apply(fact)
        settings = settle(Flags(backend=self.card.name), {})
        plan = Plan(
            slug="r",
            task=self.task,
            jobs=self.jobs,
            fail_fast=self.fail_fast,
            assign=lambda agent: assign(agent, settings, {self.card.name: self.card}),
            caps=self.caps,
            concise=self.concise,
            fresh=self.fresh.applies_to,
            measures=self.measures,
            budget=budget_of(self.squad, self.limits, is_billed=True) if self.limits else None,
        )
        sinks = [self.watcher, *self.sinks]
        redactor = Redactor(self.secrets)
        return Engine(
            plan,
            state,
            Ports(
                self.journal,
                self.replay or self.around(self.performer),
                LoopClock(),
                self.inbox,
                sinks,
                redactor,
                replay=self.replay,
                prices=self.prices,
            ),
        )

    def facts(self, kind: type[F]) -> list[F]:
        """The recorded facts of one kind, in order."""
        return [fact for fact in self.journal.all_facts if isinstance(fact, kind)]

    def endings(self) -> dict[str, str]:
        """How every node ended, in the order in which they did."""
        return {fact.node: fact.ending for fact in self.facts(NodeEnded)}

    def turns(self, agent: str) -> list[TurnEnded]:
        """The recorded turns of an agent."""
        return [fact for fact in self.facts(TurnEnded) if fact.id.node == agent]
