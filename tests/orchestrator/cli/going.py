"""Runs that go while a test does something else: in the background, or on a terminal of their own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from tests.orchestrator.cli.conftest import environment

COMMAND = (sys.executable, "-P", "-m", "orchestrator")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
PATIENCE_S = 30.0


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, killed (SIGKILL) at the end if it has not ended by itself."""
    process = subprocess.Popen(
        [*COMMAND, "run", *arguments],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(path: Path, text: str) -> None:
    """Return once a file has a text in it."""
    assert holds_soon(lambda: path.exists() and text in path.read_text()), f"{path} never said {text!r}"


def holds_soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold before patience ends; returns as soon as it does."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Screen:
    """A program on a terminal: what it shows, and the keys it is sent."""

    def __init__(self, folder: Path, *arguments: str, columns: int = 200, rows: int = 50, **env: str) -> None:
        self._near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._seen = 0
        self._raw = bytearray()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            env=environment(TERM="xterm-256color", **env),
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(far)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # how Linux says that nobody has the terminal any more
            while data := os.read(self._near, 65536):
                self._raw += data

    @property
    def raw(self) -> bytes:
        """All that was ever shown, as it was sent."""
        return bytes(self._raw)

    @property
    def text(self) -> str:
        """All that was ever shown, without control sequences."""
        return CONTROL.sub("", bytes(self._raw).decode(errors="replace"))

    def expect(self, text: str) -> None:
        """Return once a text has been shown after the last one that was expected."""

        def shown() -> bool:
            return text in self.text[self._seen :]

        holds_soon(lambda: shown() or not self._reader.is_alive())
        assert shown(), f"{text!r} never came:\n{self.text}"
        self._seen = self.text.index(text, self._seen) + len(text)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._near, keys.encode())

    def ended(self) -> int:
        """The exit code, waiting for the end."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def close(self) -> None:
        """Kill it if it goes on, and give the terminal back."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE_S)
        os.close(self._near)


@contextmanager
def on_terminal(
    folder: Path, *arguments: str, columns: int = 200, rows: int = 50, **env: str
) -> Iterator[Screen]:
    """A program on a terminal of its own, killed at the end if it has not ended by itself."""
    screen = Screen(folder, *arguments, columns=columns, rows=rows, **env)
    try:
        yield screen
    finally:
        screen.close()
