"""Who has a folder, and that nobody else can read it there."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.errors import FolderBusy
from orchestrator.store.folder_lock import FolderLock, Holder, holder_of


def test_a_folder_is_had_by_one_that_says_its_name(tmp_path: Path) -> None:
    path = tmp_path / ".agentfs" / "run.lock"
    lock = FolderLock(path)
    with pytest.raises(FolderBusy, match="not said its name"):
        FolderLock(path)
    lock.name("run-1")
    holder = holder_of(path)
    assert isinstance(holder, Holder) and holder.run == "run-1"
    with pytest.raises(FolderBusy, match=r"run-1 \(process \d+\)"):
        FolderLock(path)
    lock.release()
    assert holder_of(path) is None
    FolderLock(path).release()


def test_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / ".agentfs" / "run.lock"
    lock = FolderLock(path)
    lock.name("run-1")
    assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {
        "run.lock": 0o600,
        "run.owner": 0o600,
    }
    assert path.parent.stat().st_mode & 0o777 == 0o700
    lock.release()
