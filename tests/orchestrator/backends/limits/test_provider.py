"""The real backend and its throttle against the loopback server: what is sent while it refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.backends.anthropic_api import AnthropicBackend
from orchestrator.backends.limits.throttle import Throttle, Throttled
from orchestrator.backends.loopback import Burst, Bursts, LoopbackServer, Reply, scripted
from orchestrator.backends.loopback.exchange import ReplyFunction
from orchestrator.core.clock import SystemClock
from orchestrator.core.facts import TurnEnded
from orchestrator.core.settings import Flags
from orchestrator.core.turn import Deferred, Done, Failed, Outcome, TurnId, TurnOrder
from orchestrator.wiring.runs import RunOptions, start
from tests.doubles.squads import a_squad, an_agent
from tests.orchestrator.backends.conftest import Listener, make_order

if TYPE_CHECKING:
    from orchestrator.core.ports import Tell

KEY = "dummy-key-0123456789"


class Watched:
    """A performer that notes what leaves while a breaker is open, its probes aside."""

    def __init__(self, inner: AnthropicBackend, throttle: Throttle) -> None:
        self.sent_while_open = self.sent = 0
        self._inner = inner
        self._throttle = throttle

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        self.sent += 1
        breaker = self._throttle.breaker
        self.sent_while_open += breaker.open_until is not None and not breaker.is_probing
        return await self._inner.perform(order, tell)

    async def aclose(self) -> None:
        await self._inner.aclose()


def play(reply: ReplyFunction, count: int) -> tuple[list[Outcome], Watched, Throttle]:
    """So many orders at once, each sent until it is answered or fails."""

    async def main() -> tuple[list[Outcome], Watched, Throttle]:
        async with LoopbackServer(reply, key=KEY) as server:
            throttle = Throttle(SystemClock())
            watched = Watched(AnthropicBackend(KEY, server.base_url, hear=throttle.hear), throttle)
            throttled = Throttled(watched, throttle)

            async def answered(number: int) -> Outcome:
                order = make_order(f"task {number}", backend="anthropic")
                order = order.model_copy(update={"id": TurnId("r", f"n{number}", 1)})
                while True:
                    outcome = throttled.admit(order) or await throttled.perform(order, Listener())
                    if not isinstance(outcome, Deferred):
                        return outcome
                    await throttled.opening(order)

            outcomes = await asyncio.gather(*(answered(number) for number in range(count)))
            await throttled.aclose()
            return outcomes, watched, throttle

    return asyncio.run(main())


@pytest.mark.parametrize("status", [429, 529])
def test_while_the_breaker_is_open_nothing_is_sent_but_probes_and_all_are_answered(status: int) -> None:
    bursts = Bursts([Burst(0, 2.5, status, asks_s=1)])
    outcomes, watched, throttle = play(bursts, 40)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert watched.sent_while_open == 0
    assert bursts.too_early == 0, "counted by the server"
    assert 2 <= throttle.breaker.probes <= 3
    assert bursts.refused == 40 + throttle.breaker.probes - 1
    assert watched.sent == len(bursts.arrivals) == 40 + bursts.refused, "nothing else sends anything again"


def test_a_quota_is_waited_for_until_its_reset_with_one_request() -> None:
    bursts = Bursts([Burst(0, 2.0, quota=True)])
    outcomes, _, throttle = play(bursts, 1)
    assert isinstance(outcomes[0], Done)
    assert (bursts.refused, len(bursts.arrivals), throttle.breaker.probes) == (1, 2, 1)
    assert bursts.arrivals[1] >= 2.0


def test_the_rate_in_the_headers_is_kept_to() -> None:
    left = {"anthropic-ratelimit-requests-limit": "600", "anthropic-ratelimit-requests-remaining": "0"}

    def reply(asked: object) -> Reply:
        arrivals.append(asyncio.get_running_loop().time())
        return Reply("fine", headers=left)

    async def main() -> None:
        async with LoopbackServer(reply, key=KEY) as server:
            throttle = Throttle(SystemClock())
            throttled = Throttled(AnthropicBackend(KEY, server.base_url, hear=throttle.hear), throttle)
            for number in range(6):
                order = make_order(f"task {number}", backend="anthropic")
                while isinstance(await throttled.perform(order, Listener()), Deferred):
                    await throttled.opening(order)
            await throttled.aclose()

    arrivals: list[float] = []
    asyncio.run(main())
    assert arrivals[-1] - arrivals[0] >= 5 * 0.1 - 0.02


REFUSALS: list[tuple[dict[str, str], int, str, str | None, float | None]] = [
    ({}, 429, "", "rate", None),
    ({}, 529, "", "overload", None),
    ({}, 503, "", "overload", None),
    ({}, 500, "", None, None),
    ({"anthropic-ratelimit-unified-5h-status": "rejected"}, 429, "", "quota", None),
    (
        {
            "date": "Thu, 01 Jan 2026 00:00:00 GMT",
            "anthropic-ratelimit-unified-5h-status": "rejected",
            "anthropic-ratelimit-unified-5h-reset": "2026-01-01T02:00:00Z",
            "anthropic-ratelimit-unified-7d-status": "rejected",
            "anthropic-ratelimit-unified-7d-reset": "2026-01-03T00:00:00Z",
        },
        429,
        "",
        "quota",
        2 * 86_400.0,
    ),
    (
        {
            "date": "Thu, 01 Jan 2026 00:00:00 GMT",
            "anthropic-ratelimit-tokens-limit": "1000",
            "anthropic-ratelimit-tokens-remaining": "0",
            "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:30Z",
        },
        429,
        "",
        "rate",
        30.0,
    ),
    (
        {"date": "Sat, 31 Jan 2026 00:00:00 GMT"},
        400,
        "Usage limit reached. You will regain access on 2026-02-01 at 00:00 UTC.",
        "quota",
        86_400.0,
    ),
    ({}, 400, "no such effort", None, None),
]


@pytest.mark.parametrize(("headers", "status", "words", "limit", "seconds"), REFUSALS)
def test_each_refusal_is_known_for_what_it_is(
    headers: dict[str, str], status: int, words: str, limit: str | None, seconds: float | None
) -> None:
    async def main() -> Outcome:
        reply = Reply(status=status, error=words, headers=headers)
        async with LoopbackServer(scripted([reply]), key=KEY) as server:
            backend = AnthropicBackend(KEY, server.base_url)
            outcome = await backend.perform(make_order(backend="anthropic"), Listener())
            await backend.aclose()
            assert len(server.exchanges) == 1, "the SDK sends nothing again"
            return outcome

    outcome = asyncio.run(main())
    assert isinstance(outcome, Failed)
    assert (outcome.limit, outcome.retry_after_s) == (limit, seconds)
    assert outcome.retryable == (limit is not None or status == 500)


@pytest.mark.parametrize("stated", ["nan", "-5", "99999999999", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_an_absurd_time_to_come_back_is_said_and_bounded(stated: str) -> None:
    async def main() -> Outcome:
        async with LoopbackServer(scripted([Reply(status=429, retry_after=stated)])) as server:
            throttle = Throttle(SystemClock())
            throttled = Throttled(AnthropicBackend(KEY, server.base_url), throttle)
            outcome = await throttled.perform(make_order(backend="anthropic"), Listener())
            await throttled.aclose()
            return outcome

    outcome = asyncio.run(main())
    assert isinstance(outcome, Deferred)
    assert stated in outcome.reason
    waits_s = (outcome.until - SystemClock().now()).total_seconds()
    assert waits_s < (86_400 + 10 if stated.startswith("9") else 2)


def test_a_run_waits_out_a_burst_and_says_so(tmp_path: Path) -> None:
    squad = a_squad([an_agent(f"n{number}", follow_up_enabled=False) for number in range(12)])
    bursts = Bursts([Burst(0, 1.5, asks_s=1)])

    async def main() -> tuple[dict[str, str], list[TurnEnded]]:
        async with LoopbackServer(bursts) as server:
            options = RunOptions(
                folder=tmp_path,
                flags=Flags(backend="anthropic", jobs=4),
                environ={"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.base_url},
            )
            async with start(squad, "Ship it", options) as run:
                ends = [item async for _, item in run.events() if isinstance(item, TurnEnded)]
                return (await run.result()).answers, ends

    answers, ends = asyncio.run(main())
    assert len(answers) == 12
    assert bursts.too_early == 0
    assert bursts.refused <= 4 + 2
    held = [fact for fact in ends if fact.ending == "deferred"]
    assert len({fact.id.node for fact in held}) >= 11
    assert all(fact.until is not None and "429" in (fact.error or "") for fact in held)
    log = (tmp_path / "logs" / "timeline.log").read_text()
    assert "waits until" in log
