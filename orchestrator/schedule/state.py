"""The state of a run: the fold of its facts over the squad it was started with.

The run loop, resume, screens, metrics and timelines share this one fold. It answers who is ready and who can
no longer run (see `frontier.py`), what was handed to whom (`relay.py`), what each agent took (`tally.py`),
what is spent and promised (`budget.py`), and what stands upstream of whom. Groups are the only barrier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from agentlark.blueprint import Specialist
from agentlark.model import Squad
from orchestrator.core.facts import (
    Acted,
    AgentsEngaged,
    AgentsJoined,
    ApprovalAsked,
    ApprovalSettled,
    BlueprintRefused,
    Fact,
    HandedOff,
    InterruptAsked,
    NodeEnded,
    NodeEnding,
    RunEnded,
    RunStarted,
    TurnEnded,
    TurnStarted,
    WavesEnded,
)
from orchestrator.core.turn import TurnId, Usage
from orchestrator.schedule.budget import Ledger
from orchestrator.schedule.conduct import Conduct
from orchestrator.schedule.dag import dag_order
from orchestrator.schedule.frontier import Frontier
from orchestrator.schedule.growth import depths_of
from orchestrator.schedule.node import ORCHESTRATOR, Node, agent_of, orchestrator_agent, specialist_agent
from orchestrator.schedule.relay import Batons, Places, unnoted, waits_of
from orchestrator.schedule.tally import Metrics, Tallies


class RunState:
    """The fold of facts. `apply` takes the next fact; everything else is a question.

    `nodes` and `ended` are keyed by node id, `begun` has the ids of those with a turn. `unknown` is keyed by
    turn id: turns that were started and have no recorded outcome; `joined` and `awaiting` (a person's
    consent) by wave. `conducts` say how each group goes on; a group without one has the configured squad and
    one blueprint.
    """

    def __init__(self, squad: Squad, conducts: Mapping[str, Conduct] | None = None) -> None:
        self.squad = squad
        self.nodes: dict[str, Node] = {}
        self._frontier = Frontier(group.id for group in squad.groups)
        self.ended = self._frontier.ended
        self.refused: dict[str, BlueprintRefused] = {}
        self.begun: set[str] = set()
        self.unknown: dict[TurnId, TurnStarted] = {}
        self.joined: dict[int, AgentsJoined] = {}
        self.awaiting: dict[int, ApprovalAsked] = {}
        self.waves_ended: dict[str, WavesEnded] = {}
        self.ending: RunEnded | None = None
        self.waves = 0
        self._conducts = dict(conducts or {})
        self._engaged: list[AgentsEngaged] = []
        self.ledger = Ledger()
        self._tallies = Tallies()
        self._batons = Batons()
        self._engagements: dict[str, list[str]] = {}
        self._members: dict[str, list[Node]] = {group.id: [] for group in squad.groups}
        self._group = 0
        self._group_ids = [group.id for group in squad.groups]
        self._places = {group.id: place for place, group in enumerate(squad.groups)}
        self._build()

    def _build(self) -> None:
        homes = {agent.id: (agent, group.id) for group in self.squad.groups for agent in group.agents}
        ordered = dag_order(self.squad)
        handing = self._relay_senders(ordered)
        for order, name in enumerate(ordered):
            agent, group = homes[name]
            waits = dict.fromkeys((*agent.depends_on, *handing.get(name, ())))
            self._add(Node(name, agent, group, wave=0, order=order, waits=tuple(waits)))

    def _relay_senders(self, ordered: Iterable[str]) -> dict[str, list[str]]:
        """Who hands forward to whom among the configured agents, by receiver; only where a relay is run."""
        order = {name: place for place, name in enumerate(ordered)}
        found: dict[str, list[str]] = {}
        for group in self.squad.groups:
            relay = self.conduct(group.id).relay
            if relay is not None:
                places = Places({agent.id: order[agent.id] for agent in group.agents})
                for sender in places.order:
                    for receiver in places.forward(relay.graph, sender):
                        found.setdefault(receiver, []).append(sender)
        return found

    def _add(self, node: Node) -> None:
        self.nodes[node.id] = node
        self._members[node.group].append(node)
        self._engagements.setdefault(node.agent.id, []).append(node.id)
        self._frontier.add(node)

    def apply(self, fact: Fact) -> None:
        """Take the next fact into account."""
        match fact:
            case RunStarted():
                self._tallies.begin(fact)
                if fact.resumed:
                    self._reopen()
            case TurnStarted():
                self.begun.add(fact.id.node)
                self.unknown[fact.id] = fact
                self.ledger.start(fact, self.nodes[fact.id.node])
                self._tallies.start(fact, self.nodes[fact.id.node])
            case TurnEnded():
                self.begun.add(fact.id.node)
                self.unknown.pop(fact.id, None)
                took = self.ledger.end(fact)
                self._tallies.end(fact, self.nodes[fact.id.node], took)
            case AgentsEngaged():
                self._engage(fact)
            case AgentsJoined():
                self._join(fact)
            case HandedOff():
                self._batons.hand(fact)
            case ApprovalAsked():
                self.waves = max(self.waves, fact.joining.wave)
                self.awaiting[fact.joining.wave] = fact
            case ApprovalSettled():
                self.awaiting.pop(fact.wave, None)
            case WavesEnded():
                self.waves_ended[fact.group] = fact
            case BlueprintRefused():
                self.refused[fact.node] = fact
            case NodeEnded():
                self._frontier.end(fact)
                self._tallies.end_node(fact)
            case RunEnded():
                self.ending = fact
            case Acted() | InterruptAsked():
                pass
            case _:
                assert_never(fact)

    def _engage(self, fact: AgentsEngaged) -> None:
        self.waves = max(self.waves, fact.wave)
        self._engaged.append(fact)
        for name in fact.agents:
            if fact.purpose == "relay":
                self._add(self._again(name, fact))
            else:
                self._add(self._asked(name, fact))
        if fact.purpose == "relay":
            self._batons.deliver(fact.agents, fact.wave)

    def _again(self, name: str, fact: AgentsEngaged) -> Node:
        """A configured agent's next engagement: it waits for those of the same wave that it hears from."""
        agent = self.nodes[name].agent
        relay = self.conduct(fact.group).relay
        handing = self.places(fact.group).senders_to(relay.graph, name) if relay else []
        above = dict.fromkeys((*agent.depends_on, *handing))
        waits = tuple(f"{up}@{fact.wave}" for up in above if up in fact.agents)
        reads = [f"{up}@{fact.wave}" if up in fact.agents else self.newest(up) for up in agent.depends_on]
        return Node(
            id=f"{name}@{fact.wave}",
            agent=agent,
            group=fact.group,
            wave=fact.wave,
            order=len(self.nodes),
            part="relay",
            waits=waits,
            reads=(*reads, self.newest(name)),
        )

    def _asked(self, name: str, fact: AgentsEngaged) -> Node:
        """The node that is to say what comes next: of the blueprint agent, or of the orchestrator."""
        builder = self.blueprint_agent(fact.group)
        assert builder is not None
        parent = self.nodes[builder].agent
        return Node(
            id=f"{name}@{fact.wave}",
            agent=orchestrator_agent(parent) if name == ORCHESTRATOR else parent,
            group=fact.group,
            wave=fact.wave,
            order=len(self.nodes),
            part=fact.purpose,
            reads=tuple(self._looked_back_on(fact, builder)),
        )

    def _looked_back_on(self, fact: AgentsEngaged, builder: str) -> Iterator[str]:
        """For a continuation the way to the builder and the chain it is for, else all that the group did."""
        above = self._above(builder)
        newest = self.newest_wave(fact.group)
        chain = {agent.id for agent in newest.agents} if newest else set()
        for node in self.in_order():
            if fact.purpose == "continuation":
                if node.id in above or node.id == builder or node.id in chain:
                    yield node.id
            elif node.group == fact.group or node.id in above:
                yield node.id

    def _above(self, name: str) -> set[str]:
        """All that a node waits for, directly or not."""
        found: set[str] = set()
        left = list(self.nodes[name].waits)
        while left:
            up = left.pop()
            if up not in found:
                found.add(up)
                left += self.nodes[up].waits
        return found

    def _join(self, fact: AgentsJoined) -> None:
        self.waves = max(self.waves, fact.wave)
        self.joined[fact.wave] = fact
        by = self.nodes[fact.by]
        waits = waits_of(fact.agents, fact.handoffs)
        ordered = _in_dependency_order(fact, waits)
        depths = depths_of(waits, self.depths())
        context = by.reads if by.part == "continuation" else ()
        for specialist in ordered:
            own = waits[specialist.id]
            above = tuple(self.newest(up) for up in own)
            reads = tuple(self.newest(up) for up in specialist.depends_on)
            self._add(
                Node(
                    id=specialist.id,
                    agent=specialist_agent(specialist, by.agent),
                    group=fact.group,
                    wave=fact.wave,
                    order=len(self.nodes),
                    part="specialist",
                    waits=above,
                    reads=tuple(dict.fromkeys((*context, *reads))),
                    brief=specialist.prompt,
                    summary=fact.summary,
                    by=fact.by,
                    depth=depths[specialist.id],
                )
            )
        relay = self.conduct(fact.group).relay
        needs_note = relay is not None and relay.requires_note
        for each in fact.handoffs:
            to = each.receiver if each.receiver in waits else None
            if each.note.strip() or (to is None and not needs_note):
                self._batons.hand(
                    HandedOff(sender=each.sender, receiver=each.receiver, node=to, note=each.note, at=fact.at)
                )

    def _reopen(self) -> None:
        """A resumed run tries again whatever did not end well, and goes on where that had ended a group."""
        self._frontier.reopen()
        self.ledger.resume()
        self.waves_ended = {group: end for group, end in self.waves_ended.items() if end.ending != "failed"}
        self.ending = None
        self._group = 0

    def take_ready(self) -> Node | None:
        """The next node of the current group that can start, most urgent first; each only once."""
        return None if self.group is None else self._frontier.take_ready(self.group)

    @property
    def group(self) -> str | None:
        """The group that runs now; None when all are closed."""
        return self._group_ids[self._group] if self._group < len(self._group_ids) else None

    @property
    def group_has_ended(self) -> bool:
        """Whether every node of the current group has ended and nobody waits for consent."""
        return not self._frontier.is_open(self._group_ids[self._group]) and not self.awaiting

    def close_group(self) -> None:
        """Go on to the next group: the current one adds no more waves."""
        self._group += 1

    def conduct(self, group: str) -> Conduct:
        """How a group goes on."""
        return self._conducts.get(group) or Conduct()

    def places(self, group: str) -> Places:
        """The configured agents of a group and their order."""
        return Places({node.id: node.order for node in self._members[group] if node.part == "configured"})

    def nodes_of(self, group: str) -> list[Node]:
        """The nodes of a group, in the DAG's order."""
        return sorted(self._members[group], key=lambda node: node.order)

    def blueprint_agent(self, group: str) -> str | None:
        """The configured agent of a group that gives its blueprint."""
        found = (
            node.id for node in self._members[group] if node.part == "configured" and node.agent.blueprint
        )
        return next(found, None)

    def newest_wave(self, group: str) -> AgentsJoined | None:
        """The last wave of agents that joined a group."""
        return next(
            (each for _, each in sorted(self.joined.items(), reverse=True) if each.group == group), None
        )

    def engaged_in(self, group: str) -> list[AgentsEngaged]:
        """The engagements of a group beside its configured ones, in order."""
        return [each for each in self._engaged if each.group == group]

    def waves_spent(self, group: str) -> int:
        """How many of the group's waves count against its limit: its orchestrator's, and the relay's."""
        return sum(each.purpose != "continuation" for each in self.engaged_in(group))

    def undelivered(self, group: str) -> list[HandedOff]:
        """Work handed back in a group that nobody has been engaged for yet."""
        return self._batons.undelivered(self.places(group).order)

    def relay_wave(self, group: str) -> tuple[str, ...]:
        """The agents to engage for undelivered work: its receivers and all ahead of them along the graph."""
        relay = self.conduct(group).relay
        receivers = {each.receiver for each in self.undelivered(group)}
        return tuple(self.places(group).reached(relay.graph if relay else {}, receivers))

    def notes(self, node: Node) -> list[tuple[str, str]]:
        """The notes handed to a node, each with its sender, in the senders' order."""
        return sorted(self._batons.to(node.id), key=lambda each: self._order_of(each[0]))

    def _order_of(self, name: str) -> tuple[int, str]:
        node = self.nodes.get(name)
        return (node.order if node else len(self.nodes), name)

    def unasked(self, node: Node) -> tuple[NodeEnding, str] | None:
        """How a ready node ends that is not to be asked, and why; None for one that is."""
        if node.part == "relay" and not self._batons.to(node.id):
            return "skipped", "nothing was handed to it"
        reason = self._unnoted(node)
        return None if reason is None else ("blocked", reason)

    def _unnoted(self, node: Node) -> str | None:
        """Why a node cannot take over a baton: one that lacks the note which its group demands."""
        relay = self.conduct(node.group).relay
        if relay is None or not relay.requires_note:
            return None
        if node.part == "specialist":
            wave = self.joined[node.wave]
            return unnoted(wave.agents, wave.handoffs, relay).get(node.id)
        noted = {agent_of(sender) for sender, _ in self.notes(node)}
        senders = {
            agent_of(up): up
            for up in node.waits
            if self.ended[up].ending == "done" and agent_of(up) not in noted
        }
        silent = [
            each for each in self.places(node.group).senders_to(relay.graph, node.agent.id) if each in senders
        ]
        return f"the baton from {', '.join(silent)} has no note" if silent else None

    def receiving_node(self, sender: Node, receiver: str) -> str | None:
        """The engagement that gets what a node hands on: one ahead in its wave; None for the next one."""
        if not self.places(sender.group).is_forward(sender.agent.id, receiver):
            return None
        name = receiver if sender.part == "configured" else f"{receiver}@{sender.wave}"
        return name if name in self.nodes else None

    def newest(self, agent: str) -> str:
        """The newest engagement of an agent that has an answer or may still get one, else its newest."""
        names = self._engagements[agent]
        standing = [name for name in names if name not in self.ended or self.ended[name].ending == "done"]
        return (standing or names)[-1]

    def depths(self) -> dict[str, int]:
        """How many joined agents wait for one another in a row up to each agent."""
        return {name: node.depth for name, node in self.nodes.items() if node.depth}

    @property
    def joined_agents(self) -> int:
        """How many agents have joined the run."""
        return sum(len(each.agents) for each in self.joined.values())

    def take_blocked(self) -> list[tuple[Node, str]]:
        """Every node that can never run now, with the reason, nearest first; each only once."""
        return self._frontier.take_blocked()

    def is_lost(self, name: str) -> bool:
        """Whether a node has ended, and not well."""
        return self._frontier.is_lost(name)

    def has_failed(self, name: str) -> bool:
        """Whether a node gave no usable answer."""
        return self._frontier.has_failed(name)

    def upstream(self, node: Node) -> list[Node]:
        """The nodes whose outputs this one is given, in the DAG's order.

        A configured agent is given the newest outputs of its dependencies and, when it stands outside the
        group of a blueprint agent among them, those of the specialists in that group.
        """
        if node.part == "specialist":
            return [self.nodes[name] for name in dict.fromkeys(map(self._answered, node.reads))]
        if node.part != "configured":
            return [self.nodes[name] for name in node.reads]
        direct = [self.nodes[self.newest(name)] for name in dict.fromkeys(node.agent.depends_on)]
        planning = {up.group for up in direct if up.agent.blueprint and up.group != node.group}
        added = [each for group in planning for each in self._members[group] if each.part == "specialist"]
        return sorted({each.id: each for each in (*direct, *added)}.values(), key=lambda each: each.order)

    def _answered(self, name: str) -> str:
        """A node, or for one that was skipped the newest before it of the same agent that has an answer."""
        if name not in self.ended or self.ended[name].ending != "skipped":
            return name
        names = self._engagements[self.nodes[name].agent.id]
        earlier = reversed(names[: names.index(name)])
        return next(
            (each for each in earlier if each in self.ended and self.ended[each].ending == "done"), name
        )

    def urgency(self, name: str) -> int:
        """How many nodes wait for one another in a row from a node on, itself included."""
        return self._frontier.urgency(name)

    def metrics(self) -> Metrics:
        """What the run took: each agent in the DAG's order, each wave, and in all."""
        known = dict.fromkeys(node.agent.id for node in self.in_order())
        return Metrics(
            by_agent={name: tally for name in known if (tally := self._tallies.by_agent.get(name))},
            by_wave=dict(sorted(self._tallies.by_wave.items())),
            whole=self._tallies.whole,
            lost=self.ledger.lost + self.ledger.promised(),
        )

    @property
    def turns(self) -> int:
        """How many turns were sent and answered."""
        return self._tallies.whole.turns

    @property
    def reused(self) -> int:
        """How many turns were taken from a record."""
        return self._tallies.whole.reused

    @property
    def usage(self) -> Usage:
        """The tokens of all turns that were sent."""
        return self._tallies.whole.usage

    @property
    def saved(self) -> Usage:
        """The tokens of all turns that were taken from a record."""
        return self._tallies.whole.saved

    def output_digest(self, name: str) -> str | None:
        """The digest of the answer that stands for a node; None while there is none."""
        ended = self.ended.get(name)
        return ended.output if ended else None

    def has_done(self, name: str) -> bool:
        """Whether a node has ended well."""
        return self._frontier.has_done(name)

    def known_to_blueprint(self, node: Node) -> list[str]:
        """The ids that the node's blueprint may depend on: those of its own and of earlier groups."""
        place = self._places[node.group]
        found = (each.agent.id for each in self.nodes.values() if self._places[each.group] <= place)
        return [name for name in dict.fromkeys(found) if name != ORCHESTRATOR]

    @property
    def is_over(self) -> bool:
        """Whether every node has ended."""
        return not any(map(self._frontier.is_open, self._group_ids))

    @property
    def is_closed(self) -> bool:
        """Whether every group is closed: nothing is left to do."""
        return self.group is None

    def final(self) -> list[Node]:
        """The nodes whose outputs are the squad's answer: those of the last group that nobody waits for.

        Of several waves it is the newest; neither who gave a blueprint whose agents joined is among them, for
        they carry its work on, nor who was only asked what comes next.
        """
        if not self.squad.groups:
            return []
        last = self.squad.groups[-1].id
        newest = self.newest_wave(last)
        awaited = {up for node in self.nodes.values() for up in node.waits}
        parents = {node.by for node in self.nodes.values() if node.by}
        return [
            node
            for node in self.nodes_of(last)
            if node.id not in awaited
            and node.id not in parents
            and node.part not in ("continuation", "orchestration")
            and (node.part != "specialist" or newest is None or node.wave == newest.wave)
            and (node.part == "specialist" or node.id == self.newest(node.agent.id))
        ]

    def _ordered(self) -> Iterable[Node]:
        return sorted(self.nodes.values(), key=lambda node: node.order)

    def in_order(self) -> list[Node]:
        """All nodes in the DAG's order."""
        return list(self._ordered())


def _in_dependency_order(fact: AgentsJoined, waits: Mapping[str, tuple[str, ...]]) -> list[Specialist]:
    """A wave's agents, each after those of the same wave that it waits for, else as given."""
    waiting = list(fact.agents)
    ordered: list[Specialist] = []
    placed: set[str] = set()
    inside = {agent.id for agent in waiting}
    while waiting:
        ready = [agent for agent in waiting if not (inside & set(waits[agent.id])) - placed]
        if not ready:
            raise ValueError(f"the wave {fact.wave} has a circle; it should have been refused")
        ordered += ready
        placed.update(agent.id for agent in ready)
        waiting = [agent for agent in waiting if agent.id not in placed]
    return ordered
