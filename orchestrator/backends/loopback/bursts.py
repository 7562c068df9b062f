"""Refusals in bursts, as real servers have them: too many requests, overload, a quota that is used up.

It counts what it refused, and above all who came although a reply had said to stay away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from orchestrator.backends.loopback.exchange import Asked, Reply, ReplyFunction, echo

IN_FLIGHT_S = 0.5
"""What arrives so soon after a refusal may have been sent before it was read."""


@dataclass(frozen=True, slots=True)
class Burst:
    """All requests are refused for so many seconds, from so many seconds after the first request on.

    `asks_s` is what each refusal asks to wait, None for nothing; `quota` names the burst's end as the reset
    of a quota instead.
    """

    begins_s: float
    lasts_s: float
    status: int = 429
    asks_s: float | None = None
    quota: bool = False

    @property
    def ends_s(self) -> float:
        """Its end, in seconds after the first request."""
        return self.begins_s + self.lasts_s


@dataclass(slots=True)
class Bursts:
    """A reply function that refuses in bursts and leaves the rest to `reply`."""

    bursts: Sequence[Burst]
    reply: ReplyFunction = echo
    now_s: Callable[[], float] = time.monotonic
    refused: int = 0
    too_early: int = 0
    """Requests that came while the last refusal still asked to stay away, `IN_FLIGHT_S` or more after it."""
    arrivals: list[float] = field(default_factory=list)
    """When each request came, in seconds after the first."""
    _began_s: float | None = None
    _away_from_s: float = 0.0
    _away_until_s: float = 0.0

    def __call__(self, asked: Asked) -> Reply:
        """The reply to a request, refused if a burst is on."""
        if self._began_s is None:
            self._began_s = self.now_s()
        at = self.now_s() - self._began_s
        self.arrivals.append(at)
        self.too_early += self._away_from_s + IN_FLIGHT_S <= at < self._away_until_s
        burst = next((each for each in self.bursts if each.begins_s <= at < each.ends_s), None)
        if burst is None:
            return self.reply(asked)
        self.refused += 1
        asks_s = burst.ends_s - at if burst.quota else burst.asks_s
        if asks_s is not None and at >= self._away_until_s:
            self._away_from_s, self._away_until_s = at, at + asks_s
        return refusal(burst, at)

    def most_within(self, seconds: float) -> int:
        """The most requests that came within so many seconds."""
        most = first = 0
        for last, at in enumerate(self.arrivals):
            while at - self.arrivals[first] > seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


def refusal(burst: Burst, at: float) -> Reply:
    """What a request of a burst is told, so many seconds after the first request."""
    reply = Reply(status=burst.status, error="in a burst, as asked for")
    if burst.quota:
        ends = datetime.now(UTC) + timedelta(seconds=burst.ends_s - at)
        reset = {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": ends.isoformat(),
        }
        return replace(reply, headers=reset)
    return replace(reply, retry_after=None if burst.asks_s is None else f"{burst.asks_s:g}")
