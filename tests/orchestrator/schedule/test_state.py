"""The fold of facts: who is ready, who can no longer run, what stands upstream of whom."""

from __future__ import annotations

import pytest

from orchestrator.core.facts import BlueprintRefused, RunEnded
from orchestrator.core.turn import Usage
from orchestrator.schedule.state import RunState
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH


def take_all(state: RunState) -> list[str]:
    """Everybody who can start now; groups that have ended add no more waves."""
    taken = []
    while not state.is_closed:
        while (node := state.take_ready()) is not None:
            taken.append(node.id)
        if not state.group_has_ended:
            break
        state.close_group()
    return taken


def finish(state: RunState, *names: str) -> list[str]:
    """End some nodes well; gives who can start because of that."""
    for name in names:
        state.apply(ended(name))
    return take_all(state)


# Readiness


def test_agents_without_dependencies_are_ready_at_once_in_file_order() -> None:
    state = RunState(a_squad([an_agent("b"), an_agent("c", "b"), an_agent("a")]))
    assert take_all(state) == ["b", "a"]


def test_a_node_is_given_out_once() -> None:
    state = RunState(a_squad([an_agent("a")]))
    assert take_all(state) == ["a"]
    assert take_all(state) == []


def test_a_node_that_ended_before_it_was_given_out_is_not_given_out() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b")]))
    state.apply(ended("a", "cancelled"))
    assert take_all(state) == ["b"]


def test_an_agent_is_ready_the_moment_its_last_dependency_ended_not_layer_by_layer() -> None:
    state = RunState(
        a_squad(
            [an_agent("fast"), an_agent("slow"), an_agent("after", "fast"), an_agent("both", "fast", "slow")]
        )
    )
    take_all(state)
    assert finish(state, "fast") == ["after"]
    assert finish(state, "after") == []
    assert finish(state, "slow") == ["both"]


def test_a_dependency_named_twice_counts_once() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b", "a", "a")]))
    take_all(state)
    assert finish(state, "a") == ["b"]


def test_those_that_became_ready_together_come_in_the_order_of_the_dag() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b"), an_agent("y", "b"), an_agent("x", "a")]))
    take_all(state)
    assert finish(state, "a", "b") == ["y", "x"]


# Groups


def test_a_group_waits_until_the_one_before_it_has_ended_altogether() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b")], [an_agent("c")]))
    assert take_all(state) == ["a", "b"]
    assert finish(state, "a") == []
    assert finish(state, "b") == ["c"]


def test_a_dependency_across_groups_is_satisfied_when_the_group_starts() -> None:
    state = RunState(a_squad([an_agent("a")], [an_agent("b"), an_agent("c", "a", "b")]))
    take_all(state)
    assert finish(state, "a") == ["b"]
    assert finish(state, "b") == ["c"]


def test_a_group_also_waits_for_the_agents_that_joined_the_one_before_it() -> None:
    state = RunState(a_squad([an_agent("a", blueprint=True)], [an_agent("b")]))
    take_all(state)
    state.apply(ended("a"))
    state.apply(joined("a", specialist("s")))
    assert take_all(state) == ["s"]
    assert finish(state, "s") == ["b"]


def test_a_failed_agent_ends_its_group_as_well_as_a_good_one() -> None:
    state = RunState(a_squad([an_agent("a")], [an_agent("b"), an_agent("c", "a")]))
    take_all(state)
    state.apply(ended("a", "failed"))
    assert take_all(state) == ["b"]


def test_a_group_without_agents_is_passed_over() -> None:
    state = RunState(a_squad([], [an_agent("a")], [], [an_agent("b")]))
    assert take_all(state) == ["a"]
    assert finish(state, "a") == ["b"]


def test_it_is_over_when_every_node_has_ended() -> None:
    state = RunState(a_squad([an_agent("a")], [an_agent("b", "a")]))
    take_all(state)
    state.apply(ended("a", "failed"))
    before = state.is_over
    state.apply(ended("b", "blocked"))
    assert (before, state.is_over) == (False, True)
    assert take_all(state) == []


# Waves


def builder(*others: str) -> RunState:
    """A squad whose builder has just answered; `others` are agents beside it, still at work."""
    state = RunState(a_squad([an_agent("builder", blueprint=True), *(an_agent(other) for other in others)]))
    take_all(state)
    state.apply(ended("builder"))
    return state


def test_independent_specialists_run_side_by_side() -> None:
    state = builder()
    state.apply(joined("builder", specialist("x"), specialist("y")))
    assert take_all(state) == ["x", "y"]


def test_a_chain_of_specialists_runs_one_after_another_however_it_was_listed() -> None:
    state = builder()
    state.apply(joined("builder", specialist("z", "y"), specialist("y", "x"), specialist("x")))
    assert take_all(state) == ["x"]
    assert finish(state, "x") == ["y"]
    assert finish(state, "y") == ["z"]
    assert [node.id for node in state.in_order()] == ["builder", "x", "y", "z"]


