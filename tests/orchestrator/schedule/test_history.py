"""How a run went: what each node took, also when it was taken up again."""

from __future__ import annotations

from datetime import datetime, timedelta

from agentlark.blueprint import Handoff
from orchestrator.core.facts import HandedOff, RunEnded
from orchestrator.core.turn import Usage
from orchestrator.schedule.history import history_of
from orchestrator.schedule.state import RunState
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH

SQUAD = a_squad([an_agent("a"), an_agent("b", "a", blueprint=True), an_agent("c", "b")])


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def test_a_node_takes_as_long_as_its_turns_and_costs_what_they_used() -> None:
    facts = (
        run_started(),
        turn_started("a", at=at(1)),
        turn_ended("a", at=at(3)),
        turn_started("a", 2, at=at(10)),
        turn_ended("a", 2, at=at(11.5)),
        ended("a").model_copy(update={"at": at(12)}),
    )
    history = history_of(RunState(SQUAD), facts)
    a = history.passages["a"]
    assert (a.standing, a.seconds, a.turns, a.began, a.ended) == ("done", 3.5, 2, at(1), at(12))
    assert a.usage == Usage(input=2400, output=68)
    assert history.passages["b"].standing == "not started"
    assert list(history.passages) == ["a", "b", "c"]


def test_reused_and_failed_turns_are_no_turns_that_were_answered() -> None:
    facts = (
        run_started(),
        turn_ended("a", origin="reused"),
        turn_ended("a", 2, ending="failed", usage=Usage(input=5)),
        turn_started("b"),
    )
    history = history_of(RunState(SQUAD), facts)
    a = history.passages["a"]
    assert (a.reused, a.turns, a.usage) == (1, 0, Usage(input=5))
    assert (a.standing, history.passages["b"].standing) == ("started", "started")


def test_a_resumed_run_takes_back_what_did_not_end_well_and_does_not_count_the_pause() -> None:
    first = (
        run_started(),
        turn_started("a", at=at(0)),
        turn_ended("a", ending="failed", at=at(2)),
        ended("a", "failed").model_copy(update={"at": at(2)}),
        ended("b", "blocked", "a failed").model_copy(update={"at": at(2)}),
        RunEnded(ending="failed", at=at(2)),
    )
    again = run_started(resumed=True).model_copy(update={"at": at(1000)})
    later = turn_started("a", at=at(1001))
    history = history_of(RunState(SQUAD), first)
    assert history.passages["b"].standing == "blocked"
    assert history.ending is not None
    history = history_of(RunState(SQUAD), (*first, again, later))
    assert history.passages["a"].standing == "started"
    assert history.passages["b"].standing == "not started"
    assert (history.ending, history.sessions, history.seconds) == (None, 2, 3.0)


def test_handoffs_of_blueprints_and_of_agents_are_told_together() -> None:
    wave = joined("b", specialist("x"), specialist("y")).model_copy(
        update={"handoffs": (Handoff(sender="x", receiver="y", note="look"),)}
    )
    handed = HandedOff(sender="a", receiver="c", node=None, note="mind", at=EPOCH)
    history = history_of(RunState(SQUAD), (run_started(), wave, handed))
    assert [(each.sender, each.receiver, each.note) for each in history.handoffs] == [
        ("x", "y", "look"),
        ("a", "c", "mind"),
    ]
    assert history.handed == [handed]


def test_a_turn_that_was_held_back_has_not_begun() -> None:
    state = RunState(a_squad([an_agent("a")]))
    held = turn_ended("a", ending="deferred", usage=None)
    passage = history_of(state, [run_started(), held]).passages["a"]
    assert (passage.standing, passage.began) == ("not started", None)
