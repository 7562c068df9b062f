"""`ZellijClient.layouts`: reading, checking, finding and applying KDL layouts."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.panes.errors import CallFailed, InvalidInput, LayoutIncomplete, LayoutRejected
from orchestrator.panes.zellij.calls import Calls

_EMPTY_TAB = re.compile(r"^    tab [^\n]*\{\n    (?:\}|    floating_panes \{)", re.MULTILINE)

BUILT_IN = ("classic", "compact", "default", "disable-status-bar", "strider", "welcome")


class Layouts:
    """Layouts, as files or as KDL text: a Path is a file, a string is KDL."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def dump(self, *, session: str | None = None) -> str:
        """A session's present layout as KDL; its commands wait for Enter when it is used.

        Raises LayoutIncomplete when zellij leaves a command out.
        """
        return await dumped(self._calls, session)

    async def save(self, path: Path, *, session: str | None = None) -> None:
        """Write a session's present layout to a file. Raises OSError when it cannot be written."""
        kdl = await self.dump(session=session)
        await asyncio.to_thread(path.write_text, kdl, encoding="utf-8")

    async def validate(self, layout: Path | str) -> None:
        """Let zellij read a layout as it would on starting. Raises LayoutRejected with its report."""
        with layout_file(layout) as file:
            try:
                await self._calls.run(f"--new-session-with-layout={file}", "setup", "--check")
            except CallFailed as error:
                raise LayoutRejected(error.message, "docs/zellij.md has the grammar that we use") from error

    async def apply(
        self,
        layout: Path | str,
        *,
        keep_terminals: bool = False,
        keep_plugins: bool = False,
        only_current_tab: bool = False,
        session: str | None = None,
    ) -> None:
        """Bring a session into a layout; panes that it does not have are closed unless kept.

        Raises LayoutRejected, and NobodyAttached when it is for the tab that is looked at.
        """
        await self.validate(layout)
        given = {
            "--retain-existing-terminal-panes": keep_terminals,
            "--retain-existing-plugin-panes": keep_plugins,
            "--apply-only-to-active-tab": only_current_tab,
        }
        if only_current_tab:
            await self._calls.watched(session)
        flags = [flag for flag, wanted in given.items() if wanted]
        with layout_file(layout) as file:
            async with self._calls.attended(session):
                await self._calls.act(session, "override-layout", str(file), *flags)

    async def folder(self) -> Path:
        """Where zellij looks for layouts by name; it need not exist."""
        said = await self._calls.run("setup", "--check")
        found = re.search(r'^\[LAYOUT DIR\]: "(.*)"$', said, re.MULTILINE)
        if found is None:
            raise CallFailed("zellij setup --check names no layout folder", "set ZELLIJ_CONFIG_DIR")
        return Path(found[1])

    async def list(self) -> tuple[str, ...]:
        """Names of layouts: the built-in ones and those in the layout folder, sorted."""
        own = {path.stem for path in (await self.folder()).glob("*.kdl") if ".swap" not in path.suffixes}
        return tuple(sorted({*BUILT_IN, *own}))

    async def load(self, name: str) -> str:
        """The KDL of a layout by name, the user's before the built-in one. Raises InvalidInput."""
        if name not in await self.list():
            raise InvalidInput(f"there is no layout {name!r}", f"there are {', '.join(await self.list())}")
        own = await self.folder() / f"{name}.kdl"
        if own.is_file():
            return own.read_text(encoding="utf-8")
        return await self._calls.run("setup", f"--dump-layout={name}")


@contextmanager
def layout_file(layout: Path | str | None) -> Iterator[Path | None]:
    """A layout's absolute path while this lasts; None for none. Raises InvalidInput for a missing file."""
    if layout is None:
        yield None
    elif isinstance(layout, Path):
        if not layout.is_file():
            raise InvalidInput(f"{layout} is no file", "give a layout's path, or its KDL as a string")
        yield layout.absolute()
    else:
        with tempfile.TemporaryDirectory(prefix="agentlark-layout-") as folder:
            file = Path(folder) / "layout.kdl"
            file.write_text(layout, encoding="utf-8")
            yield file


async def dumped(calls: Calls, session: str | None) -> str:
    """The layout that a session has. Raises LayoutIncomplete.

    Zellij 0.44 leaves out the pane of a tab that has no other, bars included. Remove the check, and the
    error, when 0.45 is the oldest version that is supported.
    """
    kdl = await calls.answer(session, "dump-layout", read=_kdl)
    if not _EMPTY_TAB.search(kdl):
        return kdl
    shown = [pane for pane in await calls.panes(session) if not pane.is_floating and not pane.is_suppressed]
    tabs = [pane.tab_id for pane in shown]
    for pane in shown:
        if pane.terminal_command and tabs.count(pane.tab_id) == 1:
            raise LayoutIncomplete(
                f"zellij leaves the only pane of tab {pane.tab_name!r} out: {pane.terminal_command}",
                "zellij 0.45 does not; or give the tab a second pane or a bar",
            )
    return kdl


def _kdl(said: str) -> str:
    """A layout that zellij has dumped. Raises ValueError for anything else."""
    if not said.startswith("layout"):
        raise ValueError(said[:80])
    return said
