"""The run loop: who starts when, how many at once, what failures and commands change, how facts go."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence

import pytest

from orchestrator.core.commands import Interrupt, StopNow
from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Action, Fact, NodeEnded, RunEnded, TurnEnded, TurnStarted
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import Tell
from orchestrator.core.turn import Failed, Outcome, TurnOrder
from orchestrator.run.handle import RunResult
from tests.doubles.facts import turn_started
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import ScriptedPerformer, done, never, tells
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import run_virtual

BROKEN = Failed(error="the model is broken", paid="no")


def after(seconds: float, act: Callable[[], None]) -> Coroutine[None, None, None]:
    """Do something at a second of the run."""

    async def wait() -> None:
        await asyncio.sleep(seconds)
        act()

    return wait()


def play_with(stage: Stage, *acts: tuple[float, Callable[[], None]]) -> RunResult:
    """Run a stage while something is done from outside at given seconds."""

    async def both() -> RunResult:
        others = [asyncio.create_task(after(seconds, act)) for seconds, act in acts]
        result = await stage.run()
        await asyncio.gather(*others)
        return result

    return run_virtual(both())


def began_s(stage: Stage) -> dict[str, float]:
    """The second at which each agent's first call began."""
    return {call.agent: call.began_s for call in reversed(stage.performer.calls)}


# Who starts when


def test_an_agent_starts_the_moment_its_last_dependency_ended() -> None:
    squad = a_squad(
        [an_agent("fast"), an_agent("slow"), an_agent("next", "fast"), an_agent("both", "fast", "slow")]
    )
    stage = Stage(squad, ScriptedPerformer(takes_s={"fast": 1, "slow": 10, "next": 1, "both": 1}))
    stage.play()
    assert began_s(stage) == {"fast": 0, "slow": 0, "next": 2, "both": 20}


def test_a_group_starts_when_the_one_before_it_has_ended_its_waves_included() -> None:
    blueprint = json.dumps({"agents": [{"id": "x", "role": "R", "prompt": "do"}]})
    squad = a_squad([an_agent("b", blueprint=True), an_agent("c")], [an_agent("later")])
    stage = Stage(squad, ScriptedPerformer({"b": ["plan", blueprint]}, takes_s={"b": 1, "c": 1, "x": 5}))
    result = stage.play()
    assert began_s(stage) == {"b": 0, "c": 0, "x": 2, "later": 12}
    assert result.final == ("later",)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_no_more_agents_are_at_work_than_there_are_jobs(jobs: int) -> None:
    squad = a_squad([an_agent(f"n{number}") for number in range(7)])
    stage = Stage(squad, ScriptedPerformer(takes_s=1.0), jobs=jobs)
    result = stage.play()
    assert stage.performer.most_at_once == jobs
    assert result.turns == 14


def test_with_one_job_agents_act_in_the_order_of_the_dag() -> None:
    squad = a_squad([an_agent("z"), an_agent("after-z", "z"), an_agent("m")])
    stage = Stage(squad, jobs=1)
    stage.play()
    assert list(stage.endings()) == ["z", "after-z", "m"]


def test_an_agent_is_given_the_outputs_of_those_it_depends_on_and_of_nobody_else() -> None:
    stage = Stage(a_squad([an_agent("a"), an_agent("b", "a"), an_agent("c", "b")]))
    stage.play()
    assert stage.performer.of("c")[0].prompt == "plan the task [b: b follow-up]"


def test_outputs_stand_in_the_order_of_the_dag_whoever_answered_first() -> None:
    squad = a_squad([an_agent("slow"), an_agent("fast"), an_agent("c", "fast", "slow")])
    stage = Stage(squad, ScriptedPerformer(takes_s={"slow": 5}))
    stage.play()
    assert stage.performer.of("c")[0].prompt == "plan the task [slow: slow follow-up] [fast: fast follow-up]"


def test_a_later_group_is_shown_what_the_specialists_of_a_blueprint_agent_answered() -> None:
    blueprint = json.dumps({"agents": [{"id": "x", "role": "R", "prompt": "do"}]})
    squad = a_squad([an_agent("b", blueprint=True)], [an_agent("qa", "b")])
    stage = Stage(squad, ScriptedPerformer({"b": ["plan", blueprint]}))
    stage.play()
    assert stage.performer.of("qa")[0].prompt == f"plan the task [b: {blueprint}] [x: x follow-up]"


