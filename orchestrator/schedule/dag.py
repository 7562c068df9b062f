"""The one order in which a squad's agents are listed everywhere."""

from __future__ import annotations

import networkx as nx

from agentlark.model import Squad


def dag_order(squad: Squad) -> list[str]:
    """All agents, each after those it depends on, ties in file order, group after group."""
    places = {agent.id: place for place, agent in enumerate(squad.agents())}
    ordered: list[str] = []
    for group in squad.groups:
        members = {agent.id for agent in group.agents}
        graph: nx.DiGraph[str] = nx.DiGraph()  # of its own: a view of a larger one is much slower
        graph.add_nodes_from(agent.id for agent in group.agents)
        graph.add_edges_from(
            (up, agent.id) for agent in group.agents for up in agent.depends_on if up in members
        )
        ordered += nx.lexicographical_topological_sort(graph, key=places.__getitem__)
    return ordered
