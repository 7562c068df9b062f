"""Foreseeing a run: the run itself, on the record alone, without a call and without a write.

The real engine goes through the squad on a journal that keeps what it is given in memory and finds what the
folder's journal has. A turn that is not recorded is noted, and taken to be answered as it was the last time,
so that what lies beyond it can be looked at; where there was no last time, a text stands in that nobody ever
gave, and where even that will not do, what depends on it is unknown.
Hence what is foreseen to run does run, what is foreseen to be reused is, and what only an unchanged answer
would spare (an early cut-off) is a *maybe*.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import Literal, Protocol, TypeAlias

import networkx as nx

from orchestrator.core.facts import Fact, NodeEnded, RunStarted, TurnEnded, TurnStarted
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import Clock, Prices, RunRecord, Tell
from orchestrator.core.redact import Redactor
from orchestrator.core.turn import Answer, Done, Failed, Message, Outcome, TurnInput, TurnOrder, Usage
from orchestrator.run.assignment import Assignment
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.given import ReadInputs
from orchestrator.run.inbox import QueueInbox
from orchestrator.run.surroundings import receivers_of
from orchestrator.schedule.budget import input_bound
from orchestrator.schedule.explain import Change, changes, reason
from orchestrator.schedule.node import Node
from orchestrator.schedule.state import RunState

Prospect: TypeAlias = Literal["reused", "run", "maybe", "skipped"]
"""What becomes of a node: answered from the record; sent; sent only if something above it is answered
otherwise than the last time; not needed."""

UNFORESEEN = "there is no earlier answer to go by"


class Reader(Protocol):
    """As much of a recorded journal as looking ahead takes."""

    def find(self, key: Digest, run: str | None) -> Answer | None:
        """The recorded answer under a key."""
        ...

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """A run's facts, in order."""
        ...

    def body(self, digest: Digest) -> bytes:
        """A verified body."""
        ...


@dataclass(frozen=True, slots=True)
class Past:
    """A turn as it was the last time."""

    input: TurnInput
    done: Done


class History:
    """The turns of the last run, by node and step, and how long each node took then."""

    def __init__(self, reader: Reader | None, run: str | None) -> None:
        self._reader = reader
        self._ended: dict[tuple[str, int], TurnEnded] = {}
        self._outputs: dict[str, Digest] = {}
        self.seconds: dict[str, float] = {}
        started: dict[tuple[str, int], TurnStarted] = {}
        for _, fact in reader.facts(run) if reader and run else ():
            if isinstance(fact, TurnStarted):
                started[fact.id.node, fact.id.step] = fact
            elif isinstance(fact, TurnEnded) and fact.ending == "done":
                place = fact.id.node, fact.id.step
                self._ended[place] = fact
                if place in started:
                    taken = (fact.at - started[place].at).total_seconds()
                    self.seconds[fact.id.node] = self.seconds.get(fact.id.node, 0.0) + max(0.0, taken)
            elif isinstance(fact, NodeEnded) and fact.output is not None:
                self._outputs[fact.node] = fact.output

    def turn(self, node: str, step: int) -> Past | None:
        """A turn of the last run; None when it had no such turn, or it cannot be read."""
        fact = self._ended.get((node, step))
        if fact is None or fact.answer is None or self._reader is None:
            return None
        return Past(
            TurnInput.model_validate_json(self._reader.body(fact.key)),
            Done.model_validate_json(self._reader.body(fact.answer)),
        )

    def output(self, node: str) -> Done | None:
        """The answer that stood for a node in the last run; None when it had none."""
        digest = self._outputs.get(node)
        if digest is None or self._reader is None:
            return None
        return Done.model_validate_json(self._reader.body(digest))


