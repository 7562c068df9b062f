"""Whatever a squad does, whatever it is billed, whenever it is cut off: no cap is exceeded, at any moment."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentlark.model import Agent, Group, Limits, Squad
from orchestrator.core.facts import Fact, RunEnded, Signal, TurnEnded, TurnStarted
from orchestrator.core.ports import Tell
from orchestrator.core.turn import Deferred, Done, Failed, Message, Outcome, TurnOrder, Usage
from orchestrator.run.engine import Engine
from orchestrator.schedule.budget import Account, accounts_of, input_bound
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import ScriptedPerformer
from tests.doubles.prices import PerToken
from tests.doubles.squads import an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import LoopClock, run_virtual

SOAKS = bool(os.environ.get("AGENTLARK_SOAK"))
EXAMPLES = 600 if SOAKS else 60
PRICE = "0.000003"

bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@dataclass
class Provider:
    """Answers and bills by chance, as much as a call can come to at most, across the sessions of a run.

    `bill` are the tokens that it wants paid, by account: of what is cut off in flight, too.
    """

    dice: random.Random
    calls: int = 0
    bill: dict[Account, int] = field(default_factory=dict)
    charged: Decimal = Decimal(0)

    async def perform(self, order: TurnOrder, engine: Engine) -> Outcome:
        self.calls += 1
        dice = self.dice
        usage = Usage(
            input=dice.choice([0, dice.randint(0, input_bound(order)), input_bound(order)]),
            output=dice.choice([0, dice.randint(0, order.max_tokens), order.max_tokens]),
        )
        kind = dice.choices(
            ["done", "silent", "free", "paid", "lost", "later", "broken"], [8, 2, 1, 1, 1, 1, 1]
        )[0]
        if kind not in ("free", "later"):
            self._charge(order, usage, engine)
        await asyncio.sleep(dice.choice([0, 0, 1, 2, 30]))
        message = Message(role="assistant", text=f"{order.input.agent} {self.calls}")
        estimate = Usage(input=1, output=1, estimated=True)
        match kind:
            case "done":
                return Done(message=message, usage=usage)
            case "silent":
                return Done(message=message, usage=estimate)
            case "free":
                return Failed(error="refused", paid="no", retryable=True)
            case "paid":
                return Failed(error="empty", paid="yes", usage=usage, retryable=True)
            case "lost":
                return Failed(error="cut", paid="unknown", usage=estimate, retryable=True)
            case "later":
                return Deferred(
                    until=LoopClock().now() + timedelta(seconds=dice.randint(0, 60)), reason="quota"
                )
            case _:
                raise RuntimeError("a bug of the backend")

    def _charge(self, order: TurnOrder, usage: Usage, engine: Engine) -> None:
        tokens = usage.input + usage.output
        self.charged += Decimal(PRICE) * tokens
        for account in accounts_of(engine.state.nodes[order.id.node]):
            self.bill[account] = self.bill.get(account, 0) + tokens


class Session(ScriptedPerformer):
    """One session of a run, whose calls go to the provider; audits the accounts all the time."""

    name = "auditor"
    failure: Exception | None = None

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.engine: Engine | None = None
        self.faults: list[str] = []
        self._provider = provider

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        assert self.engine is not None
        self.audit()
        try:
            return await self._provider.perform(order, self.engine)
        finally:
            self.audit()

    def admit(self, order: TurnOrder) -> Deferred | None:
        """Now and then a turn is held back before it is sent."""
        dice = self._provider.dice
        if dice.random() < 0.6:
            return None
        return Deferred(until=LoopClock().now() + timedelta(seconds=dice.randint(0, 60)), reason="rate")

    def opening(self, order: TurnOrder) -> Awaitable[None] | None:
        return None

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        if isinstance(item, TurnStarted | TurnEnded):
            self.audit()

    def close(self) -> None:
        return None

    def audit(self) -> None:
        assert self.engine is not None
        ledger = self.engine.state.ledger
        for account, limits in caps_of(self.engine):
            both = ledger.spent(account) + ledger.promised(account)
            if limits.max_tokens is not None and both.tokens > limits.max_tokens:
                self.faults.append(f"{account}: {both.tokens} of {limits.max_tokens} tokens")
            if limits.max_turns is not None and both.turns > limits.max_turns:
                self.faults.append(f"{account}: {both.turns} of {limits.max_turns} turns")
            if limits.max_cost is not None and both.cost > Decimal(str(limits.max_cost)):
                self.faults.append(f"{account}: {both.cost} of {limits.max_cost} dollars")
            if self._provider.bill.get(account, 0) > both.tokens:
                self.faults.append(f"{account}: {self._provider.bill[account]} billed, {both.tokens} counted")


def caps_of(engine: Engine) -> Sequence[tuple[Account, Limits]]:
    budget = engine._plan.budget
    assert budget is not None
    return [pair for node in engine.state.in_order() for pair in budget.limits_of(node)]


limits = st.builds(
    Limits,
    max_tokens=st.none() | st.integers(0, 6000),
    max_turns=st.none() | st.integers(0, 20),
    max_cost=st.none() | st.integers(0, 20).map(lambda thousandths: thousandths / 1000),
)


@st.composite
def squads(draw: st.DrawFn) -> Squad:
    """One or two groups of up to six agents, some of them with limits."""
    groups: list[Group] = []
    earlier: list[str] = []
    for place in range(draw(st.integers(1, 2))):
        agents: list[Agent] = []
        for index in range(draw(st.integers(1, 6))):
            name = f"n{place}-{index}"
            above = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
            agents.append(
                an_agent(
                    name,
                    *above,
                    follow_up_enabled=draw(st.booleans()),
                    max_output_tokens=draw(st.integers(1, 400)),
                    retries=draw(st.integers(0, 3)),
                    limits=draw(st.none() | st.none() | limits),
                )
            )
            earlier.append(name)
        groups.append(Group(id=f"g{place}", agents=tuple(agents), limits=draw(st.none() | limits)))
    return Squad(groups=tuple(groups))


def session(squad: Squad, provider: Provider, journal: MemoryJournal, run: Limits, jobs: int) -> Stage:
    performer = Session(provider)
    return Stage(
        squad,
        performer,
        journal,
        jobs=jobs,
        resumed=bool(journal.commits),
        limits=run,
        prices=PerToken(PRICE),
        sinks=[performer],
    )


async def go(stage: Stage, for_s: float | None) -> str:
    """How a session ended; `for_s` seconds after its start it is cut off, as by a kill."""
    assert isinstance(stage.performer, Session)
    handle = stage.started()
    stage.performer.engine = handle._engine
    if for_s is None:
        return (await handle.result()).ending.ending
    with suppress(TimeoutError, asyncio.CancelledError):
        await asyncio.wait_for(handle._task, for_s)
    return "killed"


@bounded
@given(squads(), limits, st.integers(0, 2**16), st.integers(1, 8), st.lists(st.integers(0, 90), max_size=4))
def test_spent_and_promised_never_exceed_a_cap_and_nothing_spent_is_forgotten(
    squad: Squad, run: Limits, seed: int, jobs: int, kills: list[int]
) -> None:
    provider = Provider(random.Random(seed))
    journal = MemoryJournal()
    journal.commit_s = 0.01
    endings = []
    for for_s in [*kills, None]:
        stage = session(squad, provider, journal, run, jobs)
        endings.append(run_virtual(go(stage, for_s)))
        assert isinstance(stage.performer, Session)
        assert not stage.performer.faults
        ledger = stage.engine().state.ledger
        for account, tokens in provider.bill.items():
            counted = ledger.spent(account) + ledger.promised(account)
            assert counted.tokens >= tokens, account
    spent = stage.engine().state.ledger.spent()
    assert spent.cost >= provider.charged
    assert stage.engine().state.ledger.promised().tokens == 0, "everything in flight was settled"
    assert endings[-1] in ("done", "failed", "capped")
    if endings[-1] == "capped":
        assert "the cap of" in (stage.facts(RunEnded)[-1].reason or "")


@bounded
@given(squads(), st.integers(0, 2**16), st.integers(1, 8))
def test_without_caps_nobody_waits_and_no_run_is_capped(squad: Squad, seed: int, jobs: int) -> None:
    free = squad.model_copy(
        update={
            "groups": tuple(
                group.model_copy(
                    update={
                        "limits": None,
                        "agents": tuple(agent.model_copy(update={"limits": None}) for agent in group.agents),
                    }
                )
                for group in squad.groups
            )
        }
    )
    stage = session(free, Provider(random.Random(seed)), MemoryJournal(), Limits(), jobs)
    assert run_virtual(go(stage, None)) in ("done", "failed")
