"""Multiplexers for tests: real ones, in folders of their own, after which nothing may be left."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.panes.errors import MultiplexerError
from orchestrator.panes.multiplexer import Multiplexer
from orchestrator.panes.program import Surroundings
from orchestrator.panes.tmux import TmuxMultiplexer
from orchestrator.panes.zellij import ZellijClient, ZellijMultiplexer

ZELLIJ_VERSIONS = ("0.44.3", "0.45.1")

PATIENCE_S = 60.0
Make = Callable[[Surroundings], Multiplexer]


def zellij_program(version: str) -> str:
    """A zellij that `.ci/run` has built; the test is skipped where it has not."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    program = cache / "agentlark" / "zellij" / version / "bin" / "zellij"
    if not program.exists():
        pytest.skip(f"needs zellij {version} in {program}; .ci/run builds it")
    return str(program)


def tmux_program() -> str:
    """tmux; the test is skipped where there is none."""
    program = shutil.which("tmux")
    if program is None:
        pytest.skip("needs tmux")
    return program


@dataclass(frozen=True)
class Place:
    """A folder in which multiplexers live apart from the user's; its path is short, as sockets need."""

    folder: Path

    @property
    def around(self) -> Surroundings:
        """How to run a multiplexer in it."""
        for name in ("home", "sock", "conf", "cache", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "SHELL": "/bin/sh",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "TMUX_TMPDIR": str(self.folder / "sock"),
            "ZELLIJ_SOCKET_DIR": str(self.folder / "sock"),
            "ZELLIJ_CONFIG_DIR": str(self.folder / "conf"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        return Surroundings(environ=environ, deadline_s=PATIENCE_S, cwd=self.folder)

    def program(self, name: str, script: str) -> Path:
        """A program of this name, made of a shell script; it is in a folder of its own."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        return folder / name

    def processes(self) -> set[int]:
        """The processes that were started in it, by their environment."""
        mark = f"HOME={self.folder}/home".encode()
        found = set()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.add(int(path.parent.name))
        return found

    def signal_servers(self, number: int) -> None:
        """Send a signal to the multiplexers' servers here: what nobody here is the parent of."""
        here = self.processes()
        for pid in here:
            with suppress(OSError):
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                if parent not in {*here, os.getpid()}:
                    os.kill(pid, number)

    def sockets(self) -> list[Path]:
        """Sockets that zellij left; tmux leaves its empty."""
        return [path for path in (self.folder / "sock").rglob("*") if path.is_socket()]


@pytest.fixture
def place() -> Iterator[Place]:
    """A place for multiplexers, of which nothing runs when the test is over."""
    place = Place(Path(tempfile.mkdtemp(prefix="al-", dir="/tmp")))
    try:
        yield place
        until = time.monotonic() + 20
        while place.processes() and time.monotonic() < until:
            time.sleep(0.05)
        assert not place.processes(), "processes were left behind"
    finally:
        for pid in place.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(place.folder, ignore_errors=True)


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.terminal) for name in (*ZELLIJ_VERSIONS, "tmux")]
)
def make(request: pytest.FixtureRequest, place: Place) -> Iterator[Make]:
    """Each multiplexer we have, run as told; the sessions a test makes are ended after it."""
    path = tmux_program() if request.param == "tmux" else zellij_program(request.param)

    def made(around: Surroundings) -> Multiplexer:
        return (TmuxMultiplexer if request.param == "tmux" else ZellijMultiplexer)(path, around)

    yield made
    asyncio.run(_end_all(made(place.around)))
    if request.param != "tmux":
        assert asyncio.run(ZellijClient(program=path, around=place.around).sessions.list()) == ()
        assert place.sockets() == []


@pytest.fixture
def multiplexer(make: Make, place: Place) -> Multiplexer:
    """Each multiplexer we have, as patient as can be."""
    return make(place.around)


@pytest.fixture(params=[pytest.param(version, marks=pytest.mark.terminal) for version in ZELLIJ_VERSIONS])
def zellij(request: pytest.FixtureRequest, place: Place) -> Iterator[ZellijClient]:
    """The toolkit on each version of zellij; the sessions a test makes are ended after it."""
    client = ZellijClient(program=zellij_program(request.param), around=place.around)
    yield client
    asyncio.run(_delete_all(client))
    assert place.sockets() == []


async def _end_all(multiplexer: Multiplexer) -> None:
    for name in await multiplexer.sessions():
        with suppress(MultiplexerError):
            await (await multiplexer.session(name)).kill()


async def _delete_all(client: ZellijClient) -> None:
    await client.sessions.kill_all()
    await client.sessions.delete_all()


async def until(holds: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S) -> None:
    """Return when something holds that takes a moment; fails when it does not come to hold."""
    async with asyncio.timeout(patience_s):
        while not await holds():  # noqa: ASYNC110  # nothing tells us
            await asyncio.sleep(0.05)
