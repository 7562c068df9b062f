from __future__ import annotations

from pathlib import Path

import pytest

from agentlark.editing.lookup import definitions, explain, uses
from tests.agentlark.editing.desk import desk

TEAM = (
    'helper = agent(id = "help", role = "Helper", depends_on = ["planner"])\n'
    'def worker(name):\n    """Makes a worker."""\n    return agent(id = name, role = "Worker")\n'
)
SQUAD = """\
load("team.lark", "helper", w = "worker")
limit = 3
agents = [
    agent(id = "planner", role = "Planner", retries = limit),
    helper,
    w("qa"),
    agent(id = "builder", role = "Builder", depends_on = ["planner", "help", "qa"]),
]
"""


def marked(before: str, after: str) -> str:
    """The squad with a mark between two texts that follow each other once."""
    assert SQUAD.count(before + after) == 1
    return SQUAD.replace(before + after, f"{before}|{after}")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ('["plan', "ner", "configs/agents.lark:4:planner"),
        ('"planner", "he', "lp", "configs/team.lark:1:help"),
        ('"help", "q', "a", "configs/agents.lark:6:qa"),
        ("    hel", "per", "configs/team.lark:1:helper"),
        ("    ", "w(", "configs/team.lark:2:worker"),
        ('"work', "er", "configs/team.lark:2:worker"),
        ('load("team', ".lark", "configs/team.lark:1:"),
        ("retries = lim", "it", "configs/agents.lark:2:limit"),
    ],
)
def test_a_definition_is_found(before: str, after: str, found: str, tmp_path: Path) -> None:
    at = desk(tmp_path, marked(before, after), team=TEAM)

    assert [at.shown(spot) for spot in definitions(at.path, at.offset, at.texts)] == [found]


@pytest.mark.parametrize(
    ("before", "after"), [("age", 'nt(id = "planner"'), ('role = "Pl', "anner"), ("limit =", " 3")]
)
def test_what_has_no_definition_has_none(before: str, after: str, tmp_path: Path) -> None:
    at = desk(tmp_path, marked(before, after), team=TEAM)

    assert definitions(at.path, at.offset, at.texts) == []


def test_every_use_of_an_agent_is_found_in_every_file(tmp_path: Path) -> None:
    at = desk(tmp_path, marked('id = "plan', "ner"), team=TEAM)

    assert [at.shown(spot) for spot in uses(at.path, at.offset, at.texts)] == [
        "configs/agents.lark:4:planner",
        "configs/agents.lark:7:planner",
        "configs/team.lark:1:planner",
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "depends",
            "_on",
            "Agents it waits for; their outputs are in its prompts.\n\nlist of ids; default: []",
        ),
        ("    age", 'nt(id = "builder"', "One agent: who it is"),
        ('"planner", "he', "lp", "**help**\n\nagent, Helper\n\ndepends on `planner`"),
        ("    ", "w(", "```starlark\ndef worker(name):\n```\nMakes a worker."),
        ("retries = lim", "it", "```starlark\nlimit = 3\n```"),
        ("retr", "ies", "int from 0 to 20; default: 2"),
    ],
)
def test_what_stands_somewhere_is_explained(before: str, after: str, said: str, tmp_path: Path) -> None:
    at = desk(tmp_path, marked(before, after), team=TEAM)
    found = explain(at.path, at.offset, at.texts)

    assert found is not None
    assert said in found.markdown
    assert found.start <= at.offset <= found.end


def test_loads_that_lead_in_circles_end(tmp_path: Path) -> None:
    at = desk(tmp_path, 'load("team.lark", "x")\ny = |x\n', team='load("agents.lark", "x")\n')

    assert len(definitions(at.path, at.offset, at.texts)) == 1


def test_files_outside_the_project_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.lark").write_text("x = 1\n")
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    at = desk(project, 'load("../../outside.l|ark", "x")\n')

    assert definitions(at.path, at.offset, at.texts) == []
