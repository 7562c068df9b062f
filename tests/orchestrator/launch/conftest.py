"""What tests of the launcher share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.launch import multiplexers
from tests.orchestrator.cli.conftest import agentlark, config
from tests.orchestrator.launch.desk import Desk
from tests.orchestrator.launch.doubles import FakeMultiplexer
from tests.orchestrator.panes.conftest import ZELLIJ_VERSIONS, Place, place, tmux_program, zellij_program

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


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.terminal) for name in (*ZELLIJ_VERSIONS, "tmux")]
)
def desk(request: pytest.FixtureRequest, place: Place, config: Path) -> Iterator[Desk]:
    """A desk with each multiplexer; when the test is over, nothing may be left of what it launched."""
    version = request.param
    program = tmux_program() if version == "tmux" else zellij_program(version)
    desk = Desk(config.parent.parent, place, "tmux" if version == "tmux" else "zellij", program)
    yield desk
    desk.close()
    assert version == "tmux" or place.sockets() == []


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.terminal) for name in ZELLIJ_VERSIONS])
def zellij_desk(request: pytest.FixtureRequest, place: Place, config: Path) -> Iterator[Desk]:
    """A desk with each zellij."""
    desk = Desk(config.parent.parent, place, "zellij", zellij_program(request.param))
    yield desk
    desk.close()
    assert place.sockets() == []
