from __future__ import annotations

from pathlib import Path

import pytest

from agentlark.editing.completion import Kind, Proposal, complete
from agentlark.model import EFFORTS, Agent
from tests.agentlark.editing.desk import desk

BEFORE = 'helper = 1\ndef worker(name):\n  return name\nagents = [agent(id = "planner", role = "P"),\n'


def proposals(tmp_path: Path, text: str, kind: Kind | None = None) -> list[Proposal]:
    at = desk(tmp_path, BEFORE + text, team='x = agent(id = "loaded", role = "L")\n')
    return [each for each in complete(at.path, at.offset, at.texts) if kind in (None, each.kind)]


def labels(tmp_path: Path, text: str, kind: Kind | None = None) -> list[str]:
    return [each.label for each in proposals(tmp_path, text, kind)]


@pytest.mark.parametrize(
    "text",
    [
        'agent(id = "b", depends_on = ["|"])]\n',
        'agent(id = "b", depends_on = ["|',
        'agent(id = "b", depends_on = ["pl|])]\n',
        'agent(id = "b", role = , depends_on = ["planner", "|"\n',
        ']\nr = define_relay(graph = {"|": []})\n',
        ']\nr = define_relay(graph = {"planner": ["|',
    ],
)
def test_ids_of_agents_are_proposed_where_they_belong(text: str, tmp_path: Path) -> None:
    found = labels(tmp_path, text)

    assert "planner" in found
    assert "b" not in found, "nobody waits for itself"


def test_ids_of_loaded_files_are_proposed(tmp_path: Path) -> None:
    assert "loaded" in labels(tmp_path, 'agent(depends_on = ["|"])]\nload("team.lark", "x")\n')


def test_fields_that_are_not_written_yet_are_proposed(tmp_path: Path) -> None:
    found = proposals(tmp_path, 'agent(id = "b", |role = "R")]\n', Kind.field)
    names = [each.label for each in found]

    assert names == [name for name in Agent.model_fields if name not in ("id", "role")]
    assert found[0].insert == "plan_prompt = "
    assert found[0].markdown is not None
    assert "Template of the plan turn" in found[0].markdown


def test_a_field_whose_equals_sign_is_there_gets_no_second_one(tmp_path: Path) -> None:
    found = proposals(tmp_path, 'agent(id = "b", ro|le = "R")]\n', Kind.field)

    assert found[0].insert == "role"
    assert found[0].end - found[0].start == len("role")


def test_fields_are_proposed_while_one_is_typed_in_a_broken_file(tmp_path: Path) -> None:
    found = proposals(tmp_path, "agent(\n  dep|\n", Kind.field)

    chosen = next(each for each in found if each.label == "depends_on")
    assert chosen.insert == "depends_on = "
    assert chosen.end - chosen.start == len("dep")


def test_no_fields_are_proposed_where_a_value_stands(tmp_path: Path) -> None:
    assert labels(tmp_path, "agent(id = |)]\n", Kind.field) == []


def test_names_of_the_file_the_scope_and_the_builtins_are_proposed(tmp_path: Path) -> None:
    found = labels(tmp_path, "agent(id = |)]\n")

    assert {"helper", "worker", "agents", "len", "group", "prompt_file", "None"} <= set(found)
    assert "name" not in found
    assert "name" in labels(tmp_path, "]\ndef f(name):\n  x = |\n")


def test_values_of_a_choice_are_proposed(tmp_path: Path) -> None:
    assert labels(tmp_path, 'agent(effort = "|")]\n') == list(EFFORTS)


def test_terms_of_memory_are_proposed(tmp_path: Path) -> None:
    found = labels(tmp_path, 'agent(id = "b", memory = ["|"])]\n')
    assert found[0] == "agent:planner"
    assert found[-4:] == ["tag:", "topic:", "type:", "run:"]


@pytest.mark.parametrize("text", ["] # see |\n", 'agent(role = "|")]\n', "]\nx = helper.|\n"])
def test_nothing_is_proposed_in_prose_and_after_a_dot(text: str, tmp_path: Path) -> None:
    assert labels(tmp_path, text) == []
