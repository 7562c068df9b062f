"""The lock that keeps a second run out of a folder; the system lets go of it when its holder dies."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from orchestrator.core.errors import FolderBusy, StoreRefused


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has a folder, and the run it carries out."""

    pid: int
    run: str


def holder_of(path: Path) -> Holder | None:
    """Who holds a folder by the lock at `path`; None when nobody does, or it has not said its name yet."""
    return _named(path.with_suffix(".owner")) if is_held(path) else None


def is_held(path: Path) -> bool:
    """Whether some process holds the lock at `path`; no file is made to find out."""
    if not path.exists():
        return False
    probe = FileLock(path, timeout=0, mode=0o600)
    try:
        probe.acquire()
    except Timeout:
        return True
    except OSError:
        return False
    probe.release()
    return False


def _named(owner: Path) -> Holder | None:
    try:
        found = json.loads(owner.read_text(encoding="utf-8"))
        return Holder(int(found["pid"]), str(found["run"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class FolderLock:
    """Held from construction to `release`. Raises FolderBusy, naming the holder, when somebody has it."""

    def __init__(self, path: Path) -> None:
        self._owner = path.with_suffix(".owner")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FileLock(path, timeout=0, mode=0o600)
            self._lock.acquire()
        except Timeout:
            raise FolderBusy(
                f"another run has this folder: {self._holder()}",
                "wait for it to end, interrupt it, or run in another folder",
            ) from None
        except OSError as error:
            raise StoreRefused(
                f"{path} cannot be locked: {error.strerror or error}", "run in a folder that you can write to"
            ) from error

    def name(self, slug: str) -> None:
        """Say which run holds the folder, for whoever finds it busy."""
        with open(self._owner, "w", encoding="utf-8", opener=_for_its_owner) as file:
            json.dump({"pid": os.getpid(), "run": slug}, file)

    def release(self) -> None:
        """Let others in; asking twice is fine."""
        self._owner.unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        holder = _named(self._owner)
        return f"{holder.run} (process {holder.pid})" if holder else "it has not said its name yet"
