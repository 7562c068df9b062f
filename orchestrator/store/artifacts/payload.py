"""What an artifact's file holds, and how it is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from orchestrator.core.facts import AgentsJoined, TurnEnded
from orchestrator.core.frozen import Frozen
from orchestrator.core.turn import Done, Purpose, TurnInput, Usage

DYNAMIC_TAG = "dynamic-blueprint"
"""The tag of agents that joined by a blueprint."""

_INPUT: TypeAdapter[TurnInput] = TypeAdapter(TurnInput)


class Artifact(Frozen):
    """One answered turn as it is remembered. Its JSON is the payload; `schema_version` counts its shapes.

    `id` is also the name of its file without `.json`. `relatedArtifacts` of a follow-up names its plan.
    """

    schema_version: Literal[1] = 1
    id: str
    run: str
    group: str
    agent: str
    node: str
    role: str
    type: Purpose
    wave: int
    tags: tuple[str, ...]
    created: datetime
    prompt: str
    text: str
    usage: Usage
    model: str
    backend: str
    simulated: bool
    relatedArtifacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's place in its run: configured (wave 0) or joined by a blueprint."""

    group: str
    role: str
    wave: int = 0
    tags: tuple[str, ...] = ()


class _Agent(BaseModel):
    id: str
    role: str


class _Group(BaseModel):
    id: str
    agents: tuple[_Agent, ...]


class _Squad(BaseModel):
    """As much of a compiled squad as is needed here; older and newer ones have it too."""

    groups: tuple[_Group, ...] = ()


def configured(squad: str) -> dict[str, Member]:
    """The configured agents of a compiled squad (JSON text), by id."""
    groups = _Squad.model_validate_json(squad).groups
    return {agent.id: Member(group.id, agent.role) for group in groups for agent in group.agents}


def joined(fact: AgentsJoined) -> Iterable[tuple[str, Member]]:
    """The agents that a blueprint added, by id."""
    tags = (DYNAMIC_TAG, *(tag for tag in fact.tags if tag != DYNAMIC_TAG))
    return [(agent.id, Member(fact.group, agent.role, fact.wave, tags)) for agent in fact.agents]


def artifact_of(fact: TurnEnded, member: Member, asked: bytes, answer: bytes, plan: str | None) -> Artifact:
    """The artifact of an answered turn, from its two bodies; `plan` is the id of its plan's artifact."""
    given = _INPUT.validate_json(asked)
    done = Done.model_validate_json(answer)
    agent, _, again = fact.id.node.partition("@")
    wave = int(again) if again.isdecimal() else member.wave
    simulated = fact.simulated or done.simulated
    return Artifact(
        id=artifact_id(fact),
        run=fact.id.run,
        group=member.group,
        agent=agent,
        node=fact.id.node,
        role=member.role,
        type=fact.purpose,
        wave=wave,
        tags=_tags(fact.id.run, member, wave, simulated),
        created=fact.at,
        prompt=given.prompt,
        text=done.message.text,
        usage=done.usage,
        model=given.model,
        backend=given.backend,
        simulated=simulated,
        relatedArtifacts=(plan,) if plan else (),
    )


def artifact_id(fact: TurnEnded) -> str:
    """A name that sorts by time (UTC, to the millisecond) and tells what it is of."""
    at = fact.at.astimezone(UTC)
    stamp = f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"
    return f"{stamp}__{fact.id.run}-{fact.id.node}-{fact.id.step:02d}-{fact.purpose}"


def _tags(run: str, member: Member, wave: int, simulated: bool) -> tuple[str, ...]:
    tags = [f"run:{run}", f"group:{member.group}", f"role:{member.role}", f"wave:{wave}", *member.tags]
    if simulated:
        tags.append("simulated")
    return tuple(dict.fromkeys(tags))
