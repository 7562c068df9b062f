"""Running part of a squad."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import UserError
from orchestrator.schedule.select import select
from tests.doubles.squads import a_squad, an_agent

SQUAD = a_squad(
    [an_agent("planner"), an_agent("builder", "planner")], [an_agent("qa", "builder"), an_agent("docs")]
)


def names(agents: tuple[str, ...] = (), groups: tuple[str, ...] = (), with_deps: bool = False) -> list[str]:
    return [agent.id for agent in select(SQUAD, agents, groups, with_deps).agents()]


def test_nothing_named_keeps_the_squad_itself() -> None:
    assert select(SQUAD) is SQUAD


def test_named_agents_stay_in_file_order() -> None:
    assert names(("builder", "planner")) == ["planner", "builder"]


def test_a_group_without_agents_left_disappears() -> None:
    assert [group.id for group in select(SQUAD, ["docs"]).groups] == ["g1"]


def test_a_named_group_stays_whole() -> None:
    assert names(groups=("g0",)) == ["planner", "builder"]


def test_agents_and_groups_together_narrow() -> None:
    assert names(("docs",), ("g1",)) == ["docs"]


def test_a_dependency_left_out_is_an_error_that_names_both() -> None:
    with pytest.raises(UserError, match="qa depends on builder") as raised:
        names(("qa",))
    assert "--with-deps" in raised.value.remedy


def test_every_dependency_left_out_is_named_at_once() -> None:
    squad = a_squad([an_agent("a"), an_agent("b", "a"), an_agent("c", "a", "b")])
    with pytest.raises(UserError, match="c depends on a, c depends on b"):
        select(squad, ["c"])


def test_with_deps_brings_in_dependencies_of_dependencies_across_groups() -> None:
    assert names(("qa",), with_deps=True) == ["planner", "builder", "qa"]


def test_with_deps_brings_in_what_a_named_group_waits_for() -> None:
    assert names(groups=("g1",), with_deps=True) == ["planner", "builder", "qa", "docs"]


@pytest.mark.parametrize(
    ("agents", "groups", "message", "remedy"),
    [
        (("bilder",), (), "no agent 'bilder'", "'builder'"),
        ((), ("g7",), "no group 'g7'", "g"),
        (("zzzzzz",), (), "no agent 'zzzzzz'", "there is planner, builder, qa, docs"),
        (("planner",), ("g1",), "no agent is left", "--groups"),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(
    agents: tuple[str, ...], groups: tuple[str, ...], message: str, remedy: str
) -> None:
    with pytest.raises(UserError) as raised:
        names(agents, groups)
    assert message in raised.value.message
    assert remedy in raised.value.remedy
