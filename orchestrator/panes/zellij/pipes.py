"""`ZellijClient.pipes`: messages to plugins."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from orchestrator.panes.errors import InvalidInput
from orchestrator.panes.inputs import argument
from orchestrator.panes.zellij.calls import Calls, said_of
from orchestrator.panes.zellij.options import PipeOptions
from orchestrator.panes.zellij.plugins import plugin_url


class PipeReply(BaseModel):
    """What plugins answered; empty when none listened."""

    model_config = ConfigDict(frozen=True)

    output: str


class Pipes:
    """Messages to the plugins of a session."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def pipe(
        self,
        message: str,
        *,
        name: str | None = None,
        plugin: str | None = None,
        options: PipeOptions | None = None,
        deadline_s: float | None = None,
        session: str | None = None,
    ) -> PipeReply:
        """Send a message under a name to all plugins that listen, or to one, which is launched if need be.

        Returns when they have let go of it. Raises DeadlineExceeded when one keeps it.
        """
        if name is None and plugin is None:
            raise InvalidInput("a message needs a name or a plugin", 'for example name="broadcast"')
        flags = [f"--name={argument(name)}"] if name is not None else []
        flags += [f"--plugin={plugin_url(plugin)}"] if plugin is not None else []
        flags += (options or PipeOptions()).arguments()
        ended = await self._calls.within(
            session, "action", "pipe", *flags, "--", argument(message), deadline_s=deadline_s
        )
        return PipeReply(output=said_of(("pipe", *flags), ended))

    async def broadcast(
        self, message: str, name: str, *, deadline_s: float | None = None, session: str | None = None
    ) -> PipeReply:
        """Send a message to all plugins that listen to a name."""
        return await self.pipe(message, name=name, deadline_s=deadline_s, session=session)

    async def to_plugin(
        self,
        plugin: str,
        message: str,
        *,
        name: str | None = None,
        options: PipeOptions | None = None,
        deadline_s: float | None = None,
        session: str | None = None,
    ) -> PipeReply:
        """Send a message to one plugin, which is launched if need be, also when nobody is attached."""
        async with self._calls.attended(session):
            return await self.pipe(
                message, name=name, plugin=plugin, options=options, deadline_s=deadline_s, session=session
            )

    async def from_file(
        self,
        path: Path,
        *,
        name: str | None = None,
        plugin: str | None = None,
        deadline_s: float | None = None,
        session: str | None = None,
    ) -> PipeReply:
        """Send a file line by line, each when the one before has been let go of. Raises OSError."""
        if name is None and plugin is None:
            raise InvalidInput("a message needs a name or a plugin", 'for example name="broadcast"')
        flags = [f"--name={argument(name)}"] if name is not None else []
        flags += [f"--plugin={plugin_url(plugin)}"] if plugin is not None else []
        data = await asyncio.to_thread(path.read_bytes)
        ended = await self._calls.within(session, "action", "pipe", *flags, stdin=data, deadline_s=deadline_s)
        return PipeReply(output=said_of(("pipe", *flags), ended))
