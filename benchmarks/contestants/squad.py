"""agentlark: the real engine and journal, with a Performer that answers at once or as the shape says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jinja2.sandbox  # noqa: F401 - the first prompt would load it; loading is not part of the time

from agentlark.compiled import emit
from agentlark.model import Agent, Group, Limits, Squad
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
from orchestrator.schedule.budget import Budget
from orchestrator.schedule.state import RunState
from orchestrator.sinks.logs import LogSink, texts_in
from orchestrator.store.artifacts import ArtifactProjection, ArtifactSink
from orchestrator.store.journal import AgentFSJournal

TASK = "Ship the MVP"
ROLE = "Worker"
JOBS = 10_000
OF_EACH = Limits(max_cost=1_000, max_tokens=10**9, max_turns=1_000, deadline_s=86_400)
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
            limits=OF_EACH,
        )
        for name, upstream in shape.depends_on.items()
    )
    return Squad(groups=(Group(id="all", agents=agents),))


def sinks_of(state: RunState, journal: AgentFSJournal, slug: str, folder: Path) -> list[Sink]:
    """The sinks of an ordinary run without a screen: log files and the artifact projection."""
    roles = {node.id: node.agent.role for node in state.in_order()}
    projection = ArtifactProjection(folder / "artifacts.agentfs.db")
    return [LogSink(folder / "logs", roles, texts_in(journal.body)), ArtifactSink(projection, journal, slug)]


class TableOfOne:
    """One price for every model, looked up for each turn before and after it."""

    def cost(self, backend: str, model: str, usage: Usage) -> Decimal | None:
        """US dollars."""
        return Decimal("0.000003") * usage.input + Decimal("0.000015") * usage.output


OF_ALL = Limits(max_cost=1_000_000, max_tokens=10**12, max_turns=10**6, deadline_s=86_400)
BUDGET = Budget(OF_ALL, {"all": OF_ALL})
"""Caps of every sort, all of which have to be looked at and none of which is reached."""


async def run(shape: Shape, folder: Path, with_sinks: bool = False, with_budget: bool = False) -> float:
    """Seconds from the start of `Engine.execute` to its end; with sinks, until they have written all.

    With a budget, every turn is priced, its worst case reserved, and three accounts are held to four caps
    each.
    """
    squad = squad_of(shape)
    state = RunState(squad)
    settings = settle(Flags(backend="noop", jobs=JOBS), {})
    journal = AgentFSJournal(folder / "journal.db")
    now = datetime.now(UTC)
    record = RunRecord(slug="run", squad=emit(squad), prompt=TASK, settings={}, simulated=True, started=now)
    slug = await journal.open_run(record)
    sinks: Sequence[Sink] = sinks_of(state, journal, slug, folder) if with_sinks else ()
    plan = Plan(
        slug,
        TASK,
        JOBS,
        fail_fast=False,
        assign=lambda agent: assign(agent, settings, {"noop": CARD}),
        budget=BUDGET if with_budget else None,
    )
    performer = Noop(shape.delays_s)
    ports = Ports(
        journal,
        performer,
        SystemClock(),
        QueueInbox(),
        sinks,
        Redactor(),
        prices=TableOfOne() if with_budget else None,
    )
    engine = Engine(plan, state, ports)
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
