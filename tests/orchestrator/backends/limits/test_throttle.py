"""The line before a backend: who waits, who goes first, what a refusal becomes; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from orchestrator.backends.limits.rate import Allowance, Rate
from orchestrator.backends.limits.throttle import Throttle, Throttled
from orchestrator.core.facts import TextDelta, TurnEnded, TurnStarted, Waiting
from orchestrator.core.ports import Admission, Tell
from orchestrator.core.turn import Deferred, Done, Failed, Outcome, TurnId, TurnOrder, Usage
from tests.doubles.performer import ScriptedPerformer, done, tells
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import EPOCH, LoopClock, run_virtual
from tests.orchestrator.backends.conftest import Listener, make_order

BUSY = Failed(
    error="HTTP 429, too many requests", paid="no", retryable=True, limit="rate", retry_after_s=30.0
)
OVERLOADED = Failed(error="HTTP 529, overloaded", paid="no", retryable=True, limit="overload")


class Provider:
    """Answers after a second; refuses as long as `refusing` says, and keeps when it was asked."""

    def __init__(self, refusing: Callable[[float], Outcome | None] = lambda now: None) -> None:
        self.asked: list[tuple[str, float]] = []
        self._refusing = refusing

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        now = asyncio.get_running_loop().time()
        self.asked.append((order.id.node, now))
        if (refusal := self._refusing(now)) is not None:
            await asyncio.sleep(0.2)
            return refusal
        await tell(TextDelta(id=order.id, text="a"))
        await asyncio.sleep(1)
        return done("answer")

    @property
    def times(self) -> list[float]:
        return [at for _, at in self.asked]


def order_of(node: str, urgency: int = 0) -> TurnOrder:
    return make_order(node).model_copy(update={"id": TurnId("r", node, 1), "urgency": urgency})


async def answered(throttled: Throttled, order: TurnOrder) -> Outcome:
    """The outcome of an order that is sent as often as it takes, as a run does."""
    while True:
        outcome = throttled.admit(order) or await throttled.perform(order, Listener())
        if not isinstance(outcome, Deferred):
            return outcome
        await throttled.opening(order)


def play(provider: Provider, orders: list[TurnOrder], rate: Rate | None = None) -> list[Outcome]:
    async def main() -> list[Outcome]:
        throttled = Throttled(provider, Throttle(LoopClock(), rate))
        outcomes = await asyncio.gather(*(answered(throttled, order) for order in orders))
        await throttled.aclose()
        return outcomes

    return run_virtual(main())


def until(end: float, refusal: Outcome) -> Callable[[float], Outcome | None]:
    return lambda now: refusal if now < end else None


def names(count: int) -> list[TurnOrder]:
    return [order_of(f"n{number}") for number in range(count)]


def test_a_provider_without_limits_is_asked_at_once() -> None:
    provider = Provider()
    assert all(isinstance(outcome, Done) for outcome in play(provider, names(50)))
    assert provider.times == [0.0] * 50


def test_while_it_refuses_nothing_is_sent_but_one_probe_at_a_time_and_all_are_answered() -> None:
    provider = Provider(until(100.0, BUSY))
    outcomes = play(provider, names(200))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    first, later = provider.times[:200], provider.times[200:]
    assert first == [0.0] * 200, "they were in flight together"
    probes = [at for at in later if at < 100.0]
    assert len(probes) == 3
    assert all(30 <= after - before <= 33 for before, after in pairwise([0.0, *probes]))


def test_when_it_is_over_they_do_not_all_come_at_once() -> None:
    provider = Provider(until(10.0, BUSY))
    throttle_at_once = max(play_in_rounds(provider, 200))
    assert throttle_at_once < 200


def play_in_rounds(provider: Provider, count: int) -> list[int]:
    """How many were under way, and not yet taken, whenever one was sent after the first refusal."""
    untaken: list[int] = []
    waiting = 0

    class Slow(Provider):
        async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
            nonlocal waiting
            if asyncio.get_running_loop().time() >= 10:
                waiting += 1
                untaken.append(waiting)
                await asyncio.sleep(0.5)
                waiting -= 1
            return await provider.perform(order, tell)

    play(Slow(), names(count))
    assert untaken[:3] == [1, 1, 2], "a probe alone, then two"
    return untaken


def test_who_is_urgent_goes_first_then_who_came_first() -> None:
    provider = Provider(until(1.0, BUSY))
    orders = [order_of("a"), order_of("b"), order_of("urgent", 5), order_of("c")]
    play(provider, orders)
    assert [name for name, at in provider.asked if at > 1] == ["urgent", "a", "b", "c"]


def test_a_server_that_does_not_say_when_is_asked_less_and_less_often() -> None:
    provider = Provider(until(200.0, OVERLOADED))
    play(provider, names(5))
    gaps = [after - before for before, after in pairwise(sorted(set(provider.times)))][:7]
    assert all(later > earlier for earlier, later in pairwise(gaps[:6]))
    assert 45 <= gaps[6] <= 60


def test_a_probe_that_fails_by_itself_does_not_hold_up_the_others() -> None:
    def refusing(now: float) -> Outcome | None:
        return BUSY if now < 10 else Failed(error="bad request", paid="no") if now < 31 else None

    provider = Provider(refusing)
    outcomes = play(provider, names(3))
    assert [type(outcome) for outcome in outcomes] == [Failed, Failed, Failed]


def test_an_order_that_is_given_up_makes_room() -> None:
    async def main() -> None:
        provider = Provider(until(10.0, BUSY))
        throttled = Throttled(provider, Throttle(LoopClock()))
        first, second = order_of("a"), order_of("b")
        held = await throttled.perform(first, Listener())
        assert isinstance(held, Deferred)
        waits = [asyncio.ensure_future(throttled.opening(each)) for each in (first, second)]
        await asyncio.sleep(1)
        waits[0].cancel()
        await waits[1]
        assert 30 <= asyncio.get_running_loop().time() <= 33
        assert throttled.admit(second) is None
        await throttled.aclose()

    run_virtual(main())


def test_a_pass_from_before_a_refusal_is_worth_nothing_after_it() -> None:
    async def main() -> None:
        provider = Provider(until(10.0, BUSY))
        throttled = Throttled(provider, Throttle(LoopClock()))
        early, refused = order_of("early"), order_of("refused")
        assert throttled.admit(early) is None
        await throttled.perform(refused, Listener())
        held = await throttled.perform(early, Listener())
        assert isinstance(held, Deferred)
        assert [name for name, _ in provider.asked] == ["refused"]

    run_virtual(main())


def test_a_cancelled_probe_makes_room_for_the_next() -> None:
    async def main() -> list[str]:
        provider = Provider(until(1.0, BUSY))
        throttled = Throttled(provider, Throttle(LoopClock()))
        first, second = order_of("a"), order_of("b")
        tasks = [asyncio.ensure_future(answered(throttled, each)) for each in (first, second)]
        while len(provider.asked) < 3:  # noqa: ASYNC110  # time is virtual
            await asyncio.sleep(0.1)
        tasks[0].cancel()
        await tasks[1]
        await throttled.aclose()
        return [name for name, at in provider.asked if at > 1]

    assert run_virtual(main()) == ["a", "b"]


def test_a_quota_has_a_time_and_is_waited_for_however_long() -> None:
    quota = Failed(error="used up", paid="no", retryable=True, limit="quota", retry_after_s=5 * 3600.0)
    provider = Provider(until(5 * 3600.0, quota))

    async def main() -> Outcome:
        throttled = Throttled(provider, Throttle(LoopClock()))
        order = order_of("a")
        held = await throttled.perform(order, Listener())
        assert isinstance(held, Deferred)
        assert timedelta(0) <= held.until - (EPOCH + timedelta(hours=5)) <= timedelta(seconds=5)
        return await answered(throttled, order)

    assert isinstance(run_virtual(main()), Done)
    assert len(provider.asked) == 2


def test_a_backend_that_defers_by_itself_is_left_alone_until_then() -> None:
    def refusing(now: float) -> Outcome | None:
        return Deferred(until=EPOCH + timedelta(hours=1), reason="limit reached") if now < 3600 else None

    provider = Provider(refusing)
    play(provider, names(3))
    assert provider.times[:3] == [0.0] * 3
    assert all(at >= 3600 for at in provider.times[3:])


class SleepingMachine(LoopClock):
    """A clock whose time of day has gone on by three hours after a minute of the other."""

    def now(self):  # type: ignore[no-untyped-def]  # as the clock's
        return super().now() + timedelta(hours=3 if self.monotonic_s() > 60 else 0)


class SetBack(LoopClock):
    """A clock whose time of day is set back by a year after a minute."""

    def now(self):  # type: ignore[no-untyped-def]  # as the clock's
        return super().now() - timedelta(days=365 if self.monotonic_s() > 60 else 0)


@pytest.mark.parametrize(("clock", "latest"), [(SleepingMachine(), 200.0), (SetBack(), 3700.0)])
def test_a_time_of_day_that_jumps_never_makes_anybody_wait_longer(clock: LoopClock, latest: float) -> None:
    hour = Failed(error="used up", paid="no", retryable=True, limit="quota", retry_after_s=3600.0)
    provider = Provider(until(50.0, hour))

    async def main() -> float:
        throttled = Throttled(provider, Throttle(clock))
        await answered(throttled, order_of("a"))
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) <= latest


def test_a_refusal_that_may_have_been_paid_for_stays_a_failure_and_opens_the_breaker() -> None:
    broke = Failed(error="overloaded in the middle", paid="unknown", retryable=True, limit="overload")

    async def main() -> None:
        throttle = Throttle(LoopClock())
        throttled = Throttled(Provider(until(1.0, broke)), throttle)
        assert await throttled.perform(order_of("a"), Listener()) == broke
        assert throttle.breaker.open_until is not None

    run_virtual(main())


def test_other_failures_are_passed_on_as_they_are() -> None:
    wrong = Failed(error="HTTP 400", paid="no")
    assert play(Provider(until(1.0, wrong)), [order_of("a")]) == [wrong]


def test_requests_a_minute_are_kept_to_and_nobody_holds_a_place_meanwhile() -> None:
    provider = Provider()
    play(provider, names(5), Rate(requests=6))
    assert [round(at) for at in provider.times] == [0, 10, 20, 30, 40]


def test_what_is_heard_of_the_rate_slows_down_those_who_wait() -> None:
    class Telling(Provider):
        async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
            throttle.hear(order, (Allowance("requests", 60, 0),), True)
            return await super().perform(order, tell)

    throttle = Throttle(LoopClock())

    async def main() -> list[float]:
        provider = Telling()
        throttled = Throttled(provider, throttle)
        for each in names(3):
            await answered(throttled, each)
        await throttled.aclose()
        return provider.times

    assert run_virtual(main()) == [0.0, 1.0, 2.0]


# With a run


def run_of(agents: int, performer: ScriptedPerformer, jobs: int = 16) -> Stage:
    squad = a_squad([an_agent(f"n{number}", follow_up_enabled=False) for number in range(agents)])
    return Stage(squad, performer, jobs=jobs, around=lambda inner: Throttled(inner, Throttle(LoopClock())))


def refusing_until(end: float, refusal: Outcome) -> ScriptedPerformer:
    async def reply(order: TurnOrder, tell: Tell) -> Outcome:
        if asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.2)
            return refusal
        return await tells("text", answer=order.id.node)(order, tell)

    return ScriptedPerformer({f"n{number}": [reply] * 9 for number in range(300)})


def test_200_agents_get_through_bursts_without_an_attempt_that_was_for_nothing() -> None:
    stage = run_of(200, refusing_until(80.0, BUSY))
    result = stage.play()
    assert result.ending.ending == "done"
    assert len(result.answers) == 200
    refused = [call for call in stage.performer.calls if call.began_s < 80.0]
    assert len(refused) == 16 + 2, "those in flight at first, and the probes"
    assert len(stage.performer.calls) == 200 + 18


def test_who_waits_is_recorded_with_the_time_and_has_no_open_intent() -> None:
    stage = run_of(20, refusing_until(95.0, BUSY), jobs=4)
    stage.play()
    deferred = [fact for fact in stage.facts(TurnEnded) if fact.ending == "deferred"]
    assert all(fact.until is not None and fact.until >= fact.at for fact in deferred)
    assert len({fact.id.node for fact in deferred}) >= 19
    assert len(stage.facts(TurnStarted)) == len(stage.performer.calls)
    waits = stage.watcher.of(Waiting)
    assert {signal.until for signal in waits} == {fact.until for fact in deferred}


def test_agents_that_wait_leave_their_jobs_to_those_of_other_backends() -> None:
    stage = run_of(10, refusing_until(95.0, BUSY), jobs=2)
    squad = a_squad([*stage.squad.groups[0].agents, an_agent("free", follow_up_enabled=False)])
    stage.squad = squad
    stage.play()
    assert len({call.agent for call in stage.performer.calls if call.began_s < 95}) <= 5
    started = [fact for fact in stage.facts(TurnEnded) if fact.id.node == "free"]
    assert started, "it came as far as the line, though ten others waited and there are two jobs"
    assert started[0].at < EPOCH + timedelta(seconds=95)


def test_a_limit_never_counts_as_a_failed_attempt() -> None:
    broke = Failed(error="overloaded", paid="unknown", retryable=True, limit="overload", usage=Usage(input=1))
    squad = a_squad([an_agent("a", follow_up_enabled=False, retries=0)])
    stage = Stage(squad, ScriptedPerformer({"a": [broke] * 6}))
    assert stage.play().answers == {"a": "a plan"}


def test_a_throttled_backend_is_an_admission() -> None:
    assert isinstance(Throttled(ScriptedPerformer(), Throttle(LoopClock())), Admission)
    assert not isinstance(ScriptedPerformer(), Admission)


def test_an_interrupt_ends_a_wait_for_a_quota_at_once_and_a_resumed_run_has_nothing_in_doubt() -> None:
    hours = Failed(error="used up", paid="no", retryable=True, limit="quota", retry_after_s=5 * 3600.0)
    stage = run_of(6, refusing_until(5 * 3600.0, hours), jobs=2)

    async def main() -> float:
        handle = stage.started()
        await asyncio.sleep(10)
        handle.interrupt()
        result = await handle.result()
        assert result.ending.ending == "interrupted"
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) < 11
    again = Stage(stage.squad, journal=stage.journal, resumed=True)
    assert not again.engine().state.unknown
    result = again.play()
    assert (result.ending.ending, len(result.answers)) == ("done", 6)
