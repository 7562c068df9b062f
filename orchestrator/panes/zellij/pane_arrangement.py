"""How panes lie: focus, size, place, stacks, floating panes, frames, scrolling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from orchestrator.panes.errors import InvalidInput, NotCreated
from orchestrator.panes.zellij.options import Direction, Floating
from orchestrator.panes.zellij.pane_io import PaneIO

Scroll: TypeAlias = Literal[
    "up", "down", "page-up", "page-down", "half-page-up", "half-page-down", "top", "bottom"
]
_SCROLL: dict[Scroll, str] = {
    "up": "scroll-up",
    "down": "scroll-down",
    "page-up": "page-scroll-up",
    "page-down": "page-scroll-down",
    "half-page-up": "half-page-scroll-up",
    "half-page-down": "half-page-scroll-down",
    "top": "scroll-to-top",
    "bottom": "scroll-to-bottom",
}


class PaneArrangement(PaneIO):
    """Arranging panes. Calls without a pane id concern what somebody looks at.

    They raise NobodyAttached if nobody does.
    """

    async def focus(self, pane_id: str, *, session: str | None = None) -> None:
        """Focus a pane in its tab; whoever pressed a key last is taken there."""
        pane = await self._calls.pane(session, pane_id)
        await self._calls.act(session, "focus-pane-id", pane.pane_id)

    async def focus_next(self, *, session: str | None = None) -> None:
        """Focus the next pane."""
        await self._looked_at(session, "focus-next-pane")

    async def focus_previous(self, *, session: str | None = None) -> None:
        """Focus the previous pane."""
        await self._looked_at(session, "focus-previous-pane")

    async def move_focus(
        self, direction: Direction, *, or_tab: bool = False, session: str | None = None
    ) -> None:
        """Move the focus that way; with `or_tab` to the next tab where there is no pane."""
        await self._looked_at(session, "move-focus-or-tab" if or_tab else "move-focus", direction)

    async def move(
        self, pane_id: str, direction: Direction | None = None, *, session: str | None = None
    ) -> None:
        """Swap a pane with the one that way, or with the next one."""
        await self._targeted(session, pane_id, "move-pane", *([direction] if direction else []))

    async def move_backwards(self, pane_id: str, *, session: str | None = None) -> None:
        """Swap a pane with the previous one."""
        await self._targeted(session, pane_id, "move-pane-backwards")

    async def resize(
        self,
        pane_id: str,
        change: Literal["increase", "decrease"],
        direction: Direction | None = None,
        *,
        session: str | None = None,
    ) -> None:
        """Make a pane larger or smaller, at one border or at all."""
        await self._targeted(session, pane_id, "resize", change, *([direction] if direction else []))

    async def stack(self, pane_ids: Sequence[str], *, session: str | None = None) -> None:
        """Stack panes: one is seen, of the others the title."""
        if len(pane_ids) < 2:
            raise InvalidInput("a stack takes two panes or more", "name them")
        ids = [(await self._calls.pane(session, each)).pane_id for each in pane_ids]
        await self._calls.act(session, "stack-panes", "--", *ids)

    async def scroll(self, pane_id: str, where: Scroll, *, session: str | None = None) -> None:
        """Scroll a pane."""
        await self._targeted(session, pane_id, _SCROLL[where])

    async def toggle_fullscreen(self, pane_id: str, *, session: str | None = None) -> None:
        """Let a pane fill its tab, or no longer.

        It is focused first: zellij takes the focused pane for the one that fills the tab, whichever does.
        """
        pane = await self._calls.pane(session, pane_id)
        if not pane.is_focused:
            await self._calls.act(session, "focus-pane-id", pane.pane_id)
        await self._calls.act(session, "toggle-fullscreen", f"--pane-id={pane.pane_id}")

    async def toggle_frames(self, *, session: str | None = None) -> None:
        """Show or hide the frames of all panes."""
        await self._looked_at(session, "toggle-pane-frames")

    async def toggle_floating(self, pane_id: str, *, session: str | None = None) -> None:
        """Let an embedded pane float, or embed a floating one."""
        await self._targeted(session, pane_id, "toggle-pane-embed-or-floating")

    async def toggle_pinned(self, pane_id: str, *, session: str | None = None) -> None:
        """Keep a floating pane on top, or no longer."""
        await self._targeted(session, pane_id, "toggle-pane-pinned")

    async def set_borderless(self, pane_id: str, borderless: bool, *, session: str | None = None) -> None:
        """Draw a pane without a border, or with one."""
        flags = ["--borderless"] if borderless else []
        await self._targeted(session, pane_id, "set-pane-borderless", *flags)

    async def set_colors(
        self,
        pane_id: str,
        *,
        foreground: str | None = None,
        background: str | None = None,
        session: str | None = None,
    ) -> None:
        """Give a pane colours such as `#00e000`; without any, its own again."""
        given = {"fg": foreground, "bg": background}
        flags = [f"--{name}={value}" for name, value in given.items() if value is not None]
        await self._targeted(session, pane_id, "set-pane-color", *(flags or ["--reset"]))

    async def place(self, pane_id: str, floating: Floating, *, session: str | None = None) -> None:
        """Place a floating pane. Raises InvalidInput for one that does not float."""
        pane = await self._calls.pane(session, pane_id)
        if not pane.is_floating:
            raise InvalidInput(f"pane {pane.pane_id} does not float", "panes.toggle_floating makes it float")
        flags = [f"--pane-id={pane.pane_id}", *floating.arguments()]
        await self._calls.act(session, "change-floating-pane-coordinates", *flags)

    async def show_floating(self, tab_id: int, visible: bool, *, session: str | None = None) -> None:
        """Show or hide a tab's floating panes; nothing if they are so already."""
        tab = await self._calls.tab(session, tab_id)
        if tab.are_floating_panes_visible != visible:
            if not tab.selectable_floating_panes_count:
                raise NotCreated(f"tab {tab_id} has no floating panes", "panes.create(floating=…) makes one")
            verb = "show-floating-panes" if visible else "hide-floating-panes"
            await self._calls.act(session, verb, f"--tab-id={tab_id}")

    async def _looked_at(self, session: str | None, *action: str) -> None:
        await self._calls.watched(session)
        await self._calls.act(session, *action)
