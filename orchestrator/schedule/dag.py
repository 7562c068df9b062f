"""The one order in which a squad's agents are listed everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from agentlark.model import Group, Squad


def dag_order(squad: Squad) -> list[str]:
    """All agents, each after those it depends on, ties in file order, group after group.

    Most files name agents in such an order already, and then theirs is the one.
    """
    return [name for group in squad.groups for name in _in_order(group)]


def _in_order(group: Group) -> Iterator[str]:
    places = {agent.id: place for place, agent in enumerate(group.agents)}
    edges = [(up, agent.id) for agent in group.agents for up in agent.depends_on if up in places]
    if all(places[up] < places[name] for up, name in edges):
        return iter(places)
    import networkx as nx  # takes longer to load than a large squad to read

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(places)
    graph.add_edges_from(edges)
    return nx.lexicographical_topological_sort(graph, key=places.__getitem__)