def test_a_specialist_may_wait_for_an_agent_that_is_still_at_work() -> None:
    state = builder("docs")
    state.apply(joined("builder", specialist("x", "docs"), specialist("y", "builder")))
    assert take_all(state) == ["y"]
    assert finish(state, "docs") == ["x"]


def test_a_specialist_takes_over_how_its_blueprint_agent_is_answered_but_not_what_it_emits() -> None:
    parent = an_agent(
        "builder", blueprint=True, backend="fake", model="m", effort="high", max_output_tokens=9, retries=7,
        timeout_s=5, tools=("shell",), follow_up_schema_rules=("rule",),
    )  # fmt: skip
    state = RunState(a_squad([parent]))
    state.apply(ended("builder"))
    state.apply(joined("builder", specialist("x", prompt="{{ evil }}"), summary="why"))
    node = state.nodes["x"]
    inherited = ("backend", "model", "effort", "max_output_tokens", "retries", "timeout_s", "tools")
    assert all(getattr(node.agent, name) == getattr(parent, name) for name in inherited)
    assert not node.agent.blueprint
    assert node.agent.follow_up_schema_rules == ()
    assert (node.brief, node.summary, node.by, node.wave, node.group) == (
        "{{ evil }}", "why", "builder", 1, "g0",
    )  # fmt: skip


def test_waves_are_counted_through_the_run() -> None:
    state = RunState(a_squad([an_agent("a", blueprint=True)], [an_agent("b", blueprint=True)]))
    state.apply(ended("a"))
    state.apply(joined("a", specialist("x")))
    state.apply(ended("x"))
    state.apply(ended("b"))
    state.apply(joined("b", specialist("y"), wave=2, group="g1"))
    assert state.waves == 2
    assert state.nodes["y"].wave == 2


def test_a_wave_that_is_a_circle_is_not_quietly_taken() -> None:
    state = builder()
    with pytest.raises(ValueError, match="circle"):
        state.apply(joined("builder", specialist("x", "y"), specialist("y", "x")))


def test_a_blueprint_may_depend_on_its_own_and_earlier_groups_only() -> None:
    squad = a_squad([an_agent("a")], [an_agent("b", blueprint=True), an_agent("c")], [an_agent("d")])
    state = RunState(squad)
    assert state.known_to_blueprint(state.nodes["b"]) == ["a", "b", "c"]


# Failure


def test_a_failure_blocks_everything_below_it_nearest_first_each_with_the_name_it_waited_for() -> None:
    state = RunState(
        a_squad(
            [an_agent("a"), an_agent("b", "a"), an_agent("free"), an_agent("c", "b", "a")],
            [an_agent("d", "c"), an_agent("e", "free")],
        )
    )
    take_all(state)
    state.apply(ended("a", "failed"))
    assert [(node.id, reason) for node, reason in state.take_blocked()] == [
        ("b", "a failed"),
        ("c", "a failed"),
        ("d", "c was blocked"),
    ]


def test_what_was_blocked_before_is_not_blocked_again() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b"), an_agent("c", "a", "b"), an_agent("d", "c")]))
    take_all(state)
    state.apply(ended("a", "failed"))
    for node, reason in state.take_blocked():
        state.apply(ended(node.id, "blocked", reason))
    state.apply(ended("b", "failed"))
    assert state.take_blocked() == []
    assert state.is_over


def test_agents_that_join_below_a_failed_one_are_blocked_by_its_name() -> None:
    state = builder("docs")
    state.apply(ended("docs", "failed"))
    state.apply(joined("builder", specialist("x", "docs"), specialist("y", "x"), specialist("free")))
    assert [(node.id, reason) for node, reason in state.take_blocked()] == [
        ("x", "docs failed"),
        ("y", "x was blocked"),
    ]
    assert take_all(state) == ["free"]


def test_agents_that_join_below_a_blocked_one_are_blocked_too() -> None:
    squad = a_squad([an_agent("builder", blueprint=True), an_agent("a"), an_agent("b", "a")])
    state = RunState(squad)
    state.apply(ended("a", "failed"))
    for node, reason in state.take_blocked():
        state.apply(ended(node.id, "blocked", reason))
    state.apply(ended("builder"))
    state.apply(joined("builder", specialist("x", "b")))
    assert [(node.id, reason) for node, reason in state.take_blocked()] == [("x", "b was blocked")]


def test_a_node_that_ended_well_blocks_nobody() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b", "a")]))
    state.apply(ended("a"))
    assert state.take_blocked() == []


def test_an_ending_told_twice_counts_once() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("x")], [an_agent("b", "a")]))
    take_all(state)
    state.apply(ended("a"))
    state.apply(ended("a", "failed"))
    assert state.ended["a"].ending == "done"
    assert finish(state, "x") == ["b"]


# Upstream, outputs, the answer


def test_upstream_is_listed_in_the_order_of_the_dag_not_as_written() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b", "a"), an_agent("c", "b", "a")]))
    assert [node.id for node in state.upstream(state.nodes["c"])] == ["a", "b"]


