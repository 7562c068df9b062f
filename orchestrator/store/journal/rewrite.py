"""A journal's file replaced by one that is written anew: without some runs, or without what was damaged.

The new file is written beside the old one, made durable, and takes its name in one step; whoever kills the
process finds one or the other, whole. What others have put into the file (files, entries, tool calls, tables)
comes along. The caller holds the folder's lock, so that nobody writes meanwhile; who still reads the old file
goes on reading it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError
from orchestrator.store.agentfs.backup import sync
from orchestrator.store.agentfs.connection import attach, open_file
from orchestrator.store.journal.comparison import walk_trees
from orchestrator.store.journal.replay import Source, replay
from orchestrator.store.journal.tables import JOURNAL
from orchestrator.store.journal.watermark import refuse_behind, watermark_path

_AS_IT_WAS = "make room, the new file is written beside the old one; the old one is as it was"

_THEIRS = """SELECT f.path, f.ino FROM found_tree f LEFT JOIN main_tree w ON w.path = f.path
    WHERE w.path IS NULL AND NOT EXISTS (SELECT 1 FROM found.journal_turns t WHERE t.ino = f.ino)
    AND NOT EXISTS (SELECT 1 FROM found.journal_bodies b WHERE b.ino = f.ino) ORDER BY f.path"""
_INODE = """INSERT INTO main.fs_inode
    (mode, nlink, uid, gid, size, atime, mtime, ctime, rdev, atime_nsec, mtime_nsec, ctime_nsec)
    SELECT mode, 0, uid, gid, size, atime, mtime, ctime, rdev, atime_nsec, mtime_nsec, ctime_nsec
    FROM found.fs_inode WHERE ino = ? RETURNING ino"""
_UNLINKED = (
    "DELETE FROM main.fs_data WHERE ino IN (SELECT ino FROM main.fs_inode WHERE nlink = 0)",
    "DELETE FROM main.fs_inode WHERE nlink = 0",
)
_ROWS = (
    "INSERT OR IGNORE INTO main.kv_store SELECT * FROM found.kv_store WHERE key NOT LIKE 'agentlark:%'",
    """INSERT INTO main.tool_calls
        (name, parameters, result, error, status, started_at, completed_at, duration_ms)
        SELECT name, parameters, result, error, status, started_at, completed_at, duration_ms
        FROM found.tool_calls
        WHERE parameters IS NULL OR parameters NOT LIKE '%"event":"/runs/%' ORDER BY id""",
    "INSERT OR IGNORE INTO main.fs_config SELECT * FROM found.fs_config",
    "INSERT OR IGNORE INTO main.agentlark_schema SELECT * FROM found.agentlark_schema",
)
_OUR_FOLDERS = ("agents", "events", "bodies")
"""Folders of a run that have nothing but what follows from its facts."""

_TABLES = """SELECT name, sql FROM found.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
    AND name NOT IN (SELECT name FROM main.sqlite_schema)"""


def write_anew(path: Path, source: Source, old: Path) -> list[str]:
    """Write beside `path` what the source tells and what others have in `old`; nothing takes its place yet.

    Gives what of the others' could not be read, in words. Raises StoreError when it cannot be written, and
    what the source raises.
    """
    new = _new(path)
    remove(new)
    try:
        connections = open_file(new, JOURNAL, synchronous="OFF")
        try:
            replay(source, connections.write)
            unread = _carry_over(connections.write, old, {one.slug for one in source.records()})
        finally:
            connections.close()
        sync(new)
    except BaseException as error:
        remove(new)
        if isinstance(error, OSError | sqlite3.Error):
            raise StoreError(f"{visible(str(path))} cannot be written anew: {error}", _AS_IT_WAS) from error
        raise
    return unread


def put_in_place(path: Path) -> None:
    """Let what was written anew take the file's name; no connection of ours to the old one may be open.

    What its log still has is gone with it: `fold` it first, or have a copy.
    """
    try:
        for beside in (*_logs(path), watermark_path(path)):
            beside.unlink(missing_ok=True)
        _new(path).replace(path)
        sync(path.parent)
    except OSError as error:
        raise StoreError(f"{visible(str(path))} cannot be replaced: {error}", _AS_IT_WAS) from error


def fold(path: Path) -> None:
    """Have everything in the file itself, so that its log can go.

    Raises StoreError while it is read, StoreDamaged when the log lacks what was acknowledged.
    """
    connections = open_file(path, JOURNAL)
    try:
        with connections.reading() as db:
            refuse_behind(db, path, connections.name)
    finally:
        connections.close()
    log, _ = _logs(path)
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"somebody reads {visible(str(path))} for so long that its log cannot be folded into it",
            "close what shows it, and try again",
        )


def _carry_over(db: sqlite3.Connection, old: Path, kept: set[str]) -> list[str]:
    """Copy what is in the old file and not ours; gives what cannot be read.

    Each statement stands alone: damage in the old file would spoil a transaction that had met it before.
    """
    attach(db, old, "found")
    unread: list[str] = []
    try:
        walk_trees(db)
        unread += _copy_files(db, kept)
    except sqlite3.DatabaseError as error:
        unread.append(f"files of others: {error}")
    for statement in (*_ROWS, *_tables(db, unread)):
        try:
            db.execute(statement)
        except sqlite3.DatabaseError as error:
            unread.append(f"entries of others: {error}")
    db.execute("DETACH found")
    return unread


def _copy_files(db: sqlite3.Connection, kept: set[str]) -> Iterator[str]:
    """Copy others' files and folders, with their links; gives those that cannot be read."""
    inos = dict(db.execute("SELECT path, ino FROM main_tree").fetchall())
    copies: dict[int, int] = {}
    dropped = {slug for (slug,) in db.execute("SELECT slug FROM found.journal_runs").fetchall()} - kept
    for path, ino in db.execute(_THEIRS).fetchall():
        parent, _, name = path.rpartition("/")
        if parent not in inos or _is_ours(path, kept, dropped):
            continue
        try:
            made = inos[path] = copies[ino] = copies.get(ino) or _copy_file(db, ino)
        except (sqlite3.DatabaseError, TypeError) as error:
            yield f"{path}: {error}"
            continue
        entry = (name, inos[parent], made)
        db.execute("INSERT INTO main.fs_dentry (name, parent_ino, ino) VALUES (?, ?, ?)", entry)
        db.execute("UPDATE main.fs_inode SET nlink = nlink + 1 WHERE ino = ?", (made,))
    for statement in _UNLINKED:
        db.execute(statement)


