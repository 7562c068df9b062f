"""Whether an answer can be used: prose always, JSON if its schema is satisfied, a blueprint if it may join.

Model JSON is never repaired by guesswork: a judge complains, and the model is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import JsonValue

from agentlark.blueprint import Blueprint, Handoff, read_handoffs
from agentlark.schemas import schema_complaints
from agentlark.strict_json import JsonRefused, strict_json
from orchestrator.core.facts import (
    AgentsJoined,
    ApprovalAsked,
    BlueprintRefused,
    Fact,
    HandedOff,
    NodeEnded,
    WavesEnded,
)
from orchestrator.core.frozen import Digest
from orchestrator.run.calls import Answered
from orchestrator.run.lent import Lent
from orchestrator.run.prompting import Surroundings
from orchestrator.run.sentence import json_sentence_faults, sentence_fault
from orchestrator.schedule.admission import Admission, admit, complaint
from orchestrator.schedule.conduct import RelayRules
from orchestrator.schedule.node import Node
from orchestrator.schedule.relay import note_faults


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an answer: facts to record with it, or complaints to ask again with."""

    facts: Sequence[Fact] = ()
    complaints: Sequence[str] = ()
    is_refusal: bool = False
    """Whether the facts say that no answer could be used."""


Judge: TypeAlias = Callable[[Answered, bool], Verdict]
"""Judges an answer; True says that there will be no further repair."""


def any_answer(answered: Answered, is_last: bool) -> Verdict:
    """The judge of a plan that a follow-up will use."""
    return Verdict()


def final_judge(node: Node, around: Surroundings, lent: Lent) -> Judge:
    """The judge of the answer that stands for the node; what it accepts ends the node.

    A node that still has to hand its work on is ended by that.
    """

    def ending(answered: Answered) -> list[Fact]:
        return [] if around.receivers else [_done(node, answered.digest, lent)]

    def prose(answered: Answered, is_last: bool) -> Verdict:
        fault = sentence_fault(answered.done.message.text) if around.concise else None
        return Verdict(complaints=[fault]) if fault else Verdict(ending(answered))

    def schema(answered: Answered, is_last: bool) -> Verdict:
        complaints = _json_complaints(answered.done.message.text, node.agent.follow_up_schema, around.concise)
        return Verdict(complaints=complaints) if complaints else Verdict(ending(answered))

    if around.rules is not None:
        return _BlueprintJudge(node, around, lent, ending)
    if node.agent.follow_up_schema is None or not node.agent.follow_up_enabled:
        return prose
    return schema


