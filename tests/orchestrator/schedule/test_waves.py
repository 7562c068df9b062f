"""Wave policies: what a group does once all its agents have ended."""

from __future__ import annotations

import pytest

from orchestrator.core.facts import BlueprintRefused, HandedOff, WavesEnded
from orchestrator.core.settings import Asked
from orchestrator.schedule.conduct import Conduct, RelayRules, conducts_of
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.state import RunState
from orchestrator.schedule.waves import (
    Autonomous,
    Continue,
    End,
    EndOnFailure,
    Engage,
    Relay,
    after_wave,
    is_chain,
    policies_of,
)
from tests.doubles.facts import ended, engaged, joined, specialist
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH

ORCHESTRATOR = "autonomous-orchestrator"
ASK = Engage("orchestration", (ORCHESTRATOR,))


def a_state(asked: Asked | None = None, **orchestration: object) -> RunState:
    """Planner and builder have ended; the builder's wave of two is a chain."""
    squad = a_squad([an_agent("planner"), an_agent("builder", "planner", blueprint=True)], **orchestration)
    state = RunState(squad, conducts_of(squad, asked or Asked()))
    state.apply(ended("planner"))
    state.apply(ended("builder"))
    return state


def with_wave(state: RunState, *agents: str) -> RunState:
    state.apply(joined("builder", *(specialist(name) for name in agents)))
    for name in agents:
        state.apply(ended(name))
    return state


def after(state: RunState, caps: Caps | None = None) -> Engage | End | None:
    return after_wave(state, "g0", caps or Caps())


@pytest.mark.parametrize(
    ("waits", "holds"),
    [
        ({}, False),
        ({"a": []}, False),
        ({"a": [], "b": ["a"]}, True),
        ({"c": ["b"], "a": [], "b": ["a"]}, True),
        ({"a": ["outside"], "b": ["a"]}, True),
        ({"a": [], "b": []}, False),
        ({"a": [], "b": ["a"], "c": ["a"]}, False),
        ({"a": [], "b": ["a"], "c": ["a", "b"]}, True),
        ({"a": [], "b": [], "c": ["a", "b"]}, False),
        ({"a": [], "b": ["a"], "c": [], "d": ["c"]}, False),
        ({"a": ["b"], "b": ["a"]}, False),
        ({"a": ["a"], "b": ["a"]}, False),
    ],
)
def test_a_chain_is_one_line_of_two_or_more(waits: dict[str, list[str]], holds: bool) -> None:
    assert is_chain(waits) is holds


def test_a_group_without_waves_or_asked_nothing_just_ends() -> None:
    squad = a_squad([an_agent("a")])
    state = RunState(squad, conducts_of(squad, Asked(autonomous=True, relay=True)))
    state.apply(ended("a"))
    assert after_wave(state, "g0", Caps()) is None
    assert after(with_wave(a_state(), "x")) is None


def test_the_policies_of_a_group_are_asked_in_order() -> None:
    def kinds(conduct: Conduct) -> list[type]:
        return [type(policy) for policy in policies_of(conduct, Caps())]

    assert kinds(Conduct()) == [EndOnFailure, Continue]
    assert kinds(Conduct(autonomous=True)) == [EndOnFailure, Continue, Autonomous]
    assert kinds(Conduct(autonomous=True, relay=RelayRules())) == [EndOnFailure, Continue, Relay]
    assert kinds(Conduct(autonomous=True, specialists_join=False)) == [EndOnFailure]
    assert kinds(Conduct(relay=RelayRules(), specialists_join=False)) == [EndOnFailure, Relay]


# Continuation


def a_chain(state: RunState) -> RunState:
    state.apply(joined("builder", specialist("x"), specialist("y", "x")))
    state.apply(ended("x"))
    state.apply(ended("y"))
    return state


def test_a_chain_is_carried_on_once() -> None:
    state = a_chain(a_state())
    assert after(state) == Engage("continuation", ("builder",))
    state.apply(engaged("continuation", "builder", wave=2))
    state.apply(ended("builder@2"))
    assert after(state) is None


def test_a_continuation_wave_is_not_carried_on() -> None:
    state = a_chain(a_state())
    state.apply(engaged("continuation", "builder", wave=2))
    state.apply(ended("builder@2"))
    state.apply(joined("builder@2", specialist("v"), specialist("w", "v"), wave=2))
    state.apply(ended("v"))
    state.apply(ended("w"))
    assert after(state) is None


