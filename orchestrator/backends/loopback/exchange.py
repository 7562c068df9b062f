"""What the loopback server is asked and what it replies, in words of no vendor's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

from pydantic import JsonValue

from orchestrator.backends.rehearsal.blueprint import blueprint_of, handoffs_of, is_blueprint, is_handoffs
from orchestrator.backends.rehearsal.draw import Draw
from orchestrator.backends.rehearsal.filler import Unfillable, fill
from orchestrator.backends.rehearsal.reading import MARK, quoted
from orchestrator.core.turn import Message, TurnId, TurnInput, TurnOrder

Fault: TypeAlias = Literal[
    "html", "silent", "cut", "reset", "stall", "slow", "malformed", "error-event", "no-usage"
]
"""How a reply goes wrong although its status is 200.

html: a web page instead; silent: nothing at all is sent; cut: the stream ends half-way, in good order;
reset: the connection breaks half-way; stall: half-way nothing more comes; slow: a pause before every event;
malformed: half-way an event is no JSON; error-event: half-way the stream reports overload; no-usage: the
reply does not say what it cost.
"""

Stop: TypeAlias = Literal["end", "max_tokens", "refusal", "window", "pause", "none"]
"""Why an answer ends; `none` leaves the reason out."""

FAULTS: tuple[str, ...] = get_args(Fault)


@dataclass(frozen=True, slots=True)
class ReplyUsage:
    """Tokens as a reply states them; `input` without those read from or written to the cache."""

    input: int
    output: int
    cache_read: int = 0
    cache_written: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: an answer, or with another status than 200 an error. `usage` None means estimated."""

    text: str = ""
    thinking: str | None = None
    stop: Stop = "end"
    usage: ReplyUsage | None = None
    status: int = 200
    error: str = ""
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, of answers and of errors."""
    fault: Fault | None = None
    pause_s: float = 0.05
    """Seconds between events of a slow reply."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as far as replies depend on it. `turns` are pairs of role and text, oldest first."""

    dialect: str
    model: str
    turns: tuple[tuple[str, str], ...]
    schema: JsonValue
    stream: bool
    headers: Mapping[str, str]
    body: Mapping[str, JsonValue]

    @property
    def prompt(self) -> str:
        """The last text, which is what a reply answers."""
        return self.turns[-1][1]

    @property
    def bytes_in(self) -> int:
        """The UTF-8 bytes of all texts."""
        return sum(len(text.encode("utf-8", "surrogatepass")) for _, text in self.turns)


@dataclass(slots=True)
class Exchange:
    """A request the server took, its reply, and how it ended; numbered from 1 in order of arrival."""

    number: int
    asked: Asked
    reply: Reply
    ended: Literal["answered", "disconnected"] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


ReplyFunction: TypeAlias = Callable[[Asked], Reply]


def echo(asked: Asked) -> Reply:
    """A deterministic reply: says what was asked, or a valid value where a JSON Schema is given.

    A schema that cannot be filled is refused with status 400.
    """
    order = _order(asked)
    if asked.schema is None:
        return Reply(text=f"{MARK}: loopback reply {order.key[:8]} to {quoted(asked.prompt)}.")
    if is_handoffs(asked.schema):
        return Reply(text=json.dumps(handoffs_of(order)))
    if is_blueprint(asked.schema):
        return Reply(text=json.dumps(blueprint_of(order)))
    try:
        return Reply(text=json.dumps(fill(asked.schema, Draw(order.key, "loopback"))))
    except Unfillable as error:
        return Reply(status=400, error=str(error))


def scripted(replies: Iterable[Reply | str]) -> ReplyFunction:
    """Replies given in this order, whatever is asked; a text is a plain answer.

    Once they are used up it answers with status 500, so that a test sees the request it did not expect.
    """
    left = iter(replies)

    def reply(asked: Asked) -> Reply:
        following = next(left, None)
        if following is None:
            return Reply(status=500, error="the script has no further reply")
        return Reply(text=following) if isinstance(following, str) else following

    return reply


def faulted(reply: Reply, name: str) -> Reply:
    """A reply gone wrong as named: a status, a fault, or a reason to stop. Raises ValueError for others."""
    if name.isdigit() and 400 <= int(name) <= 599:
        return replace(reply, status=int(name), retry_after="1" if name == "429" else None)
    for fault in get_args(Fault):
        if name == fault:
            return replace(reply, fault=fault)
    for stop in get_args(Stop):
        if name == stop:
            return replace(reply, stop=stop)
    raise ValueError(f"no fault {name!r}; there are: a status, {', '.join([*FAULTS, *get_args(Stop)])}")


def _order(asked: Asked) -> TurnOrder:
    """The request as a turn order, which is what rehearsals are made from."""
    thread = [
        Message(role="assistant" if role == "assistant" else "user", text=text)
        for role, text in asked.turns[:-1]
    ]
    given = TurnInput(
        agent="loopback",
        purpose="follow-up" if thread else "plan",
        backend="loopback",
        model=asked.model,
        prompt=asked.prompt,
        output_schema=asked.schema,
    )
    return TurnOrder(
        id=TurnId("loopback", "loopback", 1),
        key=given.key(),
        input=given,
        thread=tuple(thread),
        max_tokens=1,
        deadline_s=1.0,
    )
