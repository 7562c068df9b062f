"""An agent's settings are shown as they hold, each with the line that made it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentlark.compiler import compile_file
from agentlark.diagnostics import Span
from agentlark.effective import Effective, UnknownAgent, effective

TEXT = """\
MODEL = "opus"

def member(name, after):
    return agent(
        id = name,
        role = "Builder",
        model = MODEL,
        depends_on = after,
    )

groups = [
    group(
        id = "core",
        agents = [
            member("scout", []),
            member("builder", ["scout"]),
        ],
        orchestration = define_orchestration(
            max_waves = 3,
            relay = define_relay(graph = {"scout": ["builder"]}),
        ),
    ),
]
"""


def shown(folder: Path, agent: str) -> Effective:
    path = folder / "agents.lark"
    path.write_text(TEXT, encoding="utf-8")
    return effective(compile_file(path), agent)


def line(found: Effective, field: str) -> int | None:
    place = next(each.place for each in (*found.fields, *found.group_fields) if each.name == field)
    return place.line if isinstance(place, Span) else None


def test_each_setting_names_the_line_that_made_it(tmp_path: Path) -> None:
    found = shown(tmp_path, "builder")
    lines = {field: line(found, field) for field in ("id", "role", "model", "depends_on", "max_waves")}
    assert lines == {"id": 16, "role": 6, "model": 1, "depends_on": 16, "max_waves": 19}
    assert line(found, "retries") is None
    assert line(found, "autonomous") is None


def test_defaults_are_shown_as_they_hold(tmp_path: Path) -> None:
    values = {each.name: each.value for each in shown(tmp_path, "builder").fields}
    assert values["blueprint"] is True
    assert "{{ agent.id }}" in values["plan_prompt"]


def test_who_depends_on_it_and_who_may_hand_it_work(tmp_path: Path) -> None:
    scout, builder = shown(tmp_path, "scout"), shown(tmp_path, "builder")
    assert (scout.dependents, scout.handed_by) == (("builder",), ())
    assert (builder.dependents, builder.handed_by) == ((), ("scout",))


def test_an_unknown_agent_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownAgent, match="did you mean 'builder'"):
        shown(tmp_path, "bulider")


def test_limits_name_the_lines_that_set_them(tmp_path: Path) -> None:
    path = tmp_path / "agents.lark"
    path.write_text(
        "cheap = define_limits(max_cost = 0.5)\n"
        'groups = [group(id = "g", limits = cheap, agents = [\n'
        '    agent(id = "a", role = "A", limits = define_limits(max_turns = 3)),\n'
        '    agent(id = "b", role = "B"),\n'
        "])]\n"
    )
    found, other = (effective(compile_file(path), name) for name in ("a", "b"))
    values = {each.name: each.value for each in (*found.fields, *found.group_fields)}
    assert line(found, "limits") == 3
    assert values["limits"]["max_cost"] == 0.5
    assert [each.place is None for each in other.fields if each.name == "limits"] == [True]
