"""What the rehearsal backend finds in a prompt: its task, its headings, the lines that steer it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.core.turn import TurnOrder

MARK = "SIMULATED (rehearsal)"
"""What every simulated answer begins with."""

_TASK_LINE = re.compile(r"^(?:the )?task\s*:\s*(?P<rest>.*)$", re.IGNORECASE)
_TASK_TITLE = re.compile(r"(?:the |your )?task\b", re.IGNORECASE)
_HEADING = re.compile(r"^(?P<marks>#{1,6})\s+(?P<title>.*\S)")
_TAKEN = re.compile(r"^\s*Taken ids:\s*(?P<ids>.*)$", re.MULTILINE)
_HAND_ON = re.compile(r"^\s*Hand on to:\s*(?P<ids>[^(\n]*)", re.MULTILINE)
_WAIT_FOR_IT = re.compile(r"^\s*You yourself hand on to (?P<ids>.*), who wait for you\.$", re.MULTILINE)
_HAND_BACK = re.compile(r"^\s*Hand back to, only if work must be done again:\s*(?P<ids>.*)$", re.MULTILINE)
_BUILDERS = re.compile(r"^\s*Shape: builders only\b", re.MULTILINE)
_OWN_ANSWER = re.compile(r"^# Answer of (?P<agent>[a-z0-9_-]+)@\d+", re.MULTILINE)
_EARLIER = re.compile(r"^# Your earlier answer$", re.MULTILINE)
_SENTENCE = re.compile(r"\b(?:is|in) exactly one sentence\b")
_FOUR = re.compile(r"^\s*Shape: four independent agents\b", re.MULTILINE)


def quoted(text: str, longest: int = 72) -> str:
    """Text as one bounded line in quotation marks, without control characters."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return f"“{flat if len(flat) <= longest else flat[: longest - 1].rstrip() + '…'}”"


def sections(prompt: str, most: int = 6) -> list[str]:
    """The first headings of a prompt's own outline, without repeats: those of its highest level."""
    found = list(_headings(prompt))
    highest = min((level for level, _ in found), default=0)
    return list(dict.fromkeys(title for level, title in found if level == highest))[:most]


def asked_headings(prompt: str, most: int = 6) -> list[str]:
    """The headings that an answer should have: those below the prompt's last first-level heading."""
    found: list[str] = []
    for level, title in _headings(prompt):
        found = [] if level == 1 else [*found, title]
    return list(dict.fromkeys(found))[:most]


def task_of(order: TurnOrder) -> str:
    """The line that most likely says what the squad was asked for.

    It is looked for in the thread's first prompt: after `Task:`, below a heading "Task", or else the first
    line of prose.
    """
    first = order.thread[0].text if order.thread else order.input.prompt
    return next(_task_lines(first), "") or next(_prose(first), "the task")


def asked(order: TurnOrder) -> str:
    """All that was asked on the thread, this prompt last: a repair stands on the prompt it repairs."""
    return "\n".join([*(said.text for said in order.thread if said.role == "user"), order.input.prompt])


def taken_ids(order: TurnOrder) -> frozenset[str]:
    """The agent ids that a blueprint must not use, from lines `Taken ids: a, b`."""
    return frozenset(_listed(_TAKEN, order))


def asks_for_four(order: TurnOrder) -> bool:
    """Whether a line `Shape: four independent agents` asks for exactly four who wait for nobody."""
    return _FOUR.search(asked(order)) is not None


def asks_for_builders(order: TurnOrder) -> bool:
    """Whether a line `Shape: builders only` asks for agents that build."""
    return _BUILDERS.search(asked(order)) is not None


def asks_for_a_sentence(order: TurnOrder) -> bool:
    """Whether every free text of the answer is to be one sentence."""
    return _SENTENCE.search(asked(order)) is not None


def receivers(order: TurnOrder) -> list[str]:
    """To whom the agent is asked to hand its work on.

    From lines `Hand on to: a, b` and, where a blueprint says it, `You yourself hand on to a, b, who …`.
    """
    return [*_listed(_HAND_ON, order), *_listed(_WAIT_FOR_IT, order)]


def receivers_behind(order: TurnOrder) -> list[str]:
    """To whom the agent may hand its work back, from lines `Hand back to, …: a, b`."""
    return _listed(_HAND_BACK, order)


def acts_again(order: TurnOrder) -> bool:
    """Whether work has come back to the agent: its thread shows it its own earlier answer."""
    return _EARLIER.search(asked(order)) is not None


def has_answered_before(order: TurnOrder) -> bool:
    """Whether the prompt carries an earlier answer of the agent that is asked."""
    found = _OWN_ANSWER.finditer(asked(order))
    return any(match["agent"] == order.input.agent for match in found)


def _listed(pattern: re.Pattern[str], order: TurnOrder) -> list[str]:
    lists = (match["ids"].split(",") for match in pattern.finditer(asked(order)))
    return [name for parts in lists for part in parts if (name := part.strip(" `."))]


def simulated_inputs(prompt: str) -> int:
    """How many answers of other rehearsals the prompt carries."""
    return sum(line.lstrip("> ").startswith(MARK) for line in prompt.splitlines())


def _headings(prompt: str) -> Iterator[tuple[int, str]]:
    for line in prompt.splitlines():
        if match := _HEADING.match(line):
            yield len(match["marks"]), quoted(match["title"]).strip("“”")


def _task_lines(text: str) -> Iterator[str]:
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        heading = _HEADING.match(line)
        match = _TASK_LINE.match(line)
        if match and match["rest"]:
            yield match["rest"]
        elif match or (heading and _TASK_TITLE.match(heading["title"])):
            yield from (later for later in lines[number + 1 :] if later)


def _prose(text: str) -> Iterator[str]:
    lines = (line.strip() for line in text.splitlines())
    return (line for line in lines if line and not line.startswith(("#", MARK)))
