"""What `doctor` finds in the files of a folder: journal, artifacts, passes of condensing."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from orchestrator.core.health import Check
from orchestrator.core.paths import RunPaths
from orchestrator.core.settings import Flags, settle
from orchestrator.memory.condense import Condensing, condense
from orchestrator.memory.shelf import rebuild
from orchestrator.store.artifacts.upkeep import bring_up_to_date
from orchestrator.store.health import examine
from tests.orchestrator.memory.conftest import BEGUN, write_run
from tests.orchestrator.memory.test_condense import At


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    """A folder with a run, its artifacts and one pass of condensing."""
    paths = RunPaths(tmp_path)
    write_run(paths.journal, "r1", [("planner", f"Plan {number}.") for number in range(4)])
    clock = At(BEGUN + timedelta(days=10))
    asyncio.run(condense(paths, Condensing(), settle(Flags(), {}), clock))
    return paths


def checks(paths: RunPaths) -> dict[str, Check]:
    return {check.name: check for check in examine(paths)}


def test_sound_files_are_said_to_be(paths: RunPaths) -> None:
    found = checks(paths)
    assert {name: check.status for name, check in found.items()} == dict.fromkeys(
        ("folder", "journal", "artifacts", "condensing"), "ok"
    )
    assert "5 artifacts, all readable" in found["artifacts"].detail
    assert "1 passes" in found["condensing"].detail


def test_where_there_is_nothing_yet_nothing_is_wrong(tmp_path: Path) -> None:
    assert [(check.name, check.status) for check in examine(RunPaths(tmp_path))] == [
        ("folder", "ok"),
        ("journal", "optional"),
    ]


def test_artifacts_that_are_broken_are_named_and_can_be_written_anew(paths: RunPaths) -> None:
    with sqlite3.connect(paths.artifacts) as db:
        db.execute("UPDATE fs_data SET data = '{' WHERE ino = (SELECT ino FROM artifacts WHERE id = 2)")
    (check,) = [each for each in examine(paths) if each.status == "broken"]
    assert check.name == "artifacts"
    assert "planner" in check.detail and "Invalid JSON" in check.detail
    assert "memory:rebuild" in check.remedy
    rebuild(paths)
    assert checks(paths)["artifacts"].status == "ok"


@pytest.mark.parametrize("page", [1, 4, 12])
def test_a_damaged_artifact_file_is_found_and_can_be_made_anew(paths: RunPaths, page: int) -> None:
    data = bytearray(paths.artifacts.read_bytes())
    data[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    paths.artifacts.write_bytes(data)
    check = checks(paths)["artifacts"]
    assert check.status == "broken"
    assert "move the file away" in check.remedy
    paths.artifacts.rename(paths.artifacts.with_suffix(".away"))
    assert bring_up_to_date(paths) == ()
    assert "5 artifacts" in checks(paths)["artifacts"].detail


@pytest.mark.parametrize("name", ["artifacts", "condensing"])
def test_a_file_of_something_else_is_refused_with_a_remedy(paths: RunPaths, name: str) -> None:
    getattr(paths, name).write_text("just some text")
    check = checks(paths)[name]
    assert check.status == "broken"
    assert check.remedy


def test_a_damaged_journal_of_passes_is_found(paths: RunPaths) -> None:
    with sqlite3.connect(paths.condensing) as db:
        db.execute("UPDATE journal_facts SET fact = replace(fact, 'summary', 'sumnary')")
    check = checks(paths)["condensing"]
    assert check.status == "broken"
    assert "stand in the artifact file" in check.remedy


def test_a_pass_that_goes_on_is_not_called_damaged(paths: RunPaths) -> None:
    with FileLock(paths.condense_lock):
        assert "not examined meanwhile" in checks(paths)["condensing"].detail
