"""Running a child to its end, whatever it does.

A child gets a session of its own, so that a signal to its group reaches what it started. Programs that put
their own children into further sessions escape a group signal (agent command lines do), so its descendants
are also looked up, before each step of the stop ladder: SIGTERM, some grace, SIGKILL.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ALLOWED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TERM", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV")
"""The environment variables that a child is given; more are named by the caller."""

GRACE_S = 2.0
DEFAULT_OUTPUT_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What the system lets a child use; None leaves it unlimited."""

    memory_bytes: int | None = None
    """Address space."""
    cpu_s: int | None = None
    """Processor time."""
    file_bytes: int | None = None
    """The largest file it may write; 0 lets it write none."""

    def wrapping(self, argv: Sequence[str]) -> list[str]:
        """The command that sets these limits on itself and becomes `argv`."""
        given = {"memory": self.memory_bytes, "cpu": self.cpu_s, "file": self.file_bytes}
        options = [f"--{name}={value}" for name, value in given.items() if value is not None]
        if not options:
            return list(argv)
        return [sys.executable, "-P", "-m", "orchestrator.process.limited", *options, "--", *argv]


@dataclass(frozen=True, slots=True)
class Child:
    """What to run and within which bounds."""

    argv: Sequence[str]
    cwd: Path
    deadline_s: float
    environ: Mapping[str, str]
    """The environment to choose from; only allowed names are passed on."""
    also_allowed: Iterable[str] = ()
    stdin: bytes = b""
    max_output_bytes: int = DEFAULT_OUTPUT_BYTES
    """Of stdout and of stderr; a child that says more is stopped."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, and what it said until then."""

    how: Literal["exited", "deadline", "output"]
    code: int
    """Its exit code; minus the signal's number when a signal ended it."""
    stdout: bytes
    stderr: bytes


async def run(child: Child) -> Ended:
    """Run a child to its end. Nothing it started is left; cancelled, it is stopped the same way.

    Raises OSError when it cannot be started.
    """
    process = await begin(child)
    out, err = bytearray(), bytearray()
    try:
        how = await _listen(process, child, out, err)
    finally:
        await stop(process)
    assert process.returncode is not None
    return Ended(how, process.returncode, bytes(out), bytes(err))


async def begin(
    child: Child, stdio: int = asyncio.subprocess.PIPE, longest_line_bytes: int = 65_536
) -> asyncio.subprocess.Process:
    """Start a child in a session of its own, with pipes or a descriptor; whoever starts it must `stop` it.

    Raises OSError when it cannot be started.
    """
    allowed = {*ALLOWED, *child.also_allowed}
    return await asyncio.create_subprocess_exec(
        *child.limits.wrapping(child.argv),
        cwd=child.cwd,
        env={name: value for name, value in child.environ.items() if name in allowed},
        stdin=stdio,
        stdout=stdio,
        stderr=stdio,
        start_new_session=True,
        limit=longest_line_bytes,
    )


async def _listen(
    process: asyncio.subprocess.Process, child: Child, out: bytearray, err: bytearray
) -> Literal["exited", "deadline", "output"]:
    assert process.stdin and process.stdout and process.stderr
    how: Literal["exited", "deadline", "output"] = "exited"
    try:
        async with asyncio.timeout(child.deadline_s):
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_feed(process.stdin, child.stdin))
                    group.create_task(_read(process.stdout, out, child.max_output_bytes))
                    group.create_task(_read(process.stderr, err, child.max_output_bytes))
                    group.create_task(process.wait())
            except* _TooMuch:
                how = "output"
    except TimeoutError:
        how = "deadline"
    return how


class _TooMuch(Exception):
    """The child said more than it may."""


async def _feed(pipe: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(data)
        await pipe.drain()
    pipe.close()


async def _read(pipe: asyncio.StreamReader, into: bytearray, most: int) -> None:
    while chunk := await pipe.read(65_536):
        into += chunk[: most - len(into)]
        if len(into) >= most:
            raise _TooMuch


async def stop(process: asyncio.subprocess.Process) -> None:
    """The stop ladder for the child's group and its descendants; quick when nothing is left."""
    known = descendants(process.pid)
    if process.returncode is None:
        _signal(process.pid, known, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        known |= descendants(process.pid)
    _signal(process.pid, known, signal.SIGKILL)
    await process.wait()
    # Pipes that were not read to their end stay open until they are collected; asyncio has no public way to
    # close them. Remove when `asyncio.subprocess.Process` can be closed.
    process._transport.close()  # type: ignore[attr-defined]
    await asyncio.sleep(0)


def _signal(group: int, others: Iterable[int], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    for pid in others:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def descendants(pid: int) -> set[int]:
    """The processes below one, as far as `/proc` tells (Linux); elsewhere the group must do."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = entry.read_text().rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(fields[1])
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found
