"""Reading back what an agent was asked and what it answered."""

from __future__ import annotations

import json

import pytest

from orchestrator.core.errors import UserError
from orchestrator.core.turn import Failed
from orchestrator.run.recall import Turn, recall
from tests.doubles.performer import Reply, ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage

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
