"""What is said of a folder's session: that it lives, has ended, or cannot be asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.launch import health, multiplexers
from orchestrator.launch.record import OpenedSession
from orchestrator.launch.status import SessionStatus, status_of
from orchestrator.panes.errors import ProgramMissing
from tests.orchestrator.launch.doubles import FakeMultiplexer, FakeSession


def missing() -> FakeMultiplexer:
    raise ProgramMissing("tmux cannot be run", "install it")


@pytest.fixture
def opened(folder: Path) -> OpenedSession:
    opened = OpenedSession(program="tmux", name="demo", runner=os.getpid())
    opened.write(folder)
    return opened


def test_a_session_lives_or_has_ended(folder: Path, fake: FakeMultiplexer, opened: OpenedSession) -> None:
    assert status_of(folder).session == SessionStatus(program="tmux", name="demo", lives=False)
    fake.made["demo"] = FakeSession("demo")
    assert status_of(folder).session == SessionStatus(program="tmux", name="demo", lives=True)


def test_a_program_that_is_gone_hides_nothing_of_the_run(
    folder: Path, opened: OpenedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiplexers, "KINDS", {"tmux": missing})
    found = status_of(folder)
    assert found.session is not None
    assert found.session.lives is None
    assert found.lines() == [
        "nothing has run in this folder",
        "session demo: tmux cannot be run",
        "  help: install it",
    ]
    [check] = health.examine(folder)
    assert (check.status, check.detail, check.remedy) == ("broken", "tmux cannot be run", "install it")
