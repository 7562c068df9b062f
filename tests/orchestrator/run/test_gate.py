"""Calls start as the budget allows: no cap is exceeded, some turns wait, one that never fits ends the run."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from agentlark.model import Limits
from orchestrator.core.facts import NodeEnded, Notice, RunEnded, TurnEnded, TurnStarted
from orchestrator.core.ports import Tell
from orchestrator.core.turn import Deferred, Done, Failed, Message, Outcome, TurnOrder, Usage
from orchestrator.schedule.budget import RUN, Account, worst_case
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import Reply, ScriptedPerformer
from tests.doubles.prices import PerToken
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import EPOCH, LoopClock, run_virtual

SHORT = {"follow_up_enabled": False, "max_output_tokens": 100}


def answer(output: int, **fields: object) -> Done:
    usage = Usage.model_validate({"input": 10, "output": output, **fields})
    return Done(message=Message(role="assistant", text="said"), usage=usage)


def many(count: int, **fields: object) -> Stage:
    """So many agents at once, of one turn each, of at most 100 tokens of output."""
    return Stage(
        a_squad([an_agent(f"n{place}", **{**SHORT, **fields}) for place in range(count)]), jobs=count
    )


def worst(stage: Stage) -> int:
    """The worst case of each turn of a stage, found by playing it."""
    free = Stage(stage.squad, jobs=stage.jobs)
    free.play()
    (amount,) = {worst_case(fact).tokens for fact in free.facts(TurnStarted)}
    return amount


class Bills(ScriptedPerformer):
    """Bills each call its worst case to the last token, when it is sent."""

    def __init__(self, takes_s: float = 1.0) -> None:
        super().__init__()
        self.owed = self.most = 0
        self._takes_s = takes_s

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        async def reply(order: TurnOrder, tell: Tell) -> Outcome:
            return Done(
                message=Message(role="assistant", text="said"),
                usage=Usage(input=len(order.input.prompt) + 64, output=order.max_tokens),
            )

        self.owed += len(order.input.prompt) + 64 + order.max_tokens
        self.most = max(self.most, self.owed)
        self._script[order.input.agent] = [reply]
        return await super().perform(order, tell)


def test_two_hundred_agents_at_once_never_exceed_the_cap_by_a_token() -> None:
    stage = many(200)
    cap = worst(stage) * 77 + 5
    stage.performer = bills = Bills()
    stage.limits = Limits(max_tokens=cap)
    result = stage.play()
    assert result.ending.ending == "capped"
    assert len(bills.calls) == 77
    assert cap - worst(stage) < bills.most <= cap
    assert result.usage.input + result.usage.output == bills.owed


def test_turns_that_would_fit_if_others_took_less_wait_for_them() -> None:
    stage = many(20)
    stage.performer = ScriptedPerformer({f"n{place}": [answer(5)] for place in range(20)}, takes_s=1.0)
    stage.limits = Limits(max_tokens=worst(stage) * 2 + 20 * 15)
    result = stage.play()
    assert result.ending.ending == "done"
    assert stage.performer.most_at_once > 1
    assert stage.performer.most_at_once <= 3, "there was room for two worst cases and little more"
    assert result.metrics.whole.waiting_s > 0
    assert [notice.text.partition(":")[0] for notice in stage.watcher.of(Notice)] == [
        "turns wait for others to end"
    ]


def test_a_cap_that_is_just_enough_is_no_cap() -> None:
    stage = many(3)
    stage.limits = Limits(max_tokens=worst(stage) * 3, max_turns=3)
    assert stage.play().ending.ending == "done"


def test_when_no_turn_fits_any_more_those_in_flight_end_and_the_run_says_why() -> None:
    squad = a_squad([an_agent("a", **SHORT), an_agent("b", **SHORT), an_agent("c", "a", **SHORT)])
    stage = Stage(squad, ScriptedPerformer(takes_s={"a": 1.0, "b": 60.0}), limits=Limits(max_turns=2))
    result = stage.play()
    assert stage.endings() == {"a": "done", "b": "done"}
    assert result.not_started == ("c",)
    assert result.ending.ending == "capped"
    assert result.ending.reason == "the cap of 2 turns is reached: 2 spent, the next turn may take 1"
    assert stage.facts(RunEnded)[-1].ending == "capped"


def test_a_capped_run_goes_on_with_a_higher_cap_and_sends_nothing_twice() -> None:
    first = many(4)
    first.limits = Limits(max_turns=3)
    assert first.play().ending.ending == "capped"
    again = Stage(first.squad, journal=first.journal, resumed=True, limits=Limits(max_turns=4))
    result = again.play()
    assert result.ending.ending == "done"
    assert [len(stage.performer.calls) for stage in (first, again)] == [3, 1]
    assert result.metrics.whole.turns == 4


def test_what_was_spent_before_counts_after_a_resume() -> None:
    first = many(4)
    first.limits = Limits(max_turns=3)
    first.play()
    again = Stage(first.squad, journal=first.journal, resumed=True, limits=Limits(max_turns=3))
    assert again.play().ending.ending == "capped"
    assert again.performer.calls == []


def test_a_turn_that_was_cut_off_counts_whole_after_a_resume() -> None:
    first = many(1)
    first.performer = ScriptedPerformer(takes_s=1000.0)

    async def cut_off() -> None:
        handle = first.started()
        await asyncio.sleep(1)
        handle.stop_now()
        await handle.result()

    run_virtual(cut_off())
    most = worst(first)
    low = Stage(first.squad, journal=first.journal, resumed=True, limits=Limits(max_tokens=2 * most - 1))
    assert low.play().ending.ending == "capped"
    high = Stage(first.squad, journal=first.journal, resumed=True, limits=Limits(max_tokens=2 * most))
    result = high.play()
    assert result.ending.ending == "done"
    assert high.engine().state.ledger.spent().tokens == most + 15


def test_failed_attempts_count_as_far_as_they_may_have_been_paid() -> None:
    failures: list[Reply] = [
        Failed(error="no", paid="no", retryable=True),
        Failed(error="perhaps", paid="unknown", retryable=True),
        Failed(error="yes", paid="yes", usage=Usage(input=10, output=90), retryable=True),
        answer(5),
    ]
    stage = many(1, retries=5)
    stage.performer = ScriptedPerformer({"n0": failures})
    stage.play()
    spent = stage.engine().state.ledger.spent()
    assert (spent.turns, spent.tokens) == (3, worst(stage) + 100 + 15)


def test_retries_are_capped_too() -> None:
    stage = many(1, retries=20)
    stage.performer = ScriptedPerformer({"n0": [Failed(error="no", paid="unknown", retryable=True)] * 20})
    stage.limits = Limits(max_turns=4)
    assert stage.play().ending.ending == "capped"
    assert len(stage.performer.calls) == 4


def test_a_deferred_turn_gives_its_reservation_back() -> None:
    stage = many(2)
    until = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
    stage.performer = ScriptedPerformer({"n0": [Deferred(until=until, reason="quota")]}, takes_s=1.0)
    stage.limits = Limits(max_tokens=worst(stage) + 15)
    result = stage.play()
    assert result.ending.ending == "done"
    assert result.metrics.by_agent["n0"].waiting_s > 3500


class Holding(ScriptedPerformer):
    """Holds every turn back once before it is sent."""

    def __init__(self) -> None:
        super().__init__(takes_s=1.0)
        self._held: set[str] = set()

    def admit(self, order: TurnOrder) -> Deferred | None:
        if order.id.node in self._held:
            return None
        self._held.add(order.id.node)
        return Deferred(until=EPOCH + timedelta(seconds=60), reason="quota")

    def opening(self, order: TurnOrder) -> Awaitable[None] | None:
        return None


def test_a_turn_that_is_held_back_before_it_is_sent_gives_its_reservation_back() -> None:
    stage = many(4)
    stage.performer = Holding()
    stage.limits = Limits(max_tokens=worst(stage) + 3 * 15)
    result = stage.play()
    assert result.ending.ending == "done"
    assert result.metrics.whole.attempts == 4
    assert stage.engine().state.ledger.spent().tokens == 4 * 15


def test_a_stream_without_usage_is_booked_at_its_worst_and_marked() -> None:
    stage = many(2)
    stage.performer = ScriptedPerformer({"n0": [answer(5, estimated=True)]})
    result = stage.play()
    assert stage.engine().state.ledger.spent().tokens == worst(stage) + 15
    assert result.usage.estimated


def test_reused_turns_cost_nothing_and_need_no_room() -> None:
    first = many(3)
    first.play()
    again = Stage(first.squad, journal=MemoryJournal(earlier=first.journal), limits=Limits(max_turns=0))
    result = again.play()
    assert (result.ending.ending, result.reused) == ("done", 3)
    assert again.engine().state.ledger.spent().turns == 0


def test_groups_and_agents_have_caps_of_their_own() -> None:
    squad = a_squad([an_agent("a", **SHORT, limits=Limits(max_turns=0))], [an_agent("b", **SHORT)])
    result = Stage(squad, limits=Limits()).play()
    assert result.refusal is not None
    assert result.refusal.account == Account("g0", "a")
    free = Stage(squad, limits=None).play()
    assert free.ending.ending == "done", "where nothing is billed nobody asks"


def test_a_cap_on_cost_is_kept_in_dollars() -> None:
    stage = many(5)
    stage.prices = PerToken("0.001")
    most = worst(stage) / 1000
    stage.performer = ScriptedPerformer({f"n{place}": [answer(90)] for place in range(5)}, takes_s=1.0)
    stage.limits = Limits(max_cost=round(most * 2, 6))
    result = stage.play()
    assert result.ending.ending == "capped"
    cost = result.metrics.whole.cost
    assert cost is not None
    assert Decimal("0.1") <= cost <= Decimal(str(round(most * 2, 6)))
    assert {fact.cost for fact in stage.facts(TurnEnded)} == {Decimal("0.100")}


def test_of_turns_that_wait_the_most_urgent_goes_first() -> None:
    squad = a_squad(
        [
            an_agent("first", **SHORT),
            *(an_agent(f"leaf{place}", "first", **SHORT) for place in range(4)),
            an_agent("trunk", "first", **SHORT),
            an_agent("branch", "trunk", **SHORT),
            an_agent("twig", "branch", **SHORT),
        ]
    )
    stage = Stage(squad, ScriptedPerformer(takes_s=1.0), limits=Limits(max_tokens=10**9))
    stage.play()
    one = max(worst_case(fact).tokens for fact in stage.facts(TurnStarted))
    narrow = Stage(squad, ScriptedPerformer(takes_s=1.0), limits=Limits(max_tokens=one + 7 * 15))
    result = narrow.play()
    assert result.ending.ending == "done"
    order = [call.agent for call in narrow.performer.calls]
    assert order[:2] == ["first", "trunk"]
    assert order.index("branch") < order.index("leaf1")


def test_after_the_deadline_no_turn_starts_and_those_in_flight_end() -> None:
    squad = a_squad([an_agent("a", **SHORT), an_agent("b", "a", **SHORT)])
    stage = Stage(squad, ScriptedPerformer(takes_s=50.0), limits=Limits(deadline_s=30))
    result = stage.play()
    assert (result.ending.ending, result.ending.reason) == ("capped", "the deadline is over: 30 s")
    assert stage.endings() == {"a": "done"}
    assert result.seconds == pytest.approx(50, abs=0.1)


def test_a_run_does_not_wait_for_a_quota_beyond_its_deadline() -> None:
    stage = many(1)
    far = datetime(2026, 4, 1, tzinfo=UTC)
    stage.performer = ScriptedPerformer({"n0": [Deferred(until=far, reason="quota")]})
    stage.limits = Limits(deadline_s=60)
    result = stage.play()
    assert result.ending.ending == "capped"
    assert result.seconds == pytest.approx(60, abs=0.1)


def test_the_deadline_counts_the_sessions_of_a_run_together() -> None:
    squad = a_squad([an_agent("a", **SHORT), an_agent("b", "a", **SHORT), an_agent("c", "b", **SHORT)])
    first = Stage(squad, ScriptedPerformer(takes_s=20.0), limits=Limits(max_turns=1))
    first.play()
    again = Stage(
        squad, ScriptedPerformer(takes_s=20.0), first.journal, resumed=True, limits=Limits(deadline_s=35)
    )
    result = again.play()
    assert result.ending.ending == "capped"
    assert stage_calls(again) == ["b"]


def stage_calls(stage: Stage) -> list[str]:
    return [call.agent for call in stage.performer.calls]


def test_an_interrupt_sends_away_who_waits_for_room() -> None:
    stage = many(3)
    stage.performer = ScriptedPerformer(takes_s=100.0)
    stage.limits = Limits(max_tokens=worst(stage) * 2)

    async def interrupted() -> str:
        handle = stage.started()
        await asyncio.sleep(1)
        handle.interrupt()
        return (await handle.result()).ending.ending

    assert run_virtual(interrupted()) == "interrupted"
    assert len(stage.performer.calls) == 2


def test_stopping_while_turns_wait_for_room_ends_the_run() -> None:
    stage = many(3)
    stage.performer = ScriptedPerformer(takes_s=100.0)
    stage.limits = Limits(max_tokens=worst(stage) * 2)

    async def stopped() -> str:
        handle = stage.started()
        await asyncio.sleep(1)
        handle.stop_now()
        return (await handle.result()).ending.ending

    assert run_virtual(stopped()) == "stopped"


def test_the_bound_is_recorded_before_the_call() -> None:
    stage = many(1)
    stage.prices = PerToken("0.01")
    stage.play()
    (fact,) = stage.facts(TurnStarted)
    assert fact.max_input is not None
    assert fact.max_input >= len(stage.performer.calls[0].prompt)
    assert fact.max_cost == Decimal("0.01") * (fact.max_input + 100)


def test_a_node_that_was_capped_has_not_ended() -> None:
    stage = many(2)
    stage.limits = Limits(max_turns=1)
    stage.play()
    assert len(stage.facts(NodeEnded)) == 1
    assert stage.engine().state.ledger.spent(RUN).turns == 1


def test_the_time_of_day_may_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the clock that never goes back counts for a deadline."""
    stage = many(3, follow_up_enabled=True)
    stage.performer = ScriptedPerformer(takes_s=2.0)
    stage.limits = Limits(deadline_s=10)
    dice = random.Random(3)
    jumping = lambda self: EPOCH + timedelta(days=dice.randint(-400, 400))  # noqa: E731
    monkeypatch.setattr(LoopClock, "now", jumping)
    result = stage.play()
    assert result.ending.ending == "done"
    assert result.metrics.whole.model_s >= 0
