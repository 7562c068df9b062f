"""Whether an answer can be used: prose always, JSON when its schema is satisfied, a blueprint when it joins.

Model JSON is never repaired by guesswork: a judge complains, and the model is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from agentlark.blueprint import Blueprint, JsonRefused, read_blueprint, strict_json
from agentlark.schemas import schema_complaints
from orchestrator.core.facts import AgentsJoined, BlueprintRefused, Fact, NodeEnded
from orchestrator.run.calls import Answered
from orchestrator.run.lent import Lent
from orchestrator.run.prompting import Surroundings
from orchestrator.schedule.node import Node


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an answer: facts to record with it, or complaints to ask again with."""

    facts: Sequence[Fact] = ()
    complaints: Sequence[str] = ()


Judge: TypeAlias = Callable[[Answered, bool], Verdict]
"""Judges an answer; True says that there will be no further repair."""


def any_answer(answered: Answered, is_last: bool) -> Verdict:
    """Accepts everything and ends nothing: the judge of a plan that a follow-up will use."""
    return Verdict()


def final_judge(node: Node, around: Surroundings, lent: Lent) -> Judge:
    """The judge of the answer that stands for the node; what it accepts ends the node."""

    def ended(answered: Answered) -> NodeEnded:
        return NodeEnded(node=node.id, ending="done", output=answered.digest, at=lent.clock.now())

    def prose(answered: Answered, is_last: bool) -> Verdict:
        return Verdict([ended(answered)])

    def schema(answered: Answered, is_last: bool) -> Verdict:
        complaints = _json_complaints(answered.done.message.text, node.agent.follow_up_schema)
        return Verdict(complaints=complaints) if complaints else Verdict([ended(answered)])

    def blueprint(answered: Answered, is_last: bool) -> Verdict:
        read = read_blueprint(answered.done.message.text, known=around.known, taken=around.taken)
        if isinstance(read, Blueprint):
            return Verdict([ended(answered), _joined(node, read, lent)])
        complaints = [_sentence(str(found.place), found.message, found.help) for found in read]
        if not is_last:
            return Verdict(complaints=complaints)
        refused = BlueprintRefused(node=node.id, reasons=tuple(complaints), at=lent.clock.now())
        return Verdict([ended(answered), refused])

    if not node.agent.follow_up_enabled:
        return prose
    if node.agent.blueprint:
        return blueprint
    return prose if node.agent.follow_up_schema is None else schema


def _joined(node: Node, blueprint: Blueprint, lent: Lent) -> AgentsJoined:
    return AgentsJoined(
        wave=lent.next_wave(),
        group=node.group,
        by=node.id,
        summary=blueprint.summary,
        agents=blueprint.agents,
        tags=("dynamic-blueprint",),
        at=lent.clock.now(),
    )


def _json_complaints(text: str, schema: JsonValue) -> list[str]:
    try:
        value = strict_json(text)
    except JsonRefused as error:
        return [str(error)]
    return schema_complaints(schema, value)


def _sentence(place: str, message: str, remedy: str | None) -> str:
    where = f"{place}: " if place else ""
    return f"{where}{message}" + (f" ({remedy})" if remedy else "")
