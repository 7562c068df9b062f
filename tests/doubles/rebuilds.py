"""A folder in which squads are built again and again, and a backend that answers from what it is sent alone.

What the backend is sent is compared as it stands, text by text: neither turn keys nor the journal have a say
in what counts as the same.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from agentlark.compiled import emit
from agentlark.model import Squad
from orchestrator.core.facts import NodeEnding, RunStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.ports import RunRecord, Tell
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import Asked, Flags, settle
from orchestrator.core.turn import Outcome, TurnOrder
from orchestrator.run.assignment import assign
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.foresight import Forecast, look_ahead
from orchestrator.run.given import no_inputs
from orchestrator.run.inbox import QueueInbox
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.state import RunState
from orchestrator.store.journal import AgentFSJournal
from tests.doubles.blueprints import blueprint, entry
from tests.doubles.blueprints import done as finished
from tests.doubles.performer import done
from tests.doubles.stage import CARD
from tests.doubles.virtual_time import LoopClock
from tests.doubles.worlds import listed

Sent: TypeAlias = str
"""All that a model would see of a turn, as JSON."""


@dataclass(frozen=True, slots=True)
class Project:
    """What is built: a squad and its task."""

    squad: Squad
    task: str


@dataclass(slots=True)
class PureBackend:
    """Answers from nothing but what it is sent, mostly in one of a few ways; remembers every order."""

    sent: list[tuple[str, Sent]] = field(default_factory=list)
    """By node, in the order in which they came."""

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        what = sent_by(order)
        self.sent.append((order.id.node, what))
        dice = random.Random(what)
        schema: Any = order.input.output_schema
        if schema is None:
            return done(f"answer {dice.randrange(3)}")
        if "agents" in schema["properties"]:
            declines = "done" in schema["properties"] and dice.random() < 0.5
            return done(finished() if declines else _a_blueprint(order.input.prompt, dice))
        return done(json.dumps({name: dice.randrange(3) for name in schema["properties"]}))


def sent_by(order: TurnOrder) -> Sent:
    """What an order would put before a model, and which one."""
    turn = order.input
    thread = [[message.role, message.text] for message in order.thread]
    which = [turn.agent, turn.backend, turn.model, turn.options, turn.tools]
    return json.dumps([*which, thread, turn.prompt, turn.output_schema], sort_keys=True)


def _a_blueprint(prompt: str, dice: random.Random) -> str:
    taken = len(listed(prompt, "Taken"))
    names = [f"s{taken}{letter}" for letter in "xyz"[: dice.randint(1, 3)]]
    chosen: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        above = [up for up in names[:place] if dice.random() < 0.5]
        chosen.append(entry(name, *above, prompt=f"build {dice.randrange(2)}"))
    return blueprint(*chosen, summary=f"parts {dice.randrange(2)}")


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a run: the answers and endings of its nodes, and what was sent for them."""

    answers: dict[str, str]
    endings: dict[str, NodeEnding]
    sent: list[tuple[str, Sent]]


class Folder:
    """A journal and the runs that it keeps. To be used in one event loop, and closed."""

    def __init__(self) -> None:
        self.journal = AgentFSJournal(None)
        self._runs = 0

    async def build(self, project: Project) -> Built:
        """Run a project, reusing what this folder has recorded."""
        self._runs += 1
        clock, backend = LoopClock(), PureBackend()
        prompt, squad = digest_of(project.task.encode()), emit(project.squad)
        record = RunRecord(
            slug=f"r{self._runs}",
            squad=squad,
            prompt=project.task,
            settings={},
            simulated=False,
            started=clock.now(),
        )
        slug = await self.journal.open_run(record)
        ports = Ports(self.journal, backend, clock, QueueInbox(), (), Redactor())
        engine = Engine(_plan(project, slug), _state(project), ports)
        started = RunStarted(
            run=slug, prompt=prompt, squad=digest_of(squad.encode()), simulated=False, at=clock.now()
        )
        await engine.execute(started)
        endings = {name: ended.ending for name, ended in engine.state.ended.items()}
        return Built(engine.answers(), endings, backend.sent)

    async def foresee(self, project: Project) -> Forecast:
        """What building a project would do."""
        last = f"r{self._runs}" if self._runs else None
        plan, state, reader = _plan(project, "foreseen"), _state(project), self.journal._reader
        return await look_ahead(plan, state, reader, last, LoopClock(), Redactor(), no_inputs)


def _plan(project: Project, slug: str) -> Plan:
    settings = settle(Flags(backend=CARD.name), {})
    return Plan(slug, project.task, 4, False, lambda agent: assign(agent, settings, {CARD.name: CARD}))


def _state(project: Project) -> RunState:
    return RunState(project.squad, conducts_of(project.squad, Asked()))
