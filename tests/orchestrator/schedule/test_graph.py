"""Pictures of squads and runs: what is drawn is what is there, in every form."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentlark.blueprint import Handoff
from agentlark.model import Squad
from orchestrator.core.facts import AgentsEngaged, Fact
from orchestrator.schedule.graph import Picture, as_json, picture_of
from orchestrator.schedule.graph_markup import as_dot, as_mermaid
from orchestrator.schedule.graph_text import as_text
from orchestrator.schedule.history import history_of
from orchestrator.schedule.state import RunState
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH
from tests.orchestrator.schedule.test_state_properties import squads

EXAMPLES = 2000 if os.environ.get("AGENTLARK_SOAK") else 150
bounded = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)

Edges = set[tuple[str, str]]


def static(squad: Squad) -> Picture:
    return picture_of(RunState(squad))


def of_run(squad: Squad, facts: Iterable[Fact]) -> Picture:
    state = RunState(squad)
    history = history_of(state, facts)
    return picture_of(state, history)


def edges_of(squad: Squad) -> Edges:
    return {(up, agent.id) for agent in squad.agents() for up in agent.depends_on}


def read_rails(text: str, names: Iterable[str]) -> Edges:
    """The edges that a reader of the drawing finds: along the line from a dot to joints, then up the rail."""
    known = set(names)
    lines = [line for line in text.splitlines() if line]
    starts = [line.index("●") for line in lines if "●" in line]
    if not starts:
        return set()
    margin = re.match(r" *\d+ ", next(line for line in lines if "●" in line))
    assert margin
    found: Edges = set()
    rails: dict[int, str] = {}
    going: set[int] = set()
    """Where a line leads downwards, so that the next line must take it up."""
    for line in lines:
        cells = line[margin.end() :]
        assert all(cells[at] in "│├┤┼└┘┴" for at in going), line
        if "●" not in line:
            for at, char in enumerate(cells.partition("  g")[0]):
                assert char == " " or (char == "│" and at in rails), line
            continue
        dot = cells.index("●")
        name = next(word for word in cells[dot:].replace("●", " ").split() if word in known)
        drawn = cells[: cells.index(name)]
        for at, char in enumerate(drawn):
            if char in "├┤┼└┘┴":
                between = drawn[min(at, dot) + 1 : max(at, dot)]
                assert not set(between) - set("─│├┤┼└┘┴"), line
                found.add((rails[at], name))
            elif char == "│":
                assert at in rails, line
        rails = {at: owner for at, owner in rails.items() if drawn[at] in "│├┤┼"}
        going = set(rails)
        assert dot not in rails
        rails[dot] = name
        for at in [at for at in rails if at != dot and at >= len(drawn)]:
            del rails[at]
    assert not going
    return found


def read_lists(text: str) -> Edges:
    """The edges told in words: each row's list of what it waits for."""
    found: Edges = set()
    name = ""
    for line in re.sub(r"\n +(?!.*[●←])", " ", text).splitlines():
        if "●" in line:
            name = line.split("●")[1].split()[0]
        elif "←" in line:
            found |= {(up.strip(), name) for up in line.split("←")[1].split(",")}
    return found


@bounded
@given(squads())
def test_the_rails_show_every_edge_and_no_other(squad: Squad) -> None:
    text = as_text(static(squad), max_rails=1000)
    assert read_rails(text, (agent.id for agent in squad.agents())) == edges_of(squad)


@bounded
@given(squads(), st.data())
def test_the_rails_of_a_run_show_every_edge_of_its_waves_too(squad: Squad, data: st.DataObject) -> None:
    state = RunState(squad)
    for wave, group in enumerate(squad.groups, start=1):
        builder = next((agent.id for agent in group.agents if agent.blueprint), None)
        if builder is None:
            continue
        known = [agent.id for agent in group.agents]
        added = []
        for number in range(data.draw(st.integers(1, 4))):
            above = data.draw(st.lists(st.sampled_from(known), unique=True, max_size=3))
            known.append(f"s{wave}-{number}")
            added.append(specialist(known[-1], *above))
        state.apply(joined(builder, *added, wave=wave, group=group.id))
    edges = {(up, node.id) for node in state.nodes.values() for up in node.waits}
    assert read_rails(as_text(picture_of(state), max_rails=1000), state.nodes) == edges


@bounded
@given(squads())
def test_where_there_are_too_many_rails_every_edge_is_told_in_words(squad: Squad) -> None:
    if squad.agents():
        assert read_lists(as_text(static(squad), max_rails=0)) == edges_of(squad)


@bounded
@given(squads())
def test_json_has_every_edge_and_no_other(squad: Squad) -> None:
    whole = json.loads(as_json(static(squad)))
    assert {(edge["source"], edge["target"]) for edge in whole["edges"]} == edges_of(squad)
    assert {node["id"] for node in whole["nodes"]} == {agent.id for agent in squad.agents()}


@bounded
@given(squads())
def test_mermaid_has_every_edge_and_no_other(squad: Squad) -> None:
    text = as_mermaid(static(squad))
    names = dict(re.findall(r'^ +(n\d+)\["([^<"]+)', text, re.MULTILINE))
    found = {(names[one], names[other]) for one, other in re.findall(r"(n\d+) --> (n\d+)", text)}
    assert found == edges_of(squad)
    assert set(names.values()) == {agent.id for agent in squad.agents()}


