"""One line of plain text for a fact or a signal: what the timeline and the plain console print."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TypeAlias, assert_never

from agentlark.diagnostics import visible
from orchestrator.core.facts import (
    Acted,
    AgentsEngaged,
    AgentsJoined,
    ApprovalAsked,
    ApprovalSettled,
    BlueprintRefused,
    Fact,
    HandedOff,
    InterruptAsked,
    NodeEnded,
    Notice,
    PromptMeasured,
    RunEnded,
    RunStarted,
    Signal,
    TextDelta,
    TurnEnded,
    TurnStarted,
    Waiting,
    WavesEnded,
)
from orchestrator.core.turn import Usage

SIMULATED = "SIMULATED (rehearsal): no model was asked, nothing was billed."

REPLAYED = "REPLAYED (cassette): no model was asked, nothing was billed."


A_DAY_S = 12 * 3600
"""From so many seconds on, a time of day is told with its date."""


def labels(simulated: bool, replayed: bool) -> tuple[str, ...]:
    """What has to be said first of a run whose answers are not those of models asked now."""
    return (*([SIMULATED] if simulated else ()), *([REPLAYED] if replayed else ()))


def clock_time(at: datetime) -> str:
    """The local time of day of a fact, to the second."""
    return time.strftime("%H:%M:%S", time.localtime(at.timestamp()))


def time_of(item: Fact | Signal) -> str:
    """The time of day of a fact, or as many spaces for a signal."""
    if isinstance(item, TextDelta | Waiting | PromptMeasured | Notice):
        return " " * 8
    return clock_time(item.at)


def describe(item: Fact | Signal) -> str | None:
    """What happened, in lines without time, mostly one; None for what is not worth a line."""
    match item:
        case RunStarted():
            what = "run resumed" if item.resumed else "run started"
            return ". ".join((f"{item.run}: {what}", " ".join(labels_of(item)))).removesuffix(". ")
        case TurnStarted():
            again = f" (attempt {item.attempt})" if item.attempt > 1 else ""
            return f"{item.id.node}: {item.purpose} started{again}, {item.backend} {visible(item.model)}"
        case TurnEnded():
            return _turn_ended(item)
        case Acted():
            result = "" if item.ok else " failed"
            return f"{item.id.node}: {item.action}{result}: {one_line(item.title)}"
        case (
            AgentsEngaged()
            | AgentsJoined()
            | ApprovalAsked()
            | ApprovalSettled()
            | BlueprintRefused()
            | HandedOff()
            | WavesEnded()
        ):
            return _of_waves(item)
        case InterruptAsked():
            return "\n  ".join(visible(line) for line in item.summary.splitlines())
        case NodeEnded():
            reason = f": {one_line(item.reason)}" if item.reason else ""
            return f"{item.node}: {item.ending}{reason}"
        case RunEnded():
            reason = f" ({one_line(item.reason)})" if item.reason and item.reason != item.ending else ""
            return f"run {item.ending}{reason}"
        case Waiting():
            return f"{item.id.node}: {wait_in_words(item)}: {one_line(item.reason)}"
        case PromptMeasured():
            size = f"{item.characters:,} characters, {item.bytes:,} bytes, {item.lines:,} lines"
            return f"{item.id.node}: {item.purpose} prompt: {size}"
        case Notice():
            return f"note: {one_line(item.text)}"
        case TextDelta():
            return None
        case _:
            assert_never(item)


def wait_in_words(wait: Waiting) -> str:
    """How long a turn waits: for so many seconds, until a time of day, or for others."""
    if wait.until is None:
        return f"waits {wait.seconds:.1f} s"
    if wait.seconds <= 0:
        return "waits its turn"
    day = wait.until.astimezone().strftime("%Y-%m-%d ") if wait.seconds >= A_DAY_S else ""
    return f"waits until {day}{clock_time(wait.until)}"


_ENGAGED_FOR = {
    "relay": "act again on work handed back",
    "continuation": "is asked to carry the chain on",
    "orchestration": "is asked what comes next",
}


_OfWaves: TypeAlias = (
    AgentsEngaged | AgentsJoined | ApprovalAsked | ApprovalSettled | BlueprintRefused | HandedOff | WavesEnded
)


def _of_waves(item: _OfWaves) -> str:
    match item:
        case AgentsJoined():
            return f"{item.by}: blueprint accepted, {_wave(item)}"
        case AgentsEngaged():
            return f"wave {item.wave} of {item.group}: {', '.join(item.agents)} {_ENGAGED_FOR[item.purpose]}"
        case HandedOff():
            when = "" if item.node else " (for its next engagement)"
            return f"{item.sender} → {item.receiver}{when}: {one_line(item.note)}"
        case ApprovalAsked():
            how = "to answer for it: agentlark approve, reject or edit"
            return f"{item.joining.by}: consent is asked for {_wave(item.joining)}\n  {how}"
        case ApprovalSettled():
            note = f": {one_line(item.note)}" if item.note else ""
            return f"wave {item.wave} {item.verdict}{note}"
        case WavesEnded():
            return f"{item.group}: no more waves, {item.ending}: {one_line(item.reason)}"
        case BlueprintRefused():
            return f"{item.node}: blueprint refused, its wave is skipped: {one_line('; '.join(item.reasons))}"
        case _:
            assert_never(item)


def _wave(fact: AgentsJoined) -> str:
    agents = ", ".join(_with_dependencies(agent.id, agent.depends_on) for agent in fact.agents)
    notes = (f"{each.sender} → {each.receiver}: {one_line(each.note)}" for each in fact.handoffs)
    warnings = (f"warning: taken though {one_line(warning)}" for warning in fact.warnings)
    return "\n  ".join([f"wave {fact.wave}: {agents}", *notes, *warnings])


def labels_of(started: RunStarted) -> tuple[str, ...]:
    """What the logs of a run begin with."""
    return labels(started.simulated, started.replayed)


def _turn_ended(fact: TurnEnded) -> str:
    error = f": {one_line(fact.error)}" if fact.error else ""
    return f"{fact.id.node}: {fact.purpose} {how_it_ended(fact, ', ')}{error}"


def how_it_ended(fact: TurnEnded, separator: str) -> str:
    """How a turn ended and what it took, or what was saved because it had been answered before."""
    if fact.origin == "replayed" and fact.ending == "done":
        return "REPLAYED" + (f"{separator}saved {tokens(fact.usage)}" if fact.usage else "")
    if fact.origin == "reused":
        return "CACHED" + (f"{separator}saved {tokens(fact.usage)}" if fact.usage else "")
    origin = "" if fact.origin == "live" else f" {fact.origin.upper()}"
    return f"{fact.ending}{origin}" + (f"{separator}{tokens(fact.usage)}" if fact.usage else "")


def _with_dependencies(name: str, depends_on: tuple[str, ...]) -> str:
    return f"{name} (after {', '.join(depends_on)})" if depends_on else name


def tokens(usage: Usage) -> str:
    """Tokens in words: about how many when they are estimated."""
    about = "about " if usage.estimated else ""
    return f"{about}{usage.input:,} in, {usage.output:,} out"


def one_line(text: str, limit: int = 300) -> str:
    """A text as one safe line of bounded length; a remedy in it is set off from the cause."""
    line = visible(" ".join(text.replace("\n  help: ", " — help: ").split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"
