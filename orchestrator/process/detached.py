"""A child that outlives us and our terminal: in a session of its own, its output in a file."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from orchestrator.process.child import ALLOWED, Child


class _Unattended(subprocess.Popen[bytes]):
    """A child that is meant to outlive us, so that not waiting for it is no mistake to warn of."""

    def __del__(self) -> None:
        """Let go of it."""


class Detached:
    """A child that goes on without us. Made by `detach`."""

    def __init__(self, process: _Unattended) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id, and that of its session."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, None while it runs; minus the signal's number when a signal ended it."""
        return self._process.poll()

    def tell(self, data: bytes) -> None:
        """Write to its stdin and close it; silently nothing when it has been told, or no longer listens."""
        stdin = self._process.stdin
        assert stdin is not None
        if not stdin.closed:
            with suppress(BrokenPipeError):
                stdin.write(data)
            with suppress(BrokenPipeError):
                stdin.close()


def detach(child: Child, output: Path) -> Detached:
    """Start a child that nothing of ours ends; stdout and stderr go to a file, which is written anew.

    `deadline_s`, `max_output_bytes` and `stdin` of the child mean nothing here: it lives as long as it likes
    and hears what it is told. A link in place of the file is not followed.
    Raises OSError when it cannot be started, or the file cannot be written.
    """
    allowed = {*ALLOWED, *child.also_allowed}
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(output, flags, 0o600)
    try:
        process = _Unattended(
            child.limits.wrapping(child.argv),
            cwd=child.cwd,
            env={name: value for name, value in child.environ.items() if name in allowed},
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    finally:
        os.close(file)
    return Detached(process)
