"""`ZellijClient.tabs`: making, finding, naming, visiting and closing tabs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from orchestrator.panes.errors import InvalidInput, TabNotFound
from orchestrator.panes.inputs import command as checked_command
from orchestrator.panes.inputs import title
from orchestrator.panes.zellij.calls import Calls
from orchestrator.panes.zellij.layouts import layout_file
from orchestrator.panes.zellij.results import PaneInfo, TabInfo


class Tabs:
    """The tabs of a session. Ids are numbers that stay with a tab wherever it is moved."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def create(
        self,
        command: str | Sequence[str] = (),
        *,
        name: str | None = None,
        cwd: Path | None = None,
        layout: Path | str | None = None,
        session: str | None = None,
    ) -> TabInfo:
        """Make a tab, its pane running a command or the user's shell, or made by a layout (a file or KDL).

        Works also when nobody is attached (`Calls.attended`). In a session whose layout says what new tabs
        hold, the command gets a pane beside that. Raises NotCreated, InvalidInput, CallFailed.
        """
        argv = checked_command(command) if command else ()
        if argv and layout is not None:
            raise InvalidInput("a tab is made by a command or by a layout", "give one of them")
        flags = [f"--name={title(name)}"] if name is not None else []
        flags += [f"--cwd={cwd}"] if cwd is not None else []
        command_flags = ["--", *argv] if argv else []
        with layout_file(layout) as file:
            flags += [f"--layout={file}"] if file is not None else []
            async with self._calls.attended(session):
                made = await self._calls.new_tab(session, "new-tab", *flags, *command_flags)
                if not argv or await self._runs(made, argv, session):
                    return made
                beside = [f"--tab-id={made.tab_id}", *([f"--cwd={cwd}"] if cwd is not None else [])]
                await self._calls.new_pane(session, "new-pane", *beside, *command_flags)
                return await self.info(made.tab_id, session=session)

    async def list(self, *, session: str | None = None) -> tuple[TabInfo, ...]:
        """The tabs, by position."""
        return await self._calls.tabs(session)

    async def names(self, *, session: str | None = None) -> tuple[str, ...]:
        """Their names, by position."""
        return tuple(tab.name for tab in await self.list(session=session))

    async def info(self, tab_id: int, *, session: str | None = None) -> TabInfo:
        """One tab. Raises TabNotFound."""
        return await self._calls.tab(session, tab_id)

    async def panes(self, tab_id: int, *, session: str | None = None) -> tuple[PaneInfo, ...]:
        """The terminal panes of a tab. Raises TabNotFound."""
        await self._calls.tab(session, tab_id)
        panes = await self._calls.panes(session)
        return tuple(pane for pane in panes if pane.tab_id == tab_id and not pane.is_plugin)

    async def current(self, *, session: str | None = None) -> TabInfo:
        """The tab that is looked at. Raises NobodyAttached when none is."""
        await self._calls.watched(session)
        for tab in await self.list(session=session):
            if tab.active:
                return tab
        raise TabNotFound("no tab is looked at", "tabs.list() has those there are")

    async def rename(self, tab_id: int, name: str, *, session: str | None = None) -> None:
        """Give a tab a name. Raises TabNotFound and InvalidInput."""
        await self._calls.tab(session, tab_id)
        await self._calls.act(session, "rename-tab-by-id", str(tab_id), "--", title(name))

    async def undo_rename(self, tab_id: int, *, session: str | None = None) -> None:
        """Give a tab the name it came with."""
        await self._calls.tab(session, tab_id)
        await self._calls.act(session, "undo-rename-tab", f"--tab-id={tab_id}")

    async def close(self, tab_id: int, *, session: str | None = None) -> None:
        """Close a tab and end the commands in it. Raises TabNotFound."""
        await self._calls.tab(session, tab_id)
        await self._calls.act(session, "close-tab-by-id", str(tab_id))

    async def go_to(self, position: int, *, session: str | None = None) -> None:
        """Show the tab at a position, counted from 1. Raises TabNotFound and NobodyAttached."""
        tabs = await self.list(session=session)
        if not 1 <= position <= len(tabs):
            raise TabNotFound(f"there is no tab {position}: there are {len(tabs)}", "positions count from 1")
        await self._looked_at(session, "go-to-tab", str(position))

    async def go_to_id(self, tab_id: int, *, session: str | None = None) -> None:
        """Show a tab by its id. Raises TabNotFound and NobodyAttached."""
        await self._calls.tab(session, tab_id)
        await self._looked_at(session, "go-to-tab-by-id", str(tab_id))

    async def go_to_name(self, name: str, *, session: str | None = None) -> None:
        """Show a tab by its name. Raises TabNotFound and NobodyAttached."""
        if name not in await self.names(session=session):
            raise TabNotFound(f"there is no tab named {name!r}", "names are in `tabs.names()`")
        await self._looked_at(session, "go-to-tab-name", "--", name)

    async def next(self, *, session: str | None = None) -> None:
        """Show the next tab. Raises NobodyAttached."""
        await self._looked_at(session, "go-to-next-tab")

    async def previous(self, *, session: str | None = None) -> None:
        """Show the previous tab. Raises NobodyAttached."""
        await self._looked_at(session, "go-to-previous-tab")

    async def move(
        self, tab_id: int, direction: Literal["left", "right"], *, session: str | None = None
    ) -> None:
        """Move a tab one position that way, around the end if need be."""
        await self._calls.tab(session, tab_id)
        async with self._calls.attended(session):
            await self._calls.act(session, "move-tab", direction, f"--tab-id={tab_id}")

    async def toggle_sync(self, tab_id: int, *, session: str | None = None) -> None:
        """Let what is typed in one pane of a tab go to all of them, or no longer."""
        await self._calls.tab(session, tab_id)
        await self._calls.act(session, "toggle-active-sync-tab", f"--tab-id={tab_id}")

    async def swap_layout(
        self, tab_id: int, which: Literal["next", "previous"] = "next", *, session: str | None = None
    ) -> None:
        """Arrange a tab's panes by the next of zellij's arrangements for so many panes."""
        await self._calls.tab(session, tab_id)
        await self._calls.act(session, f"{which}-swap-layout", f"--tab-id={tab_id}")

    async def _runs(self, tab: TabInfo, argv: Sequence[str], session: str | None) -> bool:
        """Whether a tab has a pane for a command: without room for it in the layout, zellij drops it."""
        return " ".join(argv) in {
            pane.terminal_command for pane in await self.panes(tab.tab_id, session=session)
        }

    async def _looked_at(self, session: str | None, *action: str) -> None:
        await self._calls.watched(session)
        await self._calls.act(session, *action)
