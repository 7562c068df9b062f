"""A squad or a run as a picture: its nodes in layers and what leads from one to another.

`graph_text.py` draws it in lines, `graph_markup.py` writes it for Mermaid and Graphviz.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from agentlark.diagnostics import visible
from orchestrator.schedule.history import History, Standing
from orchestrator.schedule.node import Node, Part, agent_of
from orchestrator.schedule.state import RunState

EdgeKind: TypeAlias = Literal["depends_on", "relay", "blueprint", "handoff"]
"""Why there is an edge: its target waits for its source; waits because it may be handed work; joined by its
blueprint; was handed work with a note."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """One node; `layer` counts from 1 in its section: the nodes of one group and wave."""

    id: str
    agent: str
    role: str
    group: str
    wave: int
    layer: int
    part: Part
    gives_blueprint: bool
    state: Standing | None = None
    """How it ended, or how far it came; None when the picture is of no run."""
    seconds: float | None = None
    reused: bool = False
    """Whether all its answers were taken from other runs."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Something goes from one node to another; `note` comes with a handoff."""

    source: str
    target: str
    kind: EdgeKind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What there is to draw: vertices by section and layer, edges by their targets' order.

    Groups run one after another, and so do the waves of a group.
    """

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]

    def sections(self) -> list[tuple[str, list[Vertex]]]:
        """The vertices of each group and wave, with a title."""
        found: dict[tuple[str, int], list[Vertex]] = {}
        for vertex in self.vertices:
            found.setdefault((vertex.group, vertex.wave), []).append(vertex)
        adding = {edge.target: edge.source for edge in self.edges if edge.kind == "blueprint"}
        return [(_title(key, members, adding), members) for key, members in found.items()]


def _title(key: tuple[str, int], members: Sequence[Vertex], adding: Mapping[str, str]) -> str:
    group, wave = key
    if not wave:
        return group
    by = next((adding[each.id] for each in members if each.id in adding), None)
    return f"{group}, wave {wave}" + (f", by the blueprint of {by}" if by else f": {members[0].part}")


def picture_of(state: RunState, history: History | None = None) -> Picture:
    """The picture of a run's nodes; with a history each has its standing and time."""
    places = {group.id: place for place, group in enumerate(state.squad.groups)}
    layers: dict[str, int] = {}
    for node in state.in_order():
        above = (layers[up] for up in _above(node) if up in layers and _is_beside(state.nodes[up], node))
        layers[node.id] = 1 + max(above, default=0)
    ordered = sorted(
        state.in_order(), key=lambda node: (places[node.group], node.wave, layers[node.id], node.order)
    )
    vertices = tuple(_vertex(node, layers[node.id], history) for node in ordered)
    edges = [edge for node in ordered for edge in _edges_to(node)]
    if history is not None:
        edges += _handoffs(history)
    return Picture(vertices, tuple(edges))


def _above(node: Node) -> tuple[str, ...]:
    """The nodes without which this one could not act."""
    return node.waits if node.by is None else (*node.waits, node.by)


def _is_beside(one: Node, other: Node) -> bool:
    return (one.group, one.wave) == (other.group, other.wave)


def _vertex(node: Node, layer: int, history: History | None) -> Vertex:
    passage = history.passages[node.id] if history else None
    return Vertex(
        id=node.id,
        agent=node.agent.id,
        role=node.agent.role,
        group=node.group,
        wave=node.wave,
        layer=layer,
        part=node.part,
        gives_blueprint=node.gives_blueprint,
        state=passage.standing if passage else None,
        seconds=round(passage.seconds, 3) if passage else None,
        reused=passage is not None and passage.reused > 0 and not passage.turns,
    )


def _edges_to(node: Node) -> Iterator[Edge]:
    for up in node.waits:
        yield Edge(up, node.id, "depends_on" if agent_of(up) in node.agent.depends_on else "relay")
    if node.by is not None:
        yield Edge(node.by, node.id, "blueprint")


def _handoffs(history: History) -> Iterator[Edge]:
    """What was handed on and taken up: by the node named, else by the receiver's next engagement."""
    nodes = history.state.nodes
    for each in history.handoffs:
        if each.sender in nodes:
            later = (
                node.id
                for node in history.state.in_order()
                if node.agent.id == each.receiver and node.wave > nodes[each.sender].wave
            )
            taker = each.node or next(later, None)
            if taker in nodes:
                yield Edge(each.sender, taker, "handoff", each.note)


def as_json(picture: Picture) -> str:
    """The picture as JSON: `nodes` and `edges`, and `groups` in the order in which they run."""
    groups = list(dict.fromkeys(vertex.group for vertex in picture.vertices))
    whole = {
        "groups": groups,
        "nodes": [asdict(vertex) for vertex in picture.vertices],
        "edges": [asdict(edge) for edge in picture.edges],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def standing_of(vertex: Vertex) -> str:
    """How far a node came, and how long that took, in words."""
    cached = " CACHED" if vertex.reused else ""
    took = f" {vertex.seconds:.1f} s" if vertex.seconds else ""
    return f"{vertex.state}{cached}{took}"


def one_line(text: str) -> str:
    """A text as one line in which nothing acts on a terminal."""
    return visible(" ".join(text.split()))
