"""Squads that are edited and built again: nothing stale, nothing sent in vain, and what was foreseen happens.

The oracle knows nothing of keys and journals: it is a clean build of the edited squad in an empty folder, on
a backend whose answers are a pure function of what it is sent, and the texts that this backend was ever sent.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import networkx as nx
import pytest

from agentlark.model import Agent, Squad
from orchestrator.run.foresight import Forecast
from tests.doubles.edits import a_project, edited
from tests.doubles.rebuilds import Built, Folder, Project
from tests.doubles.virtual_time import run_virtual

SOAKS = bool(os.environ.get("AGENTLARK_SOAK"))
EDITS = 10
SQUADS = 100 if SOAKS else 10
"""A thousand edits in all, or a tenth of them."""


async def clean(project: Project) -> Built:
    """A build in a folder of its own."""
    folder = Folder()
    try:
        return await folder.build(project)
    finally:
        await folder.journal.close()


@pytest.mark.parametrize("is_static", [True, False], ids=["static", "with blueprints"])
@pytest.mark.parametrize("seed", range(SQUADS // 2))
def test_after_any_edit_no_answer_is_stale_and_no_turn_is_sent_in_vain(seed: int, is_static: bool) -> None:
    async def play() -> None:
        dice = random.Random(f"edits {seed} {is_static}")
        folder, project = Folder(), a_project(dice, is_static=is_static)
        known = {sent for _, sent in (await folder.build(project)).sent}
        past = [project]
        for _ in range(EDITS):
            before = project
            if len(past) > 2 and dice.random() < 0.1:
                name, project = "revert", dice.choice(past)
            else:
                name, project = edited(dice, project, is_static=is_static)
            built, wanted = await folder.build(project), await clean(project)
            assert built.answers == wanted.answers, f"{name}: stale"
            assert built.endings == wanted.endings, name
            needed = {sent for _, sent in wanted.sent} - known
            assert Counter(sent for _, sent in built.sent) == Counter(needed), f"{name}: sent in vain"
            if is_static:
                outside = {node for node, _ in built.sent} - cone(before, project)
                assert not outside or name == "revert", f"{name}: outside the cone: {outside}"
            known |= needed
            past.append(project)
        await folder.journal.close()

    run_virtual(play())


def cone(before: Project, after: Project) -> set[str]:
    """The agents that an edit touched, and whoever depends on them."""
    old, new = _told(before), _told(after)
    touched = {name for name in new if old.get(name) != new[name]}
    graph = _graph(after.squad)
    return touched.union(*(nx.descendants(graph, name) for name in touched))


def _told(project: Project) -> dict[str, tuple[Agent, str, str]]:
    """All that can tell one agent from itself before an edit."""
    return {
        agent.id: (agent, group.id, project.task) for group in project.squad.groups for agent in group.agents
    }


def _graph(squad: Squad) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(agent.id for agent in squad.agents())
    graph.add_edges_from((up, agent.id) for agent in squad.agents() for up in agent.depends_on)
    return graph


@pytest.mark.parametrize("seed", range(500 if SOAKS else 50))
def test_what_is_foreseen_for_a_static_squad_is_what_runs_but_for_what_it_calls_maybe(seed: int) -> None:
    async def play() -> tuple[Forecast, Built]:
        dice = random.Random(f"foresight {seed}")
        folder, project = Folder(), a_project(dice, is_static=True)
        await folder.build(project)
        for _ in range(dice.randrange(4)):
            _, project = edited(dice, project, is_static=True)
        found = await folder.foresee(project), await folder.build(project)
        await folder.journal.close()
        return found

    foreseen, built = run_virtual(play())
    sent = Counter(node for node, _ in built.sent)
    assert [node.id for node in foreseen.nodes if node.id in built.endings] == list(built.answers)
    for node in foreseen.nodes:
        assert node.turns <= sent[node.id] <= node.turns + node.maybe_turns, node
        if node.prospect == "reused":
            assert sent[node.id] == 0
        if node.prospect == "run":
            assert node.turns > 0
    assert foreseen.turns <= len(built.sent) <= foreseen.turns + foreseen.maybe_turns
    assert foreseen.open_groups == ()
    assert all(by not in sent or sent[by] for by in foreseen.critical_path)


@pytest.mark.parametrize("seed", range(200 if SOAKS else 20))
def test_what_a_blueprint_may_change_is_left_open(seed: int) -> None:
    async def play() -> tuple[Forecast, Built]:
        dice = random.Random(f"open {seed}")
        folder, project = Folder(), a_project(dice, is_static=False)
        await folder.build(project)
        _, project = edited(dice, project, is_static=False)
        found = await folder.foresee(project), await folder.build(project)
        await folder.journal.close()
        return found

    foreseen, built = run_virtual(play())
    sent = Counter(node for node, _ in built.sent)
    certain = {node.id: node for node in foreseen.nodes}
    for name in built.endings:
        if name not in certain:
            assert foreseen.open_groups, name
        elif certain[name].wave == 0:
            bounds = certain[name].turns, certain[name].turns + certain[name].maybe_turns
            assert bounds[0] <= sent[name] <= bounds[1], name
    if not foreseen.turns:
        assert not built.sent


def test_nothing_is_foreseen_twice_and_an_unchanged_squad_sends_nothing() -> None:
    async def play() -> None:
        dice = random.Random("same")
        folder, project = Folder(), a_project(dice, is_static=False)
        first = await folder.foresee(project)
        assert (first.reused_turns, first.maybe_turns) == (0, 0)
        built = await folder.build(project)
        assert {node for node, _ in built.sent} >= {node.id for node in first.nodes}
        again = await folder.foresee(project)
        assert (again.turns, again.maybe_turns, again.reused_turns) == (0, 0, len(built.sent))
        assert {node.prospect for node in again.nodes} == {"reused"}
        assert (await folder.build(project)).sent == []
        await folder.journal.close()

    run_virtual(play())
