"""What a run recorded of an agent: its answers, and the inputs they answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from agentlark.diagnostics import nearest
from orchestrator.core.errors import UserError
from orchestrator.core.facts import AgentsEngaged, AgentsJoined, Fact, NodeEnded, TurnEnded
from orchestrator.core.frozen import Digest
from orchestrator.core.turn import Done, TurnInput
from orchestrator.schedule.node import agent_of

Turn: TypeAlias = Literal["plan", "follow-up"]


class Recorded(Protocol):
    """As much of a journal as reading back takes."""

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """A run's facts above a number, in order."""
        ...

    def body(self, digest: Digest) -> bytes:
        """A verified body."""
        ...


@dataclass(frozen=True, slots=True)
class Recalled:
    """One recorded turn: the fact, what was asked, what was answered."""

    ended: TurnEnded
    input: TurnInput
    done: Done


def recall(journal: Recorded, run: str, agents: Iterable[str], agent: str, turn: Turn | None) -> Recalled:
    """An agent's answer in a run: the one that stands for it, or that of its plan or follow-up.

    `agents` are the configured ids. An agent that acted several times is meant as it acted last; `id@wave` is
    one engagement. Raises UserError when there is no such agent or no answer yet.
    """
    known = list(agents)
    turns: list[TurnEnded] = []
    ended: dict[str, NodeEnded] = {}
    for _, fact in journal.facts(run):
        if isinstance(fact, AgentsJoined):
            known += [each.id for each in fact.agents]
        elif isinstance(fact, AgentsEngaged):
            known += [name for each in fact.agents for name in (each, f"{each}@{fact.wave}")]
        elif isinstance(fact, TurnEnded) and _is_meant(fact.id.node, agent) and fact.ending == "done":
            turns.append(fact)
        elif isinstance(fact, NodeEnded) and _is_meant(fact.node, agent):
            ended[fact.node] = fact
    if agent not in known:
        near = nearest(agent, known)
        raise UserError(
            f"there is no agent {agent!r} in {run}",
            f"did you mean {near!r}?" if near else f"there is {', '.join(dict.fromkeys(known))}",
        )
    newest = turns[-1].id.node if turns else next(reversed(ended), agent)
    end = ended.get(newest)
    wanted = [fact for fact in turns if fact.id.node == newest and _is_wanted(fact, turn)]
    if not wanted:
        what = f"{turn} answer" if turn else "answer"
        reason = f": it is {end.ending}, {end.reason}" if end and end.reason else ""
        raise UserError(f"{agent} has no {what} in {run}{reason}", "look at logs/timeline.log")
    standing = [fact for fact in wanted if end is not None and fact.answer == end.output]
    fact = (standing or wanted)[-1]
    assert fact.answer is not None
    return Recalled(
        fact,
        TurnInput.model_validate_json(journal.body(fact.key)),
        Done.model_validate_json(journal.body(fact.answer)),
    )


def _is_meant(node: str, agent: str) -> bool:
    return agent in (node, agent_of(node))


def _is_wanted(fact: TurnEnded, turn: Turn | None) -> bool:
    """Whether a turn is of the kind asked for; handing on is no answer."""
    if turn is None:
        return fact.purpose != "handoff"
    return (fact.purpose == "plan") == (turn == "plan") and fact.purpose != "handoff"
