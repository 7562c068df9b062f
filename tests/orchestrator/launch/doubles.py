"""A multiplexer that exists in memory only, for what is asked of one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.panes.errors import NotCreated, SessionExists, SessionNotFound
from orchestrator.panes.multiplexer import Change, Pane, Tab
from orchestrator.panes.plans import Layout, PanePlan, TabPlan


@dataclass
class FakeSession:
    """Tabs with the names of their panes."""

    name: str = "fake"
    held: dict[str, list[str]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    """Panes for which there is no room."""
    lives: bool = True

    def _alive(self) -> None:
        if not self.lives:
            raise SessionNotFound(f"{self.name} has ended")

    async def tabs(self) -> tuple[Tab, ...]:
        self._alive()
        return tuple(
            Tab(id=name, name=name, position=position, panes=len(panes))
            for position, (name, panes) in enumerate(self.held.items(), start=1)
        )

    async def panes(self) -> tuple[Pane, ...]:
        self._alive()
        return tuple(
            Pane(id=pane, tab=tab, title=pane, is_focused=False, exit_status=None)
            for tab, panes in self.held.items()
            for pane in panes
        )

    async def new_tab(self, tab: TabPlan) -> Tab:
        self._alive()
        if self.refused & {pane.name for pane in tab.panes()}:
            raise NotCreated(f"no room for {tab.name}")
        self.held[tab.name] = [pane.name for pane in tab.panes()]
        return (await self.tabs())[-1]

    async def new_pane(self, tab: str, pane: PanePlan, *, stacked: bool = False) -> Pane:
        self._alive()
        if pane.name in self.refused:
            raise NotCreated(f"no room for {pane.name}")
        self.held[tab].append(pane.name)
        return next(each for each in await self.panes() if each.title == pane.name)

    async def kill(self) -> None:
        self.lives = False

    async def read(self, pane: str, *, scrollback: bool = False) -> tuple[str, ...]:
        raise NotImplementedError

    async def type_text(self, pane: str, text: str) -> None:
        raise NotImplementedError

    async def paste(self, pane: str, text: str) -> None:
        raise NotImplementedError

    async def press(self, pane: str, *keys: str) -> None:
        raise NotImplementedError

    async def rename_pane(self, pane: str, name: str) -> None:
        raise NotImplementedError

    async def rename_tab(self, tab: str, name: str) -> None:
        raise NotImplementedError

    async def focus(self, pane: str) -> None:
        raise NotImplementedError

    async def close_pane(self, pane: str) -> None:
        raise NotImplementedError

    async def close_tab(self, tab: str) -> None:
        raise NotImplementedError

    async def wait_for_exit(self, pane: str, deadline_s: float) -> int:
        raise NotImplementedError

    def watch(self, panes: Sequence[str]) -> AsyncGenerator[Change, None]:
        raise NotImplementedError


@dataclass
class FakeMultiplexer:
    """Sessions in memory, as tmux would have them."""

    made: dict[str, FakeSession] = field(default_factory=dict)
    program: str = "tmux"

    async def version(self) -> str:
        return "1"

    async def sessions(self) -> tuple[str, ...]:
        return tuple(sorted(name for name, session in self.made.items() if session.lives))

    async def create(self, session: str, layout: Layout, *, cwd: Path | None = None) -> FakeSession:
        if session in await self.sessions():
            raise SessionExists(f"there is a session {session!r} already")
        made = FakeSession(session, {tab.name: [pane.name for pane in tab.panes()] for tab in layout.tabs})
        self.made[session] = made
        return made

    async def session(self, name: str) -> FakeSession:
        if name not in await self.sessions():
            raise SessionNotFound(f"there is no session {name!r}")
        return self.made[name]

    def attach_command(self, session: str) -> tuple[str, ...]:
        return ("true", session)
