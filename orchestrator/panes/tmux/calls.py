"""Calling tmux: its server, its targets, and how texts are spelled for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.panes.errors import CallFailed, InvalidInput, SessionNotFound
from orchestrator.panes.inputs import session_name
from orchestrator.panes.plans import PanePlan
from orchestrator.panes.program import Program, Requirement
from orchestrator.process import Child

REQUIREMENT = Requirement(
    oldest=(3, 3, 0),
    version_flag="-V",
    variables=frozenset({"TMUX_TMPDIR"}),
    remedy="install tmux with your system's packages",
)

_NO_SERVER = re.compile(r"no server running|error connecting|server exited|lost server|no sessions")


class Calls:
    """One tmux server on this machine."""

    def __init__(self, program: Program, server: str) -> None:
        self.program = program
        self._options = ("-u", "-L", server)

    @property
    def command(self) -> tuple[str, ...]:
        """The program and the options that name the server."""
        return (self.program.path, *self._options)

    def child(self, *argv: str, deadline_s: float) -> Child:
        """A child process of tmux, not started."""
        return self.program.child([*self._options, *argv], deadline_s=deadline_s)

    async def run(self, *argv: str, stdin: bytes = b"") -> str:
        """What a command says. Raises SessionNotFound without a server, CallFailed when it refuses."""
        ended = await self.program.call([*self._options, *argv], stdin=stdin)
        if ended.code == 0:
            return ended.stdout.decode(errors="replace")
        said = ended.stderr.decode(errors="replace").strip()[:2000]
        if _NO_SERVER.search(said):
            raise SessionNotFound(f"tmux: {said}", "the session has ended")
        raise CallFailed(f"tmux {' '.join(argv)[:120]}: {said or 'it gives no reason'}")

    async def sessions(self) -> dict[str, str]:
        """The ids of live sessions by their names."""
        try:
            rows = (await self.run("list-sessions", "-F", "#{session_id} #{session_name}")).splitlines()
        except SessionNotFound:
            return {}
        return {name: number for number, _, name in (row.partition(" ") for row in rows)}

    async def target(self, session: str) -> str:
        """The id of a live session. Raises SessionNotFound."""
        try:
            return (await self.sessions())[session]
        except KeyError:
            raise SessionNotFound(
                f"there is no live tmux session {session!r}", f"{' '.join(self.command)} list-sessions"
            ) from None


def checked_name(name: str) -> str:
    """A session name that tmux takes as it is. Raises InvalidInput."""
    if set(name) & set(".:#$\\") or name[:1] == "=":
        raise InvalidInput(
            f"session name {name!r}: tmux takes no . : # $ or \\ in it, and no = before it",
            "letters, digits, spaces, dashes and underscores are always fine",
        )
    return session_name(name)


def as_name(name: str) -> str:
    """A name spelled so that tmux, which expands formats in it, takes it as it is."""
    return as_last(name.replace("#", "##"))


def as_given(name: str) -> str:
    """A window's name as it was given; tmux puts a backslash before some dollar signs and backslashes."""
    return re.sub(r"\\([\\$])", r"\1", name)


def as_last(argument: str) -> str:
    """An argument spelled so that a semicolon at its end is not taken as the end of the command."""
    return f"{argument[:-1]}\\;" if argument.endswith(";") else argument


def as_command(pane: PanePlan) -> Sequence[str]:
    """A pane's command; a program without arguments is wrapped, as tmux would hand it to a shell to split."""
    if len(pane.argv) == 1:
        return ("sh", "-c", 'exec "$0"', as_last(pane.argv[0]))
    return tuple(as_last(argument) for argument in pane.argv)
