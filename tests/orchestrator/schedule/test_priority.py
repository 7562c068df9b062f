"""Whoever holds up the longest chain goes first."""

from __future__ import annotations

import random

import networkx as nx
import pytest

from orchestrator.schedule.priority import remaining_chains
from orchestrator.schedule.state import RunState
from tests.doubles.facts import ended, joined, run_started, specialist
from tests.doubles.squads import a_squad, an_agent


def taken(state: RunState) -> list[str]:
    """All nodes in the order in which they start, one at a time."""
    order = []
    while (node := state.take_ready()) is not None:
        order.append(node.id)
        state.apply(ended(node.id))
    return order


def test_a_chain_is_counted_down_to_its_end() -> None:
    waits = {"a": (), "b": ("a",), "c": ("b",), "d": ("a",), "e": ()}
    assert remaining_chains(waits) == {"a": 3, "b": 2, "c": 1, "d": 1, "e": 1}


def test_who_is_not_asked_about_is_passed_over() -> None:
    assert remaining_chains({"b": ("a", "a"), "c": ("b", "gone")}) == {"b": 2, "c": 1}
    assert remaining_chains({}) == {}


@pytest.mark.parametrize("seed", range(30))
def test_it_is_the_longest_path_of_any_graph(seed: int) -> None:
    dice = random.Random(seed)
    names = [f"n{place}" for place in range(dice.randint(1, 40))]
    waits = {
        name: tuple(up for up in names[:place] if dice.random() < 0.15) for place, name in enumerate(names)
    }
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((up, name) for name, ups in waits.items() for up in ups)
    chains = remaining_chains(waits)
    for name in names:
        below = graph.subgraph({name, *nx.descendants(graph, name)})
        assert chains[name] == nx.dag_longest_path_length(below) + 1


def test_a_chain_of_ten_thousand_is_counted_without_recursion() -> None:
    waits = {str(place): (str(place - 1),) if place else () for place in range(10_000)}
    assert remaining_chains(waits)["0"] == 10_000


def test_the_critical_path_goes_first_and_equals_go_in_the_order_of_the_dag() -> None:
    squad = a_squad(
        [an_agent("x"), an_agent("y"), an_agent("a"), an_agent("b", "a"), an_agent("c", "b"), an_agent("z")]
    )
    assert taken(RunState(squad)) == ["a", "b", "x", "y", "c", "z"]


def test_nobody_waits_for_ever() -> None:
    dice = random.Random(5)
    agents = []
    for place in range(60):
        above = [f"n{up}" for up in range(place) if dice.random() < 0.05]
        agents.append(an_agent(f"n{place}", *above))
    assert sorted(taken(RunState(a_squad(agents)))) == sorted(agent.id for agent in agents)


def test_who_joins_later_counts_at_once() -> None:
    squad = a_squad([an_agent("builder", blueprint=True), an_agent("x"), an_agent("y")])
    state = RunState(squad)
    first = state.take_ready()
    assert first is not None
    assert first.id == "builder"
    state.apply(joined("builder", specialist("s1", "y"), specialist("s2", "s1")))
    state.apply(ended("builder"))
    assert state.urgency("y") == 3
    assert taken(state) == ["y", "s1", "x", "s2"]


def test_a_resumed_run_takes_the_same_order() -> None:
    squad = a_squad([an_agent("x"), an_agent("a"), an_agent("b", "a")])
    state = RunState(squad)
    node = state.take_ready()
    assert node is not None
    assert node.id == "a"
    state.apply(run_started(resumed=True))
    assert taken(state) == ["a", "x", "b"]


def test_the_urgency_of_who_has_ended_is_nothing() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b", "a")]))
    assert (state.urgency("a"), state.urgency("b")) == (2, 1)
    state.apply(ended("a"))
    assert (state.urgency("a"), state.urgency("b")) == (0, 1)
