"""The state of a run: the fold of its facts over the squad it was started with.

The run loop, resume, screens, metrics and timelines share this one fold. It answers who is ready (never
waiting for a whole layer: an agent is ready the moment its last dependency ended), who can no longer run,
and what stands upstream of whom. Groups are the only barrier.

Ready nodes wait in a heap by their place in the DAG's order; each ending looks only at the ending node's
own dependents, so that a run of n nodes and e edges costs O((n + e) log n) in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import assert_never

from agentlark.blueprint import Specialist
from agentlark.model import Squad
from orchestrator.core.facts import (
    Acted,
    AgentsJoined,
    BlueprintRefused,
    Fact,
    NodeEnded,
    RunEnded,
    RunStarted,
    TurnEnded,
    TurnStarted,
)
from orchestrator.core.turn import TurnId, Usage
from orchestrator.schedule.dag import dag_order
from orchestrator.schedule.node import Node, specialist_agent


class RunState:
    """The fold of facts. `apply` takes the next fact; everything else is a question.

    `nodes` and `ended` are keyed by node id, `unknown` by turn id: turns that were started and have no
    recorded outcome.
    """

    def __init__(self, squad: Squad) -> None:
        self.squad = squad
        self.nodes: dict[str, Node] = {}
        self.ended: dict[str, NodeEnded] = {}
        self.refused: dict[str, BlueprintRefused] = {}
        self.unknown: dict[TurnId, TurnStarted] = {}
        self.ending: RunEnded | None = None
        self.turns = 0
        self.usage = Usage()
        self.waves = 0
        self._below: dict[str, list[str]] = {}
        self._missing: dict[str, int] = {}
        self._open: list[int] = []
        self._group = 0
        self._places = {group.id: place for place, group in enumerate(squad.groups)}
        self._heaps: list[list[tuple[int, str]]] = []
        self._taken: set[str] = set()
        self._build()

    def _build(self) -> None:
        homes = {agent.id: (agent, group.id) for group in self.squad.groups for agent in group.agents}
        self._heaps = [[] for _ in self.squad.groups]
        self._open = [0 for _ in self.squad.groups]
        for order, name in enumerate(dag_order(self.squad)):
            agent, group = homes[name]
            self._add(Node(name, agent, group, wave=0, order=order))

    def _add(self, node: Node) -> None:
        self.nodes[node.id] = node
        self._below.setdefault(node.id, [])
        place = self._places[node.group]
        self._open[place] += 1
        missing = 0
        for upstream in dict.fromkeys(node.agent.depends_on):
            self._below.setdefault(upstream, []).append(node.id)
            ended = self.ended.get(upstream)
            missing += ended is None or ended.ending != "done"
        self._missing[node.id] = missing
        if not missing:
            heappush(self._heaps[place], (node.order, node.id))

    def apply(self, fact: Fact) -> None:
        """Take the next fact into account."""
        match fact:
            case RunStarted():
                if fact.resumed:
                    self._reopen()
            case TurnStarted():
                self.unknown[fact.id] = fact
            case TurnEnded():
                self.unknown.pop(fact.id, None)
                self.turns += fact.ending == "done"
                if fact.usage is not None:
                    self.usage += fact.usage
            case AgentsJoined():
                self._join(fact)
            case BlueprintRefused():
                self.refused[fact.node] = fact
            case NodeEnded():
                self._end(fact)
            case RunEnded():
                self.ending = fact
            case Acted():
                pass
            case _:
                assert_never(fact)

    def _join(self, fact: AgentsJoined) -> None:
        self.waves = max(self.waves, fact.wave)
        parent = self.nodes[fact.by].agent
        ordered = _in_dependency_order(fact)
        for specialist in ordered:
            self._add(
                Node(
                    id=specialist.id,
                    agent=specialist_agent(specialist, parent),
                    group=fact.group,
                    wave=fact.wave,
                    order=len(self.nodes),
                    brief=specialist.prompt,
                    summary=fact.summary,
                    by=fact.by,
                )
            )

    def _end(self, fact: NodeEnded) -> None:
        node = self.nodes[fact.node]
        if fact.node in self.ended:
            return
        self.ended[fact.node] = fact
        self._taken.add(fact.node)
        self._open[self._places[node.group]] -= 1
        if fact.ending != "done":
            return
        for name in self._below[fact.node]:
            self._missing[name] -= 1
            if not self._missing[name]:
                below = self.nodes[name]
                heappush(self._heaps[self._places[below.group]], (below.order, name))

    def _reopen(self) -> None:
        """A resumed run tries again whatever did not end well."""
        again = [name for name, ended in self.ended.items() if ended.ending != "done"]
        for name in again:
            del self.ended[name]
            self._open[self._places[self.nodes[name].group]] += 1
        self.ending = None
        self._group = 0
        self._taken = set(self.ended)
        self._heaps = [[] for _ in self._heaps]
        for node in self.nodes.values():
            if node.id not in self.ended and not self._missing[node.id]:
                heappush(self._heaps[self._places[node.group]], (node.order, node.id))

    def take_ready(self) -> Node | None:
        """The next node of the current group that can start, earliest in the DAG's order; each only once."""
        self._advance()
        if self._group >= len(self._heaps):
            return None
        heap = self._heaps[self._group]
        while heap:
            _, name = heappop(heap)
            if name not in self._taken:
                self._taken.add(name)
                return self.nodes[name]
        return None

    def _advance(self) -> None:
        while self._group < len(self._open) and not self._open[self._group]:
            self._group += 1

    def blocked(self, ended: str) -> Iterator[tuple[Node, str]]:
        """Every node that can never run now that `ended` has ended, with the reason, nearest first.

        Those are the ones below it if it failed, and those it added below a node that had failed before.
        """
        queue = [name for name in (ended, *self._above_added(ended)) if self._is_lost(name)]
        seen = set(queue)
        for name in queue:
            for below in self._below[name]:
                if below not in seen and below not in self.ended:
                    seen.add(below)
                    queue.append(below)
                    failed = name in self.ended and self.ended[name].ending == "failed"
                    yield self.nodes[below], f"{name} {'failed' if failed else 'was blocked'}"

    def _above_added(self, parent: str) -> Iterator[str]:
        """What the nodes that `parent` added depend on."""
        if self.nodes[parent].agent.blueprint:
            for node in self.nodes.values():
                if node.by == parent:
                    yield from node.agent.depends_on

    def _is_lost(self, name: str) -> bool:
        ended = self.ended.get(name)
        return ended is not None and ended.ending != "done"

    def upstream(self, node: Node) -> list[Node]:
        """The nodes whose outputs this one is given, in the DAG's order.

        Besides its dependencies these are, for an agent outside the group of a blueprint agent that it
        depends on, the specialists which that blueprint added.
        """
        direct = {self.nodes[name].order: self.nodes[name] for name in node.agent.depends_on}
        planners = {up.id for up in direct.values() if up.agent.blueprint and up.group != node.group}
        if planners:
            direct.update({each.order: each for each in self.nodes.values() if each.by in planners})
        return [direct[order] for order in sorted(direct)]

    def output_digest(self, name: str) -> str | None:
        """The digest of the answer that stands for a node; None while there is none."""
        ended = self.ended.get(name)
        return ended.output if ended else None

    def has_done(self, name: str) -> bool:
        """Whether a node has ended well."""
        ended = self.ended.get(name)
        return ended is not None and ended.ending == "done"

    def known_to_blueprint(self, node: Node) -> list[str]:
        """The ids that the node's blueprint may depend on: those of its own and of earlier groups."""
        place = self._places[node.group]
        return [each.id for each in self.nodes.values() if self._places[each.group] <= place]

    @property
    def is_over(self) -> bool:
        """Whether every node has ended."""
        return not any(self._open)

    def final(self) -> list[Node]:
        """The nodes whose outputs are the squad's answer: those of the last group that nobody waits for.

        A blueprint agent whose specialists joined is not among them: they carry its work on.
        """
        if not self.squad.groups:
            return []
        last = self.squad.groups[-1].id
        awaited = {up for node in self.nodes.values() for up in node.agent.depends_on}
        parents = {node.by for node in self.nodes.values() if node.by}
        return [
            node
            for node in self._ordered()
            if node.group == last and node.id not in awaited and node.id not in parents
        ]

    def _ordered(self) -> Iterable[Node]:
        return sorted(self.nodes.values(), key=lambda node: node.order)

    def in_order(self) -> list[Node]:
        """All nodes in the DAG's order."""
        return list(self._ordered())


def _in_dependency_order(fact: AgentsJoined) -> list[Specialist]:
    """A wave's agents, each after those of the same wave that it depends on, else as given."""
    waiting = list(fact.agents)
    ordered: list[Specialist] = []
    placed: set[str] = set()
    inside = {agent.id for agent in waiting}
    while waiting:
        ready = [agent for agent in waiting if not (inside & set(agent.depends_on)) - placed]
        if not ready:
            raise ValueError(f"the wave {fact.wave} has a circle; it should have been refused")
        ordered += ready
        placed.update(agent.id for agent in ready)
        waiting = [agent for agent in waiting if agent.id not in placed]
    return ordered
