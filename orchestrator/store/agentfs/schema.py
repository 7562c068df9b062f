"""The tables of an AgentFS file, and whether a file that we find is one that we may write.

The shape is that of the SDKs (release 0.6.4), not of the written specification where the two differ:
`tool_calls` has a `status` column, inodes have thirteen columns. Tables of our own live beside them;
`agentlark_schema` names each part of ours in the file and its version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from orchestrator.core.errors import StoreRefused

AGENTFS_VERSION = "0.4"
CHUNK_SIZE = 4096
"""Bytes per row of `fs_data`; written into the file and fixed for its life."""

ROOT_INO = 1
DIRECTORY_MODE = 0o040755
FILE_MODE = 0o100644
TYPE_MASK = 0o170000
DIRECTORY_TYPE = 0o040000

TABLES = (
    "CREATE TABLE IF NOT EXISTS fs_config (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS fs_inode (
        ino INTEGER PRIMARY KEY AUTOINCREMENT,
        mode INTEGER NOT NULL,
        nlink INTEGER NOT NULL DEFAULT 0,
        uid INTEGER NOT NULL DEFAULT 0,
        gid INTEGER NOT NULL DEFAULT 0,
        size INTEGER NOT NULL DEFAULT 0,
        atime INTEGER NOT NULL,
        mtime INTEGER NOT NULL,
        ctime INTEGER NOT NULL,
        rdev INTEGER NOT NULL DEFAULT 0,
        atime_nsec INTEGER NOT NULL DEFAULT 0,
        mtime_nsec INTEGER NOT NULL DEFAULT 0,
        ctime_nsec INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE IF NOT EXISTS fs_dentry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        parent_ino INTEGER NOT NULL,
        ino INTEGER NOT NULL,
        UNIQUE(parent_ino, name)
    )""",
    "CREATE INDEX IF NOT EXISTS idx_fs_dentry_parent ON fs_dentry(parent_ino, name)",
    """CREATE TABLE IF NOT EXISTS fs_data (
        ino INTEGER NOT NULL,
        chunk_index INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (ino, chunk_index)
    )""",
    "CREATE TABLE IF NOT EXISTS fs_symlink (ino INTEGER PRIMARY KEY, target TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS kv_store (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        created_at INTEGER DEFAULT (unixepoch()),
        updated_at INTEGER DEFAULT (unixepoch())
    )""",
    "CREATE INDEX IF NOT EXISTS idx_kv_store_created_at ON kv_store(created_at)",
    """CREATE TABLE IF NOT EXISTS tool_calls (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        parameters TEXT,
        result TEXT,
        error TEXT,
        status TEXT NOT NULL DEFAULT 'pending',
        started_at INTEGER NOT NULL,
        completed_at INTEGER,
        duration_ms INTEGER
    )""",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_name ON tool_calls(name)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_started_at ON tool_calls(started_at)",
)

_COLUMNS = {
    "fs_config": {"key", "value"},
    "fs_inode": {"ino", "mode", "nlink", "size", "mtime", "rdev", "atime_nsec", "mtime_nsec", "ctime_nsec"},
    "fs_dentry": {"name", "parent_ino", "ino"},
    "fs_data": {"ino", "chunk_index", "data"},
    "kv_store": {"key", "value"},
    "tool_calls": {"name", "parameters", "result", "error", "status", "started_at"},
}


class Rows(Protocol):
    """What a statement gives back."""

    @property
    def rowcount(self) -> int:
        """Rows changed, summed over all parameter sets."""
        ...

    def fetchone(self) -> Any:
        """The next row as a tuple, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All remaining rows as tuples."""
        ...


class Statements(Protocol):
    """What this room asks of a database: `sqlite3.Connection` has it, and a remote one can be given it."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows:
        """Run one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows:
        """Run one statement once per parameter set."""
        ...


Migration: TypeAlias = Callable[[Statements], None]
"""Brings the tables of a part from one version to the next, within a transaction of the caller's."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tables of ours beside AgentFS's: a name, the version of their shape, and what creates them."""

    name: str
    version: int
    tables: tuple[str, ...]
    migrations: Mapping[int, Migration] = field(default_factory=dict)
    """By version, what leads from it to the next one, where creating what is missing is not all there is."""


def columns(db: Statements, table: str) -> set[str]:
    """The names of a table's columns; empty when there is no such table."""
    return {row[0] for row in db.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()}


