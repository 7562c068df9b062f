"""Panes for agents that are born during a run, and what the end of a session means for it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentlark.blueprint import Specialist
from orchestrator.core.facts import AgentsEngaged, AgentsJoined, Fact, InterruptAsked
from orchestrator.core.paths import RunPaths
from orchestrator.launch import pane_sink
from orchestrator.launch.pane_sink import LOOKS_WITHOUT, PaneSink
from orchestrator.launch.record import OpenedSession
from orchestrator.launch.view import View
from orchestrator.store.folder_lock import FolderLock
from tests.orchestrator.launch.doubles import FakeMultiplexer, FakeSession

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def joined(*agents: str) -> AgentsJoined:
    specialists = tuple(Specialist(id=agent, role="R", prompt="p") for agent in agents)
    return AgentsJoined(wave=1, group="core", by="builder", agents=specialists, at=NOW)


def engaged(*agents: str) -> AgentsEngaged:
    return AgentsEngaged(wave=1, group="core", purpose="orchestration", agents=agents, at=NOW)


INTERRUPTED = InterruptAsked(summary="done: nobody", at=NOW)


@pytest.fixture
def session(fake: FakeMultiplexer) -> FakeSession:
    """The folder's session, with four core agents and the timeline."""
    session = FakeSession(held={"core-logs": ["a", "b", "c", "d"], "spawned-agents": ["timeline"]})
    fake.made[session.name] = session
    return session


@pytest.fixture
def opened(folder: Path, session: FakeSession) -> OpenedSession:
    """What is kept of it; this process carries out its run."""
    opened = OpenedSession(program="tmux", name=session.name, runner=os.getpid())
    opened.write(folder)
    return opened


@pytest.fixture
def running(folder: Path) -> Iterator[None]:
    """A run of this process has the folder."""
    lock = FolderLock(RunPaths(folder).lock)
    lock.name("run-1")
    yield
    lock.release()


def seen(folder: Path, opened: OpenedSession, *facts: Fact) -> PaneSink:
    sink = PaneSink(View(folder, ("agentlark",)), opened)
    for number, fact in enumerate(facts, start=1):
        sink.see(number, fact)
    sink.close()
    return sink


def letters(folder: Path) -> list[str]:
    inbox = RunPaths(folder).inbox
    return [json.loads(path.read_text())["command"]["kind"] for path in inbox.glob("*.json")]


def test_agents_that_join_get_panes_four_to_a_tab(
    folder: Path, opened: OpenedSession, session: FakeSession
) -> None:
    sink = seen(folder, opened, joined("e", "f", "g", "h"), joined("i", "j"))
    assert sink.failure is None
    assert session.held["spawned-agents"] == ["timeline", "e", "f", "g", "h"]
    assert session.held["agent-logs-1"] == ["i", "j"]


def test_the_orchestrator_gets_a_pane_unless_it_has_one(
    folder: Path, opened: OpenedSession, session: FakeSession
) -> None:
    seen(folder, opened, engaged("autonomous-orchestrator"), engaged("autonomous-orchestrator", "a"))
    seen(folder, opened, engaged("autonomous-orchestrator"))
    assert session.held["spawned-agents"] == ["timeline", "autonomous-orchestrator"]


def test_an_interrupt_is_shown_where_control_s_leads(
    folder: Path, opened: OpenedSession, session: FakeSession
) -> None:
    seen(folder, opened, INTERRUPTED, INTERRUPTED)
    assert session.held["core-logs"] == ["a", "b", "c", "d", "interrupt"]


def test_a_pane_without_room_is_a_failure_and_the_others_are_made(
    folder: Path, opened: OpenedSession, session: FakeSession
) -> None:
    session.refused = frozenset({"e"})
    sink = seen(folder, opened, joined("e", "f"))
    assert sink.failure is not None
    assert session.held["spawned-agents"] == ["timeline", "f"]


def test_a_run_that_ends_does_not_wait_for_panes_without_end(
    folder: Path, opened: OpenedSession, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pane_sink, "LAST_S", -1.0)
    sink = seen(folder, opened, joined("e", "f"))
    assert "the run ended before all panes could be added" in str(sink.failure)
    assert session.held["spawned-agents"] == ["timeline"]


def test_a_session_that_has_ended_is_no_failure(
    folder: Path, opened: OpenedSession, session: FakeSession
) -> None:
    session.lives = False
    assert seen(folder, opened, joined("e")).failure is None


@pytest.mark.usefixtures("running")
def test_the_end_of_a_session_interrupts_the_run_that_it_was_opened_with(
    folder: Path, opened: OpenedSession, session: FakeSession
) -> None:
    sink = PaneSink(View(folder, ("agentlark",)), opened)
    sink.idle()
    session.lives = False
    for _ in range(LOOKS_WITHOUT - 1):
        sink.idle()
    assert letters(folder) == []
    sink.idle()
    assert letters(folder) == ["interrupt"]


@pytest.mark.usefixtures("running")
def test_a_run_that_is_to_go_on_does(folder: Path, opened: OpenedSession, session: FakeSession) -> None:
    session.lives = False
    sink = PaneSink(View(folder, ("agentlark",)), opened.model_copy(update={"keep_running": True}))
    for _ in range(2 * LOOKS_WITHOUT):
        sink.idle()
    assert letters(folder) == []


def test_another_run_of_the_folder_does_not_look_after_the_session(
    folder: Path, opened: OpenedSession
) -> None:
    another = opened.model_copy(update={"runner": os.getpid() + 1})
    assert PaneSink(View(folder, ("agentlark",)), another).idle_s is None


@pytest.mark.usefixtures("running")
def test_the_session_is_looked_after_while_the_run_is_busy(
    folder: Path, opened: OpenedSession, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pane_sink, "LOOK_S", 0.0)
    session.lives = False
    sink = PaneSink(View(folder, ("agentlark",)), opened)
    for _ in range(LOOKS_WITHOUT):
        sink.flush()
    assert letters(folder) == ["interrupt"]
