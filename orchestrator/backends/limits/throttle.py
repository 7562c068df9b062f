"""The Performer around a backend that keeps to its provider's limits.

Who may not be sent now is deferred, and waits in line: the most urgent first, then whoever came first. A
turn that is let through has a pass until it has ended. A pass that was given out before a refusal is worth
nothing after it, so that while the breaker is open nothing leaves but its probe. What a backend reports as
a limit of its provider becomes a deferral too, unless the turn may have been paid for.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from orchestrator.backends.limits.breaker import Breaker
from orchestrator.backends.limits.rate import Allowance, Cost, Rate, cost_of
from orchestrator.backends.router import Closing
from orchestrator.core.facts import Told
from orchestrator.core.ports import Clock, Performer, Tell
from orchestrator.core.turn import Deferred, Done, Failed, Outcome, TurnId, TurnOrder

LOOK_S = 60.0
"""How often it looks at the time of day while it waits: the other clock stops while a machine sleeps."""


class _Waiting(NamedTuple):
    """A turn in line."""

    urgency: int
    arrival: int
    id: TurnId
    cost: Cost
    admitted: asyncio.Future[None]


@dataclass(slots=True)
class _Pass:
    """Leave to send a turn: when it was given, in which epoch of the breaker, and for how much."""

    epoch: int
    cost: Cost
    is_taken: bool = False


class Throttle:
    """What is known of the limits of one backend and credential, and the line of those who wait for them."""

    def __init__(self, clock: Clock, rate: Rate | None = None) -> None:
        self.breaker = Breaker()
        self._clock = clock
        self._rate = rate or Rate()
        self._line: list[_Waiting] = []
        self._arrivals = count()
        self._passes: dict[TurnId, _Pass] = {}
        self._alarm: asyncio.Task[None] | None = None
        self._reason = ""
        """What the last refusal said."""
        self._reopens: datetime | None = None
        """When the breaker may be probed, by the time of day."""

    def admit(self, order: TurnOrder) -> Deferred | None:
        """Let an order through, or say until when it has to wait."""
        now = self._clock.monotonic_s()
        given = self._passes.get(order.id)
        if given is not None:
            if given.epoch == self.breaker.epoch:
                return None
            self._take_back(order.id)
        cost = cost_of(order)
        at, reason = self._opening(self._line[0].cost if self._line else cost, now)
        if self._line or at > now:
            return self._deferred(at, reason, now)
        self._let_through(order.id, cost, now)
        return None

    async def opening(self, order: TurnOrder) -> None:
        """Return once an order is let through."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(
            self._line, _Waiting(-order.urgency, next(self._arrivals), order.id, cost_of(order), admitted)
        )
        self._look()
        try:
            await admitted
        except asyncio.CancelledError:
            admitted.cancel()
            self._take_back(order.id)
            self._look()
            raise

    def hear(self, order: TurnOrder, allowances: tuple[Allowance, ...], is_taken: bool) -> None:
        """Take note of what a reply says of limits, and whether the order was taken up."""
        self._rate.learn(allowances, self._clock.monotonic_s())
        given = self._passes.get(order.id)
        if is_taken and given is not None and not given.is_taken:
            given.is_taken = True
            self.breaker.take(given.epoch)
            self._look()

    def end(self, order: TurnOrder, outcome: Outcome | None) -> Outcome | None:
        """Take note of how an order ended, None when it was cancelled; gives what is to be made of it."""
        given = self._passes.pop(order.id, None)
        if given is None:
            return outcome
        now = self._clock.monotonic_s()
        if isinstance(outcome, Done | Failed) and outcome.usage is not None:
            self._rate.settle(given.cost, outcome.usage, now)
        match outcome:
            case Deferred():
                asked_s = (outcome.until - self._clock.now()).total_seconds()
                self._refuse(order, given, max(0.0, asked_s), outcome.reason)
                outcome = self._deferred(self.breaker.opening(now), outcome.reason, now)
            case Failed() if outcome.limit is not None:
                self._refuse(order, given, outcome.retry_after_s, outcome.error)
                if outcome.paid == "no":
                    outcome = self._deferred(self.breaker.opening(now), outcome.error, now)
            case Done() if not given.is_taken:
                self.breaker.take(given.epoch)
            case _ if not given.is_taken:
                self.breaker.drop(given.epoch)
            case _:
                pass
        self._look()
        return outcome

    async def aclose(self) -> None:
        """Stop waiting for anything."""
        if self._alarm is not None:
            self._alarm.cancel()
            with suppress(asyncio.CancelledError):
                await self._alarm
            self._alarm = None

    def _refuse(self, order: TurnOrder, given: _Pass, asked_s: float | None, reason: str) -> None:
        now = self._clock.monotonic_s()
        self.breaker.refuse(given.epoch, now, asked_s, int(order.key[:4], 16) / 0xFFFF)
        self._reason = reason
        until = self.breaker.open_until
        self._reopens = None if until is None else self._at(until, now)

    def _opening(self, cost: Cost, now: float) -> tuple[float, str]:
        """When a turn of this cost may be sent, infinity when that is not known, and what holds it back."""
        at = self.breaker.opening(now)
        later, by_the_minute = self._rate.opening(cost, now)
        if later > at:
            return later, by_the_minute
        if self.breaker.is_probing:
            return at, f"one turn tries whether it is over: {self._reason}"
        if self.breaker.open_until is not None:
            return at, self._reason
        return at, f"turns are let through little by little after: {self._reason}"

    def _let_through(self, id: TurnId, cost: Cost, now: float) -> None:
        self._rate.take(cost, now)
        self._passes[id] = _Pass(self.breaker.send(now), cost)

    def _take_back(self, id: TurnId) -> None:
        """Take back the pass of a turn that is not sent with it, if it has one."""
        given = self._passes.pop(id, None)
        if given is not None:
            self.breaker.drop(given.epoch)
            self._rate.put_back(given.cost, self._clock.monotonic_s())

    def _deferred(self, at: float, reason: str, now: float) -> Deferred:
        return Deferred(until=self._at(at, now), reason=reason)

    def _at(self, at: float, now: float) -> datetime:
        """The time of day of an instant; now, when nobody can know it."""
        return self._clock.now() + timedelta(seconds=max(0.0, at - now) if math.isfinite(at) else 0.0)

    def _look(self) -> None:
        """Let through whoever may go, from the front of the line; see to it that the next is looked at."""
        now = self._clock.monotonic_s()
        if self._reopens is not None and self._clock.now() >= self._reopens:
            self.breaker.hasten(now)
        at = math.inf
        while self._line:
            first = self._line[0]
            if not first.admitted.done():
                at, _ = self._opening(first.cost, now)
                if at > now:
                    break
                self._let_through(first.id, first.cost, now)
                first.admitted.set_result(None)
            heappop(self._line)
        self._set_alarm(at - now if self._line else math.inf)

    def _set_alarm(self, wait_s: float) -> None:
        if self._alarm is not None and self._alarm is not asyncio.current_task():
            self._alarm.cancel()
        self._alarm = None
        if math.isfinite(wait_s):
            self._alarm = asyncio.create_task(self._look_after(min(wait_s, LOOK_S)), name="throttle")

    async def _look_after(self, wait_s: float) -> None:
        await self._clock.sleep(wait_s)
        self._look()


class Throttled:
    """A backend that keeps to the limits that a throttle knows; both of one credential."""

    def __init__(self, performer: Performer, throttle: Throttle) -> None:
        self._performer = performer
        self._throttle = throttle

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """The backend's outcome; Deferred, nothing sent, while its provider takes no turns."""
        if (deferred := self._throttle.admit(order)) is not None:
            return deferred

        async def told(item: Told) -> None:
            self._throttle.hear(order, (), is_taken=True)
            await tell(item)

        outcome: Outcome | None = None
        try:
            outcome = await self._performer.perform(order, told)
        finally:
            made = self._throttle.end(order, outcome)
        assert made is not None
        return made

    def admit(self, order: TurnOrder) -> Deferred | None:
        """Why an order is not to be sent now; None lets it pass."""
        return self._throttle.admit(order)

    def opening(self, order: TurnOrder) -> Awaitable[None]:
        """Ends once an order that was deferred may be sent."""
        return self._throttle.opening(order)

    async def aclose(self) -> None:
        """Stop waiting, and close the backend."""
        await self._throttle.aclose()
        if isinstance(self._performer, Closing):
            await self._performer.aclose()
