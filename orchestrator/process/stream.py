"""Hearing a child line by line while it runs, within the same bounds as `child.py` sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

from orchestrator.process.child import Child, Ended, begin, stop

_STDERR_BYTES = 65_536


class Stream:
    """A running child, heard line by line. Made by `stream`."""

    def __init__(self, process: asyncio.subprocess.Process, child: Child, complaints: bytearray) -> None:
        self._process = process
        self._complaints = complaints
        self._until_s = asyncio.get_running_loop().time() + child.deadline_s
        self._how: Literal["exited", "deadline", "output"] = "exited"

    async def lines(self) -> AsyncIterator[bytes]:
        """The lines of its stdout as they come, without their ends; ends when it does, or must.

        One consumer at a time. Why it ended is told by `ended`.
        """
        assert self._process.stdout is not None
        try:
            while True:
                async with asyncio.timeout_at(self._until_s):
                    line = await self._process.stdout.readline()
                if not line:
                    return
                yield line.removesuffix(b"\n")
        except TimeoutError:
            self._how = "deadline"
        except ValueError:  # asyncio's word for a line beyond the limit
            self._how = "output"

    async def say(self, data: bytes) -> None:
        """Write to its stdin, which stays open; silently nothing when it no longer listens."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def ended(self) -> Ended:
        """How it ended, stopped first if it still runs; stdout is empty, having been given by `lines`."""
        if self._how != "exited":
            await stop(self._process)
        else:
            try:
                async with asyncio.timeout_at(self._until_s):
                    await self._process.wait()
            except TimeoutError:
                self._how = "deadline"
                await stop(self._process)
        assert self._process.returncode is not None
        return Ended(self._how, self._process.returncode, b"", bytes(self._complaints))


@asynccontextmanager
async def stream(child: Child) -> AsyncIterator[Stream]:
    """Run a child and hear it meanwhile; on leaving, it and all it started are stopped.

    Its stdin is given at the start and stays open. `deadline_s` bounds its whole life (`math.inf`: none),
    `max_output_bytes` one line. Raises OSError when it cannot be started.
    """
    process = await begin(child, longest_line_bytes=child.max_output_bytes)
    complaints = bytearray()
    listening = asyncio.create_task(_keep(process, complaints))
    try:
        heard = Stream(process, child, complaints)
        await heard.say(child.stdin)
        yield heard
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await stop(process)


async def _keep(process: asyncio.subprocess.Process, into: bytearray) -> None:
    """Read stderr to its end, so that the child never waits for us, and keep its beginning."""
    assert process.stderr is not None
    while chunk := await process.stderr.read(4096):
        into += chunk[: _STDERR_BYTES - len(into)]
