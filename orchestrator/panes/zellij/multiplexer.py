"""Zellij as a `Multiplexer`, on top of the toolkit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from orchestrator.panes.errors import (
    MultiplexerError,
    NobodyAttached,
    NotCreated,
    SessionNotFound,
    TabNotFound,
)
from orchestrator.panes.kdl import render_layout
from orchestrator.panes.multiplexer import Change, Pane, PaneChanged, PaneClosed, Tab
from orchestrator.panes.plans import Layout, PanePlan, TabPlan
from orchestrator.panes.program import Surroundings
from orchestrator.panes.zellij.client import ZellijClient
from orchestrator.panes.zellij.options import PaneOptions
from orchestrator.panes.zellij.results import PaneInfo, PaneUpdate, TabInfo

_POLL_S = 0.1


class ZellijMultiplexer:
    """Zellij on this machine, 0.44.1 or newer."""

    program = "zellij"

    def __init__(self, path: str = "zellij", around: Surroundings | None = None) -> None:
        self._path = path
        self._around = around or Surroundings()
        self._client = ZellijClient(program=path, around=self._around)

    async def version(self) -> str:
        """Its version. Raises ProgramMissing and ProgramTooOld."""
        return await self._client.version()

    async def sessions(self) -> tuple[str, ...]:
        """The names of live sessions, sorted."""
        return tuple(sorted(each.name for each in await self._client.sessions.list() if each.is_live))

    async def create(self, session: str, layout: Layout, *, cwd: Path | None = None) -> ZellijSession:
        """Start a session in the background; see `Multiplexer.create`."""
        await self._client.sessions.create(session, layout=render_layout(layout), cwd=cwd)
        made = ZellijSession(session, self._path, self._around)
        try:
            await _all_there(made, sum(len(tab.panes()) for tab in layout.tabs), self._around.deadline_s)
        except MultiplexerError:
            with suppress(MultiplexerError):
                await made.kill()
            raise
        return made

    async def session(self, name: str) -> ZellijSession:
        """A live session. Raises SessionNotFound."""
        if not await self._client.sessions.exists(name):
            raise SessionNotFound(f"there is no live zellij session {name!r}", "zellij list-sessions")
        return ZellijSession(name, self._path, self._around)

    def attach_command(self, session: str) -> tuple[str, ...]:
        """The command by which a user attaches, to be run in a terminal."""
        return self._client.sessions.attach_command(session)


class ZellijSession:
    """A live zellij session, as a `Session`. Tab ids are zellij's numbers, as text."""

    def __init__(self, name: str, path: str, around: Surroundings) -> None:
        self.name = name
        self._client = ZellijClient(name, program=path, around=around)

    async def tabs(self) -> tuple[Tab, ...]:
        """Its tabs, in order."""
        return tuple(_tab(tab) for tab in await self._client.tabs.list())

    async def panes(self) -> tuple[Pane, ...]:
        """Its terminal panes, tab by tab."""
        return tuple(_pane(pane) for pane in await self._client.panes.list())

    async def new_tab(self, tab: TabPlan) -> Tab:
        """Make a tab and its panes, which zellij arranges as it sees fit; whoever is attached stays where
        they are."""
        first, *others = tab.panes()
        seen = next((each.tab_id for each in await self._client.tabs.list() if each.active), None)
        made = await self._client.tabs.create(first.argv, name=tab.name, cwd=first.cwd)
        panes = await self._client.tabs.panes(made.tab_id)
        asked = [pane for pane in panes if pane.terminal_command == (" ".join(first.argv) or None)]
        await self._client.panes.rename((asked or panes)[-1].pane_id, first.name)
        if seen is not None:  # zellij shows a new tab; its --no-focus is of 0.45
            with suppress(NobodyAttached, TabNotFound):
                await self._client.tabs.go_to_id(seen)
        for plan in others:
            await self.new_pane(str(made.tab_id), plan)
        return _tab(await self._client.tabs.info(made.tab_id))

    async def new_pane(self, tab: str, pane: PanePlan, *, stacked: bool = False) -> Pane:
        """Add a pane to a tab; a stacked one lies on the tab's last pane."""
        options = PaneOptions(cwd=pane.cwd, tab_id=_tab_id(tab), stacked=stacked)
        return _pane(await self._client.panes.create(pane.argv, name=pane.name, options=options))

    async def read(self, pane: str, *, scrollback: bool = False) -> tuple[str, ...]:
        """What a pane shows, or with `scrollback` all it remembers."""
        return await self._client.panes.read(pane, scrollback=scrollback)

    async def type_text(self, pane: str, text: str) -> None:
        """Type text as it is."""
        await self._client.panes.type_text(pane, text)

    async def paste(self, pane: str, text: str) -> None:
        """Paste text."""
        await self._client.panes.paste(pane, text)

    async def press(self, pane: str, *keys: str) -> None:
        """Press keys."""
        await self._client.panes.send_keys(pane, *keys)

    async def rename_pane(self, pane: str, name: str) -> None:
        """Give a pane a title."""
        await self._client.panes.rename(pane, name)

    async def rename_tab(self, tab: str, name: str) -> None:
        """Give a tab a name."""
        await self._client.tabs.rename(_tab_id(tab), name)

    async def focus(self, pane: str) -> None:
        """Focus a pane within its tab; whoever pressed a key last is taken there."""
        await self._client.panes.focus(pane)

    async def close_pane(self, pane: str) -> None:
        """Close a pane and end its command."""
        await self._client.panes.close(pane)

    async def close_tab(self, tab: str) -> None:
        """Close a tab and end the commands in it."""
        await self._client.tabs.close(_tab_id(tab))

    async def wait_for_exit(self, pane: str, deadline_s: float) -> int:
        """The exit status of a pane's command, once it has ended."""
        return await self._client.panes.wait_for_exit(pane, deadline_s)

    async def watch(self, panes: Sequence[str]) -> AsyncGenerator[Change, None]:
        """What many panes show, once at the start and then on every change; one process for all."""
        async with aclosing(self._client.panes.watch(panes)) as events:
            async for event in events:
                if isinstance(event, PaneUpdate):
                    yield PaneChanged(pane=event.pane_id, lines=event.viewport)
                else:
                    yield PaneClosed(pane=event.pane_id)

    async def kill(self) -> None:
        """End the session, and leave nothing for zellij to bring back."""
        await self._client.sessions.delete(self.name, force=True)


async def _all_there(session: ZellijSession, panes: int, deadline_s: float) -> None:
    until_s = asyncio.get_running_loop().time() + deadline_s
    while len(await session.panes()) < panes:
        if asyncio.get_running_loop().time() > until_s:
            raise NotCreated(
                f"zellij made {len(await session.panes())} of {panes} panes of {session.name}",
                "it finds no room for so many panes in a tab",
            )
        await asyncio.sleep(_POLL_S)


def _tab_id(tab: str) -> int:
    if not tab.isdecimal():
        raise TabNotFound(f"there is no tab with the id {tab!r}", "ids are in `tabs()`")
    return int(tab)


def _tab(tab: TabInfo) -> Tab:
    panes = tab.selectable_tiled_panes_count
    return Tab(id=str(tab.tab_id), name=tab.name, position=tab.position + 1, panes=panes)


def _pane(pane: PaneInfo) -> Pane:
    return Pane(
        id=pane.pane_id,
        tab=str(pane.tab_id),
        title=pane.title,
        is_focused=pane.is_focused,
        exit_status=pane.status,
    )