def test_each_later_chain_is_carried_on_too_before_the_orchestrator_is_asked() -> None:
    state = with_wave(a_state(autonomous=True), "one")
    assert after(state) == ASK
    state.apply(engaged("orchestration", ORCHESTRATOR, wave=2))
    state.apply(ended(f"{ORCHESTRATOR}@2"))
    state.apply(joined(f"{ORCHESTRATOR}@2", specialist("v"), specialist("w", "v"), wave=2))
    state.apply(ended("v"))
    state.apply(ended("w"))
    assert after(state) == Engage("continuation", ("builder",))


# Autonomous


def test_the_orchestrator_is_asked_until_its_waves_are_spent_and_continuations_do_not_count() -> None:
    state = a_chain(a_state(autonomous=True, max_waves=1))
    state.apply(engaged("continuation", "builder", wave=2))
    state.apply(ended("builder@2"))
    assert after(state) == ASK
    state.apply(engaged("orchestration", ORCHESTRATOR, wave=3))
    state.apply(ended(f"{ORCHESTRATOR}@3"))
    assert after(state) == End("max-waves", "its limit of 1 wave is reached")


def test_nobody_is_asked_after_the_end_of_the_waves_was_recorded() -> None:
    state = with_wave(a_state(autonomous=True), "x")
    state.apply(WavesEnded(group="g0", ending="done", reason="enough", at=EPOCH))
    assert after(state) is None


def test_without_a_wave_to_look_back_on_the_orchestrator_is_not_asked() -> None:
    assert after(a_state(autonomous=True)) is None


def test_nobody_is_asked_for_agents_that_may_not_join() -> None:
    state = with_wave(a_state(autonomous=True), "x")
    step = after(state, Caps(agents=1))
    assert isinstance(step, End)
    assert step.ending == "cap"


@pytest.mark.parametrize("ending", ["failed", "blocked", "cancelled"])
def test_work_is_not_carried_on_upon_what_did_not_end_well(ending: str) -> None:
    state = a_state(autonomous=True)
    state.apply(joined("builder", specialist("x"), specialist("y", "x")))
    state.apply(ended("x"))
    state.apply(ended("y", ending))  # type: ignore[arg-type]  # one of the endings
    assert after(state) == End("failed", "not ended well: y")


def test_nor_upon_a_refused_blueprint() -> None:
    state = a_state(autonomous=True)
    state.apply(BlueprintRefused(node="builder", reasons=("no",), at=EPOCH))
    assert after(state) == End("failed", "blueprint refused: builder")
    once = a_state()
    once.apply(BlueprintRefused(node="builder", reasons=("no",), at=EPOCH))
    assert after(once) is None


# Relay

GRAPH = {"enabled": True, "graph": {"planner": ["builder"], "builder": ["planner"]}}


def handed_back(state: RunState) -> None:
    state.apply(HandedOff(sender="builder", receiver="planner", node=None, note="again", at=EPOCH))


def test_work_handed_back_is_worked_on_before_the_orchestrator_is_asked() -> None:
    state = with_wave(a_state(relay=GRAPH), "x")
    handed_back(state)
    assert after(state) == Engage("relay", ("planner", "builder"))
    state.apply(engaged("relay", "planner", "builder", wave=2))
    state.apply(ended("planner@2"))
    state.apply(ended("builder@2", "skipped"))
    assert after(state) == ASK


def test_a_relay_without_an_orchestrator_is_done_when_nothing_was_handed_back() -> None:
    state = a_state(relay=GRAPH, autonomous=False, max_waves=1)
    assert after(state) == End("done", "nothing was handed back")
    handed_back(state)
    state.apply(engaged("relay", "planner", "builder", wave=1))
    state.apply(ended("planner@1"))
    state.apply(ended("builder@1"))
    assert after(state) == End("done", "nothing was handed back")


def test_work_that_is_handed_back_after_the_last_wave_is_named() -> None:
    state = a_state(relay=GRAPH, max_waves=1)
    handed_back(state)
    state.apply(engaged("relay", "planner", "builder", wave=1))
    state.apply(ended("planner@1"))
    state.apply(ended("builder@1"))
    handed_back(state)
    assert after(state) == End(
        "max-waves", "its limit of 1 wave is reached; not worked on any more: builder → planner"
    )
