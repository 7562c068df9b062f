"""A run as its caller holds it: events from the first fact, commands, and the result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from orchestrator.core.facts import Fact, RunEnded, Signal, TextDelta
from orchestrator.core.turn import Failed, Usage
from orchestrator.run.handle import RunHandle, RunResult
from tests.doubles.performer import ScriptedPerformer, tells
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage, Watcher
from tests.doubles.virtual_time import run_virtual

Seen = list[tuple[int | None, Fact | Signal]]


async def events(run: RunHandle) -> Seen:
    return [entry async for entry in run.events()]


def numbers(seen: Seen) -> list[int]:
    return [seq for seq, _ in seen if seq is not None]


@pytest.mark.parametrize("wait_s", [0, 1.5, 3, 100])
def test_events_give_every_fact_once_whenever_one_starts_to_listen(wait_s: float) -> None:
    stage = Stage(a_squad([an_agent("a"), an_agent("b", "a")]), ScriptedPerformer(takes_s=1.0))

    async def listen() -> Seen:
        run = stage.started()
        await asyncio.sleep(wait_s)
        seen = await events(run)
        await run.result()
        return seen

    seen = run_virtual(listen())
    assert numbers(seen) == list(range(1, len(stage.journal.all_facts) + 1))
    assert isinstance(seen[-1][1], RunEnded)


def test_a_fact_that_is_just_being_recorded_is_given_once_too() -> None:
    stage = Stage(a_squad([an_agent("a"), an_agent("b")]))
    stage.journal.commit_s = 2

    async def listen() -> Seen:
        run = stage.started()
        await asyncio.sleep(3)
        return await events(run)

    assert numbers(run_virtual(listen())) == list(range(1, len(stage.journal.all_facts) + 1))


def test_events_bring_signals_too_between_the_facts_they_belong_to() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": [tells("hello\n")]}))

    async def listen() -> Seen:
        run = stage.started()
        return await events(run)

    seen = run_virtual(listen())
    kinds = [item.kind for _, item in seen]
    assert kinds.index("turn-started") < kinds.index("text-delta") < kinds.index("turn-ended")
    assert [(seq, item.text) for seq, item in seen if isinstance(item, TextDelta)] == [(None, "hello\n")]


def test_two_listeners_see_the_same() -> None:
    stage = Stage(a_squad([an_agent("a"), an_agent("b")]))

    async def listen() -> tuple[Seen, Seen]:
        run = stage.started()
        first, second = await asyncio.gather(events(run), events(run))
        return first, second

    first, second = run_virtual(listen())
    assert first == second
    assert len(first) == len(stage.journal.all_facts)


def test_events_of_a_resumed_run_begin_with_its_very_first_fact() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": [Failed(error="no", paid="no")]}))
    stage.play()
    before = len(stage.journal.all_facts)
    again = Stage(stage.squad, journal=stage.journal, resumed=True)

    async def listen() -> Seen:
        return await events(again.started())

    assert numbers(run_virtual(listen())) == list(range(1, len(again.journal.all_facts) + 1))
    assert len(again.journal.all_facts) > before


def test_listeners_are_let_go_from_the_thread_they_wait_in() -> None:
    stage = Stage(a_squad([an_agent("a")]), debug=True)

    async def listen() -> Seen:
        run = stage.started()
        seen = await events(run)
        await run.result()
        return seen

    assert len(run_virtual(listen(), debug=True)) == len(stage.journal.all_facts)


def test_events_end_when_the_journal_fails_and_the_result_raises() -> None:
    stage = Stage(a_squad([an_agent("a")]))
    stage.journal.fails_on = "turn-ended"

    async def listen() -> Seen:
        run = stage.started()
        seen = await events(run)
        with pytest.raises(Exception, match="disk is full"):
            await run.result()
        return seen

    assert [item.kind for _, item in run_virtual(listen())] == ["run-started", "turn-started"]


def test_a_listener_that_leaves_early_is_no_longer_fed() -> None:
    stage = Stage(a_squad([an_agent("a"), an_agent("b", "a")]), ScriptedPerformer(takes_s=1.0))

    async def peek() -> tuple[int, int]:
        run = stage.started()
        watching = run.events()
        assert isinstance(watching, AsyncGenerator)
        await anext(watching)
        during = len(run._engine.sinks)
        await watching.aclose()
        return during, len(run._engine.sinks)

    during, after = run_virtual(peek())
    assert after == during - 1


def test_awaiting_the_result_may_be_given_up_without_ending_the_run() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer(takes_s=5.0))

    async def impatient() -> RunResult:
        run = stage.started()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run.result(), 1)
        return await run.result()

    assert run_virtual(impatient()).ending.ending == "done"


def test_the_result_says_what_came_of_it() -> None:
    squad = a_squad([an_agent("a"), an_agent("bad", "a"), an_agent("below", "bad")], [an_agent("c", "a")])
    script = ScriptedPerformer({"bad": [Failed(error="no", paid="yes", usage=Usage(input=3))]}, takes_s=2.0)
    result = Stage(squad, script).play()
    assert result.run == "r"
    assert result.answers == {"a": "a follow-up", "c": "c follow-up"}
    assert result.final == ("c",)
    assert result.answer == "c follow-up"
    assert list(result.ended) == ["a", "bad", "below", "c"]
    assert result.not_started == ()
    assert result.turns == 4
    assert result.usage == Usage(input=43, output=20)
    assert result.seconds == 10
    assert not result.simulated
    assert result.silent == ()


def test_several_final_answers_stand_under_their_names_in_the_order_of_the_dag() -> None:
    squad = a_squad([an_agent("z"), an_agent("a")])
    result = Stage(squad, ScriptedPerformer(takes_s={"z": 5})).play()
    assert result.answer == "# z\n\nz follow-up\n\n# a\n\na follow-up"


def test_a_final_agent_without_an_answer_is_left_out_of_it() -> None:
    squad = a_squad([an_agent("a"), an_agent("b")])
    result = Stage(squad, ScriptedPerformer({"a": [Failed(error="no", paid="no")]})).play()
    assert result.final == ("a", "b")
    assert result.answer == "b follow-up"


def test_no_answer_at_all_is_an_empty_one() -> None:
    result = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": [Failed(error="no", paid="no")]})).play()
    assert result.answer == ""


def test_a_sink_that_fell_silent_is_named_with_the_reason() -> None:
    stage = Stage(a_squad([an_agent("a")]))
    stage.watcher.failure = OSError("no space")
    assert stage.play().silent == ("watcher: no space",)


class Breaking(Watcher):
    """A sink that raises instead of failing quietly, as sinks promise to."""

    name = "breaking"

    def __init__(self, at: str) -> None:
        super().__init__()
        self._at = at

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        super().see(seq, item)
        if item.kind == self._at:
            raise ZeroDivisionError("a bug in a sink")

    def close(self) -> None:
        super().close()
        if self._at == "close":
            raise ZeroDivisionError("a bug in a sink")


@pytest.mark.parametrize("at", ["turn-ended", "text-delta", "run-ended", "close"])
def test_a_sink_that_raises_is_shown_no_more_and_harms_neither_run_nor_others(at: str) -> None:
    breaking = Breaking(at)
    squad = a_squad([an_agent("a"), an_agent("b", "a")])
    stage = Stage(squad, ScriptedPerformer({"a": [tells("hello\n")]}))
    last = Watcher()
    stage.sinks = [breaking, last]
    result = stage.play()
    assert result.ending.ending == "done"
    assert result.silent == ("breaking: a bug in a sink",)
    assert [seq for seq, _ in last.seen if seq] == list(range(1, len(stage.journal.all_facts) + 1))
    assert last.is_closed
    if at != "close":
        assert breaking.seen[-1][1].kind == at
