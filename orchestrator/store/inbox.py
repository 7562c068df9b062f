"""Commands from other processes: files that are renamed into a folder, each taken once.

`leave` writes a command beside the folder and renames it into it, so that whoever looks sees it whole or not
at all. A run takes those that name it; one that cannot be read is set aside and said.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from agentlark.diagnostics import visible
from orchestrator.core.commands import Command
from orchestrator.core.errors import StoreError
from orchestrator.core.frozen import Frozen

POLL_S = 0.2
"""Seconds between two looks into the folder."""

MAX_BYTES = 1_000_000
"""The largest command that is read."""


class Letter(Frozen):
    """A command and the run it is for."""

    run: str
    command: Command


def leave(folder: Path, run: str, command: Command) -> None:
    """Leave a command for a run. Raises StoreError when the folder cannot be written."""
    name = f"{uuid4().hex}.json"
    waiting = folder / f".{name}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        waiting.write_text(Letter(run=run, command=command).model_dump_json(), encoding="utf-8")
        waiting.replace(folder / name)
    except OSError as error:
        raise StoreError(f"{visible(str(folder))} cannot be written: {error.strerror}") from error


class FolderInbox:
    """The commands of one run: those sent in this process at once, those left in the folder as they are seen.

    Letters to other runs are left alone, and links are not followed. What lies there for this run when the
    inbox is made is dropped: it was meant for an earlier process. `complain` is told what is set aside.
    """

    def __init__(self, folder: Path, run: str, complain: Callable[[str], None]) -> None:
        self._folder = folder
        self._run = run
        self._complain = complain
        self._sent: asyncio.Queue[Command] = asyncio.Queue()
        self._handled: set[str] = set()
        """Names of letters that were taken or refused, in case their files cannot be moved away."""
        for path in self._waiting():
            with suppress(*_UNREADABLE):
                self._take(path)

    def send(self, command: Command) -> None:
        """Leave a command for the run, from its own event loop."""
        self._sent.put_nowait(command)

    async def next(self) -> Command:
        """The next command, waiting for one."""
        while True:
            for path in self._waiting():
                self._open(path)
            try:
                async with asyncio.timeout(POLL_S):
                    return await self._sent.get()
            except TimeoutError:
                continue

    def _waiting(self) -> list[Path]:
        """The letters in the folder, oldest first."""
        try:
            found = [
                (entry.stat().st_mtime_ns, entry.path)
                for entry in os.scandir(self._folder)
                if _is_letter(entry) and entry.name not in self._handled
            ]
        except OSError:
            return []
        return [Path(path) for _, path in sorted(found)]

    def _open(self, path: Path) -> None:
        try:
            command = self._take(path)
        except _UNREADABLE:
            self._handled.add(path.name)
            with suppress(OSError):
                path.replace(path.with_name(f"{path.name}.refused"))
            self._complain(f"a command could not be read and is set aside: {visible(path.name)}.refused")
        else:
            if command is not None:
                self._sent.put_nowait(command)

    def _take(self, path: Path) -> Command | None:
        """The command of a letter to this run, whose file is removed; None if it is to another or gone.

        Raises one of `_UNREADABLE` for what is no letter.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError("it is too large")
            letter = Letter.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        if letter.run != self._run:
            return None
        self._handled.add(path.name)
        with suppress(OSError):
            path.unlink()
        return letter.command


_UNREADABLE = (OSError, ValueError)  # a pydantic ValidationError is a ValueError


def _is_letter(entry: os.DirEntry[str]) -> bool:
    return (
        entry.name.endswith(".json")
        and not entry.name.startswith(".")
        and entry.is_file(follow_symlinks=False)
    )
