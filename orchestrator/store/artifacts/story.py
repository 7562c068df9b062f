"""What a run's facts leave in memory, told as they come: who its agents are, which artifact a turn leaves.

One story per run; the projection tells it every fact in order. A squad's run leaves a plan or follow-up per
answered turn; a condensing pass leaves a summary per answered turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, TypeAdapter, ValidationError

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import AgentsJoined, Fact, TurnEnded
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Done, TurnInput
from orchestrator.store.artifacts.condensing import EXTRACTIVE, CondensePass, entry_of
from orchestrator.store.artifacts.payload import Artifact, artifact_id
from orchestrator.store.artifacts.topic import topic_of

DYNAMIC_TAG = "dynamic-blueprint"
"""The tag of agents that joined by a blueprint."""

_INPUT: TypeAdapter[TurnInput] = TypeAdapter(TurnInput)


@dataclass(frozen=True, slots=True)
class Bodies:
    """What a turn's fact only names: the input and the answer, and the id of its plan's artifact."""

    asked: bytes
    answer: bytes
    plan: str | None = None


class Story(Protocol):
    """How the facts of one run are taken."""

    def see(self, fact: Fact) -> None:
        """Take note of who joined."""
        ...

    def artifact(self, fact: TurnEnded, bodies: Bodies) -> Artifact:
        """The artifact of an answered turn. Raises ValidationError when its bodies cannot be read."""
        ...


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


class SquadStory:
    """The story of a squad's run."""

    def __init__(self, record: RunRecord) -> None:
        try:
            groups = _Squad.model_validate_json(record.squad).groups
        except ValidationError as error:
            raise StoreError(f"the squad recorded for run {record.slug} is not one: {error}") from error
        self._members = {agent.id: Member(group.id, agent.role) for group in groups for agent in group.agents}
        topic = topic_of(record.prompt)
        self._topic = (f"topic:{topic}",) if topic else ()

    def see(self, fact: Fact) -> None:
        """Take note of the agents that a blueprint added."""
        if isinstance(fact, AgentsJoined):
            tags = (DYNAMIC_TAG, *fact.tags)
            for agent in fact.agents:
                self._members[agent.id] = Member(fact.group, agent.role, fact.wave, tags)

    def artifact(self, fact: TurnEnded, bodies: Bodies) -> Artifact:
        """The plan, follow-up or repair that a turn left."""
        given = _INPUT.validate_json(bodies.asked)
        done = Done.model_validate_json(bodies.answer)
        run, node, step = fact.id
        agent, _, again = node.partition("@")
        member = self._members.get(agent, Member("", ""))
        wave = int(again) if again.isdecimal() else member.wave
        simulated = fact.simulated or done.simulated
        place = (f"run:{run}", f"group:{member.group}", f"role:{member.role}", f"wave:{wave}")
        tags = (*place, *self._topic, *member.tags, *(("simulated",) if simulated else ()))
        return Artifact(
            id=artifact_id(fact.at, run, node, f"{step:02d}", fact.purpose),
            run=run,
            group=member.group,
            agent=agent,
            node=node,
            role=member.role,
            type=fact.purpose,
            wave=wave,
            tags=tuple(dict.fromkeys(tags)),
            created=fact.at,
            prompt=given.prompt,
            text=done.message.text,
            usage=done.usage,
            model=given.model,
            backend=given.backend,
            simulated=simulated,
            relatedArtifacts=(bodies.plan,) if bodies.plan else (),
        )


class CondensingStory:
    """The story of a condensing pass."""

    def __init__(self, record: RunRecord) -> None:
        entry = entry_of(record)
        gatherings = entry.gatherings if isinstance(entry, CondensePass) else ()
        self._of = {gathering.summariser: gathering for gathering in gatherings}

    def see(self, fact: Fact) -> None:
        """Nobody joins."""

    def artifact(self, fact: TurnEnded, bodies: Bodies) -> Artifact:
        """The summary that a summariser's turn left."""
        given = _INPUT.validate_json(bodies.asked)
        done = Done.model_validate_json(bodies.answer)
        run, node, _ = fact.id
        of = self._of[node]
        simulated = fact.simulated or done.simulated or of.simulated
        labels = ((EXTRACTIVE, given.backend == EXTRACTIVE), ("simulated", simulated))
        tags = (f"run:{run}", f"topic:{of.topic}", *(label for label, holds in labels if holds))
        return Artifact(
            id=artifact_id(fact.at, run, node, "summary"),
            run=run,
            group="",
            agent=of.agent,
            node=node,
            role="",
            type="summary",
            wave=0,
            tags=tags,
            created=fact.at,
            prompt=given.prompt,
            text=done.message.text,
            usage=done.usage,
            model=given.model,
            backend=given.backend,
            simulated=simulated,
            relatedArtifacts=of.artifacts,
        )
