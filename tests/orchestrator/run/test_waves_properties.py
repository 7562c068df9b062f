"""What holds for every squad, however its groups go on, whatever it is told, whenever it is cut off."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentlark.blueprint import MAX_AGENTS
from agentlark.model import Agent, Group, Orchestration, Squad
from orchestrator.core.commands import Command, Decide, Interrupt, StopNow
from orchestrator.core.facts import (
    AgentsEngaged,
    AgentsJoined,
    ApprovalAsked,
    Fact,
    InterruptAsked,
    NodeEnded,
    Signal,
    TurnEnded,
    TurnStarted,
)
from orchestrator.run.handle import RunResult
from orchestrator.schedule.conduct import MAX_RELAY_WAVES
from orchestrator.schedule.growth import Caps
from tests.doubles.journal import MemoryJournal
from tests.doubles.squads import an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import run_virtual
from tests.doubles.worlds import Playing, World

SOAKS = bool(os.environ.get("AGENTLARK_SOAK"))
bounded = settings(
    max_examples=400 if SOAKS else 40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
CAPS = Caps(agents=9, depth=4)


@st.composite
def groups(draw: st.DrawFn, place: int, earlier: list[str]) -> Group:
    """Up to four agents, one of which may give blueprints, and any way to go on."""
    agents: list[Agent] = []
    giver = draw(st.integers(0, 2))
    for index in range(draw(st.integers(1, 4))):
        name = f"n{place}-{index}"
        above = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        agents.append(an_agent(name, *above, blueprint=index == giver))
        earlier.append(name)
    names = [agent.id for agent in agents]
    graph = {name: draw(st.lists(st.sampled_from(names), unique=True, max_size=2)) for name in names}
    how = {
        "autonomous": draw(st.sampled_from([None, True, True, False])),
        "parallel": draw(st.booleans()),
        "max_waves": draw(st.integers(1, 3)),
        "approve": draw(st.sampled_from([None, None, None, "blueprint", "wave"])),
        "relay": {
            "enabled": draw(st.sampled_from([True, True, False])),
            "require_handoff_note": draw(st.booleans()),
            "graph": {name: [to for to in tos if to != name] for name, tos in graph.items()},
        },
    }
    return Group(id=f"g{place}", agents=tuple(agents), orchestration=Orchestration.model_validate(how))


@st.composite
def squads(draw: st.DrawFn) -> Squad:
    """One or two groups."""
    earlier: list[str] = []
    return Squad(groups=tuple(draw(groups(place, earlier)) for place in range(draw(st.integers(1, 2)))))


worlds = st.builds(World, st.integers(0, 2**16), st.sampled_from([0.0, 0.05, 0.2, 0.9]))


class Decider:
    """A person who answers for every wave at once: yes, but now and then no."""

    name = "decider"
    failure: Exception | None = None

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        if isinstance(item, ApprovalAsked):
            joining = item.joining
            yes = random.Random(f"{joining.agents}").random() < 0.8
            self._stage.inbox.send(Decide(wave=joining.wave, approved=yes))

    def close(self) -> None:
        return None


def staged(squad: Squad, world: World, journal: MemoryJournal | None = None, jobs: int = 16) -> Stage:
    """A run that starts anew, or goes on where the journal ends."""
    journal = journal or MemoryJournal()
    stage = Stage(squad, Playing(world), journal, jobs=jobs, caps=CAPS, resumed=bool(journal.commits))
    stage.sinks = [Decider(stage)]
    state = stage.engine().state
    for wave, asked in state.awaiting.items():
        yes = random.Random(f"{asked.joining.agents}").random() < 0.8
        stage.inbox.send(Decide(wave=wave, approved=yes))
    return stage


def endings(stage: Stage) -> dict[str, str]:
    return {name: end.ending for name, end in stage.engine().state.ended.items()}


@bounded
@given(squads(), worlds, st.integers(1, 4))
def test_every_run_ends_and_every_node_in_exactly_one_way(squad: Squad, world: World, jobs: int) -> None:
    stage = staged(squad, world, jobs=jobs)
    result = stage.play()
    assert result.not_started == ()
    told = [fact.node for fact in stage.facts(NodeEnded)]
    assert len(told) == len(set(told))
    assert set(told) == set(stage.engine().state.nodes)
    assert "never ready" not in (result.ending.reason or "")
    assert stage.performer.most_at_once <= jobs
    lost = [name for name, end in result.ended.items() if end.ending not in ("done", "skipped")]
    assert (result.ending.ending == "done") == (not lost and not stage.engine().state.refused)


@bounded
@given(squads(), worlds)
def test_no_run_grows_beyond_its_caps(squad: Squad, world: World) -> None:
    stage = staged(squad, world)
    stage.play()
    state = stage.engine().state
    waves = stage.facts(AgentsJoined)
    assert sum(len(wave.agents) for wave in waves) <= CAPS.agents
    assert all(1 <= len(wave.agents) <= MAX_AGENTS for wave in waves)
    assert max(state.depths().values(), default=0) <= CAPS.depth
    ids = [agent.id for wave in waves for agent in wave.agents] + [agent.id for agent in squad.agents()]
    assert len(ids) == len(set(ids))
    for group in squad.groups:
        limit = state.conduct(group.id).max_waves
        assert state.waves_spent(group.id) <= limit
        assert state.conduct(group.id).relay is None or limit <= MAX_RELAY_WAVES
        carried_on = [each for each in state.engaged_in(group.id) if each.purpose == "continuation"]
        assert len(carried_on) <= 1 + limit


@bounded
@given(squads(), worlds, st.integers(1, 4))
def test_nobody_is_asked_before_the_end_of_all_it_waits_for_is_durable(
    squad: Squad, world: World, jobs: int
) -> None:
    trace: list[str] = []
    stage = staged(squad, world, MemoryJournal(trace), jobs)
    stage.performer.trace = trace
    stage.play()
    ended_at = {line.split()[-1]: at for at, line in enumerate(trace) if line.startswith("commit node-ended")}
    nodes = stage.engine().state.nodes
    for node in nodes.values():
        calls = [at for at, line in enumerate(trace) if line.startswith(f"call {node.id}/")]
        before = {*node.waits, *(node.agent.depends_on if node.part == "configured" else ())}
        assert all(ended_at[up] < call for up in before for call in calls)
        earlier = [each.id for each in nodes.values() if each.group < node.group]
        assert all(ended_at[up] < call for up in earlier for call in calls)


@bounded
@given(squads(), worlds, st.integers(1, 4), st.integers(1, 4))
def test_the_answers_and_the_keys_do_not_depend_on_how_many_run_at_once(
    squad: Squad, world: World, some: int, others: int
) -> None:
    first, second = staged(squad, world, jobs=some), staged(squad, world, jobs=others)
    assert first.play().answers == second.play().answers
    assert {turn.key for turn in first.facts(TurnEnded)} == {turn.key for turn in second.facts(TurnEnded)}


@bounded
@given(squads(), worlds)
def test_folding_the_facts_again_gives_the_state_that_the_run_had(squad: Squad, world: World) -> None:
    stage = staged(squad, world)
    result = stage.play()
    again = stage.engine()
    assert list(again.state.nodes) == [node.id for node in again.state.in_order()]
    assert again.answers() == result.answers
    assert tuple(node.id for node in again.state.final()) == result.final
    assert again.state.metrics() == result.metrics


@bounded
@given(squads(), worlds, st.data())
def test_a_run_killed_after_any_commit_comes_to_the_same_end_and_repeats_no_recorded_turn(
    squad: Squad, world: World, data: st.DataObject
) -> None:
    whole = staged(squad, world)
    expected = whole.play()
    journal = MemoryJournal()
    journal.commits = whole.journal.commits[: data.draw(st.integers(1, len(whole.journal.commits)))]
    journal.bodies = dict(whole.journal.bodies)
    recorded = {fact.key for fact in journal.all_facts if isinstance(fact, TurnEnded)}
    again = staged(squad, world, journal)
    result = again.play()
    assert result.answers == expected.answers
    assert {name: end.ending for name, end in result.ended.items()} == {
        name: end.ending for name, end in expected.ended.items()
    }
    assert result.final == expected.final
    assert result.ending.ending == expected.ending.ending
    assert not recorded & {call.order.key for call in again.performer.calls}


@bounded
@given(squads(), st.builds(World, st.integers(0, 2**16), st.sampled_from([0.0, 0.1])))
def test_the_second_run_makes_no_call_unless_the_first_never_got_a_usable_answer(
    squad: Squad, world: World
) -> None:
    first = staged(squad, world)
    expected = first.play()
    repairs = [turn for turn in first.facts(TurnEnded) if turn.purpose == "repair"]
    given_up = {turn.id.node for turn in repairs if sum(turn.id.node == each.id.node for each in repairs) > 1}
    second = staged(squad, world, MemoryJournal(earlier=first.journal))
    result = second.play()
    if not given_up:
        assert not second.performer.calls
        assert result.reused == expected.turns
    assert {call.order.id.node for call in second.performer.calls} <= given_up
    assert result.answers == expected.answers


async def told(command: Command, stage: Stage, seconds: float) -> RunResult:
    run = stage.started()
    await asyncio.sleep(seconds)
    stage.inbox.send(command)
    return await run.result()


def relay_squad() -> Squad:
    agents = (
        an_agent("planner"),
        an_agent("coder", "planner"),
        an_agent("reviewer", "coder"),
        an_agent("builder", "planner", blueprint=True),
    )
    graph = {"planner": ["coder"], "coder": ["reviewer"], "reviewer": ["coder", "planner"]}
    how = Orchestration.model_validate({"relay": {"enabled": True, "graph": graph}, "approve": "wave"})
    (later,) = Squad(groups=(Group(id="later", agents=(an_agent("docs", "builder"),)),)).groups
    return Squad(groups=(Group(id="core", agents=agents, orchestration=how), later))


def instants() -> Iterator[tuple[int, float]]:
    dice = random.Random(5)
    return ((seed, dice.uniform(0, 60)) for seed in range(1000 if SOAKS else 100))


@pytest.mark.parametrize(("seed", "seconds"), list(instants()))
def test_an_interrupt_at_any_instant_leaves_no_half_turn_and_a_run_that_can_be_gone_on_with(
    seed: int, seconds: float
) -> None:
    squad, world = relay_squad(), World(seed, hostile=0.1)
    expected = staged(squad, world).play()
    stage = staged(squad, world)
    result = run_virtual(told(Interrupt(), stage, seconds))
    facts = stage.journal.all_facts
    asked = [at for at, fact in enumerate(facts) if isinstance(fact, InterruptAsked)]
    assert len(asked) <= 1
    if asked:
        assert result.ending.ending in ("interrupted", expected.ending.ending)
        after = facts[asked[0] :]
        assert not [fact for fact in after if isinstance(fact, TurnStarted | AgentsEngaged)]
    assert not stage.engine().state.unknown
    again = staged(squad, world, stage.journal)
    final = again.play()
    assert final.answers == expected.answers
    assert endings(again) == {name: end.ending for name, end in expected.ended.items()}
    sent = [fact.key for fact in again.facts(TurnStarted)]
    assert len(sent) == len(set(sent))


@pytest.mark.parametrize(("seed", "seconds"), list(instants())[::4])
def test_a_run_stopped_at_any_instant_again_and_again_comes_to_the_same_end(
    seed: int, seconds: float
) -> None:
    squad, world = relay_squad(), World(seed, hostile=0.1)
    expected = staged(squad, world).play()
    journal = MemoryJournal()
    for _ in range(3):
        result = run_virtual(told(StopNow(), staged(squad, world, journal), seconds / 4))
        assert result.ending.ending in ("stopped", expected.ending.ending)
    last = staged(squad, world, journal)
    assert last.play().answers == expected.answers
    assert endings(last) == {name: end.ending for name, end in expected.ended.items()}
    recorded = [fact.key for fact in last.facts(TurnEnded) if fact.ending == "done"]
    assert len(recorded) == len(set(recorded))
