"""The breaker, by examples and by any order of events."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.backends.limits.breaker import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    MOST_JITTER_S,
    WIDE,
    Breaker,
    wait_s,
)


def opened(asked_s: float | None = 30.0) -> Breaker:
    """A breaker that was opened at second 0 by a turn of its own."""
    breaker = Breaker()
    breaker.refuse(breaker.send(0.0), 0.0, asked_s, 0.0)
    return breaker


def test_closed_it_lets_everything_through() -> None:
    breaker = Breaker()
    for _ in range(2000):
        assert breaker.opening(1.0) == 1.0
        breaker.send(1.0)
    assert breaker.probes == 0


def test_open_it_lets_nothing_through_until_the_time_is_over() -> None:
    breaker = opened(30.0)
    assert breaker.opening(0.0) == breaker.opening(29.9) == 30.0
    assert breaker.opening(30.0) == 30.0


def test_then_one_probe_goes_and_all_others_wait_for_what_comes_of_it() -> None:
    breaker = opened()
    probe = breaker.send(30.0)
    assert breaker.opening(1000.0) == math.inf
    breaker.refuse(probe, 40.0, None, 0.0)
    assert 40.0 < breaker.opening(40.0) < 42.0


def test_after_a_probe_that_is_taken_it_opens_little_by_little() -> None:
    breaker = opened()
    breaker.take(breaker.send(30.0))
    rounds: list[int] = []
    while len(rounds) < 6:
        sent = []
        while breaker.opening(31.0) <= 31.0:
            sent.append(breaker.send(31.0))
        rounds.append(len(sent))
        for epoch in sent:
            breaker.take(epoch)
    assert rounds == [2, 4, 8, 16, 32, 64]
    assert breaker.probes == 1


def test_in_the_end_there_is_no_bound() -> None:
    breaker = opened()
    for _ in range(WIDE + 1):
        breaker.take(breaker.send(30.0))
    for _ in range(3 * WIDE):
        breaker.send(31.0)
    assert breaker.opening(31.0) == 31.0


def test_a_probe_that_came_to_nothing_makes_room_for_another() -> None:
    breaker = opened()
    breaker.drop(breaker.send(30.0))
    assert breaker.opening(31.0) == 31.0
    breaker.send(31.0)
    assert breaker.probes == 2


def test_turns_that_were_in_flight_together_are_refused_once() -> None:
    breaker = Breaker()
    epochs = [breaker.send(0.0) for _ in range(100)]
    for epoch in epochs:
        breaker.refuse(epoch, 0.5, None, 0.0)
    assert breaker.epoch == 1
    assert breaker.open_until == 0.5 + FIRST_WAIT_S * 0.75


def test_a_late_refusal_may_ask_for_a_longer_time() -> None:
    breaker = Breaker()
    first, late = breaker.send(0.0), breaker.send(0.0)
    breaker.refuse(first, 0.0, 2.0, 0.0)
    breaker.refuse(late, 1.0, 600.0, 0.0)
    assert breaker.open_until == 601.0


def test_what_was_sent_before_a_refusal_says_nothing_about_now() -> None:
    breaker = Breaker()
    old = [breaker.send(0.0) for _ in range(3)]
    breaker.refuse(old[0], 0.0, 30.0, 0.0)
    breaker.take(old[1])
    breaker.drop(old[2])
    assert breaker.open_until == 30.0
    breaker.send(30.0)
    assert breaker.opening(30.0) == math.inf


def test_refusals_in_a_row_wait_longer_each_time_up_to_a_minute() -> None:
    waits = [wait_s(strikes, None, 1.0) for strikes in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert wait_s(10**9, None, 1.0) == LONGEST_WAIT_S


def test_nobody_comes_back_earlier_than_was_asked_and_not_all_at_once() -> None:
    assert wait_s(0, 30.0, 0.0) == 30.0
    assert wait_s(0, 30.0, 1.0) == 33.0
    assert wait_s(0, 18_000.0, 1.0) == 18_000.0 + MOST_JITTER_S
    assert wait_s(3, 0.0, 1.0) == 8.0


Event = tuple[str, float, float | None]

events = st.lists(
    st.tuples(
        st.sampled_from(["send", "take", "refuse", "drop", "wait"]),
        st.floats(0, 100),
        st.none() | st.floats(0, 1000),
    ),
    max_size=80,
)


@given(events)
def test_while_it_is_open_nothing_leaves_before_its_time_and_one_probe_at_once(events: list[Event]) -> None:
    breaker, now = Breaker(), 0.0
    under_way: list[int] = []
    for what, number, asked_s in events:
        if what == "wait":
            now += number
        elif what == "send" and breaker.opening(now) <= now:
            until = breaker.open_until
            assert until is None or (until <= now and not breaker.is_probing)
            under_way.append(breaker.send(now))
        elif what != "send" and under_way:
            epoch = under_way.pop(int(number) % len(under_way))
            match what:
                case "take":
                    breaker.take(epoch)
                case "drop":
                    breaker.drop(epoch)
                case "refuse":
                    before = breaker.open_until
                    breaker.refuse(epoch, now, asked_s, 0.5)
                    if asked_s is not None and (before is not None or epoch == breaker.epoch - 1):
                        assert breaker.opening(now) >= now + asked_s
        if not [epoch for epoch in under_way if epoch == breaker.epoch]:
            assert math.isfinite(breaker.opening(now)), "nobody under way, and nobody may ever go"