def _is_ours(path: str, kept: set[str], dropped: set[str]) -> bool:
    """Whether a path is of a dropped run, or stands where only what follows from a run's facts does."""
    _, top, slug, folder, *_ = (*path.split("/"), "", "")
    return top == "runs" and (slug in dropped or (slug in kept and folder in _OUR_FOLDERS))


def _copy_file(db: sqlite3.Connection, ino: int) -> int:
    made = int(db.execute(_INODE, (ino,)).fetchone()[0])
    db.execute(
        "INSERT INTO main.fs_data SELECT ?, chunk_index, data FROM found.fs_data WHERE ino = ?", (made, ino)
    )
    db.execute(
        "INSERT INTO main.fs_symlink SELECT ?, target FROM found.fs_symlink WHERE ino = ?", (made, ino)
    )
    return made


def _tables(db: sqlite3.Connection, unread: list[str]) -> list[str]:
    """What makes others' tables and fills them."""
    try:
        rows = db.execute(_TABLES).fetchall()
    except sqlite3.DatabaseError as error:
        unread.append(f"tables of others: {error}")
        return []
    quoted = [(name.replace('"', '""'), sql) for name, sql in rows]
    fill = 'INSERT INTO main."{0}" SELECT * FROM found."{0}"'
    return [statement for name, sql in quoted for statement in (sql, fill.format(name))]


def _new(path: Path) -> Path:
    return path.with_name(f".{path.name}.rewritten")


def _logs(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def remove(path: Path) -> None:
    """Remove a database and its logs."""
    for one in (path, *_logs(path)):
        one.unlink(missing_ok=True)
