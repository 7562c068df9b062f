"""Shapes: what is wished of a blueprint that is right in itself."""

from __future__ import annotations

import pytest

from agentlark.blueprint import Blueprint
from orchestrator.schedule.shapes import BuildersOnly, FourSlots, Free
from tests.doubles.facts import specialist


def test_a_free_blueprint_is_wished_nothing() -> None:
    assert Free().wishes(Blueprint(agents=(specialist("a"), specialist("b", "a")))) == []


def test_four_slots_are_four_agents_that_do_not_wait_for_each_other() -> None:
    four = tuple(specialist(name, "planner") for name in "abcd")
    assert FourSlots().wishes(Blueprint(agents=four)) == []
    assert FourSlots().wishes(Blueprint(agents=(specialist("a"), specialist("b", "a", "planner")))) == [
        "4 agents are wanted, 2 are given: fill every slot",
        "b depends on a: the 4 are to be independent",
    ]


@pytest.mark.parametrize(
    "role", ["Builder", "builder of tests", "Test-Builder", "Implementer", "Go implementer"]
)
def test_builders_are_told_by_their_role(role: str) -> None:
    agent = specialist("a").model_copy(update={"role": role})
    assert BuildersOnly().wishes(Blueprint(agents=(agent,))) == []


@pytest.mark.parametrize("role", ["Researcher", "Rebuilder", "Build", "Reviewer of builders"])
def test_others_are_named_with_their_role(role: str) -> None:
    agent = specialist("a").model_copy(update={"role": role})
    assert BuildersOnly().wishes(Blueprint(agents=(agent,))) == [
        f"the role of a is {role!r}: this wave is of builders only"
    ]
