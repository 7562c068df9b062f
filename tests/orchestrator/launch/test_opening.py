"""Opening a session: in which order, and what is left when something goes wrong."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.core.errors import FolderBusy, UserError
from orchestrator.core.paths import RunPaths
from orchestrator.launch.opening import Launch, RunnerRefused, end_session, open_run, open_session
from orchestrator.launch.record import OpenedSession, opened_session
from orchestrator.launch.view import View
from orchestrator.panes.errors import NotCreated, SessionExists
from orchestrator.panes.multiplexer import Session
from orchestrator.panes.plans import Layout
from orchestrator.store.folder_lock import FolderLock
from tests.orchestrator.launch.doubles import FakeMultiplexer

RUNNER = """
import pathlib, sys, time
prompt = sys.stdin.read()
if not prompt:
    sys.exit("no prompt came")
pathlib.Path("heard").write_text(prompt)
pathlib.Path("logs/timeline.log").write_text("begun")
"""
"""What a runner does as far as its launcher can tell."""


def launch_of(folder: Path, script: str = RUNNER) -> Launch:
    return Launch(
        folder=folder,
        agents=("planner",),
        layout=View(folder, ("agentlark",)).layout(["planner"]),
        command=(sys.executable, "-c", script),
        prompt="Ship it",
        session="fake",
    )


def said(folder: Path) -> str:
    """What the runner printed, once it has."""
    until = time.monotonic() + 30
    while not (text := RunPaths(folder).runner_output.read_text()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return text


def test_a_session_shows_the_run_that_was_told_its_prompt(folder: Path, fake: FakeMultiplexer) -> None:
    runner = asyncio.run(open_session(launch_of(folder), fake))
    assert (folder / "heard").read_text() == "Ship it"
    assert opened_session(folder) == OpenedSession(program="tmux", name="fake", runner=runner.pid)
    assert fake.made["fake"].held == {"core-logs": ["planner"], "spawned-agents": ["timeline"]}
    assert (folder / "zellij.kdl").read_text().startswith("// Rendered from templates/zellij/")


def test_without_a_session_nothing_is_run(folder: Path, fake: FakeMultiplexer) -> None:
    class Full(FakeMultiplexer):
        async def create(self, session: str, layout: Layout, *, cwd: Path | None = None) -> Session:  # type: ignore[override]
            raise NotCreated("there is no room")

    with pytest.raises(NotCreated):
        asyncio.run(open_session(launch_of(folder), Full()))
    assert said(folder) == "no prompt came\n"
    assert not (folder / "heard").exists()
    assert opened_session(folder) is None


def test_a_name_that_somebody_else_has_is_refused(folder: Path, fake: FakeMultiplexer) -> None:
    launch = launch_of(folder)
    asyncio.run(fake.create("fake", launch.layout))
    with pytest.raises(SessionExists):
        asyncio.run(open_session(launch, fake))
    assert fake.made["fake"].lives
    assert not (folder / "heard").exists()


def test_a_runner_that_refuses_leaves_no_session(folder: Path, fake: FakeMultiplexer) -> None:
    script = "import sys; sys.stdin.read(); print('error: the journal is locked'); sys.exit(2)"
    with pytest.raises(RunnerRefused, match="the journal is locked") as caught:
        asyncio.run(open_session(launch_of(folder, script), fake))
    assert caught.value.code == 2
    assert not fake.made["fake"].lives
    assert opened_session(folder) is None


def test_a_runner_that_refuses_is_told_without_a_session_too(folder: Path) -> None:
    with pytest.raises(RunnerRefused, match="the runner ended without a word"):
        asyncio.run(open_run(launch_of(folder, "import sys; sys.stdin.read()")))


def test_a_program_that_cannot_be_started_is_a_users_error(folder: Path, fake: FakeMultiplexer) -> None:
    with pytest.raises(UserError, match="the runner cannot be started: no-such-program"):
        asyncio.run(open_session(replace(launch_of(folder), command=("no-such-program",)), fake))


def test_the_folders_earlier_session_makes_way(folder: Path, fake: FakeMultiplexer) -> None:
    asyncio.run(open_session(launch_of(folder), fake))
    earlier = fake.made["fake"]
    (folder / "logs" / "planner.log").write_text("of the earlier run")
    asyncio.run(open_session(launch_of(folder), fake))
    assert not earlier.lives
    assert fake.made["fake"].lives
    assert (folder / "logs" / "planner.log").read_text() == ""


def test_a_folder_in_which_a_run_is_going_is_left_alone(folder: Path, fake: FakeMultiplexer) -> None:
    lock = FolderLock(RunPaths(folder).lock)
    lock.name("run-1")
    try:
        with pytest.raises(FolderBusy, match="run-1 is going in this folder"):
            asyncio.run(open_session(launch_of(folder), fake))
    finally:
        lock.release()
    assert not (folder / "zellij.kdl").exists()
    assert not (folder / "logs").exists()


def test_a_layout_of_the_users_own_is_not_lost(folder: Path, fake: FakeMultiplexer) -> None:
    (folder / "zellij.kdl").write_text("layout { pane }\n")
    with pytest.raises(UserError, match=r"zellij\.kdl is not one of ours"):
        asyncio.run(open_session(launch_of(folder), fake))
    assert (folder / "zellij.kdl").read_text() == "layout { pane }\n"


def test_ending_a_session_says_which_and_can_be_repeated(folder: Path, fake: FakeMultiplexer) -> None:
    asyncio.run(open_session(launch_of(folder), fake))
    assert asyncio.run(end_session(folder)) == "fake"
    assert asyncio.run(end_session(folder)) is None
    assert opened_session(folder) is None
