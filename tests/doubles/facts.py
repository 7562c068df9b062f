"""Facts with everything filled in that a test does not care about."""

from __future__ import annotations

from agentlark.blueprint import Specialist
from orchestrator.core.facts import (
    AgentsEngaged,
    AgentsJoined,
    EngagedFor,
    NodeEnded,
    NodeEnding,
    RunStarted,
    TurnEnded,
    TurnStarted,
)
from orchestrator.core.frozen import digest_of
from orchestrator.core.turn import TurnId, Usage
from tests.doubles.virtual_time import EPOCH

KEY = digest_of(b"key")


def run_started(resumed: bool = False, simulated: bool = False, run: str = "r") -> RunStarted:
    return RunStarted(run=run, prompt=KEY, squad=KEY, simulated=simulated, resumed=resumed, at=EPOCH)


def turn_started(node: str, step: int = 1, **fields: object) -> TurnStarted:
    given = {
        "id": TurnId("r", node, step),
        "purpose": "plan",
        "key": KEY,
        "backend": "fake",
        "model": "fake-1",
        "max_tokens": 100,
        "at": EPOCH,
        **fields,
    }
    return TurnStarted.model_validate(given)


def turn_ended(node: str, step: int = 1, **fields: object) -> TurnEnded:
    given = {
        "id": TurnId("r", node, step),
        "purpose": "plan",
        "key": KEY,
        "ending": "done",
        "usage": Usage(input=1200, output=34),
        "at": EPOCH,
        **fields,
    }
    return TurnEnded.model_validate(given)


def ended(node: str, ending: NodeEnding = "done", reason: str | None = None) -> NodeEnded:
    output = digest_of(node.encode()) if ending == "done" else None
    return NodeEnded(node=node, ending=ending, output=output, reason=reason, at=EPOCH)


def specialist(id: str, *depends_on: str, prompt: str = "do it") -> Specialist:
    return Specialist(id=id, role=id.title(), prompt=prompt, depends_on=depends_on)


def joined(by: str, *agents: Specialist, wave: int = 1, group: str = "g0", summary: str = "") -> AgentsJoined:
    return AgentsJoined(wave=wave, group=group, by=by, summary=summary, agents=agents, at=EPOCH)


def engaged(purpose: EngagedFor, *agents: str, wave: int, group: str = "g0") -> AgentsEngaged:
    return AgentsEngaged(wave=wave, group=group, purpose=purpose, agents=agents, at=EPOCH)
