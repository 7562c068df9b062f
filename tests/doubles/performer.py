"""A Performer that answers from a script and remembers who asked what, when, beside whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from orchestrator.core.facts import TextDelta, Told
from orchestrator.core.ports import Tell
from orchestrator.core.turn import Deferred, Done, Failed, Message, Outcome, TurnOrder, Usage

Reply: TypeAlias = (
    str | Done | Failed | Deferred | Exception | Callable[[TurnOrder, Tell], Awaitable[Outcome]]
)


@dataclass(slots=True)
class Call:
    """One order that was performed, and the seconds of the loop between which it was."""

    order: TurnOrder
    began_s: float
    ended_s: float | None = None

    @property
    def agent(self) -> str:
        return self.order.input.agent

    @property
    def prompt(self) -> str:
        return self.order.input.prompt


def done(text: str, native: JsonValue = None) -> Done:
    """An answer."""
    message = Message(role="assistant", text=text, native=native)
    return Done(message=message, usage=Usage(input=10, output=5))


class ScriptedPerformer:
    """Answers each agent's calls from its list, then with `<agent> <purpose>`; takes `takes_s` for each."""

    def __init__(
        self,
        script: Mapping[str, Sequence[Reply]] | None = None,
        takes_s: Mapping[str, float] | float = 0.0,
        trace: list[str] | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.most_at_once = 0
        self.trace: list[str] = [] if trace is None else trace
        self._script = {agent: list(replies) for agent, replies in (script or {}).items()}
        self._takes_s = takes_s
        self._busy = 0

    def of(self, agent: str) -> list[Call]:
        """The calls of one agent."""
        return [call for call in self.calls if call.agent == agent]

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        loop = asyncio.get_running_loop()
        call = Call(order, loop.time())
        self.calls.append(call)
        self.trace.append(f"call {order.id.node}/{order.id.step}")
        self._busy += 1
        self.most_at_once = max(self.most_at_once, self._busy)
        try:
            takes_s = self._takes_s if isinstance(self._takes_s, float) else self._takes_s.get(call.agent, 0)
            await asyncio.sleep(takes_s)
            replies = self._script.get(call.agent)
            return await _play(replies.pop(0) if replies else None, order, tell)
        finally:
            self._busy -= 1
            call.ended_s = loop.time()


async def _play(reply: Reply | None, order: TurnOrder, tell: Tell) -> Outcome:
    if reply is None:
        return done(f"{order.input.agent} {order.input.purpose}")
    if isinstance(reply, str):
        return done(reply)
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, Done | Failed | Deferred):
        return reply
    return await reply(order, tell)


def tells(*told: Told | str, answer: str = "answered") -> Callable[[TurnOrder, Tell], Awaitable[Outcome]]:
    """A reply that streams texts and actions before it answers."""

    async def reply(order: TurnOrder, tell: Tell) -> Outcome:
        for item in told:
            await tell(TextDelta(id=order.id, text=item) if isinstance(item, str) else item)
        return done(answer)

    return reply


async def never(order: TurnOrder, tell: Tell) -> Outcome:
    """A reply that does not come."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")