@dataclass(frozen=True, slots=True)
class Miss:
    """A turn that is not recorded: what would be sent, and what it was the last time."""

    order: TurnOrder
    past: Past | None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What changed since the last time; none when there was no last time."""
        return changes(self.past.input, self.order.input) if self.past else ()

    @property
    def reason(self) -> str:
        """Why it is not reused, in a line."""
        if self.past is None:
            return "has not been answered before"
        return reason(self.changes) or "is to be sent again (--fresh)"


class ForesightJournal:
    """A journal that keeps what it is given in memory and finds what another one has; nothing is written."""

    def __init__(self, reader: Reader | None) -> None:
        self._reader = reader
        self._facts: list[Fact] = []
        self._bodies: dict[Digest, bytes] = {}

    async def open_run(self, record: RunRecord) -> str:
        """The wanted slug: nothing is recorded under it."""
        return record.slug

    def commit(self, run: str, facts: Sequence[Fact], bodies: Mapping[Digest, bytes]) -> asyncio.Future[int]:
        """Keep them for as long as this lives."""
        self._facts += facts
        self._bodies.update(bodies)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        future.set_result(len(self._facts))
        return future

    async def find(self, key: Digest, run: str | None) -> Answer | None:
        """What the record has under a key."""
        return self._reader.find(key, None) if self._reader else None

    def runs(self) -> Sequence[RunRecord]:
        """None."""
        return ()

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """What was committed here."""
        return list(enumerate(self._facts, start=1))[after:]

    def body(self, digest: Digest) -> bytes:
        """A body committed here, else a recorded one."""
        if digest in self._bodies or self._reader is None:
            return self._bodies[digest]
        return self._reader.body(digest)

    async def close(self) -> None:
        """Nothing to do."""


class Foreseer:
    """A Performer that answers as the last run was answered and remembers that it was asked.

    `last_step` is the step of a node's last answer, when all goes well.
    """

    def __init__(self, history: History, last_step: Callable[[str], int]) -> None:
        self._history = history
        self._last_step = last_step
        self.misses: dict[str, list[Miss]] = {}
        """By node, in the order of its turns."""

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """The answer of the last time, or one that nobody gave.

        Failed where that would not do, and would have to be asked for again: it will not be the answer.
        """
        misses = self.misses.setdefault(order.id.node, [])
        if misses and order.input.purpose == "repair":
            return Failed(error=UNFORESEEN, paid="no")
        node, step = order.id.node, order.id.step
        past = self._history.turn(node, step)
        misses.append(Miss(order, past))
        if step == self._last_step(node) and (output := self._history.output(node)) is not None:
            return output
        return past.done if past else _unknown(order)


def _unknown(order: TurnOrder) -> Done:
    text = f"(what {order.id.node} will answer in step {order.id.step} is not known)"
    return Done(message=Message(role="assistant", text=text), usage=Usage())


@dataclass(frozen=True, slots=True)
class ForeseenNode:
    """What is foreseen of a node.

    `turns` are sent for certain, `maybe_turns` only if something comes out otherwise than the last time;
    `reason` says why. `tokens` bounds them all, retries and repairs aside.
    """

    id: str
    wave: int
    prospect: Prospect
    turns: int
    maybe_turns: int
    reused_turns: int
    reason: str
    tokens: int
    seconds: float | None = None
    """How long it took the last time."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do."""

    nodes: tuple[ForeseenNode, ...]
    critical_path: tuple[str, ...]
    """The longest chain of nodes that may be sent, by the time each took the last time, else by number."""
    critical_s: float | None
    open_groups: tuple[str, ...]
    """The groups whose waves cannot be foreseen."""
    misses: Mapping[str, Sequence[Miss]] = field(repr=False, default_factory=dict)
    reused: Mapping[str, Mapping[int, Digest]] = field(repr=False, default_factory=dict)
    """The keys of turns that the record has, by node and step."""
    bounds: Mapping[tuple[str, str], Usage] = field(default_factory=dict)
    """The most tokens that the foreseen turns take, retries and repairs aside, by backend and model."""

    is_billed: bool = True
    cost: Decimal | None = None
    """The most US dollars that they cost; None when a price is unknown, and when nothing is billed."""

    def priced(self, prices: Prices | None) -> Forecast:
        """The forecast with what the foreseen turns cost at these prices."""
        found = [prices.cost(*who, usage) if prices else None for who, usage in self.bounds.items()]
        known = [cost for cost in found if cost is not None]
        return replace(self, cost=sum(known, Decimal(0)) if len(known) == len(found) else None)

    @property
    def turns(self) -> int:
        """Turns that are sent for certain."""
        return sum(node.turns for node in self.nodes)

    @property
    def maybe_turns(self) -> int:
        """Turns that may have to be sent beside."""
        return sum(node.maybe_turns for node in self.nodes)

    @property
    def reused_turns(self) -> int:
        """Turns that are answered from the record."""
        return sum(node.reused_turns for node in self.nodes)

    @property
    def files(self) -> tuple[str, ...]:
        """The declared inputs that turns to be sent are given, sorted."""
        turns = (miss.order.input for misses in self.misses.values() for miss in misses)
        return tuple(sorted({path for turn in turns for path in turn.inputs}))

    @property
    def tokens(self) -> int:
        """The most tokens that the foreseen turns take, retries and repairs aside."""
        return sum(node.tokens for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Gone:
    """A run that was gone through: its state, what was missing, what was found, who is answered how."""

    state: RunState
    misses: Mapping[str, Sequence[Miss]]
    reused: Mapping[str, Mapping[int, Digest]]
    """The steps of each node that were found, and their keys."""
    assign: Mapping[str, Assignment]
    """By agent."""
    expected_turns: Mapping[str, int]
    """How many turns a node takes when all goes well."""


def forecast(gone: Gone, history: History) -> Forecast:
    """What follows from having gone through a run on the record."""
    found: dict[str, ForeseenNode] = {}
    for node in gone.state.in_order():
        found[node.id] = _foreseen(node, gone, found, history)
    bounds: dict[tuple[str, str], Usage] = {}
    for name, each in found.items():
        node = gone.state.nodes[name]
        to = gone.assign[node.agent.id]
        who = to.card.name, to.model
        bounds[who] = bounds.get(who, Usage()) + _bound(node, gone, each.turns + each.maybe_turns)
    path, seconds = _critical(gone.state, found)
    return Forecast(
        nodes=tuple(found.values()),
        critical_path=path,
        critical_s=seconds,
        open_groups=_open_groups(gone, found),
        misses=gone.misses,
        reused=gone.reused,
        bounds=bounds,
    )


def _foreseen(node: Node, gone: Gone, above: Mapping[str, ForeseenNode], history: History) -> ForeseenNode:
    misses = gone.misses.get(node.id, ())
    ended = gone.state.ended.get(node.id)
    if ended is not None and ended.ending == "skipped":
        return ForeseenNode(node.id, node.wave, "skipped", 0, 0, 0, "nothing is handed to it", 0)
    reused = gone.reused.get(node.id, {})
    uncertain = [up for up in _upstream(node, gone.state, above) if above[up].prospect in ("run", "maybe")]
    expected = max(gone.expected_turns[node.id], len(reused) + len(misses))
    if misses:
        first = misses[0].order.id.step
        maybe = sum(1 for step in reused if uncertain or step > first)
        turns = len(misses) if ended is not None and ended.ending == "done" else expected - len(reused)
        prospect: Prospect = "run"
        reason = misses[0].reason
    elif ended is None or ended.ending == "blocked":
        is_new = history.output(node.id) is None
        turns, maybe, prospect = (expected, 0, "run") if is_new else (0, expected, "maybe")
        reason = f"{', '.join(uncertain[:3])} must be answered first" if uncertain else UNFORESEEN
    elif uncertain:
        turns, maybe, prospect = 0, len(reused), "maybe"
        reason = f"only if {', '.join(dict.fromkeys(uncertain))} is answered otherwise"
    else:
        turns, maybe, prospect, reason = 0, 0, "reused", ""
    bound = _bound(node, gone, turns + maybe)
    kept, seconds = max(0, len(reused) - maybe), history.seconds.get(node.id)
    return ForeseenNode(
        node.id, node.wave, prospect, turns, maybe, kept, reason, bound.input + bound.output, seconds
    )


def _upstream(node: Node, state: RunState, above: Mapping[str, ForeseenNode]) -> Iterator[str]:
    """Whose answers a node's turns may depend on; a blueprint is also told who joined before."""
    yield from (*node.waits, *node.reads)
    if node.by is not None:
        yield node.by
    if node.gives_blueprint:
        yield from (name for name in above if state.nodes[name].gives_blueprint)


def _bound(node: Node, gone: Gone, turns: int) -> Usage:
    """The most tokens that a node's turns take: by what is known to be sent, else by the model's window."""
    to = gone.assign[node.agent.id]
    window = max(0, to.card.window_tokens - to.max_tokens)
    misses = gone.misses.get(node.id, ())[:turns]
    known = [min(input_bound(miss.order), window) for miss in misses]
    return Usage(input=sum(known) + (turns - len(known)) * window, output=turns * to.max_tokens)


def _critical(state: RunState, found: Mapping[str, ForeseenNode]) -> tuple[tuple[str, ...], float | None]:
    """The longest chain of nodes that may be sent; a group starts when the one before it has ended."""
    sent = [node for node in state.in_order() if found[node.id].prospect in ("run", "maybe")]
    if not sent:
        return (), None
    known = all(found[node.id].seconds is not None for node in sent)
    cost = {node.id: (found[node.id].seconds or 0.0) if known else 1.0 for node in sent}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for node in sent:
        graph.add_edge(f"\0before {node.group}", node.id, weight=cost[node.id])
        graph.add_edge(node.id, f"\0after {node.group}", weight=0.0)
        for up in {*node.waits, *node.reads} & cost.keys():
            graph.add_edge(up, node.id, weight=cost[node.id])
    groups = list(dict.fromkeys(node.group for node in sent))
    graph.add_weighted_edges_from(
        (f"\0after {one}", f"\0before {next}", 0.0) for one, next in pairwise(groups)
    )
    path = tuple(name for name in nx.dag_longest_path(graph, weight="weight") if name in cost)
    return path, sum(cost[name] for name in path) if known else None


def _open_groups(gone: Gone, found: Mapping[str, ForeseenNode]) -> tuple[str, ...]:
    """The groups whose blueprint may come out otherwise, or that cannot be followed to their end."""
    state = gone.state
    givers = [node for node in state.in_order() if node.gives_blueprint]
    groups = {node.group for node in givers if found[node.id].prospect in ("run", "maybe")}
    stuck = {node.group for node in state.in_order() if not state.has_done(node.id)}
    groups |= stuck & {node.group for node in givers}
    return tuple(group.id for group in state.squad.groups if group.id in groups)


async def look_ahead(
    plan: Plan,
    state: RunState,
    reader: Reader | None,
    last: str | None,
    clock: Clock,
    redactor: Redactor,
    read_inputs: ReadInputs,
) -> Forecast:
    """What a run from `state` would do; `last` is the run whose answers stand for unknown ones."""
    history = History(reader, last)
    journal = ForesightJournal(reader)
    foreseer = Foreseer(history, lambda node: _expected_answers(state.nodes[node], plan))
    engine = Engine(plan, state, Ports(journal, foreseer, clock, QueueInbox(), (), redactor, read_inputs))
    digest = digest_of(b"")
    at = clock.now()
    await engine.execute(RunStarted(run=plan.slug, prompt=digest, squad=digest, simulated=False, at=at))
    reused: dict[str, dict[int, Digest]] = {}
    for _, fact in journal.facts(plan.slug):
        if isinstance(fact, TurnEnded) and fact.origin == "reused":
            reused.setdefault(fact.id.node, {})[fact.id.step] = fact.key
    gone = Gone(
        state=state,
        misses=foreseer.misses,
        reused=reused,
        assign={node.agent.id: plan.assign(node.agent) for node in state.in_order()},
        expected_turns={node.id: _expected_turns(node, state, plan) for node in state.in_order()},
    )
    return forecast(gone, history)


def _expected_turns(node: Node, state: RunState, plan: Plan) -> int:
    return _expected_answers(node, plan) + (not plan.concise and bool(receivers_of(node, state)))


def _expected_answers(node: Node, plan: Plan) -> int:
    asked_once = node.part in ("continuation", "orchestration")
    return 1 if asked_once or plan.concise or not node.agent.follow_up_enabled else 2
