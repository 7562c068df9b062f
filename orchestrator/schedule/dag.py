"""The squad as a networkx graph, and the one order in which its agents are listed everywhere."""

from __future__ import annotations

import networkx as nx

from agentlark.model import Squad


def squad_graph(squad: Squad) -> nx.DiGraph[str]:
    """The configured agents as a graph: an edge from each agent to those that wait for it.

    Nodes carry `agent`, `group` (its id) and `index` (its place in the file).
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    index = 0
    for group in squad.groups:
        for agent in group.agents:
            graph.add_node(agent.id, agent=agent, group=group.id, index=index)
            index += 1
    for agent in squad.agents():
        graph.add_edges_from((upstream, agent.id) for upstream in agent.depends_on)
    return graph


def dag_order(squad: Squad) -> list[str]:
    """All agents, each after those it depends on, ties in file order, group after group."""
    graph = squad_graph(squad)
    ordered: list[str] = []
    for group in squad.groups:
        inner = graph.subgraph(agent.id for agent in group.agents)
        index = graph.nodes
        ordered += nx.lexicographical_topological_sort(inner, key=lambda name: index[name]["index"])
    return ordered
