"""The frontier of a run: which nodes can start now, and which never can, as nodes are added and end.

A node is ready the moment the last one that it waits for has ended well; it never waits for a whole layer.
Ready nodes wait in a heap per group, whoever holds up the longest chain first (see `priority.py`), then by
their place in the DAG's order. The chains are counted anew only after nodes were added, and each ending looks
only at the ending node's own dependents, so that a run of n nodes and e edges costs O((n + e) log n) for
every wave.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from orchestrator.core.facts import NodeEnded
from orchestrator.schedule.node import Node
from orchestrator.schedule.priority import remaining_chains

_WELL = ("done", "skipped")
"""How a node ends whose dependents may go on."""


class Frontier:
    """The ready and the blocked among the nodes of some groups. `ended` is keyed by node id."""

    def __init__(self, groups: Iterable[str]) -> None:
        self.ended: dict[str, NodeEnded] = {}
        self._nodes: dict[str, Node] = {}
        self._ready: dict[str, list[tuple[int, int, str]]] = {group: [] for group in groups}
        self._chains: dict[str, int] | None = None
        """How many nodes wait for each in a row, itself included; None while nodes are being added."""
        self._open = dict.fromkeys(self._ready, 0)
        self._below: defaultdict[str, list[str]] = defaultdict(list)
        self._missing: dict[str, int] = {}
        self._taken: set[str] = set()
        self._lost: list[str] = []
        """Nodes that did not end well, and whose dependents are still to be looked at."""

    def add(self, node: Node) -> None:
        """Take in a node; those that it waits for may have ended."""
        self._nodes[node.id] = node
        self._open[node.group] += 1
        for upstream in node.waits:
            self._below[upstream].append(node.id)
            if self.is_lost(upstream):
                self._lost.append(upstream)
        self._missing[node.id] = sum(not self.has_done(upstream) for upstream in node.waits)
        self._chains = None
        self._offer(node)

    def end(self, fact: NodeEnded) -> None:
        """Take note of how a node ended; told twice it counts once."""
        if fact.node in self.ended:
            return
        self.ended[fact.node] = fact
        self._taken.add(fact.node)
        self._open[self._nodes[fact.node].group] -= 1
        if self.is_lost(fact.node):
            self._lost.append(fact.node)
            return
        for name in self._below[fact.node]:
            self._missing[name] -= 1
            self._offer(self._nodes[name])

    def reopen(self) -> None:
        """Try again whatever did not end well, and whatever was at work."""
        for name in [name for name in self.ended if self.is_lost(name)]:
            del self.ended[name]
            self._open[self._nodes[name].group] += 1
        self._taken = set(self.ended)
        self._lost = []
        self._ready = {group: [] for group in self._ready}
        self._chains = None
        for node in self._nodes.values():
            if node.id not in self.ended:
                self._offer(node)

    def _offer(self, node: Node) -> None:
        if not self._missing[node.id]:
            chain = self._chains[node.id] if self._chains is not None else 0
            heappush(self._ready[node.group], (-chain, node.order, node.id))

    def _count_chains(self) -> dict[str, int]:
        """The chains of all nodes that have not ended; whoever is ready is put in their order."""
        chains = remaining_chains(
            {name: node.waits for name, node in self._nodes.items() if name not in self.ended}
        )
        for group, ready in self._ready.items():
            anew = [(-chains.get(name, 0), order, name) for _, order, name in ready]
            heapify(anew)
            self._ready[group] = anew
        self._chains = chains
        return chains

    def urgency(self, name: str) -> int:
        """How many nodes the longest chain from a node on has, itself included; 0 once it has ended."""
        chains = self._count_chains() if self._chains is None else self._chains
        return 0 if name in self.ended else chains.get(name, 0)

    def take_ready(self, group: str) -> Node | None:
        """The next node of a group that can start, most urgent first; each only once."""
        if self._chains is None:
            self._count_chains()
        ready = self._ready[group]
        while ready:
            _, _, name = heappop(ready)
            if name not in self._taken:
                self._taken.add(name)
                return self._nodes[name]
        return None

    def take_blocked(self) -> list[tuple[Node, str]]:
        """Every node that can never run now, with the reason, nearest first; each only once."""
        queue, self._lost = self._lost, []
        seen = set(queue)
        found: list[tuple[Node, str]] = []
        for name in queue:
            for below in self._below[name]:
                if below not in seen and below not in self.ended:
                    seen.add(below)
                    queue.append(below)
                    how = "failed" if self.has_failed(name) else "was blocked"
                    found.append((self._nodes[below], f"{name} {how}"))
        return found

    def is_open(self, group: str) -> bool:
        """Whether a node of the group has not ended."""
        return self._open[group] > 0

    def has_done(self, name: str) -> bool:
        """Whether a node has ended well."""
        ended = self.ended.get(name)
        return ended is not None and ended.ending in _WELL

    def is_lost(self, name: str) -> bool:
        """Whether a node has ended, and not well."""
        return name in self.ended and not self.has_done(name)

    def has_failed(self, name: str) -> bool:
        """Whether a node gave no usable answer."""
        ended = self.ended.get(name)
        return ended is not None and ended.ending == "failed"
