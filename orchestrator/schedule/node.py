"""A node of the DAG: one engagement of an agent."""

from __future__ import annotations

from dataclasses import dataclass

from agentlark.blueprint import Specialist
from agentlark.model import Agent
from agentlark.resources import shipped_text


@dataclass(frozen=True, slots=True)
class Node:
    """One engagement of an agent in a run; `order` is its place in the DAG's order, unique in the run."""

    id: str
    agent: Agent
    group: str
    wave: int
    order: int
    brief: str | None = None
    """What a blueprint asks of a specialist: a value, never a template. None for configured agents."""
    summary: str = ""
    """What the specialist's wave is for."""
    by: str | None = None
    """The node whose blueprint added this one."""


def specialist_agent(specialist: Specialist, parent: Agent) -> Agent:
    """The agent a blueprint's entry stands for; how it is answered it takes from the blueprint's agent."""
    return Agent(
        id=specialist.id,
        role=specialist.role,
        plan_prompt=shipped_text("templates/prompts/frames/specialist-plan.md"),
        follow_up_prompt=shipped_text("templates/prompts/frames/specialist-follow-up.md"),
        depends_on=specialist.depends_on,
        backend=parent.backend,
        model=parent.model,
        effort=parent.effort,
        tools=parent.tools,
        max_output_tokens=parent.max_output_tokens,
        timeout_s=parent.timeout_s,
        retries=parent.retries,
    )
