"""Copies of a database, consistent as of one moment: whole on the disk before anything is changed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError


def copy_database(db: sqlite3.Connection, to: Path) -> None:
    """Copy a database by SQLite's backup into a file that needs no log beside it; durable on return.

    Raises OSError and sqlite3.Error.
    """
    target = sqlite3.connect(to, isolation_level=None)
    try:
        db.backup(target)
        target.execute("PRAGMA journal_mode=DELETE").fetchone()
    finally:
        target.close()
    sync(to)


def keep_backup(db: sqlite3.Connection, path: Path, label: str) -> Path:
    """Copy the database at `path` beside it (0600), under a name that says why; gives the copy's path.

    Raises StoreError when there is no room for it.
    """
    backup = free_path(path, label)
    try:
        os.close(os.open(backup, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        copy_database(db, backup)
        sync(backup.parent)
    except (OSError, sqlite3.Error) as error:
        backup.unlink(missing_ok=True)
        raise StoreError(
            f"no backup of {visible(str(path))} could be made: {error}",
            "make room; nothing has been changed",
        ) from error
    return backup


def free_path(path: Path, label: str) -> Path:
    """A free name beside a file: `agent-db.damaged.db`, then `agent-db.damaged-2.db` and so on."""
    return next(free for free in _names(path, label) if not free.exists())


def _names(path: Path, label: str) -> Iterator[Path]:
    number = 1
    while True:
        counted = label if number == 1 else f"{label}-{number}"
        yield path.with_name(f"{path.stem}.{counted}{path.suffix}")
        number += 1


def sync(path: Path) -> None:
    """Have a file's content, or a folder's entries, on the disk. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
