"""What holds for every squad, however long its turns take, however they end, whenever somebody interferes."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentlark.model import Agent, Squad
from orchestrator.core.commands import Interrupt, StopNow
from orchestrator.core.facts import NodeEnded, TurnEnded, TurnStarted
from orchestrator.core.ports import Tell
from orchestrator.core.turn import Done, Failed, Outcome, TurnId, TurnOrder
from orchestrator.run.handle import RunResult
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import ScriptedPerformer, done
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import run_virtual

EXAMPLES = 500 if os.environ.get("AGENTLARK_SOAK") else 50
bounded = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def squads(draw: st.DrawFn) -> Squad:
    """One or two groups of up to five agents with dependencies among them."""
    earlier: list[str] = []
    groups: list[list[Agent]] = []
    for place in range(draw(st.integers(1, 2))):
        agents: list[Agent] = []
        for index in range(draw(st.integers(1, 5))):
            name = f"n{place}-{index}"
            above = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
            agents.append(an_agent(name, *above, blueprint=index == 0, retries=1))
            earlier.append(name)
        groups.append(agents)
    return a_squad(*groups)


@dataclass(frozen=True)
class World:
    """Answers a turn from nothing but its key, so that the same turn always takes and gives the same."""

    seed: int
    fails: int
    """One key in so many fails; 0 for none."""

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        dice = int(order.key[:8], 16) ^ self.seed
        await asyncio.sleep(dice % 5)
        if self.fails and dice % self.fails == 0:
            return Failed(error="unlucky", paid="no", retryable=dice % 2 == 0, retry_after_s=dice % 7)
        if isinstance(order.input.output_schema, dict):
            return self._blueprint(order, dice)
        return done(f"{order.input.agent} {order.input.purpose}")

    def _blueprint(self, order: TurnOrder, dice: int) -> Done:
        first, second = f"{order.input.agent}-x", f"{order.input.agent}-y"
        entries: list[dict[str, object]] = [
            {"id": first, "role": "R", "prompt": "do"},
            {"id": second, "role": "R", "prompt": "do", "dependsOn": [first, "n0-0"]},
        ]
        return done("no blueprint" if dice % 4 == 0 else json.dumps({"agents": entries}))


class Playing(ScriptedPerformer):
    """Lets a world answer, and counts who is at it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        self._script[order.input.agent] = [self._world.perform]
        return await super().perform(order, tell)


worlds = st.builds(World, st.integers(0, 2**32 - 1), st.sampled_from([0, 0, 5, 9]))


@bounded
@given(squads(), worlds, st.integers(1, 4))
def test_every_run_ends_with_every_node_ended_once_and_never_too_many_at_work(
    squad: Squad, world: World, jobs: int
) -> None:
    stage = Stage(squad, Playing(world), jobs=jobs)
    result = stage.play()
    assert result.not_started == ()
    endings = [fact.node for fact in stage.facts(NodeEnded)]
    assert len(endings) == len(set(endings))
    assert set(endings) >= {agent.id for agent in squad.agents()}
    assert stage.performer.most_at_once <= jobs
    assert (result.ending.ending == "done") == (
        not stage.engine().state.refused and all(end.ending == "done" for end in result.ended.values())
    )


@bounded
@given(squads(), worlds, st.integers(1, 4))
def test_no_agent_is_called_before_the_end_of_all_it_depends_on_is_durable(
    squad: Squad, world: World, jobs: int
) -> None:
    trace: list[str] = []
    performer = Playing(world)
    performer.trace = trace
    stage = Stage(squad, performer, MemoryJournal(trace), jobs=jobs)
    stage.play()
    ended_at = {
        line.split()[-1]: index for index, line in enumerate(trace) if line.startswith("commit node-ended")
    }
    for node in stage.engine().state.nodes.values():
        calls = [index for index, line in enumerate(trace) if line.startswith(f"call {node.id}/")]
        assert all(ended_at[up] < call for up in node.agent.depends_on for call in calls)


@bounded
@given(squads(), worlds, st.integers(1, 4), st.integers(1, 4))
def test_the_same_squad_gives_the_same_answers_however_many_run_at_once(
    squad: Squad, world: World, some: int, others: int
) -> None:
    first = Stage(squad, Playing(world), jobs=some)
    second = Stage(squad, Playing(world), jobs=others)
    assert first.play().answers == second.play().answers
    assert {turn.key for turn in first.facts(TurnEnded)} == {turn.key for turn in second.facts(TurnEnded)}


@bounded
@given(
    squads(), worlds, st.integers(1, 3), st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=3)
)
def test_a_run_that_is_interfered_with_and_resumed_comes_to_the_answers_of_one_that_is_not(
    squad: Squad, world: World, jobs: int, commands: list[tuple[int, bool]]
) -> None:
    calm = World(world.seed, fails=0)
    expected = Stage(squad, Playing(calm), jobs=jobs).play()
    journal = MemoryJournal()
    for seconds, stop in commands:
        stage = Stage(squad, Playing(calm), journal, jobs=jobs, resumed=bool(journal.commits))
        run_virtual(_interfered(stage, seconds, stop))
    last = Stage(squad, Playing(calm), journal, jobs=jobs, resumed=bool(journal.commits))
    result = last.play()
    assert result.answers == expected.answers
    assert result.final == expected.final
    paid = [turn.key for turn in last.facts(TurnEnded) if turn.ending == "done"]
    assert len(paid) == len(set(paid)) == expected.turns
    assert _every_call_was_announced(last)


async def _interfered(stage: Stage, seconds: float, stop: bool) -> RunResult:
    run = stage.started()
    await asyncio.sleep(seconds)
    stage.inbox.send(StopNow() if stop else Interrupt())
    return await run.result()


def _every_call_was_announced(stage: Stage) -> bool:
    """Whether each recorded outcome has an intent of its own before it."""
    open_turns: list[TurnId] = []
    for fact in stage.journal.all_facts:
        if isinstance(fact, TurnStarted):
            open_turns.append(fact.id)
        elif isinstance(fact, TurnEnded):
            if fact.id not in open_turns:
                return False
            open_turns.remove(fact.id)
    return True
