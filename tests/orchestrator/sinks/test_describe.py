"""One line for each fact and signal, safe in any terminal."""

from __future__ import annotations

import pytest

from agentlark.blueprint import Handoff
from orchestrator.core.facts import (
    Acted,
    AgentsEngaged,
    ApprovalAsked,
    ApprovalSettled,
    BlueprintRefused,
    Fact,
    HandedOff,
    InterruptAsked,
    Notice,
    PromptMeasured,
    RunEnded,
    Signal,
    TextDelta,
    Waiting,
    WavesEnded,
)
from orchestrator.core.turn import TurnId, Usage
from orchestrator.sinks.describe import SIMULATED, clock_time, describe, one_line, tokens
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.virtual_time import EPOCH

ID = TurnId("r", "a", 1)
ESC = "\x1b[31m"


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (run_started(), "r: run started"),
        (run_started(resumed=True), "r: run resumed"),
        (run_started(simulated=True), f"r: run started. {SIMULATED}"),
        (turn_started("a"), "a: plan started, fake fake-1"),
        (turn_started("a", attempt=2, purpose="follow-up"), "a: follow-up started (attempt 2), fake fake-1"),
        (turn_started("a", model=f"m{ESC}"), r"a: plan started, fake m\x1b[31m"),
        (turn_ended("a"), "a: plan done, 1,200 in, 34 out"),
        (turn_ended("a", origin="reused"), "a: plan CACHED, saved 1,200 in, 34 out"),
        (
            turn_ended("a", ending="failed", usage=None, error=f"no\n{ESC}way"),
            r"a: plan failed: no \x1b[31mway",
        ),
        (
            Acted(id=ID, number=1, action="command_execution", title=f"make\ntest {ESC}", at=EPOCH),
            r"a: command_execution: make test \x1b[31m",
        ),
        (
            Acted(id=ID, number=1, action="file_change", title="a.py", ok=False, at=EPOCH),
            "a: file_change failed: a.py",
        ),
        (
            joined("a", specialist("x"), specialist("y", "x", "a"), wave=3),
            "a: blueprint accepted, wave 3: x, y (after x, a)",
        ),
        (
            BlueprintRefused(node="a", reasons=("one", f"t{ESC}wo"), at=EPOCH),
            r"a: blueprint refused, its wave is skipped: one; t\x1b[31mwo",
        ),
        (ended("a"), "a: done"),
        (ended("a", "failed", f"why\n{ESC}"), r"a: failed: why \x1b[31m"),
        (ended("a", "blocked", "b failed"), "a: blocked: b failed"),
        (RunEnded(ending="done", at=EPOCH), "run done"),
        (RunEnded(ending="failed", reason="failed: a", at=EPOCH), "run failed (failed: a)"),
        (RunEnded(ending="interrupted", reason="interrupted", at=EPOCH), "run interrupted"),
        (Waiting(id=ID, seconds=2.34, reason=f"bu\nsy{ESC}"), r"a: waits 2.3 s: bu sy\x1b[31m"),
        (Waiting(id=ID, seconds=0, until=EPOCH, reason="a probe"), "a: waits its turn: a probe"),
        (TextDelta(id=ID, text="x"), None),
        (turn_ended("a", origin="reused", usage=None), "a: plan CACHED"),
        (turn_ended("a", origin="adopted"), "a: plan done ADOPTED, 1,200 in, 34 out"),
        (
            AgentsEngaged(wave=2, group="g0", purpose="relay", agents=("a", "b"), at=EPOCH),
            "wave 2 of g0: a, b act again on work handed back",
        ),
        (
            AgentsEngaged(wave=2, group="g0", purpose="continuation", agents=("a",), at=EPOCH),
            "wave 2 of g0: a is asked to carry the chain on",
        ),
        (
            AgentsEngaged(wave=3, group="g0", purpose="orchestration", agents=("o",), at=EPOCH),
            "wave 3 of g0: o is asked what comes next",
        ),
        (
            joined("a", specialist("x")).model_copy(
                update={
                    "handoffs": (Handoff(sender="a", receiver="x", note=f"take\nit {ESC}"),),
                    "warnings": ("4 agents are wanted, 1 is given",),
                }
            ),
            "a: blueprint accepted, wave 1: x\n"
            r"  a → x: take it \x1b[31m"
            "\n  warning: taken though 4 agents are wanted, 1 is given",
        ),
        (
            HandedOff(sender="a", receiver="b", node="b", note=f"go\non {ESC}", at=EPOCH),
            r"a → b: go on \x1b[31m",
        ),
        (
            HandedOff(sender="b@2", receiver="a", node=None, note="again", at=EPOCH),
            "b@2 → a (for its next engagement): again",
        ),
        (
            ApprovalAsked(joining=joined("a", specialist("x"), wave=2), at=EPOCH),
            "a: consent is asked for wave 2: x\n  to answer for it: agentlark approve, reject or edit",
        ),
        (ApprovalSettled(wave=2, verdict="approved", at=EPOCH), "wave 2 approved"),
        (
            ApprovalSettled(wave=2, verdict="rejected", note=f"not {ESC}now", at=EPOCH),
            r"wave 2 rejected: not \x1b[31mnow",
        ),
        (
            WavesEnded(group="g0", ending="max-waves", reason="its limit of 5 waves is reached", at=EPOCH),
            "g0: no more waves, max-waves: its limit of 5 waves is reached",
        ),
        (
            InterruptAsked(summary=f"r was interrupted.\ndone (1): a{ESC}", at=EPOCH),
            "r was interrupted.\n" r"  done (1): a\x1b[31m",
        ),
        (
            PromptMeasured(id=ID, purpose="plan", characters=1234, bytes=1300, lines=7),
            "a: plan prompt: 1,234 characters, 1,300 bytes, 7 lines",
        ),
        (Notice(text=f"wave 1\n{ESC}"), r"note: wave 1 \x1b[31m"),
    ],
)
def test_every_item_has_its_line_or_none(item: Fact | Signal, line: str | None) -> None:
    assert describe(item) == line


def test_a_line_is_bounded_and_says_that_it_was_cut() -> None:
    assert one_line("x" * 1000, 10) == "xxxxxxxxx…"
    assert one_line("x" * 10, 10) == "x" * 10


def test_estimated_tokens_are_called_about() -> None:
    assert tokens(Usage(input=1_234_567, output=1, estimated=True)) == "about 1,234,567 in, 1 out"


def test_a_wait_for_a_providers_limit_names_the_time_of_day_and_the_date_where_it_is_far() -> None:
    soon = Waiting(id=ID, seconds=90, until=EPOCH, reason="busy")
    far = Waiting(id=ID, seconds=86_400, until=EPOCH, reason="used up")
    assert describe(soon) == f"a: waits until {clock_time(EPOCH)}: busy"
    assert describe(far) == f"a: waits until {EPOCH.astimezone():%Y-%m-%d} {clock_time(EPOCH)}: used up"
