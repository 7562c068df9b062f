"""Reading a file tree, key-value entries, and tool calls: the small operations, one statement each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.core.errors import StoreError
from orchestrator.store.agentfs.schema import ROOT_INO, Statements

_ENTRY = "SELECT ino FROM fs_dentry WHERE parent_ino = ? AND name = ?"
_CHUNKS = "SELECT CAST(data AS BLOB) FROM fs_data"
"""As bytes, whatever type a damaged row, or somebody else, gave it."""
_KV = """INSERT INTO kv_store (key, value, created_at, updated_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"""
_TOOL = """INSERT INTO tool_calls
    (name, parameters, result, error, status, started_at, completed_at, duration_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""


def find_ino(db: Statements, path: str) -> int | None:
    """The inode at an absolute path, or None."""
    ino = ROOT_INO
    for name in filter(None, path.split("/")):
        row = db.execute(_ENTRY, (ino, name)).fetchone()
        if row is None:
            return None
        ino = row[0]
    return ino


def list_names(db: Statements, path: str) -> tuple[str, ...]:
    """The names in a directory, sorted. Raises StoreError when there is no such path."""
    rows = db.execute("SELECT name FROM fs_dentry WHERE parent_ino = ? ORDER BY name", (_found(db, path),))
    return tuple(row[0] for row in rows.fetchall())


def read_file(db: Statements, path: str) -> bytes:
    """A file's content. Raises StoreError when there is no such path."""
    return read_ino(db, _found(db, path))


def read_ino(db: Statements, ino: int) -> bytes:
    """The content of a file by its inode; empty when it has no chunks."""
    rows = db.execute(f"{_CHUNKS} WHERE ino = ? ORDER BY chunk_index", (ino,)).fetchall()
    return rows[0][0] if len(rows) == 1 else b"".join(row[0] for row in rows)


def read_part(db: Statements, ino: int, start: int, size: int, chunk: int) -> bytes:
    """`size` bytes of a file from byte `start`, reading no more chunks than hold them."""
    first = start // chunk
    last = (start + size - 1) // chunk
    rows = db.execute(
        f"{_CHUNKS} WHERE ino = ? AND chunk_index BETWEEN ? AND ? ORDER BY chunk_index",
        (ino, first, last),
    ).fetchall()
    skip = start - first * chunk
    return bytes(b"".join(row[0] for row in rows)[skip : skip + size])


def _found(db: Statements, path: str) -> int:
    ino = find_ino(db, path)
    if ino is None:
        raise StoreError(f"there is no {path} in this AgentFS file")
    return ino


def kv_set(db: Statements, entries: Iterable[tuple[str, JsonValue, int]]) -> None:
    """Set key-value entries, each with its time in seconds; values are kept as JSON text.

    The last of several equal keys stands.
    """
    rows = [(key, json.dumps(value, ensure_ascii=False), at_s, at_s) for key, value, at_s in entries]
    db.executemany(_KV, rows)


def kv_get(db: Statements, key: str) -> JsonValue:
    """The value under a key, None when there is none."""
    row = db.execute("SELECT value FROM kv_store WHERE key = ?", (key,)).fetchone()
    value: JsonValue = json.loads(row[0]) if row else None
    return value


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call that has ended. Times are whole seconds since the epoch; `error` means it failed."""

    name: str
    parameters: str
    """JSON text."""
    result: str | None
    """JSON text."""
    error: str | None
    started_at: int
    completed_at: int
    duration_ms: int


def add_tool_calls(db: Statements, calls: Sequence[ToolCall]) -> None:
    """Append tool calls, in order."""
    rows = [
        (
            *(call.name, call.parameters, call.result, call.error),
            "success" if call.error is None else "error",
            *(call.started_at, call.completed_at, call.duration_ms),
        )
        for call in calls
    ]
    db.executemany(_TOOL, rows)
