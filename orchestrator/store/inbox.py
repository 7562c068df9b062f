"""Commands from other processes: files that are renamed into a folder, each taken once.

`leave` writes a command beside the folder and renames it into it, so that whoever looks sees it whole or not
at all. A run takes those that name it; one that cannot be read is set aside and said.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from pydantic import ValidationError

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

    Letters to other runs are left alone. What lies there for this run when the inbox is made is dropped: it
    was meant for an earlier process.
    """

    def __init__(self, folder: Path, run: str, complain: Callable[[str], None]) -> None:
        self._folder = folder
        self._run = run
        self._complain = complain
        self._sent: asyncio.Queue[Command] = asyncio.Queue()
        self._taken()  # what was left while the run did not go is not for now

    def send(self, command: Command) -> None:
        """Leave a command for the run, from its own event loop."""
        self._sent.put_nowait(command)

    async def next(self) -> Command:
        """The next command, waiting for one."""
        while True:
            for command in self._taken():
                self._sent.put_nowait(command)
            try:
                async with asyncio.timeout(POLL_S):
                    return await self._sent.get()
            except TimeoutError:
                continue

    def _taken(self) -> list[Command]:
        """The commands that have been left for this run, oldest first; their files are removed."""
        try:
            found = [
                (entry.stat().st_mtime_ns, entry.path)
                for entry in os.scandir(self._folder)
                if _is_letter(entry)
            ]
        except OSError:
            return []
        letters = (self._opened(Path(path)) for _, path in sorted(found))
        return [letter.command for letter in letters if letter is not None]

    def _opened(self, path: Path) -> Letter | None:
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError("it is too large")
            letter = Letter.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, ValidationError):
            self._complain(f"a command could not be read and is set aside: {visible(path.name)}.refused")
            path.replace(path.with_name(f"{path.name}.refused"))
            return None
        if letter.run != self._run:
            return None
        path.unlink(missing_ok=True)
        return letter


def _is_letter(entry: os.DirEntry[str]) -> bool:
    return (
        entry.name.endswith(".json")
        and not entry.name.startswith(".")
        and entry.is_file(follow_symlinks=False)
    )
