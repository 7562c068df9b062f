"""What tests of the launcher share."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.launch import multiplexers
from tests.orchestrator.cli.conftest import agentlark, config
from tests.orchestrator.launch.doubles import FakeMultiplexer
from tests.orchestrator.panes.conftest import place

__all__ = ["agentlark", "config", "place"]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeMultiplexer:
    """A multiplexer in memory, which is taken for tmux, the only one there is."""
    fake = FakeMultiplexer()
    monkeypatch.setattr(multiplexers, "KINDS", {"tmux": lambda: fake})
    return fake


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The invocation folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