def refuse_foreign(db: Statements, name: str, part: Part | None) -> None:
    """Raise StoreRefused unless the file is empty or an AgentFS file whose versions we know. Reads only.

    Without a part, only the version of AgentFS's own tables counts.
    """
    if not db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        return
    for table, wanted in _COLUMNS.items():
        _refuse_shape(name, table, wanted, columns(db, table))
    _refuse_newer_agentfs(db, name)
    if part is not None:
        _refuse_version(db, name, part)


def _refuse_shape(name: str, table: str, wanted: set[str], found: set[str]) -> None:
    if not found and table.startswith("fs_"):
        raise StoreRefused(
            f"{name} is a SQLite database of something else: it has no table {table}",
            "name another file, or move this one away",
        )
    if found and not wanted <= found:
        missing = ", ".join(sorted(wanted - found))
        raise StoreRefused(
            f"{name} is an AgentFS file of another version: {table} lacks {missing}",
            "bring it up to date with `agentfs migrate`, or name another file",
        )


def _refuse_newer_agentfs(db: Statements, name: str) -> None:
    row = db.execute("SELECT value FROM fs_config WHERE key = 'schema_version'").fetchone()
    if row and _numbers(row[0]) > _numbers(AGENTFS_VERSION):
        raise StoreRefused(
            f"{name} has AgentFS schema version {row[0]}, and {AGENTFS_VERSION} is the newest known here",
            "use a newer agentlark, or name another file",
        )


def _refuse_version(db: Statements, name: str, part: Part) -> None:
    version = part_version(db, part.name)
    if version > part.version:
        raise StoreRefused(
            f"{name} has {part.name} version {version} of a newer agentlark; known here: {part.version}",
            "use that agentlark, or name another file",
        )


def migrate_tables(db: Statements, part: Part, now_s: int) -> None:
    """Bring an older part up to date in the current transaction; one that is up to date stays as it is."""
    for version in range(part_version(db, part.name), part.version):
        if version in part.migrations:
            part.migrations[version](db)
    create_tables(db, part, now_s)


def part_version(db: Statements, part: str) -> int:
    """The version of a part of ours in the file, 0 when it has none."""
    if not columns(db, "agentlark_schema"):
        return 0
    row = db.execute("SELECT version FROM agentlark_schema WHERE part = ?", (part,)).fetchone()
    return int(row[0]) if row else 0


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(piece) if piece.isdigit() else 0 for piece in str(version).split("."))


def create_tables(db: Statements, part: Part, now_s: int) -> None:
    """Create in the current transaction what is missing: AgentFS's tables, its root, and ours."""
    for statement in TABLES:
        db.execute(statement)
    config = (("chunk_size", str(CHUNK_SIZE)), ("schema_version", AGENTFS_VERSION))
    db.executemany("INSERT OR IGNORE INTO fs_config (key, value) VALUES (?, ?)", config)
    db.execute(
        "INSERT OR IGNORE INTO fs_inode (ino, mode, nlink, atime, mtime, ctime) VALUES (?, ?, 1, ?, ?, ?)",
        (ROOT_INO, DIRECTORY_MODE, now_s, now_s, now_s),
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS agentlark_schema (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"
    )
    for statement in part.tables:
        db.execute(statement)
    db.execute("INSERT OR REPLACE INTO agentlark_schema VALUES (?, ?)", (part.name, part.version))


def chunk_size(db: Statements) -> int:
    """The bytes per chunk of this file."""
    row = db.execute("SELECT value FROM fs_config WHERE key = 'chunk_size'").fetchone()
    return int(row[0]) if row else CHUNK_SIZE
