"""tmux as a `Multiplexer`."""

from __future__ import annotations

from pathlib import Path

from orchestrator.panes.errors import MultiplexerError, SessionExists
from orchestrator.panes.multiplexer import OURS
from orchestrator.panes.plans import Layout
from orchestrator.panes.program import Program, Surroundings
from orchestrator.panes.tmux.calls import REQUIREMENT, Calls, checked_name
from orchestrator.panes.tmux.session import TmuxSession


class TmuxMultiplexer:
    """tmux on this machine, 3.3 or newer; `server` names the server whose sessions these are."""

    program = "tmux"

    def __init__(self, path: str = "tmux", around: Surroundings | None = None, *, server: str = OURS) -> None:
        self._calls = Calls(Program(path, REQUIREMENT, around or Surroundings()), server)

    async def version(self) -> str:
        """Its version. Raises ProgramMissing and ProgramTooOld."""
        return await self._calls.program.version()

    async def sessions(self) -> tuple[str, ...]:
        """The names of live sessions, sorted."""
        return tuple(sorted(await self._calls.sessions()))

    async def create(self, session: str, layout: Layout, *, cwd: Path | None = None) -> TmuxSession:
        """Start a session in the background; see `Multiplexer.create`."""
        name = checked_name(session)
        if name in await self._calls.sessions():
            raise SessionExists(f"there is a tmux session {name!r} already", "end it, or choose another name")
        around = self._calls.program.around
        made = TmuxSession(name, self._calls, layout.cwd or cwd or around.cwd)
        try:
            await made.build(layout)
        except MultiplexerError:
            if name in await self._calls.sessions():
                await made.kill()
            raise
        return made

    async def session(self, name: str) -> TmuxSession:
        """A live session. Raises SessionNotFound."""
        await self._calls.target(checked_name(name))
        return TmuxSession(name, self._calls, self._calls.program.around.cwd)

    def attach_command(self, session: str) -> tuple[str, ...]:
        """The command by which a user attaches, to be run in a terminal."""
        return (*self._calls.command, "attach-session", "-t", f"={checked_name(session)}")
