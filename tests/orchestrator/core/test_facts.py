"""Facts are JSON that says its kind; signals never pass for facts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from orchestrator.core.facts import FACT, Acted, BlueprintRefused, Fact, RunEnded, TextDelta
from orchestrator.core.turn import TurnId
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.virtual_time import EPOCH

FACTS: list[Fact] = [
    run_started(),
    turn_started("a"),
    turn_ended("a"),
    Acted(
        id=TurnId("r", "a", 1), number=1, action="file_change", title="x", detail={"n": [1, None]}, at=EPOCH
    ),
    joined("a", specialist("x", "a")),
    BlueprintRefused(node="a", reasons=("no",), at=EPOCH),
    ended("a"),
    RunEnded(ending="done", at=EPOCH),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.kind)
def test_a_fact_survives_being_recorded(fact: Fact) -> None:
    again = FACT.validate_json(fact.model_dump_json())
    assert again == fact
    assert type(again) is type(fact)


def test_a_fact_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind"):
        FACT.validate_json('{"kind": "turn-imagined"}')


def test_a_signal_is_not_a_fact() -> None:
    with pytest.raises(ValidationError):
        FACT.validate_json(TextDelta(id=TurnId("r", "a", 1), text="x").model_dump_json())
