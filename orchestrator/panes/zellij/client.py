"""`ZellijClient`: zellij as a typed Python API."""

from __future__ import annotations

from orchestrator.panes.program import Program, Surroundings
from orchestrator.panes.zellij.calls import REQUIREMENT, Calls
from orchestrator.panes.zellij.layouts import Layouts
from orchestrator.panes.zellij.panes import Panes
from orchestrator.panes.zellij.pipes import Pipes
from orchestrator.panes.zellij.plugins import Plugins
from orchestrator.panes.zellij.sessions import Sessions
from orchestrator.panes.zellij.tabs import Tabs


class ZellijClient:
    """Zellij on this machine, 0.44.1 or newer.

        zellij = ZellijClient()
        await zellij.sessions.create("demo")
        pane = await zellij.panes.create(direction="right", command="htop")

    A call is for the session named in it (`session=…`), else for the bound one: the one given here, or the
    one that `sessions.create` made last. Without either it raises SessionNotBound. Every call has a deadline
    and raises the errors of `orchestrator.panes.errors`.
    """

    sessions: Sessions
    tabs: Tabs
    panes: Panes
    pipes: Pipes
    plugins: Plugins
    layouts: Layouts

    def __init__(
        self, session: str | None = None, *, program: str = "zellij", around: Surroundings | None = None
    ) -> None:
        self.program = Program(program, REQUIREMENT, around or Surroundings())
        calls = Calls(self.program, session)
        self.sessions = Sessions(calls)
        self.tabs = Tabs(calls)
        self.panes = Panes(calls)
        self.pipes = Pipes(calls)
        self.plugins = Plugins(calls)
        self.layouts = Layouts(calls)

    async def version(self) -> str:
        """Zellij's version. Raises ProgramMissing and ProgramTooOld."""
        return await self.program.version()
