"""Which squad a run is for: the sources in their order, and what is said about the one that was taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agentlark.compiled import emit
from agentlark.errors import ConfigError
from agentlark.model import Squad
from orchestrator.core.errors import UserError
from orchestrator.core.redact import MARK, Redactor
from orchestrator.run.squads import SquadChoice, find_squad, redacted
from tests.doubles.squads import a_squad, an_agent


def lark(path: Path, agent: str) -> Path:
    """A configuration with one agent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'agents = [agent(id = "{agent}", role = "Writer")]\n')
    return path


def compiled(path: Path, agent: str) -> Path:
    """A compiled squad of one agent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(emit(a_squad([an_agent(agent)])))
    return path


@pytest.fixture
def everything(tmp_path: Path) -> SquadChoice:
    """A folder and a caller that offer every source there is."""
    lark(tmp_path / "configs" / "agents.lark", "from-folder")
    compiled(tmp_path / "configs" / "agents.out.json", "from-folder-compiled")
    return SquadChoice(
        folder=tmp_path,
        agents_lark=lark(tmp_path / "flag.lark", "from-lark-flag"),
        agents_config=compiled(tmp_path / "flag.json", "from-config-flag"),
        environment=str(compiled(tmp_path / "env.json", "from-environment")),
    )


def ids(choice: SquadChoice) -> list[str]:
    return [agent.id for agent in find_squad(choice).squad.agents()]


def test_below_a_project_nothing_else_is_run_instead_of_its_squad(tmp_path: Path) -> None:
    lark(tmp_path / "configs" / "agents.lark", "from-above")
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    with pytest.raises(UserError, match="but one in") as refused:
        find_squad(SquadChoice(folder=below))
    assert str(tmp_path) in refused.value.message
    assert "--builtin" in refused.value.remedy
    assert ids(SquadChoice(folder=below, builtin=True)) != ["from-above"]
    assert ids(SquadChoice(folder=below, agents_lark=tmp_path / "configs" / "agents.lark")) == ["from-above"]


def test_the_sources_are_asked_in_their_order(everything: SquadChoice) -> None:
    choice = everything
    seen = [ids(choice)]
    choice = replace(choice, agents_lark=None)
    seen.append(ids(choice))
    choice = replace(choice, agents_config=None)
    seen.append(ids(choice))
    choice = replace(choice, environment=None)
    seen.append(ids(choice))
    (choice.folder / "configs" / "agents.lark").unlink()
    seen.append(ids(choice))
    (choice.folder / "configs" / "agents.out.json").unlink()
    seen.append(ids(choice))
    assert seen == [
        ["from-lark-flag"],
        ["from-config-flag"],
        ["from-environment"],
        ["from-folder"],
        ["from-folder-compiled"],
        ["planner", "researcher", "builder"],
    ]


def test_the_built_in_squad_can_be_asked_for_whatever_else_is_there(everything: SquadChoice) -> None:
    found = find_squad(replace(everything, builtin=True))
    assert found.origin == "the built-in squad"
    assert not [notice for notice in found.notices if "using the built-in squad" in notice]


def test_taking_the_built_in_squad_for_want_of_another_is_said(tmp_path: Path) -> None:
    found = find_squad(SquadChoice(folder=tmp_path))
    assert any("using the built-in squad" in notice for notice in found.notices)


@pytest.mark.parametrize("named", ["agents_config", "environment"])
def test_a_named_file_that_is_not_there_is_an_error_and_never_another_squad(
    tmp_path: Path, named: str
) -> None:
    absent = tmp_path / "absent.json"
    if named == "agents_config":
        choice = SquadChoice(folder=tmp_path, agents_config=absent)
    else:
        choice = SquadChoice(folder=tmp_path, environment=str(absent))
    with pytest.raises(UserError, match=r"absent\.json .* does not exist"):
        find_squad(choice)


def test_an_invalid_configuration_is_an_error_unless_the_built_in_squad_may_take_its_place(
    tmp_path: Path,
) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "agents.lark").write_text('agents = [agent(id = "BAD ID", role = "x")]\n')
    with pytest.raises(ConfigError, match="BAD ID"):
        find_squad(SquadChoice(folder=tmp_path))
    found = find_squad(SquadChoice(folder=tmp_path, or_builtin=True))
    assert found.origin == "the built-in squad"
    assert "BAD ID" in found.notices[0]


def test_variables_reach_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "a.lark"
    file.write_text('agents = [agent(id = param("name", "nobody"), role = "Writer")]\n')
    choice = SquadChoice(folder=tmp_path, agents_lark=file)
    assert ids(choice) == ["nobody"]
    assert ids(replace(choice, variables={"name": "somebody"})) == ["somebody"]


SECRET = "hunter2-hunter2"


def test_a_squad_without_secrets_is_recorded_as_it_is() -> None:
    squad = a_squad([an_agent("a")])
    assert redacted(squad, Redactor([SECRET])) == squad


def test_a_secret_in_any_text_of_a_squad_is_not_recorded() -> None:
    texts = {
        "role": f"knows {SECRET}",
        "plan_prompt": f"use {SECRET}",
        "follow_up_prompt": f"use {SECRET}",
        "follow_up_schema": {"const": SECRET},
        "follow_up_schema_rules": (f"say {SECRET}",),
    }
    squad = a_squad([an_agent("a", **texts)])
    clean = redacted(squad.model_copy(update={"prompt": f"do {SECRET}"}), Redactor([SECRET]))
    assert SECRET not in emit(clean)
    assert clean.prompt == f"do {MARK}"
    assert clean.agents()[0].follow_up_schema == {"const": MARK}
    assert clean.agents()[0].retries is None
    assert "retries" not in emit(clean)
    assert clean.agents()[0].plan_prompt == f"use {MARK}"


def test_a_secret_that_happens_to_be_an_agents_name_does_not_break_the_squad() -> None:
    squad: Squad = a_squad(
        [an_agent("researcher"), an_agent("builder", "researcher", plan_prompt="ask researcher")]
    )
    clean = redacted(squad, Redactor(["researcher"]))
    assert [agent.id for agent in clean.agents()] == ["researcher", "builder"]
    assert clean.agents()[1].depends_on == ("researcher",)
