"""Squads built by hand, with prompts short enough to compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentlark.model import Agent, Group, Orchestration, Squad

PLAN = "plan {{ task }}{% for id, text in outputs.items() %} [{{ id }}: {{ text }}]{% endfor %}"
FOLLOW_UP = "follow up on {{ plan }}"


def an_agent(id: str, *depends_on: str, **fields: Any) -> Agent:
    """An agent with short prompts, after those named."""
    given = {"role": id.title(), "plan_prompt": PLAN, "follow_up_prompt": FOLLOW_UP, **fields}
    return Agent(id=id, depends_on=depends_on, **given)


def a_squad(*groups: Sequence[Agent], **orchestration: Any) -> Squad:
    """A squad of groups `g0`, `g1` and so on, each orchestrated so."""
    how = Orchestration.model_validate(orchestration)
    return Squad(
        groups=tuple(
            Group(id=f"g{place}", agents=tuple(agents), orchestration=how)
            for place, agents in enumerate(groups)
        )
    )
