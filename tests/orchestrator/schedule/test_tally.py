"""What each agent, each wave and the run took."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from orchestrator.core.facts import Fact
from orchestrator.core.turn import Usage
from orchestrator.schedule.state import RunState
from orchestrator.schedule.tally import Metrics
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def after(fact: Fact, seconds: float) -> Fact:
    return fact.model_copy(update={"at": at(seconds)})


def metrics_of(*facts: tuple[float, Fact]) -> Metrics:
    squad = a_squad([an_agent("a", blueprint=True), an_agent("b", "a")], [an_agent("c")])
    state = RunState(squad)
    for seconds, fact in ((0, run_started()), *facts):
        state.apply(after(fact, seconds))
    return state.metrics()


def test_turns_tokens_and_cost_are_those_of_agent_wave_and_run() -> None:
    usage = Usage(input=100, output=20, cached=60, reasoning=8)
    found = metrics_of(
        (0, turn_started("a", max_cost=Decimal(1))),
        (1, turn_ended("a", usage=usage, cost=Decimal("0.25"))),
        (1, joined("a", specialist("s"))),
        (1, ended("a")),
        (1, turn_started("s", max_cost=Decimal(1))),
        (2, turn_ended("s", usage=usage, cost=Decimal("0.50"))),
    )
    assert list(found.by_agent) == ["a", "s"]
    assert {wave: tally.turns for wave, tally in found.by_wave.items()} == {0: 1, 1: 1}
    assert found.by_agent["s"].usage == found.by_wave[1].usage == usage
    assert found.whole.usage == usage + usage
    assert (found.by_wave[0].cost, found.whole.cost) == (Decimal("0.25"), Decimal("0.75"))


def test_an_unknown_price_makes_a_cost_unknown_and_never_nothing() -> None:
    found = metrics_of(
        (0, turn_started("a", max_cost=Decimal(1))),
        (1, turn_ended("a", cost=Decimal("0.25"))),
        (1, turn_started("b")),
        (2, turn_ended("b")),
    )
    assert found.by_agent["a"].cost == Decimal("0.25")
    assert found.by_agent["b"].cost is None
    assert found.whole.cost is None


def test_reuse_is_counted_apart_with_what_it_saved() -> None:
    found = metrics_of((0, turn_ended("a", origin="reused", cost=Decimal("0.3"))))
    tally = found.by_agent["a"]
    assert (tally.turns, tally.reused, tally.usage, tally.cost) == (0, 1, Usage(), Decimal(0))
    assert (tally.saved.input, tally.saved_cost) == (1200, Decimal("0.3"))
    assert metrics_of((0, turn_ended("a", origin="reused"))).whole.saved_cost is None


def test_a_failed_attempt_is_no_turn_but_costs_what_it_may_have() -> None:
    found = metrics_of(
        (0, turn_started("a", max_input=900, max_cost=Decimal(1))),
        (1, turn_ended("a", ending="failed", paid="unknown", usage=None)),
        (2, turn_started("a", attempt=2, max_input=900, max_cost=Decimal(1))),
        (3, turn_ended("a", attempt=2, cost=Decimal("0.1"))),
    )
    assert (found.whole.turns, found.whole.attempts) == (1, 2)
    assert found.whole.cost == Decimal("1.1")


def test_time_at_work_is_from_sending_to_the_end() -> None:
    found = metrics_of(
        (1, turn_started("a")), (4, turn_ended("a")), (4, turn_started("a", 2)), (6, turn_ended("a", 2))
    )
    assert found.by_agent["a"].model_s == 5.0


def test_waiting_is_when_a_turn_could_have_been_sent_and_was_not() -> None:
    found = metrics_of(
        (2, turn_started("a")),  # two seconds for a slot
        (3, turn_ended("a", ending="failed", paid="no", usage=None)),
        (10, turn_started("a", attempt=2)),  # seven for the provider
        (11, turn_ended("a", attempt=2)),
        (11, ended("a")),
        (11, turn_started("b")),
        (12, turn_ended("b")),
        (12, ended("b")),
        (15, turn_started("c")),  # three; before that another group ran
        (16, turn_ended("c")),
    )
    waited = {name: tally.waiting_s for name, tally in found.by_agent.items()}
    assert waited == {"a": 9.0, "b": 0.0, "c": 3.0}
    assert found.whole.waiting_s == 12.0


def test_the_time_between_two_sessions_is_nobodys() -> None:
    found = metrics_of(
        (0, turn_started("a")),
        (1000, run_started(resumed=True)),
        (1001, turn_started("a")),
        (1003, turn_ended("a")),
    )
    assert (found.whole.waiting_s, found.whole.model_s) == (1.0, 2.0)


def test_a_clock_that_is_set_back_makes_times_short_and_never_negative() -> None:
    found = metrics_of((100, turn_started("a")), (40, turn_ended("a")), (30, turn_started("a", 2)))
    assert found.whole.model_s == 0.0
    assert found.whole.waiting_s == 100.0


def test_turns_in_flight_are_in_no_tally_but_are_told() -> None:
    found = metrics_of((0, turn_started("a", max_input=900)))
    assert (found.whole.turns, found.lost.turns, found.lost.tokens) == (0, 1, 1000)
