"""`ZellijClient.panes`: making, finding, naming and closing panes; the rest is in its two bases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from orchestrator.panes.errors import InvalidInput
from orchestrator.panes.inputs import command as checked_command
from orchestrator.panes.inputs import title
from orchestrator.panes.zellij.options import Direction, PaneOptions
from orchestrator.panes.zellij.pane_arrangement import PaneArrangement
from orchestrator.panes.zellij.results import PaneInfo

_COUNTING = ("sh", "-c", '"$@"; exit "$?"', "sh")
"""Runs a command and turns its end by a signal into a status; zellij would make it 0."""


class Panes(PaneArrangement):
    """The panes of a session. Ids are `terminal_3`, `plugin_1`, or `3` for a terminal."""

    async def create(
        self,
        command: str | Sequence[str] = (),
        *,
        direction: Direction | None = None,
        name: str | None = None,
        options: PaneOptions | None = None,
        session: str | None = None,
    ) -> PaneInfo:
        """Open a pane, running a command (a program, or a list of arguments) or the user's shell.

        Raises NotCreated when zellij has no room for it, TabNotFound, InvalidInput.
        """
        options = options or PaneOptions()
        argv = checked_command(command) if command else ()
        flags = [*_placed(direction, options), *options.arguments(), *_of_commands(argv, options)]
        if name is not None:
            flags.append(f"--name={title(name)}")
        flags += ["--stacked"] if options.stacked else []
        async with self._room(session, options, beside=direction is not None):
            return await self._calls.new_pane(session, "new-pane", *flags, *_dashed(argv))

    async def edit(
        self,
        file: Path,
        *,
        line: int | None = None,
        direction: Direction | None = None,
        options: PaneOptions | None = None,
        session: str | None = None,
    ) -> PaneInfo:
        """Open a file, absolute or below `cwd`, in the user's editor."""
        options = options or PaneOptions()
        flags = [*_placed(direction, options), *options.arguments()]
        if line is not None:
            flags.append(f"--line-number={line}")
        async with self._room(session, options, beside=direction is not None):
            return await self._calls.new_pane(session, "edit", *flags, "--", str(file))

    async def run(
        self,
        command: str | Sequence[str],
        *,
        deadline_s: float,
        name: str | None = None,
        options: PaneOptions | None = None,
        session: str | None = None,
    ) -> int:
        """Run a command in a pane of its own, which closes when it ends; its exit status as shells count it.

        Raises DeadlineExceeded; the command then still runs.
        """
        argv = checked_command(command)
        options = options or PaneOptions()
        flags = [*options.arguments(), "--close-on-exit", "--block-until-exit"]
        if name is not None:
            flags.append(f"--name={title(name)}")
        action = ("action", "new-pane", *flags, *_dashed((*_COUNTING, *argv)))
        async with self._room(session, options, beside=False):
            return (await self._calls.within(session, *action, deadline_s=deadline_s)).code

    async def list(self, *, plugins: bool = False, session: str | None = None) -> tuple[PaneInfo, ...]:
        """The terminal panes, tab by tab; with `plugins` also bars and other plugins."""
        panes = await self._calls.panes(session)
        return tuple(pane for pane in panes if plugins or not pane.is_plugin)

    async def info(self, pane_id: str, *, session: str | None = None) -> PaneInfo:
        """One pane. Raises PaneNotFound."""
        return await self._calls.pane(session, pane_id)

    async def close(self, pane_id: str, *, session: str | None = None) -> None:
        """Close a pane and end its command. Raises PaneNotFound."""
        await self._targeted(session, pane_id, "close-pane")

    async def rename(self, pane_id: str, name: str, *, session: str | None = None) -> None:
        """Give a pane a title. Raises PaneNotFound and InvalidInput."""
        pane = await self._calls.pane(session, pane_id)
        await self._calls.act(session, "rename-pane", f"--pane-id={pane.pane_id}", "--", title(name))

    async def undo_rename(self, pane_id: str, *, session: str | None = None) -> None:
        """Give a pane the title of its program again."""
        await self._targeted(session, pane_id, "undo-rename-pane")

    @asynccontextmanager
    async def _room(self, session: str | None, options: PaneOptions, *, beside: bool) -> AsyncIterator[None]:
        """A tab to make a pane in: one that is there, and is looked at, by us if need be and nobody else.

        A pane `beside` the focused one, in any way, needs somebody whose focus that is.
        """
        if options.tab_id is not None:
            await self._calls.tab(session, options.tab_id)
        if options.tab_id is None or options.stacked or beside:
            async with self._calls.attended(session):
                yield
        else:
            yield


def _placed(direction: Direction | None, options: PaneOptions) -> Iterator[str]:
    if direction is None:
        return
    if options.floating is not None or options.in_place or options.stacked:
        raise InvalidInput(
            "a direction is for panes that are tiled", "leave out floating, in_place and stacked"
        )
    yield f"--direction={direction}"


def _of_commands(argv: Sequence[str], options: PaneOptions) -> Iterator[str]:
    for given, flag in (
        (options.close_on_exit, "--close-on-exit"),
        (options.start_suspended, "--start-suspended"),
    ):
        if given and not argv:
            raise InvalidInput(f"{flag[2:].replace('-', '_')} is for panes with a command", "give a command")
        if given:
            yield flag


def _dashed(argv: Sequence[str]) -> Sequence[str]:
    return ["--", *argv] if argv else []
