"""What a minute holds: never more is sent, and what was not used is not lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.backends.limits.rate import Allowance, Cost, Rate, cost_of
from orchestrator.core.turn import Message, Usage
from tests.orchestrator.backends.conftest import make_order


def cost(tokens: float = 100) -> Cost:
    return {"requests": 1.0, "input tokens": tokens, "output tokens": 1.0, "tokens": tokens + 1}


def times(rate: Rate, costs: list[Cost], until: float) -> list[float]:
    """When turns of these costs are sent, one after another, each as early as it may be."""
    now, sent = 0.0, []
    for each in costs:
        now, _ = rate.opening(each, now)
        if now > until:
            break
        rate.take(each, now)
        sent.append(now)
    return sent


def test_nothing_set_and_nothing_learned_bounds_nothing() -> None:
    assert times(Rate(), [cost(10**9)] * 50, 0.0) == [0.0] * 50


def test_requests_are_spread_over_the_minute() -> None:
    sent = times(Rate(requests=30), [cost()] * 10, 1000.0)
    assert [round(at, 3) for at in sent] == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]


@given(st.integers(1, 300))
def test_in_no_minute_are_more_requests_than_were_set(requests: int) -> None:
    sent = times(Rate(requests=requests), [cost()] * 700, 150.0)
    for begin in sent:
        within = [at for at in sent if begin <= at < begin + 59.999]
        assert len(within) <= requests


@given(st.integers(1, 100_000), st.lists(st.integers(0, 5_000), min_size=1, max_size=60))
def test_in_no_minute_are_more_tokens_than_were_set_but_for_those_of_one_turn(
    tokens: int, sizes: list[int]
) -> None:
    costs = [cost(size) for size in sizes]
    sent = times(Rate(tokens=tokens), costs, 400.0)
    for first, begin in enumerate(sent):
        within = [costs[index]["tokens"] for index, at in enumerate(sent) if begin <= at < begin + 59.999]
        assert sum(within) <= tokens + max(costs[index]["tokens"] for index in range(first, len(sent))) + 1


def test_an_estimate_is_put_right_by_what_was_used() -> None:
    rate = Rate(tokens=6_000)
    rate.take(cost(99), 0.0)
    rate.settle(cost(99), Usage(input=500, output=600, cached=100), 1.0)
    at, reason = rate.opening(cost(), 1.0)
    assert 9.9 < at < 10.1
    assert reason == "6,000 tokens a minute, set for this run"


def test_a_turn_larger_than_a_whole_minute_is_sent_when_nothing_else_was() -> None:
    rate = Rate()
    rate.learn([Allowance("input tokens", 1_000, 400)], 0.0)
    at, _ = rate.opening(cost(50_000), 0.0)
    assert at == 36.0


def test_what_the_provider_says_is_left_is_all_that_is_sent_at_once() -> None:
    rate = Rate()
    rate.learn([Allowance("requests", 60, 3)], 100.0)
    now, sent = 100.0, []
    for _ in range(6):
        now, reason = rate.opening(cost(), now)
        rate.take(cost(), now)
        sent.append(now)
    assert sent == [100, 100, 100, 101, 102, 103]
    assert reason == "60 requests a minute, by the provider's headers"


def test_the_lower_of_what_was_set_and_what_was_learned_holds() -> None:
    rate = Rate(requests=60)
    rate.learn([Allowance("requests", 6_000, 6_000)], 0.0)
    assert times(rate, [cost()] * 3, 10.0) == [0, 1, 2]


def test_other_users_of_the_account_are_taken_into_account_and_more_room_is_not_made_up() -> None:
    rate = Rate()
    rate.learn([Allowance("requests", 60, 50)], 0.0)
    rate.learn([Allowance("requests", 60, 0)], 0.0)
    rate.learn([Allowance("requests", 60, 60)], 0.0)
    assert rate.opening(cost(), 0.0)[0] == 1.0


def test_what_was_not_sent_is_put_back() -> None:
    rate = Rate(requests=1)
    rate.take(cost(), 0.0)
    rate.put_back(cost(), 5.0)
    assert rate.opening(cost(), 5.0)[0] == 5.0


def test_an_order_costs_its_bytes_by_four_thread_included() -> None:
    order = make_order("ü" * 10, [Message(role="user", text="x" * 11), Message(role="assistant", text="y")])
    assert cost_of(order) == {"requests": 1, "input tokens": 8, "output tokens": 1, "tokens": 9}
