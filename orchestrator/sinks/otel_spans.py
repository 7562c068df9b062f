"""A run's facts as spans: run → wave → agent → turn → tool, in the words of OpenTelemetry for GenAI.

Names and attributes follow the semantic conventions for agent spans and for tool execution, which are still
in development; what they have no word for is named `agentlark.…`. Ids are digests of what a span stands
for: a resumed run goes on in its own trace, and the same record always gives the same spans. Nothing that
was said or asked is in them unless content is wanted. This module knows no SDK and no clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal, TypeAlias

from orchestrator.core.facts import (
    Acted,
    AgentsEngaged,
    AgentsJoined,
    Fact,
    NodeEnded,
    RunEnded,
    RunStarted,
    TurnEnded,
    TurnStarted,
)
from orchestrator.core.frozen import Digest
from orchestrator.core.turn import Done, TurnId, TurnInput, Usage
from orchestrator.schedule.node import Node

Value: TypeAlias = str | bool | int | float
ReadBody: TypeAlias = Callable[[Digest], bytes]

_ENDED_BADLY = ("failed", "blocked", "cancelled", "stopped", "interrupted", "capped")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened during a span and took no time of its own."""

    name: str
    at: datetime
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """A span that is over. `trace_id` has 128 bits, span ids 64; `error` is what went wrong, in a word."""

    name: str
    trace_id: int
    span_id: int
    parent_id: int | None
    kind: Literal["internal", "client"]
    began: datetime
    ended: datetime
    attributes: Mapping[str, Value]
    moments: tuple[Moment, ...] = ()
    error: str | None = None


@dataclass(slots=True)
class _Agent:
    """An engagement that is going on."""

    began: datetime
    wave: int
    attributes: dict[str, Value]
    usage: Usage = field(default_factory=Usage)
    moments: list[Moment] = field(default_factory=list)


@dataclass(slots=True)
class _Wave:
    began: datetime
    ended: datetime
    agents: int = 0


