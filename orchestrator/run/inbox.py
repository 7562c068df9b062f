"""The inbox of a run in this process: a queue of commands."""

from __future__ import annotations

import asyncio

from orchestrator.core.commands import Command


class QueueInbox:
    """Commands in the order they were sent. Send from the run's own event loop."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Command] = asyncio.Queue()

    def send(self, command: Command) -> None:
        """Leave a command for the run."""
        self._queue.put_nowait(command)

    async def next(self) -> Command:
        """The next command, waiting for one."""
        return await self._queue.get()
