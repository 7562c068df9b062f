"""Reading back what an agent was asked and what it answered."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from orchestrator.core.errors import UserError
from orchestrator.core.facts import AgentsEngaged, Fact, NodeEnded
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.turn import Done, Failed, Message, TurnInput, Usage
from orchestrator.run.recall import Turn, recall
from orchestrator.schedule.node import agent_of
from tests.doubles.facts import turn_ended
from tests.doubles.performer import Reply, ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import EPOCH

BLUEPRINT = json.dumps({"agents": [{"id": "x", "role": "R", "prompt": "do x"}]})


def played() -> Stage:
    squad = a_squad(
        [an_agent("a"), an_agent("b", "a", blueprint=True), an_agent("bad"), an_agent("below", "bad")]
    )
    script: dict[str, list[Reply]] = {
        "b": ["plan", "no", BLUEPRINT],
        "bad": [Failed(error="the model is broken", paid="no")],
    }
    stage = Stage(squad, ScriptedPerformer(script))
    stage.play()
    return stage


STAGE = played()


def read(agent: str, turn: Turn | None = None) -> tuple[str, str]:
    found = recall(STAGE.journal, "r", [each.id for each in STAGE.squad.agents()], agent, turn)
    return found.input.prompt, found.done.message.text


def test_an_agents_answer_is_its_last_turn() -> None:
    assert read("a") == ("follow up on a plan", "a follow-up")


def test_a_turn_can_be_named() -> None:
    assert read("a", "plan") == ("plan the task", "a plan")
    assert read("a", "follow-up")[1] == "a follow-up"


def test_a_follow_up_that_was_repaired_is_shown_repaired() -> None:
    assert read("b", "follow-up")[1] == BLUEPRINT


def test_specialists_are_found_too() -> None:
    assert read("x")[1] == "x follow-up"


@pytest.mark.parametrize(
    ("agent", "turn", "message"),
    [
        ("bad", None, "bad has no answer in r: it is failed, the model is broken"),
        ("below", None, "below has no answer in r: it is blocked, bad failed"),
        ("bad", "follow-up", "bad has no follow-up answer in r"),
        ("bx", None, "there is no agent 'bx' in r"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_why(agent: str, turn: Turn | None, message: str) -> None:
    with pytest.raises(UserError) as raised:
        read(agent, turn)
    assert raised.value.message.startswith(message)
    assert raised.value.remedy


def test_a_specialist_is_offered_when_a_name_is_misspelt() -> None:
    with pytest.raises(UserError) as raised:
        recall(STAGE.journal, "r", ["planner"], "plannr", None)
    assert raised.value.remedy == "did you mean 'planner'?"


class Relayed:
    """The record of a relay in which `a` acted twice, handing on each time, and an orchestrator once."""

    def __init__(self) -> None:
        self.bodies: dict[Digest, bytes] = {}
        self.recorded: list[Fact] = []
        self._act("a")
        self.recorded.append(
            AgentsEngaged(wave=2, group="g0", purpose="relay", agents=("a", "orchestrator"), at=EPOCH)
        )
        self._act("a@2")
        self._act("orchestrator@2")

    def _act(self, node: str) -> None:
        output = None
        for step, purpose in enumerate(("plan", "follow-up", "handoff"), start=1):
            done = Done(message=Message(role="assistant", text=f"{purpose} of {node}"), usage=Usage())
            asked = TurnInput.model_validate(
                {"agent": agent_of(node), "purpose": purpose, "backend": "f", "model": "m", "prompt": node}
            )
            answer = digest_of(done.encoded())
            self.bodies |= {asked.key(): asked.encoded(), answer: done.encoded()}
            self.recorded.append(turn_ended(node, step, purpose=purpose, key=asked.key(), answer=answer))
            output = answer if purpose == "follow-up" else output
        self.recorded.append(NodeEnded(node=node, ending="done", output=output, at=EPOCH))

    def facts(self, run: str, after: int = 0) -> Iterator[tuple[int, Fact]]:
        yield from enumerate(self.recorded, start=1)

    def body(self, digest: Digest) -> bytes:
        return self.bodies[digest]


@pytest.mark.parametrize(
    ("agent", "turn", "text"),
    [
        ("a", None, "follow-up of a@2"),
        ("a@2", None, "follow-up of a@2"),
        ("a", "plan", "plan of a@2"),
        ("a", "follow-up", "follow-up of a@2"),
        ("orchestrator", None, "follow-up of orchestrator@2"),
        ("orchestrator@2", None, "follow-up of orchestrator@2"),
    ],
)
def test_an_agent_that_acts_again_is_shown_as_it_acted_last_and_never_what_it_handed_on(
    agent: str, turn: Turn | None, text: str
) -> None:
    assert recall(Relayed(), "r", ["a"], agent, turn).done.message.text == text
