"""Giving a child a terminal that nobody sees, for programs that refuse to run without one."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from orchestrator.process.child import Child, begin, stop


class Terminal:
    """The far side of a child's terminal: what it drew, and the keys it is sent. Made by `in_terminal`."""

    def __init__(self, process: asyncio.subprocess.Process, far: int, keep_bytes: int) -> None:
        self._process = process
        self._far = far
        self._keep_bytes = keep_bytes
        self._drawn = bytearray()
        asyncio.get_running_loop().add_reader(far, self._read)

    @property
    def drawn(self) -> bytes:
        """What it drew last, escape sequences included; at most `Child.max_output_bytes`."""
        return bytes(self._drawn)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    def press(self, data: bytes) -> None:
        """Send bytes as a keyboard would."""
        os.write(self._far, data)

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size, in characters."""
        fcntl.ioctl(self._far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        data = b""
        with suppress(OSError):  # Linux's word for a terminal that nobody has open any more
            data = os.read(self._far, 65_536)
        self._drawn += data
        if not data:
            asyncio.get_running_loop().remove_reader(self._far)
        del self._drawn[: -self._keep_bytes]


@asynccontextmanager
async def in_terminal(child: Child, rows: int = 50, columns: int = 200) -> AsyncIterator[Terminal]:
    """Run a child in a terminal of this size; on leaving, it and all it started are stopped.

    Its `deadline_s` and `stdin` mean nothing here: it lives as long as the block, and hears what is pressed.
    Raises OSError when it cannot be started.
    """
    far, near = os.openpty()
    try:
        fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        try:
            process = await begin(child, stdio=near)
        finally:
            os.close(near)
        try:
            yield Terminal(process, far, child.max_output_bytes)
        finally:
            await stop(process)
    finally:
        with suppress(ValueError):
            asyncio.get_running_loop().remove_reader(far)
        os.close(far)
