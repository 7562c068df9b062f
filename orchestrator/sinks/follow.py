"""Following a log in a terminal: what log panes run, a hundred of them at once.

Nothing but small modules of the standard library is imported: a session starts one follower for each agent,
and what each of them loads is paid a hundred times. The log is looked at a few times a second, which, unlike
being told of changes, works on every system and file system, and costs a tenth of a millisecond.

The terminal is told not to freeze at Ctrl+S (byte 19, which the layout sends on its way to an interrupt) and
not to show what is typed; when the follower ends, it is as it was before.
"""

from __future__ import annotations

import codecs
import errno
import os
import select
import stat
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST_LOOK_S = 0.02
LAST_LOOK_S = 0.4
"""Between these is the time from one look at a log to the next: it doubles while nothing comes."""

CHUNK = 1 << 16
_REMEMBERED = 256
"""So many bytes before the place we have read up to tell whether this is still the same text."""


class Follower:
    """The text of one log as it grows, by a look at a time.

    A log that was replaced, cut short, written anew or removed is taken up from its start, on a line of its
    own. Only regular files are read, and links are not followed: an agent may have put one there.
    """

    def __init__(self, path: str, show: Callable[[str], None]) -> None:
        self._path = path
        self._show = show
        self._file: int | None = None
        self._at = 0
        self._read = b""
        """The last bytes before `_at`."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._at_line_start = True

    @property
    def is_open(self) -> bool:
        """Whether there was a log at the last look."""
        return self._file is not None

    def look(self) -> bool:
        """Show what is new since the last look; whether there was anything."""
        there = self._there()
        grown = False
        if self._file is not None:
            is_replaced = there is None or not os.path.samestat(there, os.fstat(self._file))
            grown = self._take()
            if is_replaced:
                self.close()
        if self._file is None and there is not None and self._open():
            grown = self._take() or grown
        return grown

    def close(self) -> None:
        """Let go of the file; the next look starts at the beginning of what is there then."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._start_over()

    def _there(self) -> os.stat_result | None:
        try:
            found = os.lstat(self._path)
        except OSError:
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _open(self) -> bool:
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP):  # it went, or became a link, since it was seen
                return False
            raise
        self._file = file
        return True

    def _take(self) -> bool:
        assert self._file is not None
        grown = False
        while data := self._more(self._file):
            grown = True
            self._at += len(data)
            self._read = (self._read + data)[-_REMEMBERED:]
            self._put(self._decoder.decode(data))
        return grown

    def _more(self, file: int) -> bytes:
        """What comes after `_at`, or all from the start when what came before it is no longer the same."""
        known = len(self._read)
        data = os.pread(file, known + CHUNK, self._at - known)
        if data[:known] == self._read:
            return data[known:]
        self._start_over()
        return os.pread(file, CHUNK, 0)

    def _start_over(self) -> None:
        self._at, self._read = 0, b""
        self._put(self._decoder.decode(b"", final=True))
        self._decoder.reset()
        if not self._at_line_start:
            self._put("\n")

    def _put(self, text: str) -> None:
        if text:
            self._at_line_start = text.endswith("\n")
            self._show(harmless(text))


def harmless(text: str) -> str:
    """The text as `agentlark.diagnostics.visible` gives it, which is loaded only for text that needs it."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    from agentlark.diagnostics import visible

    return visible(text)


class Keyboard:
    """The terminal on stdin while something is followed: no freezing, no echo, and what is typed is dropped.

    Ctrl+Z is dropped too: no shell stands behind a pane to go on from there. Where stdin is no terminal, or
    the terminal belongs to somebody else's foreground, it is only a pause.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        self.is_gone = False
        """Whether the terminal was closed."""

    def pause(self, seconds: float) -> None:
        """Return after so many seconds, dropping keys meanwhile."""
        end = time.monotonic() + seconds
        while not self.is_gone and (left := end - time.monotonic()) > 0:
            if not self._is_ours():
                time.sleep(left)
            elif select.select([self._file], [], [], left)[0]:
                self._drop()

    def _drop(self) -> None:
        try:
            self.is_gone = not os.read(self._file, 1024)
        except OSError:
            self.is_gone = True

    def _is_ours(self) -> bool:
        try:
            return os.isatty(self._file) and os.tcgetpgrp(self._file) == os.getpgrp()
        except OSError:
            return False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps the terminal from freezing at Ctrl+S, as long as it lasts."""
        if not self._is_ours():
            yield
            return
        before = termios.tcgetattr(self._file)
        quiet = termios.tcgetattr(self._file)
        quiet[0] &= ~(termios.IXON | termios.IXOFF)
        quiet[3] &= ~(termios.ICANON | termios.ECHO)
        unused = bytes([os.fpathconf(self._file, "PC_VDISABLE") & 0xFF])
        for key in (termios.VSUSP, termios.VQUIT):
            quiet[6][key] = unused
        termios.tcsetattr(self._file, termios.TCSANOW, quiet)
        try:
            yield
        finally:
            if self._is_ours():
                termios.tcsetattr(self._file, termios.TCSANOW, before)


def log_of(name: str) -> str:
    """The log of an agent, or of `timeline`, as seen from the invocation folder; `RunPaths.log` gives it too.

    Raises ValueError for what cannot name a log.
    """
    agent = name.partition("@")[0]
    if not agent.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"{name!r} is no name of an agent")
    return os.path.join("logs", f"{agent}.log")


def follow(path: str) -> None:
    """Show a log on stdout as it grows, until Ctrl+C, SIGTERM or the end of the terminal.

    Raises OSError when the log cannot be read, BrokenPipeError when nobody reads stdout any more.
    """
    follower = Follower(path, _print)
    keyboard = Keyboard(0)
    wait_s = FIRST_LOOK_S
    try:
        with _ended_by_sigterm(), keyboard.held():
            grown = follower.look()
            if not follower.is_open:
                print(f"waiting for {harmless(path)}", file=sys.stderr, flush=True)  # noqa: T201
            while not keyboard.is_gone:
                wait_s = FIRST_LOOK_S if grown else min(wait_s * 2, LAST_LOOK_S)
                keyboard.pause(wait_s)
                grown = follower.look()
    except KeyboardInterrupt:
        pass
    finally:
        follower.close()


def _print(text: str) -> None:
    """Write to stdout as UTF-8, whatever the locale: that is what the log is in."""
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends what is done meanwhile as Ctrl+C does, so that the terminal is left as it was."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
