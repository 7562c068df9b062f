"""A copy of a live AgentFS file, consistent as of one moment, for tools that need the file to themselves."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from tempfile import NamedTemporaryFile

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError, StoreRefused, UserError
from orchestrator.store.agentfs.backup import copy_database
from orchestrator.store.agentfs.trail import open_trail


def snapshot(source: Path, out: Path, is_forced: bool = False) -> int:
    """Copy a file, also while others write it, by SQLite's backup; gives the bytes of the copy (0600).

    The copy takes its place whole or not at all, and needs no log beside it. Raises UserError for a place
    that cannot be taken (something is there, unless forced), StoreRefused when there is nothing to copy.
    """
    name = visible(str(out))
    if out.is_dir():
        raise UserError(f"{name} is a folder", "name a file")
    if out.exists() and source.exists() and out.samefile(source):
        raise UserError(f"{name} is the file itself", "name another file")
    if out.exists() and not is_forced:
        raise UserError(f"{name} exists already", "name another file, or replace it with --force")
    connections = open_trail(source)
    if connections is None:
        raise StoreRefused(f"there is no AgentFS file {visible(str(source))} yet", "run a squad first")
    try:
        with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as made:
            copy = Path(made.name)
    except OSError as error:
        connections.close()
        raise UserError(
            f"{name} cannot be written: {error.strerror}", "name a file in a folder of yours"
        ) from error
    try:
        with connections.reading() as db:
            copy_database(db, copy)
        for log in (out.with_name(f"{out.name}-wal"), out.with_name(f"{out.name}-shm")):
            log.unlink(missing_ok=True)  # a replaced database's log must not be taken for the copy's
        copy.replace(out)
    except (OSError, sqlite3.Error) as error:
        copy.unlink(missing_ok=True)
        raise StoreError(f"{name} cannot be written: {error}", "make room, or name another file") from error
    finally:
        connections.close()
    return out.stat().st_size
