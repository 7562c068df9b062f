"""Caps on cost that cannot be held are refused before anything is spent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from agentlark.model import Agent, Limits, Squad
from orchestrator.core.errors import UserError
from orchestrator.core.ports import Prices
from orchestrator.core.settings import Flags, settle
from orchestrator.core.turn import Usage
from orchestrator.run.assignment import Assignment, assign
from orchestrator.run.foresight import Forecast
from orchestrator.run.spending import budget_of, check_priced, notes_on
from orchestrator.schedule.budget import Ledger
from orchestrator.schedule.state import RunState
from tests.doubles.facts import run_started, turn_ended, turn_started
from tests.doubles.prices import PerToken
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import CARD

PRICED = PerToken("0.001")
UNPRICED = PerToken("0.001", unknown=frozenset({"m-9"}))
SQUAD = a_squad([an_agent("a"), an_agent("b", model="m-9")])
CAPPED = Limits(max_cost=1)


def answered(agent: Agent) -> Assignment:
    return assign(agent, settle(Flags(backend="fake"), {}), {"fake": CARD})


def check(
    squad: Squad, limits: Limits, prices: Prices | None, ledger: Ledger | None = None, is_billed: bool = True
) -> None:
    check_priced(squad, budget_of(squad, limits, is_billed=is_billed), answered, prices, ledger or Ledger())


def test_known_prices_are_fine_and_without_a_cap_on_cost_nobody_asks() -> None:
    check(SQUAD, CAPPED, PRICED)
    check(SQUAD, Limits(max_tokens=5, max_turns=1), None)
    check(SQUAD, CAPPED, None, is_billed=False)


def test_a_model_without_a_price_is_named_with_who_uses_it_and_what_to_do() -> None:
    with pytest.raises(UserError, match=r"--max-cost 1 cannot be held: .* m-9 of fake \(b\)") as refused:
        check(SQUAD, CAPPED, UNPRICED)
    assert "--max-tokens" in refused.value.remedy


def test_without_the_price_tables_the_extra_is_named() -> None:
    with pytest.raises(UserError, match="genai-prices is not installed") as refused:
        check(SQUAD, CAPPED, None)
    assert "agentlark[prices]" in refused.value.remedy


def test_only_those_whose_cost_is_capped_need_a_price() -> None:
    own = a_squad([an_agent("a", limits=CAPPED), an_agent("b", model="m-9")])
    check(own, Limits(), UNPRICED)
    both = a_squad([an_agent("a"), an_agent("b", model="m-9", limits=CAPPED)])
    with pytest.raises(UserError, match="max_cost of the agent b"):
        check(both, Limits(), UNPRICED)
    group = both.groups[0].model_copy(update={"limits": CAPPED, "agents": SQUAD.groups[0].agents})
    with pytest.raises(UserError, match="max_cost of the group g0"):
        check(Squad(groups=(group,)), Limits(), UNPRICED)


@pytest.mark.parametrize("has_ended", [True, False])
def test_what_was_spent_without_a_price_cannot_be_held_to_a_cap_later(has_ended: bool) -> None:
    state = RunState(SQUAD)
    state.apply(run_started())
    state.apply(turn_started("a"))
    if has_ended:
        state.apply(turn_ended("a"))
    with pytest.raises(UserError, match="1 of the turns sent so far have no known price"):
        check(SQUAD, CAPPED, PRICED, state.ledger)
    check(SQUAD, Limits(max_tokens=10**6), PRICED, state.ledger)


def test_where_nothing_is_billed_a_cap_on_cost_is_said_not_to_apply() -> None:
    (note,) = notes_on(SQUAD, budget_of(SQUAD, CAPPED, is_billed=False))
    assert note.startswith("--max-cost 1 does not apply: nothing is billed.")
    assert notes_on(SQUAD, budget_of(SQUAD, CAPPED, is_billed=True)) == ()
    assert notes_on(SQUAD, budget_of(SQUAD, Limits(max_turns=1), is_billed=False)) == ()


def test_a_forecast_costs_what_its_bounds_do_and_nothing_known_when_one_is_not() -> None:
    known = {("fake", "m-1"): Usage(input=1000, output=500), ("fake", "m-2"): Usage(output=500)}
    forecast = Forecast((), (), None, (), bounds=known)
    assert forecast.priced(PRICED).cost == Decimal(2)
    assert forecast.priced(None).cost is None
    unknown = replace(forecast, bounds={**known, ("fake", "m-9"): Usage()})
    assert unknown.priced(UNPRICED).cost is None
    assert Forecast((), (), None, ()).priced(PRICED).cost == Decimal(0)
