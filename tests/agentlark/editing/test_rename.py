from __future__ import annotations

from pathlib import Path

import pytest

from agentlark.editing.rename import RenameRefused, rename, renameable
from tests.agentlark.editing.desk import Desk, desk

TEAM = (
    'helper = agent(id = "help", role = "Helper", depends_on = ["planner"])\n'
    'def worker(name):\n  return agent(id = name, role = "Worker")\n'
)
SQUAD = """\
load("team.lark", "helper", "worker")
groups = [group(
    id = "core",
    agents = [
        agent(id = "planner", role = "planner", plan_prompt = "planner"),
        helper,
        worker("qa"),
        agent(id = "builder", role = "Builder", depends_on = ["planner", "help", "qa"]),
    ],
    orchestration = define_orchestration(relay = define_relay(graph = {"planner": ["builder"]})),
)]
"""


def at(tmp_path: Path, before: str, after: str) -> Desk:
    assert SQUAD.count(before + after) == 1
    return desk(tmp_path, SQUAD.replace(before + after, f"{before}|{after}"), team=TEAM)


def renamed(here: Desk, new: str = "lead") -> list[str]:
    return [here.shown(spot) for spot in rename(here.path, here.offset, new, here.texts)]


@pytest.mark.parametrize(("before", "after"), [('id = "plan', "ner"), ('["plan', "ner"), ('{"', "planner")])
def test_an_agent_is_renamed_everywhere_and_nothing_else_is(before: str, after: str, tmp_path: Path) -> None:
    assert renamed(at(tmp_path, before, after)) == [
        "configs/agents.lark:5:planner",
        "configs/agents.lark:8:planner",
        "configs/agents.lark:10:planner",
        "configs/team.lark:1:planner",
    ]


def test_an_agent_of_a_loaded_file_is_renamed_there(tmp_path: Path) -> None:
    assert renamed(at(tmp_path, '"planner", "he', "lp")) == [
        "configs/agents.lark:8:help",
        "configs/team.lark:1:help",
    ]


def test_an_id_that_a_function_makes_is_renamed_where_it_is_given(tmp_path: Path) -> None:
    assert renamed(at(tmp_path, '"help", "q', "a")) == [
        "configs/agents.lark:7:qa",
        "configs/agents.lark:8:qa",
    ]


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("Not An Id", "is no id"),
        ("timeline", "is reserved"),
        ("builder", "there is an agent 'builder' already"),
    ],
)
def test_an_id_that_cannot_be_is_refused(new: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(RenameRefused, match=why):
        renamed(at(tmp_path, 'id = "plan', "ner"), new)


def test_a_rename_that_would_change_more_is_refused(tmp_path: Path) -> None:
    text = (
        'n = "ab"\nagents = [agent(id = n[0], role = n), agent(id = "c", role = "C", depends_on = ["|a"])]\n'
    )
    here = desk(tmp_path, text)

    with pytest.raises(RenameRefused, match="would have errors"):
        renamed(here)


def test_a_squad_with_errors_is_not_renamed_in(tmp_path: Path) -> None:
    here = desk(tmp_path, 'agents = [agent(id = "|a", rule = "A")]\n')

    with pytest.raises(RenameRefused, match=r"agents\.lark has errors"):
        renamed(here)


def test_only_ids_of_agents_can_be_renamed(tmp_path: Path) -> None:
    here = at(tmp_path, 'role = "plan', "ner")

    assert renameable(here.path, here.offset, here.texts) is None
    with pytest.raises(RenameRefused, match="no agent's id here"):
        renamed(here)


def test_the_same_id_is_no_change(tmp_path: Path) -> None:
    assert renamed(at(tmp_path, 'id = "plan', "ner"), "planner") == []
