"""A user's desk: a folder with a squad, a terminal, and one multiplexer that is really there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orchestrator.launch.record import OpenedSession, opened_session
from orchestrator.panes.multiplexer import Multiplexer, Session
from orchestrator.panes.tmux import TmuxMultiplexer
from orchestrator.panes.zellij import ZellijClient, ZellijMultiplexer
from orchestrator.process import Child
from tests.orchestrator.cli.conftest import environment
from tests.orchestrator.cli.going import COMMAND, Screen, holds_soon, on_terminal
from tests.orchestrator.panes.conftest import Place

Result = TypeVar("Result")

SLOW = ("--backend", "rehearsal", "--rehearsal-delay", "1.5")
"""Turns that take long enough for something to happen meanwhile."""


def press(screen: Screen, keys: str, holds: Callable[[], bool]) -> None:
    """Press keys as a person does: not faster than they are heard, and again if nothing came of it."""
    for _ in range(10):
        for key in keys:
            screen.type(key)
            time.sleep(0.3)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            if holds():
                return
            time.sleep(0.1)
    raise AssertionError(f"nothing came of {keys!r}")


@dataclass(frozen=True)
class Desk:
    """Where a user launches."""

    folder: Path
    place: Place
    kind: str
    program: str
    """The path of the multiplexer."""

    @property
    def environ(self) -> dict[str, str]:
        """The user's environment: everything in the place's folders, the multiplexer first on the path."""
        around = self.place.around.environ
        path = f"{Path(self.program).parent}{os.pathsep}{around['PATH']}"
        return environment(**{**around, "PATH": path})

    @property
    def multiplexer(self) -> Multiplexer:
        """The multiplexer, for looking at what came of it."""
        if self.kind == "tmux":
            return TmuxMultiplexer(self.program, self.place.around)
        return ZellijMultiplexer(self.program, self.place.around)

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """`agentlark …` without a terminal."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def launched(self, *arguments: str) -> OpenedSession:
        """A session in the background."""
        done = self.run("launch", "--in", self.kind, "--no-attach", "--prompt", "Ship it", *arguments)
        assert done.returncode == 0, done.stderr
        return self.opened()

    @contextmanager
    def terminal(self, *arguments: str, columns: int = 160, rows: int = 45) -> Iterator[Screen]:
        """`agentlark …` on a terminal."""
        env = self.environ
        del env["TERM"]  # a terminal brings its own
        with on_terminal(self.folder, *arguments, columns=columns, rows=rows, **env) as screen:
            yield screen

    def zellij(self, *arguments: str) -> Child:
        """zellij itself, as a user would start it."""
        environ = self.environ
        return Child([self.program, *arguments], self.folder, 60.0, environ, environ.keys())

    def opened(self) -> OpenedSession:
        """The folder's session, once it is there."""
        assert holds_soon(lambda: opened_session(self.folder) is not None)
        opened = opened_session(self.folder)
        assert opened is not None
        return opened

    def ask(self, question: Callable[[Session], Awaitable[Result]]) -> Result:
        """What the folder's session answers."""

        async def asked() -> Result:
            return await question(await self.multiplexer.session(self.opened().name))

        return asyncio.run(asked())

    def panes(self) -> dict[str, list[str]]:
        """The titles of panes by the names of their tabs."""

        async def look(session: Session) -> dict[str, list[str]]:
            names = {tab.id: tab.name for tab in await session.tabs()}
            found: dict[str, list[str]] = {name: [] for name in names.values()}
            for pane in await session.panes():
                found[names[pane.tab]].append(pane.title)
            return found

        return self.ask(look)

    def text_of(self, title: str) -> str:
        """What the pane of that title shows; nothing without one."""

        async def look(session: Session) -> str:
            for pane in await session.panes():
                if pane.title == title:
                    return "\n".join(await session.read(pane.id, scrollback=True))
            return ""

        return self.ask(look)

    def tab_in_view(self) -> str:
        """The name of the tab that an attached user looks at."""
        if self.kind == "tmux":
            argv = [self.program, "-L", "agentlark", "display-message", "-p", "-t", self.opened().name]
            told = subprocess.run(
                [*argv, "#{window_name}"], env=self.environ, capture_output=True, text=True, check=True
            )
            return told.stdout.strip()
        client = ZellijClient(self.opened().name, program=self.program, around=self.place.around)
        return asyncio.run(client.tabs.current()).name

    def is_attached(self) -> bool:
        """Whether somebody looks at the session."""
        if not self.lives():
            return False
        if self.kind == "tmux":
            argv = [self.program, "-L", "agentlark", "list-clients", "-t", self.opened().name]
            told = subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=True)
            return told.stdout != ""
        client = ZellijClient(self.opened().name, program=self.program, around=self.place.around)
        return asyncio.run(client.sessions.clients()) != ()

    def go_to_second_tab(self, screen: Screen) -> None:
        """Press what leads there."""
        keys = "\x021" if self.kind == "tmux" else "\x142"
        press(screen, keys, lambda: self.tab_in_view() == "spawned-agents")

    def detach(self, screen: Screen) -> None:
        """Press what detaches, and wait until the launcher has ended."""
        press(screen, "\x02d" if self.kind == "tmux" else "\x0fd", lambda: screen.process.poll() is not None)

    def lives(self) -> bool:
        """Whether the folder's session does."""
        opened = opened_session(self.folder)
        return opened is not None and opened.name in asyncio.run(self.multiplexer.sessions())

    def log(self, name: str) -> str:
        """The text of a log."""
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        """End whatever goes on."""
        self.run("stop", "--grace", "0")
