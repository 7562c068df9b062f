"""What is kept of a folder's session."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.errors import UserError
from orchestrator.core.paths import RunPaths
from orchestrator.launch.record import OpenedSession, forget_session, opened_session

OPENED = OpenedSession(program="zellij", name="nightly", runner=4711)


def test_what_was_written_is_read_and_can_be_forgotten(tmp_path: Path) -> None:
    assert opened_session(tmp_path) is None
    OPENED.write(tmp_path)
    assert opened_session(tmp_path) == OPENED
    forget_session(tmp_path)
    forget_session(tmp_path)
    assert opened_session(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"program": "sh", "name": "x", "runner": 1}',
        '{"program": "tmux", "name": "-x", "runner": 1}',
    ],
)
def test_what_makes_no_sense_is_no_session(tmp_path: Path, text: str) -> None:
    path = RunPaths(tmp_path).session
    path.parent.mkdir()
    path.write_text(text)
    assert opened_session(tmp_path) is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".agentfs").write_text("")
    with pytest.raises(UserError, match=r"session\.json cannot be written"):
        OPENED.write(tmp_path)
