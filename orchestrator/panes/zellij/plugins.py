"""`ZellijClient.plugins`: launching and finding plugins."""

from __future__ import annotations

import re

from orchestrator.panes.errors import InvalidInput, PaneNotFound
from orchestrator.panes.zellij.calls import Calls
from orchestrator.panes.zellij.options import PluginOptions, pairs
from orchestrator.panes.zellij.results import PaneInfo, PluginAlias

_SCHEMES = ("zellij:", "file:", "http://", "https://")


class Plugins:
    """The plugins of a session. They exist per client: without one, one is attached to launch them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def launch(
        self, url: str, *, options: PluginOptions | None = None, session: str | None = None
    ) -> PaneInfo:
        """Open a plugin in a pane of its own: `zellij:tab-bar`, `file:/path/x.wasm`, `https://…`.

        Raises NotCreated when it does not appear, InvalidInput for what is no URL.
        """
        return await self._launched(session, "launch-plugin", url, options or PluginOptions())

    async def launch_or_focus(
        self, url: str, *, options: PluginOptions | None = None, session: str | None = None
    ) -> PaneInfo:
        """Focus the plugin if it runs, else launch it."""
        for pane in await self.list(session=session):
            if pane.plugin_url == plugin_url(url) and not pane.is_suppressed:
                await self._calls.act(session, "focus-pane-id", pane.pane_id)
                return pane
        return await self._launched(session, "launch-or-focus-plugin", url, options or PluginOptions())

    async def start_or_reload(
        self, url: str, *, configuration: dict[str, str] | None = None, session: str | None = None
    ) -> None:
        """Load the plugin anew where it runs, else start it."""
        flags = [f"--configuration={pairs(configuration)}"] if configuration else []
        async with self._calls.attended(session):
            await self._calls.act(session, "start-or-reload-plugin", *flags, "--", plugin_url(url))

    async def aliases(self) -> tuple[PluginAlias, ...]:
        """The short names that zellij's configuration gives to plugins."""
        said = await self._calls.run("list-aliases")
        return tuple(PluginAlias(name=line.strip()) for line in said.splitlines() if line.strip())

    async def list(self, *, session: str | None = None) -> tuple[PaneInfo, ...]:
        """The plugins that run in a session, bars included."""
        return tuple(pane for pane in await self._calls.panes(session) if pane.is_plugin)

    async def info(self, pane_id: str, *, session: str | None = None) -> PaneInfo:
        """One plugin that runs. Raises PaneNotFound."""
        pane = await self._calls.pane(session, pane_id)
        if not pane.is_plugin:
            raise PaneNotFound(f"pane {pane_id} is no plugin", "plugins.list() has those that run")
        return pane

    async def _launched(self, session: str | None, action: str, url: str, options: PluginOptions) -> PaneInfo:
        if options.tab_id is not None:
            await self._calls.tab(session, options.tab_id)
        async with self._calls.attended(session):
            return await self._calls.new_pane(session, action, *options.arguments(), "--", plugin_url(url))


def plugin_url(given: str) -> str:
    """A plugin's URL as zellij takes it. Raises InvalidInput.

    `zellij:plugin:tab-bar`, an older spelling, is `zellij:tab-bar`; a bare name is one of zellij's own.
    """
    if re.fullmatch(r"[a-z][a-z0-9-]*", given):
        return f"zellij:{given}"
    if not given.startswith(_SCHEMES) or not given.isprintable() or " " in given:
        raise InvalidInput(f"{given!r} is no plugin's URL", "zellij:NAME, file:/PATH, https://… or http://…")
    return re.sub(r"^zellij:plugin:", "zellij:", given)
