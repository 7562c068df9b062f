"""How a run went: its state, and when and at what cost each node came to what it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from orchestrator.core.facts import (
    Fact,
    HandedOff,
    NodeEnded,
    NodeEnding,
    RunEnded,
    RunStarted,
    TurnEnded,
    TurnStarted,
)
from orchestrator.core.turn import Usage
from orchestrator.schedule.node import Node, agent_of
from orchestrator.schedule.state import RunState

Standing: TypeAlias = NodeEnding | Literal["started", "not started"]
"""How a node ended, or how far it came."""


@dataclass(slots=True)
class Passage:
    """A node's way through a run, as far as it got."""

    node: Node
    standing: Standing = "not started"
    reason: str | None = None
    began: datetime | None = None
    ended: datetime | None = None
    seconds: float = 0.0
    """How long its turns took, from intent to outcome, taken together."""
    turns: int = 0
    """Turns that were sent and answered."""
    reused: int = 0
    """Turns that were taken from other runs."""
    usage: Usage = field(default_factory=Usage)
    """Of the turns that were sent."""


@dataclass(slots=True)
class History:
    """A run so far. `passages` are keyed by node id, in the DAG's order."""

    state: RunState
    passages: dict[str, Passage]
    handed: list[HandedOff] = field(default_factory=list)
    """What configured agents handed on; see `handoffs` for those of blueprints too."""
    began: datetime | None = None
    ended: datetime | None = None
    """When its last fact was recorded."""
    seconds: float = 0.0
    """How long it was going; what lies between an end and a resumption does not count."""
    sessions: int = 0
    """How often it was started or resumed."""

    @property
    def ending(self) -> RunEnded | None:
        """How it ended; None while it goes, and when it was cut off."""
        return self.state.ending

    @property
    def handoffs(self) -> list[HandedOff]:
        """All work that was handed on: that which blueprints said, wave by wave, then that of agents."""
        of_waves = [
            HandedOff(
                sender=wave.by if each.sender == agent_of(wave.by) else each.sender,
                receiver=each.receiver,
                node=each.receiver if each.receiver in {agent.id for agent in wave.agents} else None,
                note=each.note,
                at=wave.at,
            )
            for _, wave in sorted(self.state.joined.items())
            for each in wave.handoffs
        ]
        return of_waves + self.handed


def history_of(state: RunState, facts: Iterable[Fact]) -> History:
    """The history of a run, from its first state, which takes all facts, and its facts in order."""
    history = History(state, {})
    sent: dict[tuple[str, int], datetime] = {}
    for fact in facts:
        state.apply(fact)
        _tell_time(history, fact)
        match fact:
            case TurnStarted():
                passage = _passage(history, fact.id.node)
                passage.began = passage.began or fact.at
                sent[fact.id.node, fact.id.step] = fact.at
            case TurnEnded():
                passage = _passage(history, fact.id.node)
                if fact.ending != "deferred":  # what was held back has not begun
                    passage.began = passage.began or fact.at
                begun = sent.pop((fact.id.node, fact.id.step), fact.at)
                passage.seconds += (fact.at - begun).total_seconds()
                _count(passage, fact)
            case NodeEnded():
                passage = _passage(history, fact.node)
                passage.ended = fact.at
            case HandedOff():
                history.handed.append(fact)
            case _:
                pass
    history.passages = {node.id: _settled(_passage(history, node.id), state) for node in state.in_order()}
    return history


def _settled(passage: Passage, state: RunState) -> Passage:
    """The passage with what holds in the end: a resumed run takes back how nodes had ended."""
    ended = state.ended.get(passage.node.id)
    if ended is not None:
        passage.standing, passage.reason = ended.ending, ended.reason
    else:
        passage.ended = None
        passage.standing = "started" if passage.began else "not started"
    return passage


def _passage(history: History, name: str) -> Passage:
    found = history.passages.get(name)
    if found is None:
        found = history.passages[name] = Passage(history.state.nodes[name])
    return found


def _tell_time(history: History, fact: Fact) -> None:
    if isinstance(fact, RunStarted):
        history.sessions += 1
        history.began = history.began or fact.at
    elif history.ended is not None:
        history.seconds += max(0.0, (fact.at - history.ended).total_seconds())
    history.ended = fact.at


def _count(passage: Passage, fact: TurnEnded) -> None:
    if not fact.was_sent:
        passage.reused += fact.ending == "done"
        return
    passage.turns += fact.ending == "done"
    passage.usage += fact.usage or Usage()
