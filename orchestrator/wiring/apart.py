"""Runs that are none of the folder's: no lock, no logs, no artifacts, a journal of the caller's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agentlark.compiled import emit
from agentlark.model import Squad
from orchestrator.core.clock import SystemClock
from orchestrator.core.facts import RunStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import BackendCard, Clock, Journal, Performer, RunRecord
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import Settings
from orchestrator.run.assignment import assign, backends_of
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.handle import RunHandle, RunHead, set_going
from orchestrator.run.inbox import QueueInbox
from orchestrator.run.records import kept_settings
from orchestrator.schedule.state import RunState
from orchestrator.wiring.answering import CARDS, check_answerable, performers


@dataclass(frozen=True, slots=True)
class Apart:
    """What a run that is none of the folder's is carried out with."""

    journal: Journal
    """Where it is recorded; whoever gives it closes it."""
    settings: Settings
    backends: Mapping[str, tuple[BackendCard, Performer]] = field(default_factory=dict)
    """Backends of the caller's own, by name, beside those that everybody has."""
    clock: Clock = field(default_factory=SystemClock)


@asynccontextmanager
async def start_apart(squad: Squad, task: str, slug: str, apart: Apart) -> AsyncIterator[RunHandle]:
    """A run beside those of the folder: it takes no lock, writes no logs and leaves no artifacts by itself.

    Raises UserError when the squad cannot be run with these settings, StoreError when it cannot be recorded.
    """
    settings, clock = apart.settings, apart.clock
    own = {name: performer for name, (_, performer) in apart.backends.items()}
    cards = {**CARDS, **{name: card for name, (card, _) in apart.backends.items()}}
    simulated = check_answerable(squad, settings, cards)
    performer = performers(squad, settings, clock, own)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(performer.aclose)
        record = RunRecord(
            slug=slug,
            squad=emit(squad),
            prompt=task,
            settings=kept_settings(settings),
            simulated=simulated,
            started=clock.now(),
        )
        slug = await apart.journal.open_run(record)
        head = RunHead(run=slug, backends=backends_of(squad, settings), unknown=(), simulated=simulated)
        inbox = QueueInbox()
        engine = Engine(
            Plan(
                slug,
                task,
                settings.jobs,
                fail_fast=False,
                assign=lambda agent: assign(agent, settings, cards),
            ),
            RunState(squad),
            Ports(apart.journal, performer, clock, inbox, (), Redactor(settings.secrets)),
        )
        started = RunStarted(
            run=slug,
            prompt=digest_of(task.encode()),
            squad=digest_of(record.squad.encode()),
            simulated=simulated,
            at=clock.now(),
        )
        running = set_going(engine, started, clock, RunPaths(Path.cwd()), stack)
        yield RunHandle(head, engine, apart.journal, inbox.send, running)
