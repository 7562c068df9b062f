"""Finding the project from anywhere in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.core.errors import UserError
from orchestrator.launch.project import find_project, located
from orchestrator.run.squads import configuration_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "configs").mkdir(parents=True)
    (root / "configs" / "agents.lark").write_text("agents = []\n")
    (root / "src" / "deep").mkdir(parents=True)
    return root


def test_the_nearest_folder_with_a_configuration_is_the_root(project: Path) -> None:
    assert find_project(project / "src" / "deep") == project
    assert find_project(project) == project


def test_without_a_configuration_there_is_no_root(tmp_path: Path) -> None:
    assert find_project(tmp_path) is None


def test_looking_up_ends_at_somebody_elses_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: project.stat().st_uid + 1)
    assert find_project(project / "src") is None


def test_a_named_root_is_taken_from_the_folder(project: Path) -> None:
    assert find_project(project / "src", Path("..")) == project
    with pytest.raises(UserError, match="--project-root nowhere is no folder"):
        find_project(project, Path("nowhere"))


def test_a_compiled_configuration_will_do(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    compiled = tmp_path / "configs" / "agents.out.json"
    compiled.write_text("{}")
    assert configuration_of(tmp_path) == compiled


def test_a_named_file_is_looked_for_here_and_then_in_the_project(project: Path) -> None:
    deep = project / "src" / "deep"
    relative = Path("configs/agents.lark")
    assert located(relative, deep, project) == project / relative
    (deep / "configs").mkdir()
    (deep / relative).write_text("")
    assert located(relative, deep, project) == relative
    assert located(Path("nowhere.lark"), deep, project) == Path("nowhere.lark")
