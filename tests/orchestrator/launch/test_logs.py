"""The files that panes follow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.core.errors import UserError
from orchestrator.launch import spawn_squad_session
from orchestrator.launch.logs import empty_logs


def test_every_log_exists_afterwards_and_nothing_else(tmp_path: Path) -> None:
    logs = spawn_squad_session(tmp_path, ["planner", "builder"])
    assert [log.name for log in logs] == ["planner.log", "builder.log", "timeline.log"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "builder.log", "logs", "planner.log", "timeline.log",
    ]  # fmt: skip
    assert [log.read_bytes() for log in logs] == [b"", b"", b""]


def test_what_a_log_holds_stays(tmp_path: Path) -> None:
    spawn_squad_session(tmp_path, ["planner"])
    (tmp_path / "logs" / "planner.log").write_text("said before")
    spawn_squad_session(tmp_path, ["planner"])
    assert (tmp_path / "logs" / "planner.log").read_text() == "said before"
    empty_logs(tmp_path, ["planner"])
    assert (tmp_path / "logs" / "planner.log").read_text() == ""


@pytest.mark.parametrize("make", [spawn_squad_session, empty_logs])
def test_links_are_not_followed(tmp_path: Path, make: object) -> None:
    assert callable(make)
    precious = tmp_path / "precious"
    precious.write_text("text")
    (tmp_path / "logs").mkdir()
    os.symlink(precious, tmp_path / "logs" / "planner.log")
    with pytest.raises(UserError, match=r"planner\.log cannot be written"):
        make(tmp_path, ["planner"])
    assert precious.read_text() == "text"


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    with pytest.raises(UserError, match="logs cannot be written"):
        spawn_squad_session(tmp_path, ["planner"])
