"""Orders and listeners for the tests of backends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.core.facts import TextDelta, Told
from orchestrator.core.turn import Message, TurnId, TurnInput, TurnOrder, thread_digest


def make_order(
    prompt: str = "Task: Ship the MVP",
    thread: Sequence[Message] = (),
    *,
    max_tokens: int = 4_000,
    deadline_s: float = 30.0,
    **fields: Any,
) -> TurnOrder:
    """An order for a plan turn of agent `planner`, unless told otherwise."""
    given = {"agent": "planner", "purpose": "plan", "backend": "rehearsal", "model": "m", **fields}
    asked = TurnInput(prompt=prompt, prior=thread_digest(thread), **given)
    return TurnOrder(
        id=TurnId("run", asked.agent, 1 + len(thread) // 2),
        key=asked.key(),
        input=asked,
        thread=tuple(thread),
        max_tokens=max_tokens,
        deadline_s=deadline_s,
    )


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    async def __call__(self, item: Told) -> None:
        self.told.append(item)

    @property
    def text(self) -> str:
        """All text deltas joined."""
        return "".join(item.text for item in self.told if isinstance(item, TextDelta))


class FakeClock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return self.slept_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


@pytest.fixture
def order() -> Callable[..., TurnOrder]:
    return make_order


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
