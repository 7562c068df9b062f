"""What a minute holds: requests and tokens, as they were set for the run or as a provider's replies tell.

Each is a token bucket that fills evenly. What was set has a bucket of one request's size, so that turns are
spread over the minute; what was learned has the provider's own, kept in step with what it says is left.
Tokens are estimated before a turn is sent and put right after; a turn larger than a whole minute is sent
when the bucket is full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from orchestrator.core.turn import TurnOrder, Usage

Kind: TypeAlias = Literal["requests", "input tokens", "output tokens", "tokens"]
Cost: TypeAlias = Mapping[Kind, float]

_BYTES_PER_TOKEN = 4


class Allowance(NamedTuple):
    """What a provider said of one kind: how much a minute holds, and how much of it is left now."""

    kind: Kind
    per_minute: int
    remaining: int


@dataclass(slots=True)
class _Bucket:
    per_minute: float
    capacity: float
    level: float
    at: float
    """When it was at that level, in seconds of a clock that never goes back."""

    def opening(self, cost: float, now: float) -> float:
        """When it holds so much, or is full."""
        lacking = min(cost, self.capacity) - self.level_at(now)
        return now if lacking <= 1e-9 else now + lacking * 60 / self.per_minute

    def take(self, cost: float, now: float) -> None:
        """Take so much out, or put it back."""
        self.level, self.at = min(self.capacity, self.level_at(now) - cost), now

    def level_at(self, now: float) -> float:
        """How much it holds."""
        return min(self.capacity, self.level + max(0.0, now - self.at) * self.per_minute / 60)


class Rate:
    """What may be sent by the minute. `requests` and `tokens` are what was set; None sets nothing."""

    def __init__(self, requests: int | None = None, tokens: int | None = None) -> None:
        set_for_run: Iterable[tuple[Kind, int | None]] = (("requests", requests), ("tokens", tokens))
        self._set = {kind: _Bucket(most, 1.0, 1.0, 0.0) for kind, most in set_for_run if most is not None}
        self._learned: dict[Kind, _Bucket] = {}

    def opening(self, cost: Cost, now: float) -> tuple[float, str]:
        """When a turn of this cost may be sent, and in words what holds it back until then."""
        latest, reason = now, ""
        for buckets, whose in ((self._set, "set for this run"), (self._learned, "by the provider's headers")):
            for kind, bucket in buckets.items():
                at = bucket.opening(cost[kind], now)
                if at > latest:
                    latest, reason = at, f"{bucket.per_minute:,.0f} {kind} a minute, {whose}"
        return latest, reason

    def take(self, cost: Cost, now: float) -> None:
        """Count a turn that is being sent."""
        for buckets in (self._set, self._learned):
            for kind, bucket in buckets.items():
                bucket.take(cost[kind], now)

    def put_back(self, cost: Cost, now: float) -> None:
        """Count a turn no more that was not sent."""
        self.take({kind: -amount for kind, amount in cost.items()}, now)

    def settle(self, cost: Cost, usage: Usage, now: float) -> None:
        """Put an estimate right by what the turn has used."""
        used = _used(usage)
        self.take({kind: used[kind] - cost[kind] for kind in cost}, now)

    def learn(self, allowances: Iterable[Allowance], now: float) -> None:
        """Take over what a provider said; it knows of turns that others have sent."""
        for kind, per_minute, remaining in allowances:
            bucket = self._learned.get(kind)
            if bucket is None or bucket.per_minute != per_minute:
                bucket = self._learned[kind] = _Bucket(per_minute, per_minute, per_minute, now)
            bucket.take(max(0.0, bucket.level_at(now) - remaining), now)


def cost_of(order: TurnOrder) -> dict[Kind, float]:
    """What an order is expected to cost at least: one request, its texts, a word in answer."""
    texts = (*(message.text for message in order.thread), order.input.prompt)
    tokens = -(-sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // _BYTES_PER_TOKEN)
    return {"requests": 1.0, "input tokens": tokens, "output tokens": 1.0, "tokens": tokens + 1.0}


def _used(usage: Usage) -> dict[Kind, float]:
    """What a turn counts for: what was read from a cache does not."""
    fresh = max(0, usage.input - usage.cached)
    return {
        "requests": 1.0,
        "input tokens": fresh,
        "output tokens": usage.output,
        "tokens": fresh + usage.output,
    }
