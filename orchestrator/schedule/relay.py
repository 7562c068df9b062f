"""The relay: who hands work to whom, in which wave it arrives, and what is wrong with a handoff.

Along a group's relay graph an edge is *forward* when its receiver stands later in the squad's order. Forward
work arrives in the same wave: the receiver waits for the sender. Work handed back arrives at the receiver's
next engagement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from agentlark.blueprint import Blueprint, Handoff, Specialist
from orchestrator.core.facts import HandedOff
from orchestrator.schedule.conduct import RelayRules

Graph = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Places:
    """The configured agents of a group by id, each with its place in the squad's order."""

    order: Mapping[str, int]

    def is_forward(self, sender: str, receiver: str) -> bool:
        """Whether work handed so arrives in the same wave."""
        return self.order[receiver] > self.order[sender]

    def forward(self, graph: Graph, sender: str) -> list[str]:
        """The receivers ahead of a sender, in the squad's order."""
        ahead = [each for each in graph.get(sender, ()) if self.is_forward(sender, each)]
        return sorted(dict.fromkeys(ahead), key=lambda each: self.order[each])

    def back(self, graph: Graph, sender: str) -> list[str]:
        """The receivers behind a sender, in the squad's order."""
        behind = [each for each in graph.get(sender, ()) if not self.is_forward(sender, each)]
        return sorted(dict.fromkeys(behind), key=lambda each: self.order[each])

    def senders_to(self, graph: Graph, receiver: str) -> list[str]:
        """The agents that hand forward to a receiver, in the squad's order."""
        return [
            each
            for each in sorted(self.order, key=self.order.__getitem__)
            if receiver in graph.get(each, ()) and self.is_forward(each, receiver)
        ]

    def reached(self, graph: Graph, receivers: Collection[str]) -> list[str]:
        """The receivers and all who stand ahead of them along the graph, in the squad's order."""
        found = set(receivers)
        for name in sorted(self.order, key=self.order.__getitem__):
            if name in found:
                found.update(self.forward(graph, name))
        return sorted(found, key=lambda each: self.order[each])


@dataclass(slots=True)
class Batons:
    """What has been handed on in a run: notes by the node that gets them, and what nobody has got yet."""

    _notes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _undelivered: list[HandedOff] = field(default_factory=list)

    def hand(self, fact: HandedOff) -> None:
        """Take a handoff into account."""
        if fact.node is None:
            self._undelivered.append(fact)
        else:
            self._notes.setdefault(fact.node, []).append((fact.sender, fact.note))

    def deliver(self, receivers: Collection[str], wave: int) -> None:
        """Give undelivered work to its receivers, who are engaged in a wave."""
        for each in self.undelivered(receivers):
            self._undelivered.remove(each)
            self.hand(each.model_copy(update={"node": f"{each.receiver}@{wave}"}))

    def undelivered(self, receivers: Collection[str]) -> list[HandedOff]:
        """The work that is to be got by some of the receivers' next engagements."""
        return [each for each in self._undelivered if each.receiver in receivers]

    def to(self, node: str) -> Sequence[tuple[str, str]]:
        """The notes that a node gets, each with its sender, as they were handed on."""
        return self._notes.get(node, ())


def note_faults(sender: str, handoffs: Sequence[Handoff], rules: RelayRules, places: Places) -> list[str]:
    """What is wrong with the notes of a configured agent; one that is missing only if notes are demanded."""
    allowed = rules.graph.get(sender, ())
    faults = [
        f"{sender} does not hand work to {each.receiver}: it may hand to {', '.join(allowed)}"
        for each in handoffs
        if each.receiver not in allowed
    ]
    receivers = [each.receiver for each in handoffs]
    faults += [
        f"{name} stands twice: give one note"
        for name in dict.fromkeys(receivers)
        if receivers.count(name) > 1
    ]
    return faults + note_gaps(sender, handoffs, rules, places)


def note_gaps(sender: str, handoffs: Sequence[Handoff], rules: RelayRules, places: Places) -> list[str]:
    """Where a configured agent owes a note: every baton that it hands on has one, if notes are demanded."""
    if not rules.requires_note:
        return []
    given = {each.receiver for each in handoffs}
    missing = [name for name in places.forward(rules.graph, sender) if name not in given]
    return [
        *(f"the note to {each.receiver} is empty" for each in handoffs if not each.note.strip()),
        *(f"there is no note to {name}" for name in missing),
    ]


def baton_faults(
    blueprint: Blueprint, rules: RelayRules | None, places: Places, known: Collection[str]
) -> list[str]:
    """What is wrong with a blueprint's handoffs; `known` are the agents of the run that may hand work on."""
    if rules is None:
        return ["only a relay has handoffs: leave them out"] if blueprint.handoffs else []
    own = {agent.id for agent in blueprint.agents}
    faults: list[str] = []
    for each in blueprint.handoffs:
        edge = f"the handoff from {each.sender!r} to {each.receiver!r}"
        if each.sender == each.receiver:
            faults.append(f"{edge} hands work to itself")
        if each.sender not in own and each.sender not in known:
            faults.append(f"{edge}: there is no agent {each.sender!r}")
        if each.receiver not in own and each.receiver not in places.order:
            faults.append(f"{edge}: {each.receiver!r} is neither of this wave nor configured in the group")
        configured = each.sender in places.order and each.receiver in places.order
        if configured and each.receiver not in rules.graph.get(each.sender, ()):
            faults.append(f"{edge} is off the relay graph")
    if not faults and (circle := _circle(blueprint, own)):
        faults.append(f"handoffs and dependsOn make a circle: {' → '.join(circle)}")
    return faults


def unnoted(
    agents: Sequence[Specialist], handoffs: Sequence[Handoff], rules: RelayRules | None
) -> dict[str, str]:
    """The agents of a wave whose baton lacks the note that is demanded, each with the reason."""
    if rules is None or not rules.requires_note:
        return {}
    found: dict[str, str] = {}
    for agent in agents:
        batons = [each for each in handoffs if each.receiver == agent.id]
        empty = [each.sender for each in batons if not each.note.strip()]
        if not batons:
            found[agent.id] = f"nobody hands {agent.id} its baton"
        elif empty:
            found[agent.id] = f"the baton from {', '.join(empty)} to {agent.id} has no note"
    return found


def waits_of(agents: Sequence[Specialist], handoffs: Sequence[Handoff]) -> dict[str, tuple[str, ...]]:
    """Whom each agent of a wave waits for: what it depends on, and who of the same wave hands it work."""
    own = {agent.id for agent in agents}
    waits = {agent.id: list(agent.depends_on) for agent in agents}
    for each in handoffs:
        if each.sender in own and each.receiver in own:
            waits[each.receiver].append(each.sender)
    return {name: tuple(dict.fromkeys(ups)) for name, ups in waits.items()}


def _circle(blueprint: Blueprint, own: Collection[str]) -> list[str]:
    """The agents of a circle among a wave's waits, the first one again at the end; empty if there is none."""
    waits = waits_of(blueprint.agents, blueprint.handoffs)
    left = {name: [up for up in ups if up in own] for name, ups in waits.items()}
    while free := [name for name, ups in left.items() if not any(up in left for up in ups)]:
        for name in free:
            del left[name]
    if not left:
        return []
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(up for up in left[path[-1]] if up in left))
    return path[path.index(path[-1]) :][::-1]
