"""Whether a blueprint may join: all that it is judged by, for a model's answer and a person's edit alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from agentlark.blueprint import (
    Blueprint,
    Finished,
    Handoff,
    Specialist,
    check_blueprint,
    proposed,
    read_decision,
)
from agentlark.diagnostics import Diagnostic
from orchestrator.schedule.conduct import RelayRules
from orchestrator.schedule.growth import Caps, growth_faults
from orchestrator.schedule.node import Node
from orchestrator.schedule.relay import Places, baton_faults, note_gaps, unnoted
from orchestrator.schedule.shapes import BuildersOnly, FourSlots, Free, Shape
from orchestrator.schedule.state import RunState

Fingerprint: TypeAlias = tuple[tuple[str, str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class BlueprintRules:
    """What a node's blueprint is held to. `taken` are the ids it may not use, `known` those it may name."""

    asked: str
    """The agent that gives it."""
    taken: Sequence[str]
    known: Sequence[str]
    shape: Shape
    relay: RelayRules | None
    places: Places
    may_finish: bool
    joined: int
    depths: Mapping[str, int]
    caps: Caps
    earlier: frozenset[Fingerprint]

    @property
    def forward(self) -> Sequence[str]:
        """The configured agents that wait for the giver's baton."""
        if self.relay is None or self.may_finish:
            return ()
        return self.places.forward(self.relay.graph, self.asked)

    @property
    def back(self) -> Sequence[str]:
        """The configured agents that the giver may hand work back to."""
        if self.relay is None or self.may_finish:
            return ()
        return self.places.back(self.relay.graph, self.asked)

    def own_handoffs(self, blueprint: Blueprint) -> tuple[Handoff, ...]:
        """What the giver itself hands to configured agents: it does so now, whatever becomes of its wave."""
        to = {*self.forward, *self.back}
        return tuple(each for each in blueprint.handoffs if each.sender == self.asked and each.receiver in to)


@dataclass(frozen=True, slots=True)
class Admission:
    """A judgement: the blueprint or the word that there is no more work, and what is to be said about it.

    With `faults` it cannot stand; `wishes` it should meet; `unnoted` are the reasons why agents cannot take
    over a baton that lacks its note; `repeats` says that the group has run this very blueprint before.
    """

    blueprint: Blueprint | None = None
    finished: str | None = None
    faults: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    unnoted: tuple[str, ...] = ()
    repeats: bool = False


def rules_for(state: RunState, node: Node, caps: Caps) -> BlueprintRules:
    """The rules for the blueprint that a node is about to give."""
    conduct = state.conduct(node.group)
    asked = node.part in ("continuation", "orchestration")
    shape: Shape = BuildersOnly() if asked else FourSlots() if conduct.parallel else Free()
    return BlueprintRules(
        asked=node.agent.id,
        taken=sorted({each.agent.id for each in state.nodes.values()}),
        known=state.known_to_blueprint(node),
        shape=shape,
        relay=conduct.relay,
        places=state.places(node.group),
        may_finish=asked,
        joined=state.joined_agents,
        depths=state.depths(),
        caps=caps,
        earlier=frozenset(
            fingerprint(each.agents) for each in state.joined.values() if each.group == node.group
        ),
    )


def admit(text: str, rules: BlueprintRules) -> Admission:
    """The judgement of an answer that should be a blueprint."""
    if rules.may_finish and (raw := proposed(text)) and fingerprint(raw.agents) in rules.earlier:
        return Admission(raw, repeats=True)
    found = read_decision(text, known=rules.known, taken=rules.taken)
    if isinstance(found, list):
        return Admission(faults=tuple(complaint(each) for each in found))
    if isinstance(found, Finished):
        if rules.may_finish:
            return Admission(finished=found.reason)
        return Admission(faults=("a blueprint is wanted: done is no answer here",))
    judged = _judged(found, rules)
    if judged.blueprint is None or rules.relay is None or rules.may_finish:
        return judged
    gaps = note_gaps(rules.asked, rules.own_handoffs(found), rules.relay, rules.places)
    return replace(judged, unnoted=(*judged.unnoted, *gaps))


def admit_edited(blueprint: Blueprint, rules: BlueprintRules) -> Admission:
    """The judgement of a blueprint that a person has changed: no wishes, and every note that is demanded."""
    found = check_blueprint(blueprint, known=rules.known, taken=rules.taken)
    if found:
        return Admission(faults=tuple(complaint(each) for each in found))
    judged = _judged(blueprint, rules)
    return Admission(judged.blueprint, faults=(*judged.faults, *judged.unnoted))


def fingerprint(agents: Sequence[Specialist]) -> Fingerprint:
    """What a wave asks for, whatever its agents are called and in which order they are given."""
    asked = {agent.id: (_plain(agent.role).casefold(), _plain(agent.prompt)) for agent in agents}
    ordered = sorted(agents, key=lambda agent: asked[agent.id])
    place = {agent.id: index for index, agent in enumerate(ordered)}
    return tuple(
        (*asked[agent.id], tuple(sorted(place[up] for up in {*agent.depends_on} if up in place)))
        for agent in ordered
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _judged(blueprint: Blueprint, rules: BlueprintRules) -> Admission:
    faults = baton_faults(blueprint, rules.relay, rules.places, (*rules.known, rules.asked))
    if not faults:
        faults = growth_faults(blueprint, rules.joined, rules.depths, rules.caps)
    if faults:
        return Admission(faults=tuple(faults))
    return Admission(
        blueprint,
        wishes=(*rules.shape.wishes(blueprint), *_empty_batons(blueprint, rules)),
        unnoted=tuple(unnoted(blueprint.agents, blueprint.handoffs, rules.relay).values()),
    )


def _empty_batons(blueprint: Blueprint, rules: BlueprintRules) -> list[str]:
    """Batons to configured agents that lack the note that is demanded: they are not handed on."""
    if rules.relay is None or not rules.relay.requires_note:
        return []
    own = {agent.id for agent in blueprint.agents}
    return [
        f"the baton from {each.sender} to {each.receiver} has no note: it is not handed on"
        for each in blueprint.handoffs
        if each.receiver not in own and each not in rules.own_handoffs(blueprint) and not each.note.strip()
    ]


def complaint(found: Diagnostic) -> str:
    """A diagnostic as a model is told it, in a line."""
    where = f"{found.place}: " if str(found.place) else ""
    return f"{where}{found.message}" + (f" ({found.help})" if found.help else "")
