"""What a run's facts leave in memory, told as they come: who its agents are, which artifact a turn leaves.

One story per run; the projection tells it every fact in order. A squad's run leaves a plan or follow-up per
answered turn, and a summary where it was interrupted; a condensing pass leaves a summary per answered turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from pydantic import BaseModel, TypeAdapter, ValidationError

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import AgentsEngaged, AgentsJoined, Fact, InterruptAsked, RunStarted, TurnEnded
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Done, TurnInput, Usage
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

    origins: frozenset[str]
    """Answers of these origins leave an artifact."""

    def see(self, fact: Fact) -> Artifact | None:
        """Take note of a fact; gives the artifact of one that leaves some by itself."""
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
    """The story of a squad's run; what it reused was remembered before."""

    origins = frozenset({"live", "adopted"})

    def __init__(self, record: RunRecord) -> None:
        try:
            groups = _Squad.model_validate_json(record.squad).groups
        except ValidationError as error:
            raise StoreError(f"the squad recorded for run {record.slug} is not one: {error}") from error
        self._members = {agent.id: Member(group.id, agent.role) for group in groups for agent in group.agents}
        self._run = record.slug
        self._simulated = record.simulated
        self._relay: frozenset[str] = frozenset()
        topic = topic_of(record.prompt)
        self._topic = (f"topic:{topic}",) if topic else ()

    def see(self, fact: Fact) -> Artifact | None:
        """Take note of who joined and who acts again; an interrupt leaves its summary."""
        match fact:
            case RunStarted():
                self._relay = frozenset(fact.relay)
            case AgentsJoined():
                tags = (DYNAMIC_TAG, *fact.tags)
                for agent in fact.agents:
                    self._members[agent.id] = Member(fact.group, agent.role, fact.wave, tags)
            case AgentsEngaged():
                by = ("autonomous",) if fact.purpose == "orchestration" else ()
                for id in fact.agents:
                    role = (
                        self._members[id].role if id in self._members else id.replace("-", " ").capitalize()
                    )
                    self._members[f"{id}@{fact.wave}"] = Member(fact.group, role, fact.wave, by + fact.tags)
            case InterruptAsked():
                return self._interrupt(fact)
        return None

    def artifact(self, fact: TurnEnded, bodies: Bodies) -> Artifact:
        """The plan, follow-up or other answer that a turn left."""
        given = _INPUT.validate_json(bodies.asked)
        done = Done.model_validate_json(bodies.answer)
        run, node, step = fact.id
        agent, _, wave = node.partition("@")
        member = self._members.get(node) or self._members.get(agent) or Member("", "")
        if wave.isdecimal() and int(wave) != member.wave:
            member = replace(member, wave=int(wave))
        simulated = fact.simulated or done.simulated
        labels = (("relay", member.group in self._relay), ("simulated", simulated))
        place = (f"run:{run}", f"group:{member.group}", f"role:{member.role}", f"wave:{member.wave}")
        tags = (*place, *self._topic, *member.tags, *(label for label, holds in labels if holds))
        return Artifact(
            id=artifact_id(fact.at, run, node, f"{step:02d}", fact.purpose),
            run=run,
            group=member.group,
            agent=agent,
            node=node,
            role=member.role,
            type=fact.purpose,
            wave=member.wave,
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

    def _interrupt(self, fact: InterruptAsked) -> Artifact:
        return Artifact(
            id=artifact_id(fact.at, self._run, "interrupt"),
            run=self._run,
            group="",
            agent="interrupt",
            node="interrupt",
            role="",
            type="interrupt",
            wave=0,
            tags=(
                f"run:{self._run}",
                "interrupt",
                *self._topic,
                *(("simulated",) if self._simulated else ()),
            ),
            created=fact.at,
            prompt="",
            text=fact.summary,
            usage=Usage(),
            model="",
            backend="",
            simulated=self._simulated,
        )


class CondensingStory:
    """The story of a condensing pass; a summary stands again though an undone pass made its text."""

    origins = frozenset({"live", "adopted", "reused"})

    def __init__(self, record: RunRecord) -> None:
        entry = entry_of(record)
        gatherings = entry.gatherings if isinstance(entry, CondensePass) else ()
        self._of = {gathering.summariser: gathering for gathering in gatherings}

    def see(self, fact: Fact) -> None:
        """Nobody joins, and nothing but a turn leaves anything."""

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
            id=artifact_id(fact.at, run, node),
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
