"""What is spent and promised, and whether the next turn fits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from agentlark.model import Limits
from orchestrator.core.facts import Fact, TurnEnded, TurnStarted
from orchestrator.core.turn import Message, TurnId, TurnInput, TurnOrder, Usage
from orchestrator.schedule.budget import (
    RUN,
    Account,
    Budget,
    Ledger,
    Refusal,
    Verdict,
    input_bound,
    judge,
    one_turn,
    overshoots,
)
from orchestrator.schedule.state import RunState
from tests.doubles.facts import KEY, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.squads import a_squad, an_agent


def state_of(*facts: Fact, state: RunState | None = None) -> RunState:
    state = state or RunState(a_squad([an_agent("a"), an_agent("b")], [an_agent("c")]))
    for fact in facts:
        state.apply(fact)
    return state


def started(node: str, step: int = 1, most: int = 1000, **fields: object) -> TurnStarted:
    """A turn of at most so many tokens, 100 of them output."""
    given = {"max_tokens": 100, "max_input": most - 100, "max_cost": Decimal(most) / 1000, **fields}
    return turn_started(node, step, **given)


def ended(node: str, **fields: Any) -> TurnEnded:
    return turn_ended(node, **{"usage": Usage(input=70, output=30), "cost": Decimal("0.1"), **fields})


def verdict(state: RunState, node: str, worst: int, budget: Budget, elapsed_s: float = 0.0) -> Verdict:
    amount = one_turn(worst, Decimal(worst) / 1000)
    return judge(budget, state.nodes[node], amount, state.ledger, elapsed_s)


def test_a_started_turn_is_promised_its_worst_case_and_its_end_books_what_it_took() -> None:
    state = state_of(started("a"))
    assert (state.ledger.spent().tokens, state.ledger.promised().tokens) == (0, 1000)
    state_of(ended("a"), state=state)
    assert state.ledger.spent() == one_turn(100, Decimal("0.1"))
    assert state.ledger.promised().tokens == 0


def test_a_turn_is_booked_with_the_run_its_group_and_its_agent() -> None:
    ledger = state_of(started("a"), ended("a"), started("b"), ended("b"), started("c"), ended("c")).ledger
    accounts = (RUN, Account("g0"), Account("g0", "a"), Account("g1"), Account("g1", "a"))
    assert [ledger.spent(account).turns for account in accounts] == [3, 2, 1, 1, 0]


@pytest.mark.parametrize(
    ("fields", "tokens", "turns"),
    [
        ({"ending": "failed", "paid": "no", "usage": None}, 0, 0),
        ({"ending": "failed", "paid": "no"}, 0, 0),
        ({"ending": "deferred", "paid": "no", "usage": None}, 0, 0),
        ({"origin": "reused"}, 0, 0),
        ({"origin": "replayed"}, 0, 0),
        ({"ending": "failed", "paid": "yes"}, 100, 1),
        ({"ending": "failed", "paid": "unknown"}, 100, 1),
        ({"ending": "failed", "paid": "yes", "usage": None}, 1000, 1),
        ({"ending": "failed", "paid": "unknown", "usage": None}, 1000, 1),
        ({"usage": Usage(input=1, output=1, estimated=True)}, 1000, 1),
        ({"usage": Usage(input=1, output=1, estimated=True), "simulated": True}, 2, 1),
        ({"usage": None}, 1000, 1),
        ({"usage": Usage(input=5000, output=30)}, 5030, 1),
    ],
)
def test_what_may_have_been_paid_counts_and_whole_unless_somebody_says_how_much(
    fields: dict[str, object], tokens: int, turns: int
) -> None:
    spent = state_of(started("a"), ended("a", **fields)).ledger.spent()
    assert (spent.tokens, spent.turns) == (tokens, turns)


def test_a_resumed_run_books_whole_whatever_has_no_outcome() -> None:
    state = state_of(started("a"), started("b"), ended("b"), run_started(resumed=True))
    assert (state.ledger.spent().tokens, state.ledger.promised().tokens) == (1100, 0)
    assert state.ledger.lost.tokens == 1000
    state_of(started("a"), ended("a"), state=state)
    assert state.ledger.spent().tokens == 1200, "the turn that was sent again comes on top"
    assert state.metrics().lost.tokens == 1000, "what it may have taken at first is still told"


def test_an_outcome_that_is_found_later_replaces_the_worst_case() -> None:
    state = state_of(started("a"), run_started(resumed=True), ended("a", origin="adopted"))
    assert state.ledger.spent().tokens == 100
    assert state.ledger.lost.turns == 0


@pytest.mark.parametrize(
    "fields", [{"ending": "deferred", "paid": "no", "usage": None}, {"origin": "reused"}]
)
def test_what_was_lost_is_not_forgotten_when_its_turn_is_held_back_or_found_elsewhere(
    fields: dict[str, object],
) -> None:
    state = state_of(started("a"), run_started(resumed=True), ended("a", **fields))
    assert state.ledger.spent().tokens == 1000
    state.apply(run_started(resumed=True))
    assert (state.ledger.spent().tokens, state.ledger.lost.turns) == (1000, 1)


def test_a_turn_that_is_lost_twice_counts_twice() -> None:
    again = run_started(resumed=True)
    state = state_of(started("a"), again, started("a"), again, started("a"), ended("a"))
    assert (state.ledger.spent().tokens, state.ledger.lost.tokens) == (2100, 2000)


def test_a_record_without_an_input_bound_is_taken_at_its_ceiling_of_output() -> None:
    state = state_of(turn_started("a"), run_started(resumed=True))
    assert state.ledger.spent().tokens == 100
    assert state.ledger.spent().unpriced == 1


@pytest.mark.parametrize(
    ("limits", "worst", "expected"),
    [
        (Limits(max_tokens=2100), 1000, "fits"),
        (Limits(max_tokens=2099), 1000, "waits"),
        (Limits(max_tokens=1100), 1000, "waits"),
        (Limits(max_turns=3), 1, "fits"),
        (Limits(max_turns=2), 1, "waits"),
        (Limits(max_cost=2.1), 1000, "fits"),
        (Limits(max_cost=2.0999), 1000, "waits"),
    ],
)
def test_a_turn_fits_waits_for_others_or_never_fits(limits: Limits, worst: int, expected: str) -> None:
    """100 tokens are spent, 1000 promised."""
    state = state_of(started("a"), ended("a"), started("b"))
    assert verdict(state, "c", worst, Budget(limits)) == expected


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            Limits(max_tokens=1099),
            "the cap of 1,099 tokens is reached: 100 spent, the next turn may take 1,000",
        ),
        (Limits(max_turns=1), "the cap of 1 turn is reached: 1 spent, the next turn may take 1"),
        (Limits(max_cost=1.05), "the cap of 1.05 US dollars is reached: 0.1 spent, the next turn may take 1"),
        (Limits(deadline_s=60), "the deadline is over: 60 s"),
    ],
)
def test_a_turn_that_can_never_fit_is_refused_in_words(limits: Limits, said: str) -> None:
    state = state_of(started("a"), ended("a"))
    refusal = verdict(state, "b", 1000, Budget(limits), elapsed_s=60.0)
    assert isinstance(refusal, Refusal)
    assert str(refusal) == said


def test_the_smallest_sufficient_cap_is_told_and_suffices() -> None:
    state = state_of(started("a"), ended("a"))
    refusal = verdict(state, "b", 1000, Budget(Limits(max_tokens=500)))
    assert isinstance(refusal, Refusal)
    assert verdict(state, "b", 1000, Budget(Limits(max_tokens=int(refusal.needed)))) == "fits"


def test_of_several_caps_the_lowest_holds() -> None:
    squad = a_squad([an_agent("a", limits=Limits(max_turns=1)), an_agent("b")])
    state = state_of(started("a"), ended("a"), state=RunState(squad))
    budget = Budget(Limits(max_turns=10), {"g0": Limits(max_tokens=1050)})
    of_agent, of_group = verdict(state, "a", 100, budget), verdict(state, "b", 1000, budget)
    assert isinstance(of_agent, Refusal)
    assert isinstance(of_group, Refusal)
    assert (of_agent.account, of_agent.what) == (Account("g0", "a"), "max_turns")
    assert (of_group.account, of_group.what) == (Account("g0"), "max_tokens")
    assert "of the agent a" in str(of_agent)
    assert "of the group g0" in str(of_group)
    assert verdict(state, "b", 900, budget) == "fits"


def test_deadlines_of_groups_and_agents_begin_with_their_first_turn() -> None:
    state = state_of(started("c", elapsed_s=100.0))
    budget = Budget(groups={"g1": Limits(deadline_s=50)})
    assert verdict(state, "c", 1, budget, elapsed_s=149.0) == "fits"
    assert isinstance(verdict(state, "c", 1, budget, elapsed_s=150.0), Refusal)
    assert verdict(state, "a", 1, budget, elapsed_s=1e6) == "fits"


def test_time_is_that_of_the_facts_and_never_goes_back() -> None:
    state = state_of(started("a", elapsed_s=20.0), ended("a", elapsed_s=30.0), started("b", elapsed_s=25.0))
    assert state.ledger.elapsed_s == 30.0


def test_a_cap_on_cost_is_not_passed_by_what_has_no_price() -> None:
    state = state_of(started("a", max_cost=None), ended("a", cost=None))
    assert isinstance(verdict(state, "b", 1, Budget(Limits(max_cost=1000))), Refusal)
    assert verdict(state, "b", 1, Budget(Limits(max_cost=1000), counts_cost=False)) == "fits"


def test_a_cap_that_was_exceeded_all_the_same_is_told() -> None:
    state = state_of(started("a"), ended("a", usage=Usage(input=5000, output=30)))
    budget = Budget(Limits(max_tokens=2000, max_turns=9))
    assert overshoots(budget, state.in_order(), state.ledger) == ["3,030 tokens over the 2,000 of the run"]


def order(prompt: str, thread: tuple[Message, ...] = (), schema: object = None) -> TurnOrder:
    turn = TurnInput.model_validate(
        {
            "agent": "a",
            "purpose": "plan",
            "backend": "fake",
            "model": "fake-1",
            "prompt": prompt,
            "output_schema": schema,
        }
    )
    return TurnOrder(id=TurnId("r", "a", 1), key=KEY, input=turn, thread=thread, max_tokens=9, deadline_s=1)


def test_the_bound_of_an_input_counts_the_bytes_of_all_that_is_sent() -> None:
    bare = input_bound(order("x" * 100))
    assert bare >= 100
    assert input_bound(order("ü" * 100)) == bare + 100
    assert input_bound(order("\ud800" + "x" * 97)) == bare
    thread = (Message(role="user", text="y" * 50),)
    assert input_bound(order("x" * 100, thread)) >= bare + 50
    native = (Message(role="assistant", text="y", native={"blocks": "z" * 500}),)
    assert input_bound(order("x" * 100, native)) >= bare + 500
    assert input_bound(order("x" * 100, schema={"type": "object", "title": "t" * 300})) >= bare + 300


def test_an_empty_prompt_is_not_free() -> None:
    assert input_bound(order("")) > 10


def test_a_ledger_folded_again_is_the_same() -> None:
    facts: list[Fact] = [started("a"), ended("a"), started("b"), run_started(resumed=True), started("b")]
    one, other = state_of(*facts).ledger, state_of(*facts).ledger
    for account in (RUN, Account("g0"), Account("g0", "b")):
        assert one.spent(account) == other.spent(account)
        assert one.promised(account) == other.promised(account)


def test_an_unknown_account_is_empty() -> None:
    assert Ledger().spent(Account("nobody")).tokens == 0
    assert Ledger().promised(Account("nobody")).tokens == 0
    assert Ledger().seconds_since(Account("nobody"), 5.0) == 0.0


def test_who_joins_has_the_limits_of_who_asked_for_it_each_for_itself() -> None:
    squad = a_squad([an_agent("a", blueprint=True, limits=Limits(max_turns=1))])
    state = RunState(squad)
    for fact in (started("a"), ended("a"), joined("a", specialist("s"), specialist("t"))):
        state.apply(fact)
    budget = Budget()
    assert [verdict(state, name, 1, budget) for name in ("s", "t")] == ["fits", "fits"]
    state_of(started("s"), ended("s"), state=state)
    refusal = verdict(state, "s", 1, budget)
    assert isinstance(refusal, Refusal)
    assert refusal.account == Account("g0", "s")
    assert verdict(state, "t", 1, budget) == "fits"