# Failure


def test_a_failure_blocks_its_dependents_by_name_and_lets_the_rest_finish() -> None:
    squad = a_squad(
        [an_agent("a"), an_agent("b", "a"), an_agent("c", "b"), an_agent("free")], [an_agent("later")]
    )
    stage = Stage(squad, ScriptedPerformer({"a": [BROKEN]}))
    result = stage.play()
    assert {name: (end.ending, end.reason) for name, end in result.ended.items()} == {
        "a": ("failed", "the model is broken"),
        "b": ("blocked", "a failed"),
        "c": ("blocked", "b was blocked"),
        "free": ("done", None),
        "later": ("done", None),
    }
    assert (result.ending.ending, result.ending.reason) == ("failed", "failed: a")
    assert not stage.performer.of("b")


def test_specialists_that_wait_for_an_agent_that_failed_are_blocked_and_later_groups_still_run() -> None:
    blueprint = json.dumps({"agents": [{"id": "x", "role": "R", "prompt": "do", "dependsOn": ["docs"]}]})
    squad = a_squad([an_agent("b", blueprint=True), an_agent("docs")], [an_agent("later")])
    performer = ScriptedPerformer({"b": ["plan", blueprint], "docs": [BROKEN]}, takes_s={"b": 5})
    result = Stage(squad, performer).play()
    assert (result.ended["x"].ending, result.ended["x"].reason) == ("blocked", "docs failed")
    assert result.ended["later"].ending == "done"
    assert result.not_started == ()


def test_fail_fast_starts_no_agent_and_no_turn_after_a_failure() -> None:
    squad = a_squad([an_agent("a"), an_agent("busy"), an_agent("waiting")])
    stage = Stage(
        squad, ScriptedPerformer({"a": [BROKEN]}, takes_s={"a": 1, "busy": 3}), jobs=2, fail_fast=True
    )
    result = stage.play()
    assert [(call.agent, call.order.input.purpose) for call in stage.performer.calls] == [
        ("a", "plan"),
        ("busy", "plan"),
    ]
    assert (result.ending.ending, result.cut_short, result.not_started) == ("failed", ("busy",), ("waiting",))
    assert [turn.ending for turn in stage.turns("busy")] == ["done"]


def test_fail_fast_does_not_sit_out_a_wait_between_attempts() -> None:
    again = Failed(error="busy", paid="no", retryable=True, retry_after_s=1000)
    squad = a_squad([an_agent("waiting"), an_agent("a")])
    stage = Stage(
        squad, ScriptedPerformer({"waiting": [again], "a": [BROKEN]}, takes_s={"a": 3}), fail_fast=True
    )
    assert stage.play().seconds == 3


def test_a_failure_found_by_fail_fast_still_blocks_its_dependents_by_name() -> None:
    stage = Stage(
        a_squad([an_agent("a"), an_agent("b", "a")]), ScriptedPerformer({"a": [BROKEN]}), fail_fast=True
    )
    assert stage.play().ended["b"].reason == "a failed"


def test_a_run_that_leaves_agents_behind_never_claims_to_be_done() -> None:
    result = Stage(a_squad([an_agent("a"), an_agent("b", "ghost")])).play()
    assert result.not_started == ("b",)
    assert result.ending.ending == "failed"
    assert "b" in (result.ending.reason or "")


def test_a_refused_blueprint_fails_the_run_and_not_the_agent() -> None:
    stage = Stage(
        a_squad([an_agent("b", blueprint=True)]), ScriptedPerformer({"b": ["plan", "no", "no", "no"]})
    )
    result = stage.play()
    assert result.ended["b"].ending == "done"
    assert (result.ending.ending, result.ending.reason) == ("failed", "blueprint refused: b")


# Commands


