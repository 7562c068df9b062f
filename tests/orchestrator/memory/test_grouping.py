"""Which artifacts come together depends on agent, topic and number, on nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.memory import grouping
from orchestrator.memory.grouping import MOST_SOURCES, gatherings
from orchestrator.store.artifacts import Found
from tests.orchestrator.memory.conftest import BEGUN


def found(number: int, agent: str = "planner", kind: str = "plan", simulated: bool = False) -> Found:
    at = BEGUN + timedelta(minutes=number)
    return Found(f"a{number:05}", "r", agent, agent, kind, 0, at, simulated, None, number)


def test_agents_and_topics_are_kept_apart() -> None:
    artifacts = [found(number, agent) for number, agent in enumerate(["planner"] * 6 + ["builder"] * 3)]
    topics = {one.id: "even" if one.ino % 2 else "odd" for one in artifacts[:6]} | {
        one.id: "odd" for one in artifacts[6:]
    }
    made = gatherings(artifacts, topics, 3)
    assert [(one.agent, one.topic, len(one.artifacts)) for one in made] == [
        ("builder", "odd", 3),
        ("planner", "even", 3),
        ("planner", "odd", 3),
    ]


def test_what_is_too_few_on_any_topic_is_various_together() -> None:
    artifacts = [found(number) for number in range(4)]
    (made,) = gatherings(artifacts, {one.id: one.id for one in artifacts}, 3)
    assert made.topic == "various" and len(made.artifacts) == 4
    assert gatherings(artifacts[:2], {}, 3) == ()


def test_summaries_of_different_topics_stay_apart() -> None:
    summaries = [found(number, kind="summary") for number in range(4)]
    assert gatherings(summaries, {one.id: one.id for one in summaries}, 3) == ()
    several = [replace(one, run=f"pass-{one.ino}") for one in summaries]
    assert len(gatherings(several, {one.id: "same" for one in summaries}, 3)) == 1


def test_rehearsed_and_real_ones_never_meet() -> None:
    artifacts = [found(number, simulated=number % 2 == 0) for number in range(8)]
    assert [one.simulated for one in gatherings(artifacts, {}, 3)] == [False, True]


def test_a_large_group_is_cut_by_time_into_equal_parts() -> None:
    made = gatherings([found(number) for number in range(MOST_SOURCES * 2 + 1)], {}, 3)
    assert [len(one.artifacts) for one in made] == [67, 67, 67]
    assert [id for one in made for id in one.artifacts] == [f"a{number:05}" for number in range(201)]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.sampled_from(["", "x", "y"])), max_size=60),
    st.integers(2, 5),
)
def test_nothing_is_gathered_twice_and_order_does_not_matter(
    given: list[tuple[str, bool, str]], least: int
) -> None:
    artifacts = [found(number, agent, simulated=sim) for number, (agent, sim, _) in enumerate(given)]
    topics = {one.id: topic for one, (_, _, topic) in zip(artifacts, given, strict=True) if topic}
    made = gatherings(artifacts, topics, least)
    ids = [id for one in made for id in one.artifacts]
    assert len(ids) == len(set(ids))
    assert all(len(one.artifacts) >= least for one in made)
    assert gatherings(artifacts[::-1], topics, least) == made
    assert len({one.summariser for one in made}) == len(made)


@example(
    [("b", False, "", "summary", "r"), ("b", False, "x", "plan", "r"), ("b", False, "y", "plan", "r")], 2, 2
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.booleans(),
            st.sampled_from(["", "x", "y"]),
            st.sampled_from(["plan", "summary"]),
            st.sampled_from(["r", "pass-1", "pass-2"]),
        ),
        max_size=60,
    ),
    st.integers(2, 5),
    st.integers(2, 6),
)
def test_what_a_pass_leaves_gives_the_next_nothing_to_do(
    artifacts: list[tuple[str, bool, str, str, str]], least: int, most: int
) -> None:
    before = [
        replace(found(number, agent, kind, simulated), run=run)
        for number, (agent, simulated, _, kind, run) in enumerate(artifacts)
    ]
    topics = {one.id: topic for one, (_, _, topic, _, _) in zip(before, artifacts, strict=True) if topic}
    with patch.object(grouping, "MOST_SOURCES", most):
        made = gatherings(before, topics, least)
        condensed = {id for each in made for id in each.artifacts}
        left = [one for one in before if one.id not in condensed]
        for number, each in enumerate(made, start=len(before)):
            summary = found(number, each.agent, "summary", each.simulated)
            left.append(replace(summary, run="this-pass"))
            topics[summary.id] = each.topic
        assert gatherings(left, topics, least) == ()
