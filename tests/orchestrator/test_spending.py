"""Caps through the whole program: the real backend against the loopback server, the journal in its file."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from agentlark.model import Limits, Squad
from orchestrator.backends.loopback import LoopbackServer, Reply, ReplyUsage
from orchestrator.backends.loopback.exchange import Asked
from orchestrator.core.settings import Flags
from orchestrator.run.handle import RunResult
from orchestrator.wiring.reading import open_reader, recorded_run
from orchestrator.wiring.runs import RunOptions, resume, start
from tests.doubles.squads import a_squad, an_agent

AGENTS = 200
MODEL = "claude-sonnet-5-5"
SQUAD = a_squad(
    [an_agent(f"n{place}", follow_up_enabled=False, max_output_tokens=300) for place in range(AGENTS)]
)
PAIR = a_squad([an_agent("a", max_output_tokens=300), an_agent("b", "a", max_output_tokens=300)])


def dear(asked: Asked) -> Reply:
    """Bills a token for every byte of text, some for the messages' frames, and all output that is allowed."""
    most = asked.body["max_tokens"]
    assert isinstance(most, int)
    return Reply(text="said", usage=ReplyUsage(input=asked.bytes_in + 10 * len(asked.turns), output=most))


def billed(server: LoopbackServer) -> int:
    """The tokens that a server has billed."""
    usages = [exchange.reply.usage for exchange in server.exchanges]
    return sum(usage.input + usage.output for usage in usages if usage is not None)


def options(folder: Path, url: str, limits: Limits, jobs: int = AGENTS) -> RunOptions:
    flags = Flags(model=MODEL, jobs=jobs, limits=limits)
    return RunOptions(
        folder=folder, flags=flags, environ={"ANTHROPIC_API_KEY": "k" * 20, "ANTHROPIC_BASE_URL": url}
    )


async def started(squad: Squad, chosen: RunOptions) -> RunResult:
    async with start(squad, "Ship it", chosen) as run:
        return await run.result()


async def resumed(chosen: RunOptions) -> RunResult:
    async with resume(None, chosen) as run:
        return await run.result()


def test_two_hundred_agents_at_once_are_billed_no_token_beyond_the_cap(tmp_path: Path) -> None:
    async def run() -> None:
        async with LoopbackServer(dear) as server:
            low, high = Limits(max_tokens=30_000), Limits(max_tokens=10**6)
            capped = await started(SQUAD, options(tmp_path, server.base_url, low))
            assert capped.ending.ending == "capped"
            assert 25_000 < billed(server) <= 30_000
            assert capped.metrics.whole.usage.input + capped.metrics.whole.usage.output == billed(server)
            done = await resumed(options(tmp_path, server.base_url, high))
            assert done.ending.ending == "done"
            assert len(server.exchanges) == AGENTS, "nothing is sent twice"
            assert done.metrics.whole.usage.input + done.metrics.whole.usage.output == billed(server)

    asyncio.run(run())


def test_a_reply_without_usage_is_counted_at_its_worst(tmp_path: Path) -> None:
    async def run() -> RunResult:
        async with LoopbackServer() as server:
            url = server.fault_url("no-usage")
            return await started(PAIR, options(tmp_path, url, Limits(max_tokens=1500)))

    result = asyncio.run(run())
    assert result.ending.ending == "capped"
    assert result.usage.estimated
    with open_reader(tmp_path) as journal:
        spent = recorded_run(journal, None).state.ledger.spent()
    assert spent.turns == 3
    assert 900 < spent.tokens <= 1500


def test_cost_is_recorded_with_each_turn_and_held_to_its_cap(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices", reason="the extra `prices` is not installed")

    async def run() -> tuple[RunResult, int]:
        async with LoopbackServer(dear) as server:
            cap = Limits(max_cost=0.02)
            result = await started(SQUAD, options(tmp_path, server.base_url, cap, jobs=50))
            return result, billed(server)

    result, tokens = asyncio.run(run())
    assert result.ending.ending == "capped"
    cost = result.metrics.whole.cost
    assert cost is not None
    usage = result.metrics.whole.usage
    assert usage.input + usage.output == tokens
    assert cost == (2 * usage.input + 10 * usage.output) / Decimal(10**6)
    assert Decimal("0.01") < cost <= Decimal("0.02")
    with open_reader(tmp_path) as journal:
        assert recorded_run(journal, None).state.metrics().whole.cost == cost
