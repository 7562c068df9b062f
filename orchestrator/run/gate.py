"""The gate that every call passes before it is sent: the budget decides, and who waits goes in order.

A turn that fits has its worst case reserved at once, in the same step in which it was judged, so that no two
turns are promised the same room. One that would fit if others took less than their worst case waits until
they have ended. One that can never fit closes the gate: nothing new starts, and the run ends as capped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from orchestrator.core.ports import Clock, Prices
from orchestrator.core.turn import TurnInput, TurnOrder, Usage
from orchestrator.run.lent import Bound, Interrupted
from orchestrator.schedule.budget import (
    RUN,
    Amount,
    Budget,
    Refusal,
    Verdict,
    input_bound,
    judge,
    one_turn,
    overdue,
)
from orchestrator.schedule.node import Node
from orchestrator.schedule.state import RunState


class _Waiting(NamedTuple):
    """A turn in line: the most urgent first, then whoever came first."""

    urgency: int
    arrival: int
    order: TurnOrder
    worst: Amount
    admitted: asyncio.Future[bool]


class Gate:
    """Lets calls through as the budget allows; without one, it only keeps the accounts.

    `capped` is called once, when a turn can never fit; `tell` when turns wait for the first time.
    """

    def __init__(
        self,
        budget: Budget | None,
        state: RunState,
        prices: Prices | None,
        clock: Clock,
        capped: Callable[[Refusal], None],
        tell: Callable[[str], None],
    ) -> None:
        self._budget = budget
        self._state = state
        self._prices = prices
        self._clock = clock
        self._capped = capped
        self._tell = tell
        self._has_told = False
        self._begun_s = 0.0
        self._line: list[_Waiting] = []
        self._arrivals = count()
        self._is_closed = False

    def open(self) -> None:
        """Begin to count the run's time, on top of what its earlier sessions took."""
        self._begun_s = self._clock.monotonic_s() - self._state.ledger.elapsed_s

    @property
    def elapsed_s(self) -> float:
        """How long the run has been going, its earlier sessions included; the time of day does not matter."""
        return round(max(0.0, self._clock.monotonic_s() - self._begun_s), 3)

    @property
    def deadline_in_s(self) -> float | None:
        """Seconds until the run's deadline; None without one."""
        deadline_s = self._budget.run.deadline_s if self._budget else None
        return None if deadline_s is None else max(0.0, deadline_s - self.elapsed_s)

    def cost(self, turn: TurnInput, usage: Usage) -> Decimal | None:
        """What an answer costs in US dollars; None when nobody knows."""
        return None if self._prices is None else self._prices.cost(turn.backend, turn.model, usage)

    async def enter(self, order: TurnOrder) -> Bound:
        """What an order can take at most, which is reserved; waits until there is room for it.

        Raises Interrupted when nothing new may start any more.
        """
        most = Usage(input=input_bound(order), output=order.max_tokens)
        bound = Bound(most.input, self.cost(order.input, most))
        worst = one_turn(most.input + most.output, bound.cost)
        if self._is_closed:
            raise Interrupted
        if self._budget is None:
            self._state.ledger.reserve(order.id, self._state.nodes[order.id.node], worst)
            return bound
        admitted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heappush(self._line, _Waiting(-order.urgency, next(self._arrivals), order, worst, admitted))
        self.look()
        if not await admitted:
            raise Interrupted
        return bound

    def look(self) -> None:
        """Let through whoever fits now, from the front of the line: nobody is overtaken by those behind."""
        while self._line and not self._is_closed:
            first = self._line[0]
            verdict = "gone" if first.admitted.done() else self._judge(first)
            if verdict == "waits":
                self._say_that_turns_wait()
                return
            if isinstance(verdict, Refusal):
                self._refuse(verdict)
                return
            heappop(self._line)
            if verdict == "fits":
                self._state.ledger.reserve(first.order.id, self._node(first), first.worst)
                first.admitted.set_result(True)

    def expire(self) -> None:
        """Let nobody through any more, because the run's deadline is over."""
        assert self._budget is not None and self._budget.run.deadline_s is not None
        self._refuse(overdue(RUN, self._budget.run.deadline_s))

    def close(self) -> None:
        """Let nobody through any more, and send away who waits."""
        self._is_closed = True
        for waiting in self._line:
            if not waiting.admitted.done():
                waiting.admitted.set_result(False)
        self._line.clear()

    def _say_that_turns_wait(self) -> None:
        if not self._has_told:
            self._has_told = True
            self._tell("turns wait for others to end: under the caps there is no room for more at once")

    def _refuse(self, refusal: Refusal) -> None:
        if not self._is_closed:
            self.close()
            self._capped(refusal)

    def _judge(self, waiting: _Waiting) -> Verdict:
        assert self._budget is not None
        node, ledger = self._node(waiting), self._state.ledger
        return judge(self._budget, node, waiting.worst, ledger, self.elapsed_s)

    def _node(self, waiting: _Waiting) -> Node:
        return self._state.nodes[waiting.order.id.node]
