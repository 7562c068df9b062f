"""What a run and each of its agents took: turns and tokens, those sent and those taken from other runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.core.facts import TurnEnded
from orchestrator.core.turn import Usage
from orchestrator.schedule.node import agent_of


@dataclass(slots=True)
class Tally:
    """What an agent took: turns sent and answered, turns taken from a record, and the tokens of each."""

    turns: int = 0
    reused: int = 0
    usage: Usage = field(default_factory=Usage)
    saved: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class Tallies:
    """The tallies of a run's agents, by id, an agent's engagements together; and of all of them."""

    by_agent: dict[str, Tally] = field(default_factory=dict)
    whole: Tally = field(default_factory=Tally)

    def count(self, fact: TurnEnded) -> None:
        """Take a turn into account."""
        for tally in (self.by_agent.setdefault(agent_of(fact.id.node), Tally()), self.whole):
            if fact.was_sent:
                tally.turns += fact.ending == "done"
                tally.usage += fact.usage or Usage()
            else:
                tally.reused += fact.ending == "done"
                tally.saved += fact.usage or Usage()
