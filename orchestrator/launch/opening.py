"""Opening a session, in an order in which nothing is spent on what cannot work.

The runner is started first, because it takes longest to get ready, and is given its prompt last: it waits for
it on its stdin. If anything goes wrong before, its stdin is closed without one, and it ends by itself.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from orchestrator.core.errors import FolderBusy, OrchestratorError, UserError
from orchestrator.core.paths import RunPaths
from orchestrator.core.settings import process_environment
from orchestrator.launch.logs import empty_logs
from orchestrator.launch.multiplexers import live_session
from orchestrator.launch.record import OpenedSession, forget_session
from orchestrator.panes.kdl import render_layout
from orchestrator.panes.multiplexer import Multiplexer, Session
from orchestrator.panes.plans import Layout
from orchestrator.process import Child, Detached, detach
from orchestrator.sinks.logs import TIMELINE
from orchestrator.store.folder_lock import holder_of

_POLL_S = 0.02
_BEGIN_S = 60.0
_HEADER = "// Rendered from templates/zellij/"


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be opened."""

    folder: Path
    """The invocation folder, absolute: logs, layout and records go there."""
    agents: tuple[str, ...]
    """Whose logs are shown from the start."""
    layout: Layout
    command: tuple[str, ...]
    """The runner; it reads its prompt from stdin."""
    prompt: str
    session: str
    keep_running: bool = False


class RunnerRefused(OrchestratorError):
    """The runner ended before its run began; what it said is in the message."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code


async def open_run(launch: Launch) -> Detached:
    """Start the run without a session, for whoever shows its logs themselves. Raises as `open_session`."""
    _prepare(launch)
    with _runner(launch) as runner:
        await _begin(launch, runner)
        return runner


async def open_session(launch: Launch, multiplexer: Multiplexer) -> Detached:
    """Start the run, and a session in the background that shows it.

    An earlier session of the folder is ended first. Raises FolderBusy when a run is going, RunnerRefused when
    the run does not begin, UserError for files that cannot be written, and what `Multiplexer.create` raises.
    """
    _prepare(launch)
    with _runner(launch) as runner:
        await end_session(launch.folder)
        session = await multiplexer.create(launch.session, launch.layout, cwd=launch.folder)
        try:
            program = cast(Literal["zellij", "tmux"], multiplexer.program)
            opened = OpenedSession(
                program=program, name=launch.session, runner=runner.pid, keep_running=launch.keep_running
            )
            opened.write(launch.folder)
            await _begin(launch, runner)
        except OrchestratorError:
            await _end(session, launch.folder)
            raise
        return runner


async def end_session(folder: Path) -> str | None:
    """End the session that a folder has, and forget it; its name, None when there was none."""
    living = await live_session(folder)
    if living is None:
        forget_session(folder)
        return None
    opened, session = living
    await _end(session, folder)
    return opened.name


async def _end(session: Session, folder: Path) -> None:
    await session.kill()
    forget_session(folder)


def _prepare(launch: Launch) -> None:
    """Write what a session needs."""
    if holder := holder_of(RunPaths(launch.folder).lock):
        raise FolderBusy(
            f"{holder.run} is going in this folder", "agentlark attach shows it, agentlark stop ends it"
        )
    write_layout(RunPaths(launch.folder).layout, launch.layout)
    empty_logs(launch.folder, launch.agents)


def write_layout(path: Path, layout: Layout) -> None:
    """Write a layout file, whole or not at all. Raises UserError for a file that is not ours to replace."""
    text = render_layout(layout)
    try:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(_HEADER):
            raise UserError(f"{path} is not one of ours and would be lost", "move it elsewhere")
        new = path.with_suffix(".kdl.new")
        new.write_text(text, encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "launch in a folder that you can write to"
        ) from error


@contextmanager
def _runner(launch: Launch) -> Iterator[Detached]:
    """The runner, waiting for its prompt; when the block fails before it is told, it ends."""
    environ = process_environment()
    child = Child(
        argv=launch.command,
        cwd=launch.folder,
        deadline_s=float("inf"),
        environ=environ,
        also_allowed=environ.keys(),
    )
    try:
        runner = detach(child, RunPaths(launch.folder).runner_output)
    except OSError as error:
        raise UserError(
            f"the runner cannot be started: {error.filename or launch.command[0]}: {error.strerror}",
            "look at logs/runner.out",
        ) from error
    try:
        yield runner
    except BaseException:
        runner.tell(b"")
        raise


async def _begin(launch: Launch, runner: Detached) -> None:
    """Tell the runner its prompt, and return once its run has begun, which the timeline shows.

    Raises RunnerRefused when it ends without that.
    """
    timeline = RunPaths(launch.folder).log(TIMELINE)
    before = timeline.stat().st_mtime_ns
    await asyncio.to_thread(runner.tell, launch.prompt.encode())
    until_s = asyncio.get_running_loop().time() + _BEGIN_S
    while timeline.stat().st_mtime_ns == before:
        if runner.code is not None:
            said = RunPaths(launch.folder).runner_output.read_text(encoding="utf-8", errors="replace")
            raise RunnerRefused(runner.code or 1, said.strip() or "the runner ended without a word")
        if asyncio.get_running_loop().time() > until_s:
            raise RunnerRefused(1, f"the runner (process {runner.pid}) has not begun after {_BEGIN_S:g} s")
        await asyncio.sleep(_POLL_S)
