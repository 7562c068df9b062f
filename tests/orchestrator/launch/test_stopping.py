"""Ending a folder's run, in steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.core.paths import RunPaths
from orchestrator.launch import stopping
from orchestrator.launch.record import OpenedSession
from orchestrator.launch.stopping import StillRunning, await_end, end_with_session, stop_run
from orchestrator.store.folder_lock import FolderLock


@pytest.fixture
def lock(folder: Path) -> Iterator[FolderLock]:
    """A run that hears nothing has the folder."""
    lock = FolderLock(RunPaths(folder).lock)
    lock.name("run-1")
    yield lock
    lock.release()


def letters(folder: Path) -> list[str]:
    paths = sorted(RunPaths(folder).inbox.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(path.read_text())["command"]["kind"] for path in paths]


def test_where_nothing_is_going_nothing_is_said(folder: Path) -> None:
    said: list[str] = []
    assert stop_run(folder, 30, said.append) is None
    await_end(folder)
    assert said == []


@pytest.mark.usefixtures("lock")
def test_a_run_is_interrupted_and_after_its_grace_stopped_at_once(folder: Path) -> None:
    said: list[str] = []
    assert stop_run(folder, 0, said.append) == "run-1"
    assert letters(folder) == ["interrupt", "stop-now"]
    assert said == ["run-1: interrupted; turns in flight have 0 s to end", "run-1: stopping now"]


def test_a_run_that_ends_in_its_grace_is_not_stopped(folder: Path, lock: FolderLock) -> None:
    assert stop_run(folder, 30, lambda text: lock.release()) == "run-1"
    assert letters(folder) == ["interrupt"]


@pytest.mark.usefixtures("lock")
def test_a_run_that_does_not_end_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "STOP_S", 0.0)
    with pytest.raises(StillRunning, match="run-1 does not end"):
        await_end(folder)


@pytest.mark.usefixtures("lock")
def test_the_end_of_a_session_concerns_only_the_run_it_was_opened_with(folder: Path) -> None:
    somebody_elses = OpenedSession(program="zellij", name="x", runner=1)
    assert end_with_session(folder, somebody_elses) is None
    assert letters(folder) == []
