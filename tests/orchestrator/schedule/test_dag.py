"""The one order in which agents are listed everywhere."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.permutations(range(7)), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_it_is_the_least_order_by_file_of_all_that_the_dependencies_allow(
    listed: list[int], pairs: set[tuple[int, int]]
) -> None:
    upstream = {name: [f"a{up}" for up, down in pairs if down == name and up < down] for name in listed}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(f"a{name}" for name in listed)
    graph.add_edges_from((up, f"a{name}") for name, ups in upstream.items() for up in ups)
    places = {f"a{name}": place for place, name in enumerate(listed)}
    squad = a_squad([an_agent(f"a{name}", *upstream[name]) for name in listed])
    assert dag_order(squad) == list(nx.lexicographical_topological_sort(graph, key=places.__getitem__))
