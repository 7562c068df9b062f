"""What a run took, by agent, by wave and in all: turns, tokens, US dollars, time at work and waiting.

It is folded from facts, for a run that is going as for one that is over. Turns that were sent and turns that
were taken from a record are counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal

from orchestrator.core.facts import NodeEnded, RunStarted, TurnEnded, TurnStarted
from orchestrator.core.turn import Usage
from orchestrator.schedule.budget import ZERO, Amount
from orchestrator.schedule.node import Node


@dataclass(slots=True)
class _Tokens:
    """A usage that grows in place: every turn is counted in three of them."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    estimated: bool = False

    def put(self, usage: Usage | None) -> None:
        if usage is not None:
            self.input += usage.input
            self.output += usage.output
            self.cached += usage.cached
            self.reasoning += usage.reasoning
            self.estimated = self.estimated or usage.estimated

    def usage(self) -> Usage:
        return Usage(**asdict(self))


@dataclass(slots=True)
class Tally:
    """What an agent, a wave or a run took."""

    turns: int = 0
    """Sent and answered."""
    attempts: int = 0
    """Sent, and paid for or perhaps paid for."""
    reused: int = 0
    """Taken from a record."""
    paid: Decimal = ZERO
    """US dollars for the turns that were sent and have a price."""
    spared: Decimal = ZERO
    """US dollars that the turns taken from a record would have cost, as far as they have a price."""
    unpriced: int = 0
    """Turns that were sent and have no price."""
    unpriced_reused: int = 0
    """Turns that were taken from a record and have no price."""
    model_s: float = 0.0
    """Seconds from sending turns to their ends, taken together."""
    waiting_s: float = 0.0
    """Seconds in which a turn could have been sent and was not: for a slot, a budget, a provider."""

    _sent: _Tokens = field(default_factory=_Tokens)
    _spared: _Tokens = field(default_factory=_Tokens)

    @property
    def usage(self) -> Usage:
        """Tokens of the turns that were sent, as far as it was told."""
        return self._sent.usage()

    @property
    def saved(self) -> Usage:
        """Tokens of the turns that were taken from a record."""
        return self._spared.usage()

    def count_sent(self, fact: TurnEnded, took: Amount) -> None:
        """Count a turn that was sent, and what is booked for it."""
        self.turns += fact.ending == "done"
        self.attempts += took.turns
        self._sent.put(fact.usage)
        self.paid += took.cost
        self.unpriced += took.unpriced

    def count_reused(self, fact: TurnEnded) -> None:
        """Count a turn that was taken from a record."""
        self.reused += fact.ending == "done"
        self._spared.put(fact.usage)
        self.spared += fact.cost or ZERO
        self.unpriced_reused += fact.cost is None

    @property
    def cost(self) -> Decimal | None:
        """US dollars for all turns that were sent; None when a price is unknown."""
        return None if self.unpriced else self.paid

    @property
    def saved_cost(self) -> Decimal | None:
        """US dollars that reuse saved; None when a price is unknown."""
        return None if self.unpriced_reused else self.spared


@dataclass(frozen=True, slots=True)
class Metrics:
    """The tallies of a run: by agent in the DAG's order, by wave (0 is the configured squad), and in all."""

    by_agent: Mapping[str, Tally]
    by_wave: Mapping[int, Tally]
    whole: Tally
    lost: Amount
    """What turns without a recorded outcome may have taken; it counts against caps and is in no tally."""


class Tallies:
    """The tallies of a run, as its facts come in."""

    def __init__(self) -> None:
        self.by_agent: dict[str, Tally] = defaultdict(Tally)
        self.by_wave: dict[int, Tally] = defaultdict(Tally)
        self.whole = Tally()
        self._waits = _Waits()
        self._sent: dict[str, datetime] = {}

    def begin(self, fact: RunStarted) -> None:
        """Take note of a session of the run; nothing that was in flight before it is any more."""
        self._sent.clear()
        self._waits.begin(fact.at)

    def start(self, fact: TurnStarted, node: Node) -> None:
        """Take a started turn into account."""
        waited_s = self._waits.end(node, fact.at)
        self._sent[node.id] = fact.at
        for tally in self._of(node):
            tally.waiting_s += waited_s

    def end(self, fact: TurnEnded, node: Node, took: Amount) -> None:
        """Take a turn's end into account, and what is booked for it."""
        sent = self._sent.pop(node.id, None)
        waited_s = self._waits.end(node, fact.at) if sent is None else 0.0
        model_s = 0.0 if sent is None else _seconds(sent, fact.at)
        self._waits.start(node, fact.at)
        for tally in self._of(node):
            tally.waiting_s += waited_s
            tally.model_s += model_s
            if fact.was_sent:
                tally.count_sent(fact, took)
            else:
                tally.count_reused(fact)

    def end_node(self, fact: NodeEnded) -> None:
        """Take note that a node has ended: who waited for it can go on."""
        self._waits.end_node(fact)

    def _of(self, node: Node) -> tuple[Tally, Tally, Tally]:
        return self.by_agent[node.agent.id], self.by_wave[node.wave], self.whole


class _Waits:
    """Since when each node could go on: its group runs, whom it waits for has ended, no turn is in flight.

    A clock that is set back makes a wait short, never negative.
    """

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}
        self._ended: dict[str, datetime] = {}
        self._newest: datetime | None = None
        """When the last node of all ended."""
        self._opened: dict[str, datetime] = {}
        """When each group could begin: when the last node of the group before it ended."""

    def begin(self, at: datetime) -> None:
        self._since.clear()
        self._opened.clear()
        self._newest = at

    def start(self, node: Node, at: datetime) -> None:
        self._since[node.id] = at

    def end(self, node: Node, at: datetime) -> float:
        """How long a node waited that goes on now."""
        since = self._since.pop(node.id, None) or self._ready(node, at)
        return _seconds(since, at)

    def end_node(self, fact: NodeEnded) -> None:
        self._since.pop(fact.node, None)
        self._ended[fact.node] = self._newest = fact.at

    def _ready(self, node: Node, at: datetime) -> datetime:
        opened = self._opened.setdefault(node.group, self._newest or at)
        return max([opened, *(self._ended[up] for up in node.waits if up in self._ended)])


def _seconds(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds())