def test_an_interrupt_lets_the_turns_in_flight_end_and_starts_nothing_not_even_the_follow_up() -> None:
    squad = a_squad([an_agent("a"), an_agent("b"), an_agent("c", "a")])
    stage = Stage(squad, ScriptedPerformer(takes_s=10.0), jobs=1)
    result = play_with(stage, (3, lambda: stage.inbox.send(Interrupt())))
    assert result.ending.ending == "interrupted"
    assert [(turn.id.node, turn.purpose, turn.ending) for turn in stage.facts(TurnEnded)] == [
        ("a", "plan", "done")
    ]
    assert (result.cut_short, set(result.not_started)) == (("a",), {"b", "c"})
    assert result.seconds == 10


def test_an_interrupt_sent_again_changes_nothing() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer(takes_s=10.0))
    result = play_with(stage, *((second, lambda: stage.inbox.send(Interrupt())) for second in (1, 2, 3)))
    assert (result.ending.ending, result.seconds) == ("interrupted", 10)


def test_an_interrupt_during_the_last_turn_of_all_lets_the_run_be_done() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer(takes_s=10.0))
    result = play_with(stage, (15, lambda: stage.inbox.send(Interrupt())))
    assert (result.ending.ending, result.answers) == ("done", {"a": "a follow-up"})


def test_an_interrupt_ends_a_wait_between_attempts_without_another_attempt() -> None:
    again = Failed(error="busy", paid="no", retryable=True, retry_after_s=1000)
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": [again]}))
    result = play_with(stage, (7, lambda: stage.inbox.send(Interrupt())))
    assert (result.ending.ending, result.seconds, len(stage.performer.calls)) == ("interrupted", 7, 1)


def test_an_interrupt_asks_for_no_repair() -> None:
    stage = Stage(
        a_squad([an_agent("b", blueprint=True)]), ScriptedPerformer({"b": ["plan", "no"]}, takes_s=10.0)
    )
    result = play_with(stage, (15, lambda: stage.inbox.send(Interrupt())))
    assert result.ending.ending == "interrupted"
    assert [turn.purpose for turn in stage.turns("b")] == ["plan", "follow-up"]


def test_stopping_at_once_cancels_the_turns_in_flight_and_leaves_their_intent() -> None:
    stage = Stage(a_squad([an_agent("a"), an_agent("b")]), ScriptedPerformer({"a": [never], "b": [never]}))
    result = play_with(stage, (3, lambda: stage.inbox.send(StopNow())))
    assert (result.ending.ending, result.seconds) == ("stopped", 3)
    assert {fact.id.node for fact in stage.facts(TurnStarted)} == {"a", "b"}
    assert not stage.facts(TurnEnded)
    assert {id.node for id in stage.engine().state.unknown} == {"a", "b"}


def test_stopping_at_once_also_ends_those_that_wait_between_attempts() -> None:
    again = Failed(error="busy", paid="no", retryable=True, retry_after_s=1000)
    squad = a_squad([an_agent("a"), an_agent("b")])
    stage = Stage(squad, ScriptedPerformer({"a": [again], "b": [never]}), jobs=1)
    result = play_with(stage, (3, lambda: stage.inbox.send(StopNow())))
    assert (result.ending.ending, result.seconds) == ("stopped", 3)


def test_what_the_journal_was_handed_is_seen_even_if_the_run_is_stopped_meanwhile() -> None:
    journal = MemoryJournal()
    journal.commit_s = 2
    stage = Stage(a_squad([an_agent("a"), an_agent("b")]), journal=journal)
    result = play_with(stage, (5, lambda: stage.inbox.send(StopNow())))
    assert result.ending.ending == "stopped"
    assert [seq for seq, _ in stage.watcher.seen] == list(range(1, len(journal.all_facts) + 1))
    assert [fact for _, fact in stage.watcher.seen] == journal.all_facts


def test_a_run_that_is_abandoned_is_gone_only_when_what_it_handed_over_has_been_seen() -> None:
    journal = MemoryJournal()
    journal.commit_s = 2
    stage = Stage(a_squad([an_agent("a"), an_agent("b")]), journal=journal)

    async def abandoned() -> None:
        run = stage.started()
        await asyncio.sleep(3)
        run._task.cancel()
        await asyncio.gather(run._task, return_exceptions=True)
        assert stage.watcher.is_closed
        assert [fact for _, fact in stage.watcher.seen] == journal.all_facts

    run_virtual(abandoned())
    assert [fact.kind for fact in journal.all_facts] == ["run-started", "turn-started", "turn-started"]


