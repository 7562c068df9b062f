"""The text of an interrupt: done, running, not started, and how to go on."""

from __future__ import annotations

from orchestrator.core.facts import ApprovalAsked
from orchestrator.schedule.state import RunState
from orchestrator.schedule.summary import interrupt_summary
from tests.doubles.facts import ended, joined, specialist
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH


def test_everybody_stands_in_exactly_one_line_in_the_dags_order() -> None:
    state = RunState(a_squad([an_agent(name) for name in "abcde"]))
    state.apply(ended("b"))
    state.apply(ended("a", "skipped"))
    state.apply(ended("c", "failed"))
    assert interrupt_summary("my-run", state, {"d"}, "ab").splitlines() == [
        "my-run was interrupted: turns in flight end, nothing new starts.",
        "done (2): a, b",
        "running (1): d",
        "not started (1): e",
        "not ended well (1): c",
        "to go on: ab resume my-run",
    ]


def test_many_names_are_counted_and_nobody_is_nobody() -> None:
    state = RunState(a_squad([an_agent(f"n{number:02}") for number in range(25)]))
    lines = interrupt_summary("r", state, ()).splitlines()
    assert lines[1] == "done (0): nobody"
    assert lines[3].startswith("not started (25): n00, ")
    assert lines[3].endswith("n19 and 5 more")


def test_waves_that_wait_for_consent_are_named() -> None:
    state = RunState(a_squad([an_agent("builder", blueprint=True)]))
    state.apply(ended("builder"))
    state.apply(ApprovalAsked(joining=joined("builder", specialist("x")), at=EPOCH))
    assert "waiting for consent (1): wave 1" in interrupt_summary("r", state, ())