@dataclass(slots=True)
class _BlueprintJudge:
    """Wishes are put to the model once, faults and missing notes as long as there are repairs left."""

    node: Node
    around: Surroundings
    lent: Lent
    ending: Callable[[Answered], list[Fact]]
    _has_wished: bool = False

    def __call__(self, answered: Answered, is_last: bool) -> Verdict:
        assert self.around.rules is not None
        text = answered.done.message.text
        found = admit(text, self.around.rules)
        complaints = self._complaints(found, text)
        if complaints and not is_last:
            return Verdict(complaints=complaints)
        facts = [*self._handing_on(found), *self.ending(answered), *self._what_follows(found)]
        return Verdict(facts, is_refusal=bool(found.faults))

    def _complaints(self, found: Admission, text: str) -> list[str]:
        complaints = [*found.faults, *found.unnoted]
        if self.around.concise and not found.faults:
            complaints += json_sentence_faults(strict_json(text))
        if not self._has_wished and found.wishes:
            self._has_wished = True
            complaints += found.wishes
        return complaints

    def _handing_on(self, found: Admission) -> Sequence[Fact]:
        rules = self.around.rules
        assert rules is not None
        if rules.relay is None or rules.may_finish:
            return []
        handoffs = rules.own_handoffs(found.blueprint) if found.blueprint else ()
        return _handing_facts(self.node, handoffs, rules.relay, self.lent)

    def _what_follows(self, found: Admission) -> Sequence[Fact]:
        node, now = self.node, self.lent.clock.now()
        if found.faults:
            return [BlueprintRefused(node=node.id, reasons=found.faults, at=now)]
        if found.finished is not None:
            return self._waves_ended("done", found.finished)
        if found.repeats:
            return self._waves_ended("no-progress", "it asked for a wave that has been run already")
        assert found.blueprint is not None
        return self._joined(found.blueprint, found.wishes)

    def _waves_ended(self, ending: Literal["done", "no-progress"], reason: str) -> Sequence[Fact]:
        """Nothing for a continuation: it may decline, and the next policy is asked."""
        if self.node.part == "continuation":
            return []
        at = self.lent.clock.now()
        return [WavesEnded(group=self.node.group, ending=ending, reason=reason, at=at)]

    def _joined(self, blueprint: Blueprint, wishes: Sequence[str]) -> Sequence[Fact]:
        node, state = self.node, self.lent.state
        conduct = state.conduct(node.group)
        if not conduct.specialists_join:
            return []
        assert self.around.rules is not None
        own = self.around.rules.own_handoffs(blueprint)
        asked = node.part in ("continuation", "orchestration")
        joining = AgentsJoined(
            wave=node.wave if asked else state.waves + 1,
            group=node.group,
            by=node.id,
            summary=blueprint.summary,
            agents=blueprint.agents,
            handoffs=tuple(each for each in blueprint.handoffs if each not in own),
            tags=(*_TAGS.get(node.part, ("dynamic-blueprint",)), *conduct.tags),
            warnings=tuple(wishes),
            at=self.lent.clock.now(),
        )
        if conduct.approve == "wave" or (conduct.approve == "blueprint" and not asked):
            return [ApprovalAsked(joining=joining, at=joining.at)]
        return [joining]


_TAGS: dict[str, tuple[str, ...]] = {
    "continuation": ("builder-implementer",),
    "orchestration": ("autonomous", "builder-implementer"),
}


def handoff_judge(node: Node, output: Digest, lent: Lent) -> Judge:
    """The judge of what a node hands on; what it accepts ends the node, whose output stands already.

    Without a usable answer nothing is handed on.
    """
    state = lent.state
    relay = state.conduct(node.group).relay
    assert relay is not None
    rules, places, sender = relay, state.places(node.group), node.agent.id

    def judge(answered: Answered, is_last: bool) -> Verdict:
        read = read_handoffs(answered.done.message.text, sender)
        handoffs = () if isinstance(read, list) else read
        if isinstance(read, list):
            complaints = [complaint(each) for each in read]
        else:
            complaints = note_faults(sender, handoffs, rules, places)
        if complaints and not is_last:
            return Verdict(complaints=complaints)
        facts = [*_handing_facts(node, handoffs, rules, lent), _done(node, output, lent)]
        return Verdict(facts, is_refusal=bool(complaints))

    return judge


def _handing_facts(node: Node, handoffs: Sequence[Handoff], rules: RelayRules, lent: Lent) -> list[Fact]:
    """What a configured agent hands on along the graph; not without a note where one is demanded."""
    allowed = rules.graph.get(node.agent.id, ())
    return [
        HandedOff(
            sender=node.id,
            receiver=each.receiver,
            node=lent.state.receiving_node(node, each.receiver),
            note=each.note,
            at=lent.clock.now(),
        )
        for each in handoffs
        if each.receiver in allowed and (each.note.strip() or not rules.requires_note)
    ]


def _done(node: Node, output: Digest, lent: Lent) -> NodeEnded:
    return NodeEnded(node=node.id, ending="done", output=output, at=lent.clock.now())


def _json_complaints(text: str, schema: JsonValue, concise: bool) -> list[str]:
    try:
        value = strict_json(text)
    except JsonRefused as error:
        return [str(error)]
    return schema_complaints(schema, value) or (json_sentence_faults(value) if concise else [])
