"""What two squads differ in is told in their own terms, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentlark.compiler import compile_file
from agentlark.diff import as_text, compare
from agentlark.model import Agent, Group, Squad

BEFORE = """
prompt = "Tidy up"
groups = [
    group(id = "core", agents = [
        agent(id = "planner", role = "Planner"),
        agent(id = "builder", role = "Builder", model = "opus", depends_on = ["planner"]),
    ], orchestration = define_orchestration(
        max_waves = 3, relay = define_relay(graph = {"planner": ["builder"]}),
    )),
    group(id = "delivery", agents = [agent(id = "qa", role = "QA", depends_on = ["builder"])]),
]
"""


def squad(folder: Path, text: str) -> Squad:
    path = folder / "agents.lark"
    path.write_text(text, encoding="utf-8")
    return compile_file(path).squad


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('model = "opus"', 'model = "sonnet"', '~ agent builder\n    model: "opus" → "sonnet"\n'),
        (' model = "opus",', "", '~ agent builder\n    model: "opus" → unset\n'),
        (
            'model = "opus"',
            'model = "opus", limits = define_limits(max_turns = 3)',
            "~ agent builder\n    limits.max_turns: unset → 3\n",
        ),
        (
            'group(id = "core", ',
            'group(id = "core", limits = define_limits(max_cost = 1.5), ',
            "~ group core\n    limits.max_cost: unset → 1.5\n",
        ),
        ("max_waves = 3", "max_waves = 4", "~ group core\n    max_waves: 3 → 4\n"),
        ('prompt = "Tidy up"', 'prompt = "Ship"', '~ squad\n    prompt: "Tidy up" → "Ship"\n'),
        ('{"planner": ["builder"]}', '{"planner": []}', "- builder may be handed work by planner\n"),
        ('["builder"])]', '["planner"])]', "- qa waits for builder\n+ qa waits for planner\n"),
        ('model = "opus"', 'model = "opus", retries = None, blueprint = True', ""),
        (
            '    group(id = "delivery", agents = ['
            'agent(id = "qa", role = "QA", depends_on = ["builder"])]),\n',
            "",
            "- group delivery\n- agent qa (QA, in delivery)\n- qa waits for builder\n",
        ),
        (
            'model = "opus"',
            'model = "opus", plan_prompt = "one\\ntwo\\n"',
            "~ agent builder\n    plan_prompt:\n",
        ),
    ],
)
def test_a_change_is_told_in_a_few_words(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in BEFORE
    text = as_text(compare(squad(tmp_path, BEFORE), squad(tmp_path, BEFORE.replace(old, new))))
    assert text.startswith(told)
    assert bool(text) == bool(told)


def test_comments_formatting_and_written_defaults_are_no_change(tmp_path: Path) -> None:
    after = BEFORE.replace('role = "QA"', 'role = "Q" + "A",\n\n  retries = None, tools = []') + "# end\n"
    assert not compare(squad(tmp_path, BEFORE), squad(tmp_path, after))


def test_what_came_one_way_goes_the_other(tmp_path: Path) -> None:
    before, after = squad(tmp_path, BEFORE), squad(tmp_path, BEFORE.replace('"qa"', '"tester"'))
    there, back = compare(before, after).to_json(), compare(after, before).to_json()
    flip = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted((flip[each["kind"]], each["id"]) for each in there["changes"]) == sorted(
        (each["kind"], each["id"]) for each in back["changes"]
    )
    assert sorted((flip[each["kind"]], each["source"], each["target"]) for each in there["edges"]) == sorted(
        (each["kind"], each["source"], each["target"]) for each in back["edges"]
    )


IDS = st.sampled_from(["a", "b", "c", "d"])


@st.composite
def squads(draw: st.DrawFn) -> Squad:
    names = draw(st.lists(IDS, unique=True, max_size=4))
    agents = tuple(
        Agent(
            id=name,
            role=draw(st.sampled_from(["A", "B"])),
            plan_prompt=draw(st.text(max_size=5)),
            follow_up_prompt="",
            depends_on=tuple(draw(st.lists(IDS, unique=True, max_size=2))),
            retries=draw(st.none() | st.integers(0, 3)),
        )
        for name in names
    )
    return Squad(groups=(Group(id="g", agents=agents),))


@given(squads(), squads())
def test_there_is_a_difference_exactly_when_the_squads_differ(one: Squad, other: Squad) -> None:
    def meaning(squad: Squad) -> object:
        agents = [each.model_dump() | {"depends_on": sorted(each.depends_on)} for each in squad.agents()]
        return sorted(agents, key=lambda each: str(each["id"]))

    difference = compare(one, other)
    assert bool(difference) == (meaning(one) != meaning(other))
    assert bool(as_text(difference)) == bool(difference)
