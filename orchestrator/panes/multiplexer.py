"""What we ask of a terminal multiplexer, whichever it is.

Ids are the multiplexer's own (`terminal_3`, `%3`): stable while the pane or tab lives, never reused for a
position. Every call has a deadline and raises the errors of `errors.py`; none of them succeeds silently
without having done what it says.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from orchestrator.core.frozen import Frozen
from orchestrator.panes.plans import Layout, PanePlan, TabPlan

OURS = "agentlark"
"""What sessions started by this program begin with, unless the user names them."""


class Tab(Frozen):
    """A tab that is there."""

    id: str
    name: str
    position: int
    """From 1, as shown."""
    panes: int
    """How many panes it has, bars and floating panes not counted."""


class Pane(Frozen):
    """A pane that is there."""

    id: str
    tab: str
    """The id of its tab."""
    title: str
    is_focused: bool
    """Within its tab."""
    exit_status: int | None
    """The status its command ended with, 128 or more if by a signal; None while it runs."""


class PaneChanged(Frozen):
    """A watched pane shows something else; `lines` is all it shows, see `Session.read`."""

    kind: Literal["changed"] = "changed"
    pane: str
    lines: tuple[str, ...]


class PaneClosed(Frozen):
    """A watched pane is gone."""

    kind: Literal["closed"] = "closed"
    pane: str


Change: TypeAlias = PaneChanged | PaneClosed


class Session(Protocol):
    """A live session. Methods raise SessionNotFound once it has ended."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    async def tabs(self) -> tuple[Tab, ...]:
        """Its tabs, in order."""
        ...

    async def panes(self) -> tuple[Pane, ...]:
        """Its panes, bars not among them, tab by tab."""
        ...

    async def new_tab(self, tab: TabPlan) -> Tab:
        """Make a tab, also when nobody is attached. Raises NotCreated."""
        ...

    async def new_pane(self, tab: str, pane: PanePlan, *, stacked: bool = False) -> Pane:
        """Add a pane to a tab; `stacked`: in as little room as can be, where the multiplexer has stacks.

        Raises TabNotFound, and NotCreated when there is no room.
        """
        ...

    async def read(self, pane: str, *, scrollback: bool = False) -> tuple[str, ...]:
        """What a pane shows, or with `scrollback` all it remembers: lines without trailing blanks, and
        without trailing empty lines; a line that was wrapped is one line."""
        ...

    async def type_text(self, pane: str, text: str) -> None:
        """Type text as it is; nothing in it is a key name or an escape."""
        ...

    async def paste(self, pane: str, text: str) -> None:
        """Paste text, bracketed if the program in the pane asked for that."""
        ...

    async def press(self, pane: str, *keys: str) -> None:
        """Press keys, named as in `keys.py`: `Enter`, `Ctrl c`, `F1`, `a`. Raises InvalidInput."""
        ...

    async def rename_pane(self, pane: str, name: str) -> None:
        """Give a pane a title."""
        ...

    async def rename_tab(self, tab: str, name: str) -> None:
        """Give a tab a name. Raises TabNotFound."""
        ...

    async def focus(self, pane: str) -> None:
        """Focus a pane within its tab; whoever is attached, and has pressed a key, is taken there."""
        ...

    async def close_pane(self, pane: str) -> None:
        """Close a pane and end its command."""
        ...

    async def close_tab(self, tab: str) -> None:
        """Close a tab and end the commands in it. Raises TabNotFound."""
        ...

    async def wait_for_exit(self, pane: str, deadline_s: float) -> int:
        """The exit status of a pane's command, once it has ended.

        Raises DeadlineExceeded, and PaneNotFound when the pane is closed first.
        """
        ...

    def watch(self, panes: Sequence[str]) -> AsyncGenerator[Change, None]:
        """What many panes show, once at the start and then on every change, until all are closed.

        Close the iterator (`contextlib.aclosing`) to stop watching. A pane that changes faster than it is
        heard is told once for several changes.
        """
        ...

    async def kill(self) -> None:
        """End the session and everything in it; returns when it is no longer there."""
        ...


class Multiplexer(Protocol):
    """A terminal multiplexer on this machine."""

    @property
    def program(self) -> str:
        """Its name: `zellij` or `tmux`."""
        ...

    async def version(self) -> str:
        """Its version. Raises ProgramMissing and ProgramTooOld."""
        ...

    async def sessions(self) -> tuple[str, ...]:
        """The names of live sessions, sorted."""
        ...

    async def create(self, session: str, layout: Layout, *, cwd: Path | None = None) -> Session:
        """Start a session in the background, `cwd` being where the multiplexer is started.

        Returns when all its panes are there. Raises SessionExists, LayoutRejected, InvalidInput.
        """
        ...

    async def session(self, name: str) -> Session:
        """A live session. Raises SessionNotFound."""
        ...

    def attach_command(self, session: str) -> tuple[str, ...]:
        """The command by which a user attaches to a session, to be run in a terminal."""
        ...
