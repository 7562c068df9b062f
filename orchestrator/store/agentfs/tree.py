"""Writing a file tree: directories, files and further links, gathered as rows and written in bulk.

A `TreeBatch` lives as long as one transaction. It hands out inode numbers at once and writes nothing before
`flush`, which issues one statement per table however many files there are. Links follow the SDKs: a file
counts its directory entries, a directory always counts one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.store.agentfs.schema import (
    DIRECTORY_MODE,
    DIRECTORY_TYPE,
    FILE_MODE,
    TYPE_MASK,
    Statements,
    chunk_size,
)

Moment: TypeAlias = tuple[int, int]
"""Whole seconds since the epoch, and nanoseconds."""

_Entry: TypeAlias = tuple[str, int, int]
"""A name, the inode of its directory, the inode it stands for."""

_INODE = """INSERT INTO fs_inode
    (ino, mode, nlink, size, atime, mtime, ctime, atime_nsec, mtime_nsec, ctime_nsec)
    VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)"""
_DENTRY = "INSERT OR IGNORE INTO fs_dentry (name, parent_ino, ino) VALUES (?, ?, ?)"
_ENTRY_INO = "SELECT ino FROM fs_dentry WHERE parent_ino = ? AND name = ?"
_CHILDREN = """SELECT d.name, CASE WHEN i.mode & ? = ? THEN d.ino ELSE 0 END
    FROM fs_dentry d LEFT JOIN fs_inode i ON i.ino = d.ino WHERE d.parent_ino = ?"""
_TOUCH = "UPDATE fs_inode SET mtime = ?, mtime_nsec = ?, ctime = ?, ctime_nsec = ? WHERE ino = ?"
_LINKED = "UPDATE fs_inode SET nlink = nlink + 1, ctime = ?, ctime_nsec = ? WHERE ino = ?"


def moment(at: datetime) -> Moment:
    """A time as inodes keep it."""
    return int(at.timestamp()), at.microsecond * 1000


def checked_name(name: str) -> str:
    """The name, unless no file can be called that (empty, `.`, `..`, with `/` or NUL): StoreRefused then."""
    if name in ("", ".", "..") or "/" in name or "\0" in name or not _is_text(name):
        raise StoreRefused(f"{name!r} cannot be the name of a file", "use letters, digits, '-' and '_'")
    return name


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= char <= "\udfff" for char in name)


class Directories:
    """The directories known so far by parent and name, kept between transactions to save look-ups."""

    def __init__(self) -> None:
        self._children: dict[int, dict[str, int]] = {}
        self._chunk_size = 0

    def chunk_size(self, db: Statements) -> int:
        """The bytes per chunk of this file."""
        self._chunk_size = self._chunk_size or chunk_size(db)
        return self._chunk_size

    def children(self, db: Statements, parent: int) -> dict[str, int]:
        """Entries of a directory when it was first asked for, and ours since: name to inode, 0 for a file."""
        known = self._children.get(parent)
        if known is None:
            rows = db.execute(_CHILDREN, (TYPE_MASK, DIRECTORY_TYPE, parent)).fetchall()
            known = self._children[parent] = dict(rows)
        return known

    def created(self, ino: int) -> None:
        """Note a new, empty directory."""
        self._children[ino] = {}


class TreeBatch:
    """Changes to a file tree within one transaction.

    `directories` belongs to the caller, who drops it should the transaction fail.
    """

    def __init__(self, db: Statements, directories: Directories) -> None:
        self._db = db
        self._directories = directories
        self._first = self._next = 0
        self._inodes: list[tuple[int, ...]] = []
        self._entries: list[_Entry] = []
        self._chunks: list[tuple[int, int, bytes]] = []
        self._links: list[tuple[int, int, int]] = []
        self._touched: dict[int, Moment] = {}

    def directory(self, parent: int, name: str, at: Moment) -> int:
        """The inode of a directory, made if it is not there. Raises StoreError if a file has its name."""
        children = self._directories.children(self._db, parent)
        ino = children.get(name)
        if ino is None:
            ino = children[checked_name(name)] = self._inode(DIRECTORY_MODE, 0, at)
            self._directories.created(ino)
            self._entry(parent, name, ino, at)
        if not ino:
            raise StoreError(f"a file named {name!r} is in the way of a folder", "move that file away")
        return ino

    def file(self, parent: int, name: str, content: bytes, at: Moment) -> int:
        """The inode of a new file; if the name is taken, it gets a suffix (`~2`) before its extension."""
        ino = self._inode(FILE_MODE, len(content), at)
        chunk = self._directories.chunk_size(self._db)
        if len(content) <= chunk:
            if content:
                self._chunks.append((ino, 0, content))
        else:
            pieces = range(0, len(content), chunk)
            self._chunks += [(ino, i, content[start : start + chunk]) for i, start in enumerate(pieces)]
        self._entry(parent, checked_name(name), ino, at)
        return ino

    def link(self, parent: int, name: str, ino: int, at: Moment) -> None:
        """A further directory entry of a file that exists; a taken name gets a suffix as with `file`."""
        self._links.append((*at, ino))
        self._entry(parent, checked_name(name), ino, at)

    def flush(self) -> None:
        """Write everything gathered, in the current transaction."""
        db = self._db
        if self._inodes:
            db.executemany(_INODE, self._inodes)
        if self._chunks:
            db.executemany("INSERT INTO fs_data (ino, chunk_index, data) VALUES (?, ?, ?)", self._chunks)
        if self._entries and db.executemany(_DENTRY, self._entries).rowcount < len(self._entries):
            self._rename_taken()
        if self._links:
            db.executemany(_LINKED, self._links)
        # New directories got their times when they were made.
        first = self._first or sys.maxsize
        older = [(*at, *at, ino) for ino, at in self._touched.items() if ino < first]
        if older:
            db.executemany(_TOUCH, older)

    def _inode(self, mode: int, size: int, at: Moment) -> int:
        ino = self._next
        if not ino:  # the first of this transaction; others may have written since the last one
            ino = self._first = _last_ino(self._db) + 1
        self._next = ino + 1
        seconds, nanos = at
        self._inodes.append((ino, mode, size, seconds, seconds, seconds, nanos, nanos, nanos))
        return ino

    def _entry(self, parent: int, name: str, ino: int, at: Moment) -> None:
        self._entries.append((name, parent, ino))
        self._touched[parent] = at

    def _rename_taken(self) -> None:
        """Give a free name to every entry that found its own taken, here or by an earlier transaction."""
        seen: set[tuple[int, str]] = set()
        for name, parent, ino in self._entries:
            row = self._db.execute(_ENTRY_INO, (parent, name)).fetchone()
            if row[0] == ino and (parent, name) not in seen:
                seen.add((parent, name))
                continue
            free = self._free_name(parent, name)
            self._db.execute(_DENTRY, (free, parent, ino))

    def _free_name(self, parent: int, name: str) -> str:
        return next(
            free for free in _suffixed(name) if not self._db.execute(_ENTRY_INO, (parent, free)).fetchone()
        )


def _suffixed(name: str) -> Iterable[str]:
    stem, dot, extension = name.rpartition(".")
    number = 2
    while True:
        yield f"{stem}~{number}.{extension}" if dot and stem else f"{name}~{number}"
        number += 1


def _last_ino(db: Statements) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'fs_inode'").fetchone()
    return int(row[0]) if row else 1
