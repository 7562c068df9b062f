"""What is recorded when a wave joins."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.facts import AgentsJoined, Fact, NodeEnded
from orchestrator.schedule.conduct import Conduct
from orchestrator.schedule.relay import unnoted


def joining_facts(joining: AgentsJoined, conduct: Conduct) -> Sequence[Fact]:
    """The wave, and who of it is blocked at once because its baton came without the note that is demanded."""
    blocked = unnoted(joining.agents, joining.handoffs, conduct.relay)
    return [
        joining,
        *(
            NodeEnded(node=name, ending="blocked", reason=reason, at=joining.at)
            for name, reason in blocked.items()
        ),
    ]
