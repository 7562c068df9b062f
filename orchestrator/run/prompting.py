"""What an agent is told: templates filled with the task, the upstream outputs and the required form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from agentlark.blueprint import BLUEPRINT_SCHEMA, MAX_AGENTS
from agentlark.prompts import Turn, render, render_frame
from orchestrator.schedule.node import Node

BYTES_PER_TOKEN = 4
"""A usual ratio for prose and code; used to estimate, never to bill."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node sees of the run: the task and the outputs of the nodes upstream, in the DAG's order."""

    task: str
    outputs: Mapping[str, str]
    taken: Sequence[str] = ()
    """All ids in use, for a node that gives a blueprint."""
    known: Sequence[str] = ()
    """The ids its blueprint may depend on."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form an answer must have: a JSON Schema and the text that demands it; empty for prose."""

    schema: JsonValue = None
    text: str = field(default="")


def form_of(node: Node, around: Surroundings) -> Form:
    """The form of the node's follow-up."""
    agent = node.agent
    if agent.blueprint:
        text = render_frame(
            "blueprint", {"max_agents": MAX_AGENTS, "taken": around.taken, "known": around.known}
        )
        return Form(BLUEPRINT_SCHEMA, text)
    if agent.follow_up_schema is not None:
        shown = json.dumps(agent.follow_up_schema, indent=2, ensure_ascii=False)
        text = render_frame("schema", {"schema": shown, "rules": agent.follow_up_schema_rules})
        return Form(agent.follow_up_schema, text)
    return Form()


def turn_prompt(node: Node, turn: Turn, around: Surroundings, plan: str = "") -> str:
    """The prompt of a plan or follow-up turn, without its form."""
    agent = node.agent
    variables: dict[str, object] = {
        "task": around.task,
        "agent": {"id": agent.id, "role": agent.role},
        "group": {"id": node.group},
        "outputs": around.outputs,
    }
    if node.brief is not None:
        variables |= {"brief": node.brief, "summary": node.summary}
    if turn == "follow-up":
        variables["plan"] = plan
    return render(agent.plan_prompt if turn == "plan" else agent.follow_up_prompt, variables)


def repair_prompt(errors: Sequence[str], form: Form) -> str:
    """The prompt that asks again after an answer that could not be used."""
    return render_frame("repair", {"errors": errors, "form": form.text})


def estimate_tokens(*texts: str) -> int:
    """About how many tokens the texts take."""
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // BYTES_PER_TOKEN
