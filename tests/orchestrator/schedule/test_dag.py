"""The one order in which agents are listed everywhere."""

from __future__ import annotations

from orchestrator.schedule.dag import dag_order
from tests.doubles.squads import a_squad, an_agent


def test_an_agent_comes_after_those_it_depends_on_whatever_the_file_says() -> None:
    assert dag_order(a_squad([an_agent("c", "b"), an_agent("b", "a"), an_agent("a")])) == ["a", "b", "c"]


def test_independent_agents_keep_the_order_of_the_file() -> None:
    assert dag_order(a_squad([an_agent("z"), an_agent("m"), an_agent("a")])) == ["z", "m", "a"]


def test_a_tie_is_decided_by_the_file_also_among_agents_that_became_free_together() -> None:
    squad = a_squad([an_agent("late", "root"), an_agent("root"), an_agent("early", "root")])
    assert dag_order(squad) == ["root", "late", "early"]


def test_groups_are_listed_one_after_another() -> None:
    squad = a_squad([an_agent("b", "a"), an_agent("a")], [an_agent("d", "a"), an_agent("c")])
    assert dag_order(squad) == ["a", "b", "d", "c"]


def test_a_squad_without_agents_has_an_empty_order() -> None:
    assert dag_order(a_squad()) == []