def test_what_an_agent_did_is_seen_even_if_its_deadline_passes_while_it_is_recorded() -> None:
    journal = MemoryJournal()
    journal.commit_s = 20
    acts = tells(Action(action="command_execution", title="make"))
    stage = Stage(a_squad([an_agent("a", timeout_s=1, retries=0)]), ScriptedPerformer({"a": [acts]}), journal)
    result = stage.play()
    assert "no answer within 1 s" in (result.ended["a"].reason or "")
    assert [fact for _, fact in stage.watcher.seen] == journal.all_facts
    assert [seq for seq, _ in stage.watcher.seen] == list(range(1, len(journal.all_facts) + 1))


def test_what_the_journal_was_handed_is_seen_once_however_often_the_run_is_cancelled() -> None:
    journal = MemoryJournal()
    journal.commit_s = 2
    stage = Stage(a_squad([an_agent("a")]), journal=journal)

    async def cancelled() -> None:
        recording = asyncio.create_task(stage.engine().record([turn_started("a")]))
        for _ in range(3):
            await asyncio.sleep(0.5)
            recording.cancel()
        assert not stage.watcher.seen
        with pytest.raises(asyncio.CancelledError):
            await recording
        assert asyncio.get_running_loop().time() == 2

    run_virtual(cancelled())
    assert [fact for _, fact in stage.watcher.seen] == journal.all_facts == [turn_started("a")]


def test_a_commit_that_fails_while_its_caller_is_cancelled_is_not_reported_as_forgotten() -> None:
    journal = MemoryJournal()
    journal.commit_s, journal.fails_on = 2, "turn-started"
    stage = Stage(a_squad([an_agent("a")]), journal=journal)
    reported: list[object] = []

    async def cancelled() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        recording = asyncio.create_task(stage.engine().record([turn_started("a")]))
        await asyncio.sleep(1)
        recording.cancel()
        with pytest.raises(asyncio.CancelledError):
            await recording
        gc.collect()

    run_virtual(cancelled())
    assert (stage.watcher.seen, reported) == ([], [])


# The order of facts


def test_the_intent_is_durable_before_each_call() -> None:
    trace: list[str] = []
    squad = a_squad([an_agent("a")])
    Stage(
        squad,
        ScriptedPerformer({"a": [Failed(error="x", paid="no", retryable=True)]}, trace=trace),
        MemoryJournal(trace),
    ).play()
    assert trace == [
        "commit run-started",
        "commit turn-started a/1",
        "call a/1",
        "commit turn-ended a/1",
        "commit turn-started a/1",
        "call a/1",
        "commit turn-ended a/1",
        "commit turn-started a/2",
        "call a/2",
        "commit turn-ended a/2",
        "commit node-ended a",
        "commit run-ended",
    ]


def test_an_answer_is_durable_with_its_bodies_before_a_dependent_is_called() -> None:
    journal = MemoryJournal()
    journal.commit_s = 3
    seen: list[bool] = []

    async def look(order: TurnOrder, tell: Tell) -> Outcome:
        endings = [fact for fact in journal.all_facts if isinstance(fact, NodeEnded)]
        seen.append(endings[0].output in journal.bodies and "commit node-ended a" in journal.trace)
        return done("looked")

    Stage(a_squad([an_agent("a"), an_agent("b", "a")]), ScriptedPerformer({"b": [look]}), journal).play()
    assert seen == [True]


def test_the_answer_that_stands_for_a_node_and_its_end_are_one_commit() -> None:
    blueprint = json.dumps({"agents": [{"id": "x", "role": "R", "prompt": "do"}]})
    stage = Stage(a_squad([an_agent("b", blueprint=True)]), ScriptedPerformer({"b": ["plan", blueprint]}))
    stage.play()
    commits = [[fact.kind for fact in commit] for commit in stage.journal.commits]
    assert ["turn-ended", "node-ended", "agents-joined"] in commits
    assert ["turn-ended", "node-ended"] in commits


