"""What holds for every DAG, whatever order and way its nodes end in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentlark.model import Agent, Squad
from orchestrator.core.facts import AgentsJoined, Fact, NodeEnded, NodeEnding
from orchestrator.schedule.dag import dag_order
from orchestrator.schedule.node import Node
from orchestrator.schedule.state import RunState
from tests.doubles.facts import ended, joined, run_started, specialist
from tests.doubles.squads import a_squad, an_agent

EXAMPLES = 600 if os.environ.get("AGENTLARK_SOAK") else 60
bounded = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def squads(draw: st.DrawFn) -> Squad:
    """Up to three groups of up to six agents; each may depend on any of its own or an earlier group."""
    earlier: list[str] = []
    groups: list[list[Agent]] = []
    for place in range(draw(st.integers(1, 3))):
        agents: list[Agent] = []
        for index in range(draw(st.integers(0, 6))):
            name = f"n{place}-{index}"
            above = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
            agents.append(an_agent(name, *above, blueprint=index == 0 and draw(st.booleans())))
            earlier.append(name)
        groups.append(draw(st.permutations(agents)))
    return a_squad(*groups)


@dataclass
class Story:
    """One way through a squad: facts in the order in which they were told."""

    state: RunState
    told: list[Fact] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def tell(self, fact: Fact) -> None:
        self.state.apply(fact)
        self.told.append(fact)

    def take(self, busy: list[str]) -> None:
        """Start all who can; their dependencies have ended well, and so have earlier groups altogether."""
        while (node := self._next()) is not None:
            assert all(self.state.ended[up].ending == "done" for up in node.agent.depends_on)
            places = [group.id for group in self.state.squad.groups]
            before = places[: places.index(node.group)]
            assert all(
                each.id in self.state.ended for each in self.state.nodes.values() if each.group in before
            )
            self.taken.append(node.id)
            busy.append(node.id)

    def _next(self) -> Node | None:
        while not self.state.is_closed:
            if (node := self.state.take_ready()) is not None:
                return node
            if not self.state.group_has_ended:
                return None
            self.state.close_group()
        return None

    def end(self, name: str, ending: NodeEnding, wave: AgentsJoined | None) -> None:
        self.tell(ended(name, ending))
        if wave is not None and ending == "done":
            self.tell(wave)
        for node, reason in self.state.take_blocked():
            self.tell(ended(node.id, "blocked", reason))


def some_wave(draw: st.DrawFn, state: RunState, by: str) -> AgentsJoined:
    """A blueprint of `by`: up to four agents, each after any known one or an earlier one of the wave."""
    known = state.known_to_blueprint(state.nodes[by])
    agents = []
    for index in range(draw(st.integers(1, 4))):
        above = draw(st.lists(st.sampled_from(known), unique=True, max_size=2))
        agents.append(specialist(f"s{state.waves}-{index}", *above))
        known.append(agents[-1].id)
    wave = draw(st.permutations(agents))
    return joined(by, *wave, wave=state.waves + 1, group=state.nodes[by].group)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A squad run to its end, its nodes ending in any order and any way."""
    story = Story(RunState(draw(squads())))
    busy: list[str] = []
    story.take(busy)
    while busy:
        name = busy.pop(draw(st.integers(0, len(busy) - 1)))
        ending: NodeEnding = "failed" if draw(st.integers(0, 3)) == 3 else "done"
        is_blueprint = story.state.nodes[name].agent.blueprint
        wave = some_wave(draw, story.state, name) if is_blueprint and draw(st.booleans()) else None
        story.end(name, ending, wave)
        story.take(busy)
    return story


@bounded
@given(stories())
def test_every_node_ends_in_exactly_one_way_and_nobody_waits_forever(story: Story) -> None:
    assert story.state.is_over
    endings = [fact.node for fact in story.told if isinstance(fact, NodeEnded)]
    assert sorted(endings) == sorted(story.state.nodes)


@bounded
@given(stories())
def test_no_node_is_given_out_twice_and_none_that_was_blocked(story: Story) -> None:
    assert len(story.taken) == len(set(story.taken))
    blocked = {name for name, fact in story.state.ended.items() if fact.ending == "blocked"}
    assert set(story.taken) == set(story.state.nodes) - blocked


@bounded
@given(stories())
def test_a_node_is_blocked_exactly_when_something_it_depends_on_did_not_end_well(story: Story) -> None:
    endings = {name: fact.ending for name, fact in story.state.ended.items()}
    for node in story.state.nodes.values():
        lost = [up for up in node.agent.depends_on if endings[up] != "done"]
        assert (endings[node.id] == "blocked") == bool(lost)
        if lost:
            reason = story.state.ended[node.id].reason or ""
            assert reason.split()[0] in lost


@bounded
@given(stories())
def test_the_order_of_the_dag_respects_every_dependency(story: Story) -> None:
    place = {node.id: index for index, node in enumerate(story.state.in_order())}
    for node in story.state.nodes.values():
        assert all(place[up] < place[node.id] for up in node.agent.depends_on)


@bounded
@given(stories())
def test_folding_the_same_facts_again_gives_the_same_state(story: Story) -> None:
    again = RunState(story.state.squad)
    for fact in story.told:
        again.apply(fact)
    assert again.nodes == story.state.nodes
    assert again.ended == story.state.ended
    assert again.is_over
    assert again.final() == story.state.final()


@bounded
@given(stories(), st.data())
def test_a_run_cut_off_anywhere_and_resumed_comes_to_its_end(story: Story, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(story.told)))
    resumed = Story(RunState(story.state.squad))
    for fact in story.told[:cut]:
        resumed.tell(fact)
    resumed.tell(run_started(resumed=True))
    kept = set(resumed.state.ended)
    busy: list[str] = []
    resumed.take(busy)
    while busy:
        resumed.end(busy.pop(), "done", None)
        resumed.take(busy)
    assert resumed.state.is_over
    assert {fact.ending for fact in resumed.state.ended.values()} <= {"done"}
    assert not kept & set(resumed.taken)


@bounded
@given(squads())
def test_the_order_of_the_dag_lists_everybody_once_group_after_group(squad: Squad) -> None:
    order = dag_order(squad)
    assert sorted(order) == sorted(agent.id for agent in squad.agents())
    places = [name.partition("-")[0] for name in order]
    assert places == sorted(places)
