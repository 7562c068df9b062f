"""What an agent is told: templates filled with the task, the upstream outputs and the required form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from agentlark.blueprint import BLUEPRINT_SCHEMA, MAX_AGENTS, blueprint_schema, handoffs_schema
from agentlark.prompts import Turn, render, render_frame
from orchestrator.run.given import NAMED, Given
from orchestrator.schedule.admission import BlueprintRules
from orchestrator.schedule.node import Node
from orchestrator.schedule.review import Review

BYTES_PER_TOKEN = 4
"""A usual ratio for prose and code; used to estimate, never to bill."""


@dataclass(frozen=True, slots=True)
class Receivers:
    """To whom a configured agent may hand its work on: ahead of it in the same wave, and back."""

    forward: Sequence[str] = ()
    back: Sequence[str] = ()
    requires_note: bool = False

    def __bool__(self) -> bool:
        return bool(self.forward or self.back)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node sees of the run: the task, the outputs of the nodes upstream, what was handed to it."""

    task: str
    outputs: Mapping[str, str]
    """By agent, in the DAG's order."""
    notes: Sequence[tuple[str, str]] = ()
    """What was handed to it: senders and their notes."""
    previous: str | None = None
    """Its own earlier answer, when work came back to it."""
    receivers: Receivers = Receivers()
    rules: BlueprintRules | None = None
    """What its blueprint is held to, if it gives one."""
    review: Review = field(default_factory=Review)
    """The answers that a node looks back on which is asked what comes next."""
    waves_left: int = 0
    carries_out: Sequence[str] = ()
    """The specialists whose work it carries out, for an implementer of a continuation."""
    concise: bool = False
    given: Given = field(default_factory=Given)
    """The files it declares and what it remembers."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form an answer must have: a JSON Schema and the text that demands it; empty for prose."""

    schema: JsonValue = None
    text: str = field(default="")


def form_of(node: Node, around: Surroundings) -> Form:
    """The form of the node's last answer."""
    form = _form_of(node, around)
    if not around.concise:
        return form
    return Form(form.schema, form.text + render_frame("sentence", {"is_json": form.schema is not None}))


def _form_of(node: Node, around: Surroundings) -> Form:
    agent = node.agent
    if around.rules is not None:
        return _blueprint_form(around.rules)
    if agent.follow_up_schema is not None and agent.follow_up_enabled:
        shown = json.dumps(agent.follow_up_schema, indent=2, ensure_ascii=False)
        text = render_frame("schema", {"schema": shown, "rules": agent.follow_up_schema_rules})
        return Form(agent.follow_up_schema, text)
    return Form()


def _blueprint_form(rules: BlueprintRules) -> Form:
    hands_on = rules.relay is not None
    plain = not hands_on and not rules.may_finish
    schema = blueprint_schema(handoffs=hands_on, may_finish=rules.may_finish)
    variables: dict[str, object] = {
        "max_agents": MAX_AGENTS,
        "taken": rules.taken,
        "known": rules.known,
        "shape": rules.shape.name,
        "may_finish": rules.may_finish,
        "hands_on": hands_on,
        "requires_note": rules.relay is not None and rules.relay.requires_note,
        "configured": list(rules.places.order),
        "forward": rules.forward,
        "back": rules.back,
    }
    return Form(BLUEPRINT_SCHEMA if plain else schema, render_frame("blueprint", variables))


def turn_prompt(node: Node, turn: Turn, around: Surroundings, plan: str = "") -> str:
    """The prompt of a plan or follow-up turn, without its form."""
    agent = node.agent
    variables = _variables(node, around)
    if turn == "follow-up":
        variables["plan"] = plan
    text = render(agent.plan_prompt if turn == "plan" else agent.follow_up_prompt, variables)
    opens = turn == "plan" or around.concise
    return text + _given(around) + _received(around) if opens else text


def concise_prompt(node: Node, around: Surroundings) -> str:
    """The prompt of an agent that answers at once, without a plan turn that would have told it the task."""
    return render_frame("context", _variables(node, around)) + turn_prompt(node, "follow-up", around)


def next_step_prompt(node: Node, around: Surroundings) -> str:
    """The prompt of a node that is asked what comes next, without its form."""
    variables = _variables(node, around) | {
        "answers": around.review.shown,
        "left_out": around.review.left_out,
        "waves_left": around.waves_left,
        "specialists": around.carries_out,
    }
    frame = "orchestrator" if node.part == "orchestration" else "continuation"
    return render_frame(frame, variables) + _given(around)


def handoff_prompt(receivers: Receivers) -> str:
    """The prompt that asks an agent to hand its work on."""
    variables: dict[str, object] = {
        "forward": receivers.forward,
        "back": receivers.back,
        "requires_note": receivers.requires_note,
    }
    return render_frame("handoff", variables)


def handoff_form(receivers: Receivers) -> Form:
    """The form of what an agent hands on; its prompt says it in words."""
    return Form(handoffs_schema([*receivers.forward, *receivers.back]))


def repair_prompt(errors: Sequence[str], form: Form) -> str:
    """The prompt that asks again after an answer that could not be used."""
    return render_frame("repair", {"errors": errors, "form": form.text, "is_json": form.schema is not None})


def estimate_tokens(*texts: str) -> int:
    """About how many tokens the texts take."""
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // BYTES_PER_TOKEN


def _given(around: Surroundings) -> str:
    files, memory = around.given.files, around.given.memory
    if not files and not memory:
        return ""
    variables = {"files": files.files, "no_room": files.no_room, "named": NAMED, "memory": memory}
    return render_frame("given", variables)


def _received(around: Surroundings) -> str:
    if not around.notes and not around.previous:
        return ""
    return render_frame("received", {"notes": around.notes, "previous": around.previous})


def _variables(node: Node, around: Surroundings) -> dict[str, object]:
    agent = node.agent
    variables: dict[str, object] = {
        "task": around.task,
        "agent": {"id": agent.id, "role": agent.role},
        "group": {"id": node.group},
        "outputs": around.outputs,
    }
    if node.part == "specialist":
        variables |= {
            "brief": node.brief,
            "summary": node.summary,
            "carries_out": around.carries_out,
            "logs": list(around.outputs),
        }
    return variables