@bounded
@given(squads())
def test_dot_has_every_edge_and_no_other(squad: Squad) -> None:
    found = set(re.findall(r'^  "([^"]+)" -> "([^"]+)"', as_dot(static(squad)), re.MULTILINE))
    assert found == edges_of(squad)


DIAMOND = a_squad(
    [
        an_agent("planner"),
        an_agent("researcher", "planner"),
        an_agent("writer", "planner"),
        an_agent("builder", "researcher", "writer", blueprint=True),
    ],
    [an_agent("docs", "planner", "builder")],
)


def test_layers_are_rows_and_rails_say_who_waits_for_whom() -> None:
    assert as_text(static(DIAMOND)) == (
        "g0\n"
        "1 ●        planner     Planner\n"
        "2 ├─●      researcher  Researcher\n"
        "  ├─│─●    writer      Writer\n"
        "3 │ └─┴─●  builder     Builder (may add agents)\n"
        "  │     │  g1\n"
        "1 └─●───┘  docs        Docs\n"
    )


STORY: list[Fact] = [
    run_started(),
    turn_started("planner"),
    turn_ended("planner", at=EPOCH + timedelta(seconds=1.5)),
    ended("planner"),
    turn_ended("researcher", origin="reused"),
    ended("researcher"),
    ended("writer"),
    turn_started("builder"),
    ended("builder"),
    joined("builder", specialist("x"), specialist("y", "x")).model_copy(
        update={"handoffs": (Handoff(sender="x", receiver="y", note='say "hi" | <b>\\'),)}
    ),
    turn_started("x"),
]


def test_a_run_shows_how_each_node_stands_and_who_joined_by_whose_blueprint() -> None:
    text = as_text(of_run(DIAMOND, STORY))
    assert "planner     Planner  done 1.5 s\n" in text
    assert "researcher  Researcher  done CACHED\n" in text
    assert "g0, wave 1, by the blueprint of builder\n" in text
    assert "x           X  started\n" in text
    assert "y           Y  not started\n" in text
    assert 'x ⇢ y: say "hi" | <b>\\\n' in text


def test_a_run_as_json_tells_edges_by_kind() -> None:
    whole = json.loads(as_json(of_run(DIAMOND, STORY)))
    kinds = {(edge["source"], edge["target"], edge["kind"]) for edge in whole["edges"]}
    assert ("builder", "x", "blueprint") in kinds
    assert ("x", "y", "depends_on") in kinds
    assert ("x", "y", "handoff") in kinds
    assert whole["groups"] == ["g0", "g1"]
    planner = whole["nodes"][0]
    assert (planner["id"], planner["state"], planner["seconds"]) == ("planner", "done", 1.5)


def test_handoffs_lead_from_who_gave_the_blueprint_to_whose_next_engagement_took_them_up() -> None:
    asked = AgentsEngaged(
        wave=1, group="g0", purpose="orchestration", agents=("autonomous-orchestrator",), at=EPOCH
    )
    wave = joined("autonomous-orchestrator@1", specialist("x"), wave=1).model_copy(
        update={
            "handoffs": (
                Handoff(sender="autonomous-orchestrator", receiver="x", note="one"),
                Handoff(sender="x", receiver="planner", note="two"),
                Handoff(sender="x", receiver="writer", note="nobody takes this up"),
            )
        }
    )
    again = AgentsEngaged(wave=2, group="g0", purpose="relay", agents=("planner",), at=EPOCH)
    picture = of_run(DIAMOND, [run_started(), asked, wave, again])
    assert [(edge.source, edge.target) for edge in picture.edges if edge.kind == "handoff"] == [
        ("autonomous-orchestrator@1", "x"),
        ("x", "planner@2"),
    ]
    layers = {vertex.id: vertex.layer for vertex in picture.vertices}
    assert (layers["autonomous-orchestrator@1"], layers["x"]) == (1, 2)


def test_colours_are_asked_for_by_standing() -> None:
    text = as_text(of_run(DIAMOND, STORY), lambda part, standing: f"<{standing}>{part}</>")
    assert "<done>●</>" in text
    assert "<started>started</>" in text


def test_words_of_mermaid_and_marks_in_texts_do_no_harm() -> None:
    squad = a_squad([an_agent("end", role='a "role" #1; <b>[x](y)\n|`\\')])
    text = as_mermaid(static(squad))
    assert '    n0["end<br/>a #34;role#34; #35;1#59; #60;b#62;#91;x#93;(y) #124;#96;#92;"]\n' in text


def test_texts_in_dot_are_quoted() -> None:
    squad = a_squad([an_agent("a", role='say "hi" \\N\x1b')])
    assert '"a" [label="a\\nsay \\"hi\\" \\\\N\\\\x1b"]' in as_dot(static(squad))


@pytest.mark.parametrize("draw", [as_text, as_json, as_mermaid, as_dot])
def test_an_empty_squad_can_be_drawn(draw: object) -> None:
    assert callable(draw)
    assert isinstance(draw(static(a_squad())), str)


def test_a_wide_join_is_told_in_words() -> None:
    many = [an_agent(f"n{number}") for number in range(40)]
    squad = a_squad([*many, an_agent("join", *(agent.id for agent in many))])
    text = as_text(static(squad))
    assert "│" not in text
    assert read_lists(text) == edges_of(squad)
