"""Text answers of the rehearsal backend: an outline for a plan, sections for what follows it.

Every sentence is canned or a bounded quotation of the prompt, so an answer can be believed to be one and
never mistaken for a model's.
"""

from __future__ import annotations

from orchestrator.backends.rehearsal.draw import Draw
from orchestrator.backends.rehearsal.reading import (
    MARK,
    asked_headings,
    asks_for_a_sentence,
    quoted,
    sections,
    simulated_inputs,
    task_of,
)
from orchestrator.core.turn import Purpose, TurnOrder

_TURNS: dict[Purpose, str] = {
    "plan": "plan",
    "follow-up": "follow-up",
    "repair": "repair",
    "handoff": "handoff note",
    "continuation": "continuation",
}

_STEPS = (
    "Read what is already there and note what must not change.",
    "Name the smallest result that would count as done.",
    "List what is unknown, and settle the cheapest unknown first.",
    "Make the change in steps that can each be checked alone.",
    "Write the check before the part it checks.",
    "Try the awkward inputs: empty, very large, malformed.",
    "Write down what was decided and what was left out.",
    "Hand over with the command that shows it works.",
)

_FINDINGS = (
    "A model would give its answer here; the rehearsal only shows where it goes.",
    "Nothing was examined for this section; it stands in for an answer of this length.",
    "This section would name files and reasons; no file was opened for it.",
    "The rehearsal has no opinion here; with a real backend this is the part to read first.",
)

_SECTIONS = ("Result", "Checks", "Left open")


def answer_text(order: TurnOrder) -> str:
    """The whole answer to an order for prose; the first line says that it is simulated."""
    agent, turn = order.input.agent, _TURNS[order.input.purpose]
    if asks_for_a_sentence(order):
        return f"{MARK}: one sentence of {agent} for its {turn}, with no model asked.\n"
    first = f"{MARK}: {turn} of {agent}; no model was asked and nothing was changed."
    body = _plan(order) if order.input.purpose == "plan" else _report(order)
    return "\n".join([first, "", *body]) + "\n"


def fitted(text: str, max_bytes: int) -> str:
    """As many whole lines of a text as fit into so many bytes; at the least part of its first line."""
    kept, room = [], max_bytes
    for line in text.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    return "".join(kept) or text.encode()[:max_bytes].decode(errors="ignore")


def _plan(order: TurnOrder) -> list[str]:
    draw = Draw(order.key, "plan")
    steps = draw.sample(_STEPS, 3 + draw.number(3))
    outline = ", ".join(quoted(title) for title in sections(order.input.prompt))
    return [
        f"Task as read: {quoted(task_of(order))}",
        *([f"Sections of the prompt: {outline}"] if outline else []),
        *_inputs(order),
        "",
        "## Outline",
        *(f"{number}. {step}" for number, step in enumerate(steps, 1)),
    ]


def _report(order: TurnOrder) -> list[str]:
    draw = Draw(order.key, "report")
    lines = [f"Task as read: {quoted(task_of(order))}", *_inputs(order), *_reference(order)]
    for title in asked_headings(order.input.prompt) or _SECTIONS:
        lines += ["", f"## {title}", draw.pick(_FINDINGS)]
    return lines


def _inputs(order: TurnOrder) -> list[str]:
    count = simulated_inputs(order.input.prompt)
    if not count:
        return []
    return [f"It was given {count} simulated answer{'s' if count > 1 else ''} of other agents."]


def _reference(order: TurnOrder) -> list[str]:
    """The sentence that ties an answer to the last one of its thread."""
    answers = [message.text for message in order.thread if message.role == "assistant"]
    if not answers:
        return []
    steps = [line for line in answers[-1].splitlines() if line[:1].isdigit()]
    if not steps:
        return ["It follows this agent's last answer on the thread."]
    return [f"It follows its plan of {len(steps)} steps, which begins {quoted(steps[0][3:].rstrip('.'))}."]
