"""agentlark: the real engine and journal, with a Performer that answers at once or as the shape says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import jinja2.sandbox  # noqa: F401 - the first prompt would load it; loading is not part of the time

from agentlark.compiled import emit
from agentlark.model import Agent, Group, Squad
from agentlark.prompts import default_prompt
from benchmarks.shapes import Shape, answer_of
from orchestrator.core.clock import SystemClock
from orchestrator.core.facts import RunStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.ports import BackendCard, RunRecord, Sink, Tell
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import Flags, settle
from orchestrator.core.turn import Done, Message, Outcome, TurnOrder, Usage
from orchestrator.run.assignment import assign
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.inbox import QueueInbox
from orchestrator.schedule.state import RunState
from orchestrator.sinks.logs import LogSink
from orchestrator.store.artifacts import ArtifactProjection, ArtifactSink
from orchestrator.store.journal import AgentFSJournal

TASK = "Ship the MVP"
ROLE = "Worker"
JOBS = 10_000
CARD = BackendCard("noop", "noop-1", "noop-1", window_tokens=100_000_000, simulated=True)


class Noop:
    """Answers every turn, after the time that its agent takes, if any."""

    def __init__(self, delays_s: Mapping[str, float]) -> None:
        self._delays_s = delays_s

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """The answer."""
        if (delay_s := self._delays_s.get(order.id.node)) is not None:
            await asyncio.sleep(delay_s)
        message = Message(role="assistant", text=answer_of(order.id.node))
        return Done(message=message, usage=Usage(input=100, output=250), simulated=True)


def squad_of(shape: Shape) -> Squad:
    """The shape as a squad of one group, on the shipped prompts, one turn per agent."""
    plan, follow_up = default_prompt(ROLE, "plan"), default_prompt(ROLE, "follow-up")
    agents = tuple(
        Agent(
            id=name,
            role=ROLE,
            plan_prompt=plan,
            follow_up_prompt=follow_up,
            follow_up_enabled=False,
            depends_on=upstream,
        )
        for name, upstream in shape.depends_on.items()
    )
    return Squad(groups=(Group(id="all", agents=agents),))


def sinks_of(state: RunState, journal: AgentFSJournal, slug: str, folder: Path) -> list[Sink]:
    """The sinks of an ordinary run without a screen: log files and the artifact projection."""
    roles = {node.id: node.agent.role for node in state.in_order()}
    projection = ArtifactProjection(folder / "artifacts.agentfs.db")
    return [LogSink(folder / "logs", roles, journal.body), ArtifactSink(projection, journal, slug)]


async def run(shape: Shape, folder: Path, with_sinks: bool = False) -> float:
    """Seconds from the start of `Engine.execute` to its end; with sinks, until they have written all."""
    squad = squad_of(shape)
    state = RunState(squad)
    settings = settle(Flags(backend="noop", jobs=JOBS), {})
    journal = AgentFSJournal(folder / "journal.db")
    now = datetime.now(UTC)
    record = RunRecord(slug="run", squad=emit(squad), prompt=TASK, settings={}, simulated=True, started=now)
    slug = await journal.open_run(record)
    sinks: Sequence[Sink] = sinks_of(state, journal, slug, folder) if with_sinks else ()
    plan = Plan(
        slug, TASK, JOBS, fail_fast=False, assign=lambda agent: assign(agent, settings, {"noop": CARD})
    )
    performer = Noop(shape.delays_s)
    engine = Engine(plan, state, Ports(journal, performer, SystemClock(), QueueInbox(), sinks, Redactor()))
    started = RunStarted(
        run=slug, prompt=digest_of(TASK.encode()), squad=digest_of(b""), simulated=True, at=now
    )
    begun = time.perf_counter()
    ended = await engine.execute(started)
    if with_sinks:
        await asyncio.to_thread(engine.close_sinks)
    seconds = time.perf_counter() - begun
    assert (ended.ending, state.turns) == ("done", shape.turns), ended
    assert not [sink.failure for sink in sinks if sink.failure]
    await journal.close()
    return seconds