def test_watchers_see_every_fact_in_order_with_its_number_and_only_after_it_was_committed() -> None:
    stage = Stage(a_squad([an_agent(f"n{number}") for number in range(5)]), ScriptedPerformer(takes_s=1.0))
    stage.play()
    assert stage.watcher.seen == list(stage.journal.facts("r"))
    assert stage.watcher.is_closed


def test_the_first_fact_is_the_start_of_the_run_and_the_last_its_end() -> None:
    stage = Stage(a_squad([an_agent("a")]))
    stage.play()
    kinds = [fact.kind for fact in stage.journal.all_facts]
    assert (kinds[0], kinds[-1]) == ("run-started", "run-ended")
    assert kinds.count("run-ended") == 1


# A journal that fails


@pytest.mark.parametrize("kind", ["run-started", "turn-started", "turn-ended", "node-ended", "run-ended"])
def test_a_journal_that_fails_stops_the_run_and_is_raised(kind: str) -> None:
    journal = MemoryJournal()
    journal.fails_on = kind
    squad = a_squad([an_agent("a"), an_agent("b"), an_agent("c", "a")])
    stage = Stage(squad, journal=journal)
    with pytest.raises(StoreError, match="disk is full"):
        stage.play()
    assert stage.watcher.is_closed
    assert not [fact for _, fact in stage.watcher.seen if isinstance(fact, RunEnded)]
    if kind != "run-ended":
        assert not stage.performer.of("c")


def test_a_journal_that_fails_while_an_agent_acts_stops_the_run_whatever_the_backend_makes_of_it() -> None:
    async def swallow(order: TurnOrder, tell: Tell) -> Outcome:
        try:
            await tell(Action(action="command_execution", title="make"))
        except Exception:
            return Failed(error="the tool broke", paid="no", retryable=True)
        raise AssertionError("the journal fails")

    for reply in (tells(Action(action="command_execution", title="make")), swallow):
        journal = MemoryJournal()
        journal.fails_on = "acted"
        stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": [reply]}), journal)
        with pytest.raises(StoreError, match="disk is full"):
            stage.play()
        assert len(stage.performer.calls) == 1


def test_what_is_reused_at_the_same_time_is_recorded_together_and_before_what_comes_after() -> None:
    short = {"follow_up_enabled": False}
    squad = a_squad([an_agent("a", **short), an_agent("b", **short), an_agent("c", "a", "b", **short)])
    first = Stage(squad)
    first.play()
    again = Stage(squad, journal=MemoryJournal(earlier=first.journal))
    assert again.play().reused == 3
    turn = ["turn-ended", "node-ended"]
    kinds = [[fact.kind for fact in commit] for commit in again.journal.commits]
    assert kinds == [["run-started"], turn * 2, turn, ["run-ended"]]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_run_whose_reused_turns_cannot_be_recorded_fails(at_once: bool) -> None:
    class Refusing(MemoryJournal):
        def commit(
            self, run: str, facts: Sequence[Fact], bodies: Mapping[Digest, bytes]
        ) -> asyncio.Future[int]:
            if at_once and isinstance(facts[0], TurnEnded):
                raise StoreError("nothing more is recorded")
            return super().commit(run, facts, bodies)

    first = Stage(a_squad([an_agent("a"), an_agent("b", "a")]))
    first.play()
    journal = Refusing(earlier=first.journal)
    journal.fails_on = "turn-ended"
    again = Stage(first.squad, journal=journal)
    with pytest.raises(StoreError, match="nothing more is recorded" if at_once else "disk is full"):
        again.play()
    assert again.watcher.is_closed


def test_turns_in_flight_are_cancelled_when_the_journal_fails() -> None:
    journal = MemoryJournal()
    journal.fails_on = "turn-ended"
    performer = ScriptedPerformer({"b": [never]}, takes_s={"a": 1})
    with pytest.raises(StoreError):
        Stage(a_squad([an_agent("a"), an_agent("b")]), performer, journal).play()
    assert performer.of("b")[0].ended_s == 1
