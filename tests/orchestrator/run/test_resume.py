"""A resumed run: what is recorded is never asked for again, and it goes on where the record ends."""

from __future__ import annotations

import asyncio
import json

import pytest

from orchestrator.core.commands import Interrupt, StopNow
from orchestrator.core.facts import AgentsJoined, RunStarted, TurnEnded, TurnStarted
from orchestrator.core.turn import Failed
from orchestrator.run.handle import RunResult
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import ScriptedPerformer, never
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import run_virtual

BLUEPRINT = json.dumps(
    {
        "agents": [
            {"id": "x", "role": "R", "prompt": "do x"},
            {"id": "y", "role": "R", "prompt": "do y", "dependsOn": ["a"]},
        ]
    }
)
SQUAD = a_squad([an_agent("a"), an_agent("b", "a", blueprint=True)], [an_agent("c", "b")])
SCRIPT = {"b": ["plan", "no blueprint", BLUEPRINT]}


def cut(journal: MemoryJournal, facts: int) -> MemoryJournal:
    """The journal of a run that was killed after so many commits."""
    killed = MemoryJournal()
    killed.commits = journal.commits[:facts]
    killed.bodies = dict(journal.bodies)
    return killed


def whole() -> tuple[Stage, RunResult]:
    stage = Stage(SQUAD, ScriptedPerformer(SCRIPT), jobs=1)
    return stage, stage.play()


def resumed(journal: MemoryJournal, performer: ScriptedPerformer) -> Stage:
    return Stage(SQUAD, performer, journal, jobs=1, resumed=True)


def test_a_run_killed_after_any_commit_comes_to_the_same_answers_without_repeating_a_recorded_turn() -> None:
    first, expected = whole()
    commits = len(first.journal.commits)
    assert commits > 20
    for facts in range(1, commits):
        journal = cut(first.journal, facts)
        recorded = [fact.key for fact in journal.all_facts if isinstance(fact, TurnEnded)]
        # What the killed run had been told before it was recorded, it is told again.
        replies = SCRIPT["b"][
            len([1 for fact in journal.all_facts if isinstance(fact, TurnEnded) and fact.id.node == "b"]) :
        ]
        again = resumed(journal, ScriptedPerformer({"b": replies}))
        result = again.play()
        called = [call.order.key for call in again.performer.calls]
        assert result.answers == expected.answers
        assert result.final == expected.final
        assert not set(called) & set(recorded), facts
        assert len(called) + len(recorded) == expected.turns
        assert result.ending.ending == "done"
        assert result.turns == expected.turns


def test_a_resumed_run_says_so_and_numbers_its_facts_on() -> None:
    first, _ = whole()
    journal = cut(first.journal, 5)
    before = len(journal.all_facts)
    again = resumed(journal, ScriptedPerformer(SCRIPT))
    again.play()
    assert [fact.resumed for fact in again.facts(RunStarted)] == [False, True]
    assert again.watcher.seen[0][0] == before + 1


def test_an_interrupted_run_goes_on_with_the_follow_up_it_did_not_start() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer(takes_s=10.0))

    async def interrupted() -> RunResult:
        run = stage.started()
        await asyncio.sleep(5)
        run.interrupt()
        return await run.result()

    assert run_virtual(interrupted()).ending.ending == "interrupted"
    again = Stage(stage.squad, journal=stage.journal, resumed=True)
    assert again.play().answers == {"a": "a follow-up"}
    assert [call.order.input.purpose for call in again.performer.calls] == ["follow-up"]
    assert again.performer.calls[0].order.thread[1].text == "a plan"


def test_a_stopped_run_asks_again_for_what_was_in_flight() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": ["plan", never]}))

    async def stopped() -> RunResult:
        run = stage.started()
        await asyncio.sleep(5)
        run.stop_now()
        return await run.result()

    assert run_virtual(stopped()).ending.ending == "stopped"
    again = Stage(stage.squad, journal=stage.journal, resumed=True)
    result = again.play()
    assert result.ending.ending == "done"
    assert [fact.id.step for fact in stage.facts(TurnStarted)] == [1, 2, 2]
    assert not again.engine().state.unknown


def test_failed_and_blocked_agents_are_tried_again_and_done_ones_are_not() -> None:
    squad = a_squad([an_agent("a"), an_agent("b"), an_agent("c", "b")])
    stage = Stage(squad, ScriptedPerformer({"b": [Failed(error="no", paid="no")]}))
    assert stage.play().ending.ending == "failed"
    again = Stage(squad, journal=stage.journal, resumed=True)
    result = again.play()
    assert result.ending.ending == "done"
    assert [call.agent for call in again.performer.calls] == ["b", "b", "c", "c"]
    assert list(result.answers) == ["a", "b", "c"]


def test_agents_that_joined_are_not_asked_for_again() -> None:
    first, _ = whole()
    joined_at = next(
        index for index, commit in enumerate(first.journal.commits)
        if any(isinstance(fact, AgentsJoined) for fact in commit)
    )  # fmt: skip
    again = resumed(cut(first.journal, joined_at + 1), ScriptedPerformer())
    again.play()
    assert not again.performer.of("b")
    assert len(again.facts(AgentsJoined)) == 1


@pytest.mark.parametrize("command", [Interrupt(), StopNow()])
def test_a_command_that_comes_after_the_end_changes_nothing(command: Interrupt | StopNow) -> None:
    stage = Stage(a_squad([an_agent("a")]))

    async def late() -> RunResult:
        run = stage.started()
        result = await run.result()
        stage.inbox.send(command)
        await asyncio.sleep(1)
        assert await run.result() is result
        return result

    assert run_virtual(late()).ending.ending == "done"