def test_a_later_group_that_depends_on_a_blueprint_agent_sees_its_specialists_too() -> None:
    squad = a_squad(
        [an_agent("builder", blueprint=True), an_agent("docs", "builder")],
        [an_agent("qa", "builder"), an_agent("other", "docs")],
    )
    state = RunState(squad)
    state.apply(ended("builder"))
    state.apply(joined("builder", specialist("y", "x"), specialist("x")))
    upstream = {name: [node.id for node in state.upstream(state.nodes[name])] for name in state.nodes}
    assert upstream == {
        "builder": [],
        "docs": ["builder"],
        "qa": ["builder", "x", "y"],
        "other": ["docs"],
        "x": [],
        "y": ["x"],
    }


def test_the_output_of_a_node_is_known_once_it_ended_well() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b")]))
    assert state.output_digest("a") is None
    state.apply(ended("a"))
    state.apply(ended("b", "failed"))
    assert state.output_digest("a") == ended("a").output
    assert state.output_digest("b") is None


def final(state: RunState) -> list[str]:
    return [node.id for node in state.final()]


def test_the_answer_is_what_nobody_in_the_last_group_waits_for() -> None:
    squad = a_squad([an_agent("lone")], [an_agent("a"), an_agent("b", "a"), an_agent("c", "a")])
    assert final(RunState(squad)) == ["b", "c"]


def test_specialists_carry_on_the_work_of_their_blueprint_agent_in_the_answer() -> None:
    state = builder("docs")
    assert final(state) == ["builder", "docs"]
    state.apply(joined("builder", specialist("x"), specialist("y", "x"), specialist("z", "docs")))
    assert final(state) == ["z", "y"]


def test_a_blueprint_agent_whose_blueprint_was_refused_gives_the_answer_itself() -> None:
    state = builder()
    state.apply(BlueprintRefused(node="builder", reasons=("no",), at=EPOCH))
    assert final(state) == ["builder"]
    assert state.refused["builder"].reasons == ("no",)


def test_a_squad_without_groups_has_no_answer_and_is_over() -> None:
    state = RunState(a_squad())
    assert final(state) == []
    assert state.is_over
    assert state.take_ready() is None


# Turns


def test_a_turn_that_was_started_is_unknown_until_its_outcome_is_recorded() -> None:
    state = RunState(a_squad([an_agent("a")]))
    started = turn_started("a")
    state.apply(started)
    assert state.unknown == {started.id: started}
    state.apply(turn_ended("a"))
    assert state.unknown == {}


def test_turns_that_are_done_are_counted_and_the_tokens_of_all_are_added_up() -> None:
    state = RunState(a_squad([an_agent("a")]))
    state.apply(turn_ended("a", usage=Usage(input=10, output=1)))
    state.apply(turn_ended("a", 2, ending="failed", usage=Usage(input=5, output=2, estimated=True)))
    state.apply(turn_ended("a", 2, ending="deferred", usage=None))
    assert state.turns == 1
    assert state.usage == Usage(input=15, output=3, estimated=True)


# Resuming


def test_a_resumed_run_tries_again_what_failed_or_was_blocked_and_keeps_what_is_done() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b"), an_agent("c", "b"), an_agent("d", "c", "a")]))
    for fact in (ended("a"), ended("b", "failed"), ended("c", "blocked"), ended("d", "blocked")):
        state.apply(fact)
    state.apply(RunEnded(ending="failed", at=EPOCH))
    state.apply(run_started(resumed=True))
    assert state.ending is None
    assert list(state.ended) == ["a"]
    assert take_all(state) == ["b"]
    assert finish(state, "b") == ["c"]
    assert finish(state, "c") == ["d"]


def test_a_run_that_was_cut_off_goes_on_with_those_that_were_at_work() -> None:
    state = RunState(a_squad([an_agent("a"), an_agent("b"), an_agent("c", "a")]))
    take_all(state)
    state.apply(ended("a"))
    state.apply(run_started(resumed=True))
    assert take_all(state) == ["b", "c"]


def test_a_resumed_run_goes_back_to_the_group_in_which_something_failed() -> None:
    state = RunState(a_squad([an_agent("a")], [an_agent("b")]))
    take_all(state)
    state.apply(ended("a", "failed"))
    assert finish(state, "b") == []
    state.apply(run_started(resumed=True))
    assert take_all(state) == ["a"]


def test_specialists_that_joined_before_the_cut_run_after_it() -> None:
    state = builder()
    state.apply(joined("builder", specialist("x"), specialist("y", "x")))
    state.apply(ended("x", "failed"))
    state.apply(ended("y", "blocked"))
    state.apply(run_started(resumed=True))
    assert take_all(state) == ["x"]
    assert finish(state, "x") == ["y"]


def test_a_run_started_anew_reopens_nothing() -> None:
    state = RunState(a_squad([an_agent("a")]))
    state.apply(ended("a", "failed"))
    state.apply(run_started())
    assert state.is_over
