"""A tmux session as a `Session`; its windows are tabs."""

from __future__ import annotations

import asyncio
import math
import re
import shlex
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

from orchestrator.panes.errors import (
    CallFailed,
    DeadlineExceeded,
    InvalidInput,
    NotCreated,
    PaneNotFound,
    TabNotFound,
)
from orchestrator.panes.inputs import text, title
from orchestrator.panes.keys import tmux_name
from orchestrator.panes.multiplexer import OURS, Change, Pane, PaneChanged, PaneClosed, Tab
from orchestrator.panes.plans import Layout, PanePlan, TabPlan
from orchestrator.panes.screen import tidy
from orchestrator.panes.tmux.calls import Calls, as_command, as_given, as_last, as_name
from orchestrator.process import stream

_NAME_COLUMNS = 40
"""As much of a session's name as the status line shows; tmux itself shows ten."""

_SIZE = ("-x", "200", "-y", "50")
_WINDOW_OPTIONS = {
    "remain-on-exit": "on",  # set before the first pane starts, for one that ends at once
    "pane-border-status": "top",
    "pane-border-format": " #{pane_title} ",
}
"""Panes stay when their command ends, and their names are shown."""

_PIECE = 4000
_SETTLE_S = 0.02
_LOOKS = 20
_ENDED = "dead=#{pane_dead} status=#{pane_dead_status} signal=#{pane_dead_signal}"
_PANE = "#{pane_id} #{window_id} #{pane_active} " + _ENDED + " #{pane_title}"
_UNREAPED = ["dead=1", "status=", "signal="]
_TAB = "#{window_id} #{window_panes} #{window_name}"
_WROTE = re.compile(rb"^%(?:extended-)?output (%\d+)")
_REARRANGED = (b"%layout-change", b"%window-close", b"%unlinked-window-close")


