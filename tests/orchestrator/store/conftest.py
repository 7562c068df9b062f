"""Turns, runs and journals for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.facts import Acted, NodeEnded, TurnEnded, TurnStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Answer, Done, Message, TurnId, TurnInput, Usage

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Turn:
    """A made-up turn: its input, its answer, the facts and bodies that a run would commit for it."""

    def __init__(
        self,
        node: str = "planner",
        step: int = 1,
        *,
        purpose: Any = "plan",
        prompt: str = "Say what you will do.",
        text: str = "First this, then that.",
        run: str = "r",
        simulated: bool = False,
        at: datetime = NOON,
        **ended: Any,
    ) -> None:
        agent = node.partition("@")[0]
        self.id = TurnId(run, node, step)
        self.input = TurnInput(agent=agent, purpose=purpose, backend="b", model="m", prompt=prompt)
        self.done = Done(
            message=Message(role="assistant", text=text), usage=Usage(input=3, output=5), simulated=simulated
        )
        self.key = self.input.key()
        self.answer = digest_of(self.done.encoded())
        self.recorded = Answer(self.done, self.answer)
        self.bodies = {self.key: self.input.encoded(), self.answer: self.done.encoded()}
        head = {"id": self.id, "purpose": purpose, "key": self.key, "at": at}
        self.started = TurnStarted(**head, backend="b", model="m", max_tokens=100)
        fields = {"ending": "done", "answer": self.answer, "usage": self.done.usage, **ended}
        self.ended = TurnEnded(**head, simulated=simulated, **fields)

    def acted(self, number: int = 1, **fields: Any) -> Acted:
        """Something the agent did in this turn."""
        given = {"action": "command_execution", "title": "make test", "detail": {"exit_code": 0}, **fields}
        return Acted(id=self.id, number=number, at=self.ended.at, **given)

    def node_ended(self) -> NodeEnded:
        """The end of its node."""
        return NodeEnded(node=self.id.node, ending="done", output=self.answer, at=self.ended.at)


SQUAD = (
    '{"schema_version":1,"groups":[{"id":"core","agents":[{"id":"planner","role":"Planner"},'
    '{"id":"builder","role":"Builder"}]}]}'
)


def make_record(slug: str = "r", **fields: Any) -> RunRecord:
    given: dict[str, Any] = {
        "squad": SQUAD,
        "prompt": "Ship the MVP — with “care” 🚀",
        "settings": {"jobs": "4"},
        "simulated": False,
        "started": NOON,
    }
    return RunRecord(slug=slug, **{**given, **fields})


@pytest.fixture
def make_turn() -> Callable[..., Turn]:
    return Turn


@pytest.fixture
def record() -> Callable[..., RunRecord]:
    return make_record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".agentfs" / "agent-db.db"


@pytest.fixture
def later() -> Callable[[float], datetime]:
    return lambda seconds: NOON + timedelta(seconds=seconds)
