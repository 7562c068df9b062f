"""A node of the DAG: one engagement of an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentlark.blueprint import Specialist
from agentlark.model import Agent
from agentlark.resources import shipped_text
from orchestrator.core.facts import EngagedFor

ORCHESTRATOR = "autonomous-orchestrator"
"""The id of the agent that says what a group does next."""

Part: TypeAlias = Literal["configured", "specialist"] | EngagedFor
"""What part a node plays: configured, joined by a blueprint, or engaged for one of the reasons there are."""


@dataclass(frozen=True, slots=True)
class Node:
    """One engagement of an agent in a run; `order` is its place in the DAG's order, unique in the run."""

    id: str
    agent: Agent
    group: str
    wave: int
    order: int
    part: Part = "configured"
    waits: tuple[str, ...] = ()
    """The nodes it waits for."""
    reads: tuple[str, ...] = ()
    """The nodes whose outputs it is given; for a configured one see `RunState.upstream`."""
    brief: str | None = None
    """What a blueprint asks of a specialist: a value, never a template. None for configured agents."""
    summary: str = ""
    """What the specialist's wave is for."""
    by: str | None = None
    """The node whose blueprint added this one."""
    depth: int = 0
    """How many joined agents wait for one another in a row up to this one."""

    @property
    def gives_blueprint(self) -> bool:
        """Whether its last answer may add agents."""
        by_itself = self.agent.blueprint and self.agent.follow_up_enabled
        return by_itself or self.part in ("continuation", "orchestration")


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
        limits=parent.limits,
    )


def orchestrator_agent(parent: Agent) -> Agent:
    """The agent that orchestrates a group; how it is answered it takes from the group's blueprint agent."""
    return parent.model_copy(
        update={
            "id": ORCHESTRATOR,
            "role": "Autonomous orchestrator",
            "plan_prompt": "",
            "follow_up_prompt": "",
            "depends_on": (),
            "tools": (),
            "blueprint": False,
        }
    )


def agent_of(node: str) -> str:
    """The agent of a node id: `id`, or `id@wave` when it acts again."""
    return node.partition("@")[0]