class TmuxSession:
    """A live tmux session, as a `Session`."""

    def __init__(self, name: str, calls: Calls, cwd: Path) -> None:
        self.name = name
        self._calls = calls
        self._cwd = cwd

    async def build(self, layout: Layout) -> None:
        """Start the session and make all it should have."""
        new = ["new-session", "-d", "-s", as_name(self.name), *_SIZE]
        options = [part for option in _WINDOW_OPTIONS.items() for part in ("set-option", "-wg", *option, ";")]
        await self._window(layout.tabs[0], ["start-server", ";", *options, *new])
        target = await self._calls.target(self.name)
        for tab in layout.tabs[1:]:
            await self._new_window(tab)
        await self._calls.run("set-option", "-t", target, "status", "on" if layout.bars else "off")
        await self._calls.run("set-option", "-t", target, "status-left", "[#S] ")
        await self._calls.run("set-option", "-t", target, "status-left-length", str(_NAME_COLUMNS))
        if layout.interrupt:
            await self._bind_interrupt(target, layout.interrupt)
        windows = await self.tabs()
        await self._calls.run("select-window", "-t", windows[layout.focus - 1].id)

    async def tabs(self) -> tuple[Tab, ...]:
        """Its windows, in order."""
        rows = await self._rows("list-windows", _TAB)
        return tuple(
            Tab(id=row[0], name=as_given(row[2]), position=position, panes=int(row[1]))
            for position, row in enumerate((row.split(" ", 2) for row in rows), start=1)
        )

    async def panes(self) -> tuple[Pane, ...]:
        """Its panes, window by window."""
        rows = [row.split(" ", 6) for row in await self._reaped()]
        return tuple(
            Pane(
                id=pane,
                tab=window,
                title=name,
                is_focused=active == "1",
                exit_status=_status(status.removeprefix("status="), by.removeprefix("signal=")),
            )
            for pane, window, active, _, status, by, name in rows
        )

    async def new_tab(self, tab: TabPlan) -> Tab:
        """Make a window, its rows as planned."""
        window = await self._new_window(tab)
        return await self._tab(window)

    async def new_pane(self, tab: str, pane: PanePlan, *, stacked: bool = False) -> Pane:
        """Add a pane below the last of a window and share the room out evenly; tmux has no stacks."""
        await self._tab(tab)
        last = [each.id for each in await self.panes() if each.tab == tab][-1]
        new = await self._split(last, ["-v"], pane)
        await self._calls.run("select-layout", "-t", tab, "tiled")
        return await self._pane(new)

    async def read(self, pane: str, *, scrollback: bool = False) -> tuple[str, ...]:
        """What a pane shows, or with `scrollback` all it remembers.

        Once its command has ended, tmux moves all up a line and says so in the last one.
        """
        await self._pane(pane)
        return await self._captured(pane, scrollback=scrollback)

    async def type_text(self, pane: str, text_: str) -> None:
        """Type text as it is."""
        await self._pane(pane)
        for start in range(0, len(text(text_)), _PIECE):
            await self._calls.run("send-keys", "-t", pane, "-l", "--", as_last(text_[start : start + _PIECE]))

    async def paste(self, pane: str, text_: str) -> None:
        """Paste text."""
        await self._pane(pane)
        buffer = f"{OURS}{pane}"
        if text_:
            await self._calls.run("load-buffer", "-b", buffer, "-", stdin=text(text_).encode())
            await self._calls.run("paste-buffer", "-p", "-r", "-d", "-b", buffer, "-t", pane)

    async def press(self, pane: str, *keys: str) -> None:
        """Press keys."""
        names = [as_last(tmux_name(key)) for key in keys]
        if not names:
            raise InvalidInput("there is no key to press", 'for example "Enter"')
        await self._pane(pane)
        await self._calls.run("send-keys", "-t", pane, "--", *names)

    async def rename_pane(self, pane: str, name: str) -> None:
        """Give a pane a title."""
        await self._pane(pane)
        await self._calls.run("select-pane", "-t", pane, "-T", as_name(title(name)))

    async def rename_tab(self, tab: str, name: str) -> None:
        """Give a window a name."""
        await self._tab(tab)
        await self._calls.run("rename-window", "-t", tab, "--", as_name(title(name)))

    async def focus(self, pane: str) -> None:
        """Focus a pane within its window; whoever is attached is taken there."""
        found = await self._pane(pane)
        await self._calls.run("select-window", "-t", found.tab)
        await self._calls.run("select-pane", "-t", pane)

    async def close_pane(self, pane: str) -> None:
        """Close a pane and end its command."""
        await self._pane(pane)
        await self._calls.run("kill-pane", "-t", pane)

    async def close_tab(self, tab: str) -> None:
        """Close a window and end the commands in it."""
        await self._tab(tab)
        await self._calls.run("kill-window", "-t", tab)

    async def wait_for_exit(self, pane: str, deadline_s: float) -> int:
        """The exit status of a pane's command, once it has ended; 128 and its number for a signal."""
        pause_s = 0.05
        try:
            async with asyncio.timeout(deadline_s):
                while (status := (await self._pane(pane)).exit_status) is None:
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, 0.5)
        except TimeoutError as error:
            raise DeadlineExceeded(f"pane {pane} still runs after {deadline_s:g} s", "wait longer") from error
        return status

    async def watch(self, panes: Sequence[str]) -> AsyncGenerator[Change, None]:
        """What many panes show, once at the start and then on every change; one control client for all.

        tmux tells who wrote, not what is shown; a pane is read once it has been quiet for an instant.
        """
        left = set(panes)
        for pane in panes:
            await self._pane(pane)
        target = await self._calls.target(self.name)
        argv = ["-C", "attach-session", "-f", "ignore-size,read-only", "-t", target]
        child = self._calls.child(*argv, deadline_s=math.inf)
        shown: dict[str, tuple[str, ...]] = {}
        async with stream(child) as running:
            busy: asyncio.Queue[str | None] = asyncio.Queue()
            hearing = asyncio.create_task(_hear(running.lines(), busy))
            try:
                for pane in panes:
                    busy.put_nowait(pane)
                while left:
                    stirred = await _stirred(busy)
                    there = {each.id for each in await self.panes()}
                    for pane in sorted(left - there):
                        left.discard(pane)
                        yield PaneClosed(pane=pane)
                    for pane in sorted(left & stirred):
                        lines = await self._captured(pane)
                        if shown.get(pane) != lines:
                            shown[pane] = lines
                            yield PaneChanged(pane=pane, lines=lines)
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)

    async def kill(self) -> None:
        """End the session and everything in it."""
        await self._calls.run("kill-session", "-t", await self._calls.target(self.name))

    async def _rows(self, verb: str, form: str, *flags: str) -> list[str]:
        target = await self._calls.target(self.name)
        return (await self._calls.run(verb, *flags, "-t", target, "-F", form)).splitlines()

    async def _reaped(self) -> list[str]:
        """The rows of `panes`, with the status of each command that has ended.

        Now and then tmux (3.3a) overlooks the end of a child until the next one ends, so one is made to end.
        """
        for _ in range(_LOOKS):
            rows = await self._rows("list-panes", _PANE, "-s")
            if not any(row.split(" ", 6)[3:6] == _UNREAPED for row in rows):
                break
            await self._calls.run("run-shell", "-b", "true")
            await asyncio.sleep(_SETTLE_S)
        return rows

    async def _pane(self, pane: str) -> Pane:
        for each in await self.panes():
            if each.id == pane:
                return each
        raise PaneNotFound(f"session {self.name} has no pane {pane!r}", "ids are in `panes()`: %3")

    async def _tab(self, tab: str) -> Tab:
        for each in await self.tabs():
            if each.id == tab:
                return each
        raise TabNotFound(f"session {self.name} has no tab with the id {tab!r}", "ids are in `tabs()`: @3")

    async def _new_window(self, tab: TabPlan) -> str:
        target = await self._calls.target(self.name)
        return await self._window(tab, ["new-window", "-d", "-t", f"{target}:"])

    async def _window(self, tab: TabPlan, making: Sequence[str]) -> str:
        """Make a window by a command and fill it; its id."""
        (first, *beside), *below = tab.rows
        form = "#{window_id} #{pane_id}"
        names = ["-n", as_name(tab.name), "-P", "-F", form, "-c", as_name(str(first.cwd or self._cwd))]
        said = await self._calls.run(*making, *names, "--", *as_command(first))
        window, pane = said.split()
        await self._calls.run("select-pane", "-t", pane, "-T", as_name(first.name))
        tops = [pane, *await self._split_evenly(pane, "-v", [row[0] for row in below])]
        for top, row in zip(tops, [beside, *(list(row[1:]) for row in below)], strict=True):
            await self._split_evenly(top, "-h", row)
        await self._calls.run("select-pane", "-t", pane)
        return window

    async def _split_evenly(self, pane: str, flag: str, plans: Sequence[PanePlan]) -> list[str]:
        """Panes made after another, in its room, all of one size with it; their ids."""
        made: list[str] = []
        for left, plan in zip(range(len(plans), 0, -1), plans, strict=True):
            share = f"{100 * left // (left + 1)}%"
            made.append(await self._split(made[-1] if made else pane, [flag, "-l", share], plan))
        return made

    async def _split(self, pane: str, flags: Sequence[str], plan: PanePlan) -> str:
        where = [
            "-d",
            "-t",
            pane,
            *flags,
            "-c",
            as_name(str(plan.cwd or self._cwd)),
            "-P",
            "-F",
            "#{pane_id}",
        ]
        try:
            made = (await self._calls.run("split-window", *where, "--", *as_command(plan))).strip()
        except CallFailed as error:
            raise NotCreated(
                f"tmux made no pane {plan.name!r}: {error.message}", "close a pane first"
            ) from error
        await self._calls.run("select-pane", "-t", made, "-T", as_name(plan.name))
        return made

    async def _captured(self, pane: str, *, scrollback: bool = False) -> tuple[str, ...]:
        flags = ["-S", "-"] if scrollback else []
        said = await self._calls.run("capture-pane", "-p", "-J", *flags, "-t", pane)
        return tidy(said.split("\n"))

    async def _bind_interrupt(self, target: str, argv: Sequence[str]) -> None:
        """Ctrl+S for this session; in sessions of the same server without an interrupt it stays a key."""
        await self._calls.run("set-option", "-t", target, "@interrupt", as_last(shlex.join(argv)))
        then = "select-window -t ':^' ; send-keys C-s ; run-shell -b '#{@interrupt}'"
        await self._calls.run(
            "bind-key", "-n", "C-s", "if-shell", "-F", "#{@interrupt}", then, "send-keys C-s"
        )


def _status(status: str, by: str) -> int | None:
    """An exit status as shells count it; None while tmux knows neither status nor signal."""
    if status:
        return int(status)
    return 128 + int(by) if by else None


async def _hear(lines: AsyncIterator[bytes], busy: asyncio.Queue[str | None]) -> None:
    """Put into the queue the panes that write; None for changes of other kinds, and at the end."""
    async for line in lines:
        if wrote := _WROTE.match(line):
            busy.put_nowait(wrote[1].decode())
        elif line.startswith(_REARRANGED):
            busy.put_nowait(None)
    busy.put_nowait(None)


async def _stirred(busy: asyncio.Queue[str | None]) -> set[str]:
    """The panes that wrote since the last call, once there is one and an instant has passed."""
    found = {await busy.get()}
    await asyncio.sleep(_SETTLE_S)
    while not busy.empty():
        found.add(busy.get_nowait())
    return found - {None}  # type: ignore[return-value]  # mypy does not see what is taken away