class SpanFold:
    """Takes the facts of one session of a run and gives its spans as they end.

    `nodes` are those that the run has so far, `workflow` is what it carries out. `body` reads recorded
    prompts and answers for their content; None leaves all content out.
    """

    def __init__(self, nodes: Iterable[Node], workflow: str, body: ReadBody | None = None) -> None:
        known = list(nodes)
        self._roles = {node.agent.id: node.agent.role for node in known}
        self._waves_of = {node.id: node.wave for node in known}
        self._workflow = workflow
        self._body = body
        self._started: RunStarted | None = None
        self._trace = 0
        self._agents: dict[str, _Agent] = {}
        self._waves: dict[int, _Wave] = {}
        self._turns: dict[TurnId, TurnStarted] = {}

    def take(self, fact: Fact) -> Iterator[SpanRecord]:
        """The spans that end with a fact."""
        match fact:
            case RunStarted():
                self._started = fact
                self._trace = _digest(16, "run", fact.run, fact.prompt, fact.squad)
            case _ if self._started is None:
                return  # what is decided between two sessions belongs to neither
            case AgentsJoined():
                self._waves_of |= dict.fromkeys((agent.id for agent in fact.agents), fact.wave)
                self._roles |= {agent.id: agent.role for agent in fact.agents}
            case AgentsEngaged():
                self._waves_of |= {f"{agent}@{fact.wave}": fact.wave for agent in fact.agents}
            case TurnStarted():
                self._turns[fact.id] = fact
                self._agent(fact.id.node, fact.at).attributes |= _asked(fact)
            case Acted():
                yield self._tool(fact)
            case TurnEnded():
                yield from self._turn(fact)
            case NodeEnded():
                yield from self._ended(fact)
            case RunEnded():
                yield from self._whole(fact)
            case _:
                pass

    def _agent(self, node: str, at: datetime) -> _Agent:
        """The engagement of a node, begun now if it was not yet."""
        found = self._agents.get(node)
        if found is None:
            assert self._started is not None
            name = node.partition("@")[0]
            wave = self._waves_of.get(node, 0)
            found = self._agents[node] = _Agent(
                began=at,
                wave=wave,
                attributes={
                    "gen_ai.operation.name": "invoke_agent",
                    "gen_ai.agent.name": name,
                    "gen_ai.agent.id": node,
                    "gen_ai.agent.description": self._roles.get(name, ""),
                    "gen_ai.conversation.id": f"{self._started.run}/{node}",
                    "agentlark.wave": wave,
                },
            )
            self._waves.setdefault(wave, _Wave(at, at))
        return found

    def _turn(self, fact: TurnEnded) -> Iterator[SpanRecord]:
        started = self._turns.pop(fact.id, None)
        agent = self._agent(fact.id.node, fact.at)
        if started is None:
            name = "agentlark.waiting" if fact.ending == "deferred" else f"agentlark.{fact.origin}"
            told: dict[str, Value] = {"agentlark.purpose": fact.purpose}
            if fact.until is not None:
                told["agentlark.until"] = fact.until.isoformat()
            agent.moments.append(Moment(name, fact.at, told | _used(fact.usage)))
            return
        agent.usage += fact.usage or Usage()
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "chat",
            **_asked(started),
            "gen_ai.request.max_tokens": started.max_tokens,
            "gen_ai.conversation.id": f"{started.id.run}/{started.id.node}",
            "gen_ai.agent.name": started.id.node.partition("@")[0],
            "agentlark.purpose": fact.purpose,
            "agentlark.step": fact.id.step,
            "agentlark.attempt": fact.attempt,
            "agentlark.simulated": fact.simulated,
            **_used(fact.usage),
            **({} if fact.cost is None else {"agentlark.cost_usd": float(fact.cost)}),
            **self._content(fact),
        }
        yield SpanRecord(
            name=f"chat {started.model}",
            trace_id=self._trace,
            span_id=self._id("turn", *fact.id, fact.attempt),
            parent_id=self._id("agent", fact.id.node),
            kind="client",
            began=started.at,
            ended=max(started.at, fact.at),
            attributes=attributes,
            error=None if fact.ending == "done" else _error_of(fact),
        )

    def _content(self, fact: TurnEnded) -> dict[str, Value]:
        if self._body is None or fact.answer is None:
            return {}
        asked = TurnInput.model_validate_json(self._body(fact.key)).prompt
        said = Done.model_validate_json(self._body(fact.answer)).message.text
        return {
            "gen_ai.input.messages": _messages("user", asked),
            "gen_ai.output.messages": _messages("assistant", said, finish_reason="stop"),
        }

    def _tool(self, fact: Acted) -> SpanRecord:
        turn = self._turns.get(fact.id)
        attempt = turn.attempt if turn else 1
        content: dict[str, Value] = {"gen_ai.tool.call.arguments": fact.title} if self._body else {}
        return SpanRecord(
            name=f"execute_tool {fact.action}",
            trace_id=self._trace,
            span_id=self._id("tool", *fact.id, attempt, fact.number),
            parent_id=self._id("turn", *fact.id, attempt),
            kind="internal",
            began=fact.at - timedelta(milliseconds=fact.duration_ms),
            ended=fact.at,
            attributes={
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": fact.action,
                "gen_ai.tool.type": "function",
                "gen_ai.agent.name": fact.id.node.partition("@")[0],
                **content,
            },
            error=None if fact.ok else "_OTHER",
        )

    def _ended(self, fact: NodeEnded) -> Iterator[SpanRecord]:
        """The span of an engagement; one that never took a turn has none."""
        if fact.node in self._agents:
            yield self._engagement(fact.node, fact.at, fact.ending)

    def _engagement(self, node: str, at: datetime, ending: str) -> SpanRecord:
        agent = self._agents.pop(node)
        wave = self._waves[agent.wave]
        wave.agents, wave.ended = wave.agents + 1, max(wave.ended, at)
        return SpanRecord(
            name=f"invoke_agent {agent.attributes['gen_ai.agent.name']}",
            trace_id=self._trace,
            span_id=self._id("agent", node),
            parent_id=self._id("wave", agent.wave),
            kind="internal",
            began=agent.began,
            ended=max(agent.began, at),
            attributes={**agent.attributes, **_used(agent.usage), "agentlark.ending": ending},
            moments=tuple(agent.moments),
            error=ending if ending in _ENDED_BADLY else None,
        )

    def _whole(self, fact: RunEnded) -> Iterator[SpanRecord]:
        """What is still open, the waves, and the run itself."""
        assert self._started is not None
        for node in list(self._agents):
            yield self._engagement(node, fact.at, "unfinished")
        for number, wave in sorted(self._waves.items()):
            yield SpanRecord(
                name=f"wave {number}",
                trace_id=self._trace,
                span_id=self._id("wave", number),
                parent_id=self._id("run"),
                kind="internal",
                began=wave.began,
                ended=wave.ended,
                attributes={"agentlark.wave": number, "agentlark.agents": wave.agents},
            )
        yield SpanRecord(
            name=f"invoke_workflow {self._workflow}",
            trace_id=self._trace,
            span_id=self._id("run"),
            parent_id=None,
            kind="internal",
            began=self._started.at,
            ended=max(self._started.at, fact.at),
            attributes={
                "gen_ai.operation.name": "invoke_workflow",
                "gen_ai.workflow.name": self._workflow,
                "agentlark.run": self._started.run,
                "agentlark.resumed": self._started.resumed,
                "agentlark.simulated": self._started.simulated,
                "agentlark.ending": fact.ending,
            },
            error=fact.ending if fact.ending in _ENDED_BADLY else None,
        )
        self._waves.clear()
        self._started = None

    def _id(self, *parts: object) -> int:
        """The id of a span: of what it stands for, in this session of this run."""
        assert self._started is not None
        return _digest(8, f"{self._trace:032x}", self._started.at.isoformat(), *map(str, parts))


def _asked(started: TurnStarted) -> dict[str, Value]:
    return {"gen_ai.provider.name": started.backend, "gen_ai.request.model": started.model}


def _used(usage: Usage | None) -> dict[str, Value]:
    """Tokens; input includes what came from a cache, output what was thought."""
    if usage is None:
        return {}
    return {
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cached,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
        "agentlark.usage.estimated": usage.estimated,
    }


def _error_of(fact: TurnEnded) -> str:
    """A class of errors, never a message: the status of a refusal, else what became of the turn."""
    status = re.search(r"\bHTTP (\d{3})\b", fact.error or "")
    return status[1] if status else "_OTHER" if fact.ending == "failed" else fact.ending


def _messages(role: str, text: str, **more: str) -> str:
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}], **more}], ensure_ascii=False
    )


def _digest(size: int, *parts: str) -> int:
    """A number of so many bytes that stands for these texts; never 0, which is no id."""
    return int.from_bytes(sha256("\x1f".join(parts).encode()).digest()[:size]) or 1
