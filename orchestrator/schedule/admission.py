"""Whether a blueprint may join: all that it is judged by, for a model's answer and a person's edit alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from agentlark.blueprint import Blueprint, Finished, Specialist, check_blueprint, proposed, read_decision
from agentlark.diagnostics import Diagnostic
from orchestrator.schedule.conduct import RelayRules
from orchestrator.schedule.growth import Caps, growth_faults
from orchestrator.schedule.node import Node
from orchestrator.schedule.relay import Places, baton_faults, unnoted
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


@dataclass(frozen=True, slots=True)
class Admission:
    """A judgement: the blueprint or the word that there is no more work, and what is to be said about it.

    With `faults` it cannot stand; `wishes` it should meet; `unnoted` are agents whose baton lacks its note,
    each with the reason; `repeats` says that the group has run this very blueprint before.
    """

    blueprint: Blueprint | None = None
    finished: str | None = None
    faults: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    unnoted: Mapping[str, str] = field(default_factory=dict)
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
        return Admission(faults=tuple(_sentence(each) for each in found))
    if isinstance(found, Finished):
        if rules.may_finish:
            return Admission(finished=found.reason)
        return Admission(faults=("a blueprint is wanted: done is no answer here",))
    return _judged(found, rules)


def admit_edited(blueprint: Blueprint, rules: BlueprintRules) -> Admission:
    """The judgement of a blueprint that a person has changed: held to what is right, not to wishes."""
    found = check_blueprint(blueprint, known=rules.known, taken=rules.taken)
    if found:
        return Admission(faults=tuple(_sentence(each) for each in found))
    judged = _judged(blueprint, rules)
    return Admission(judged.blueprint, faults=judged.faults, unnoted=judged.unnoted)


def fingerprint(agents: Sequence[Specialist]) -> Fingerprint:
    """What a wave asks for, whatever its agents are called."""
    place = {agent.id: index for index, agent in enumerate(agents)}
    return tuple(
        (
            " ".join(agent.role.split()).casefold(),
            " ".join(agent.prompt.split()),
            tuple(sorted(place[up] for up in agent.depends_on if up in place)),
        )
        for agent in agents
    )


def _judged(blueprint: Blueprint, rules: BlueprintRules) -> Admission:
    faults = baton_faults(blueprint, rules.relay, rules.places, (*rules.known, rules.asked))
    if not faults:
        faults = growth_faults(blueprint, rules.joined, rules.depths, rules.caps)
    if faults:
        return Admission(faults=tuple(faults))
    return Admission(
        blueprint,
        wishes=tuple(rules.shape.wishes(blueprint)),
        unnoted=unnoted(blueprint.agents, blueprint.handoffs, rules.relay),
    )


def _sentence(found: Diagnostic) -> str:
    where = f"{found.place}: " if str(found.place) else ""
    return f"{where}{found.message}" + (f" ({found.help})" if found.help else "")
