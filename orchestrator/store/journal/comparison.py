# ruff: noqa: S608  # the statements are made of this module's own texts
"""Whether a journal's file says what its facts say, row by row.

The file is compared with one that was written anew from its facts and bodies (`replay.py`), by statements
that see both: `main` is the new one, `found` the file. What others have put beside our entries is none of
this module's business, nor are times of last access, which any reader may set, and gaps in numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from orchestrator.store.agentfs.schema import AGENTFS_VERSION, CHUNK_SIZE, DIRECTORY_TYPE, TYPE_MASK

_BOTH = ("main", "found")

_TREE = "CREATE TEMP TABLE {schema}_tree (path TEXT NOT NULL, ino INTEGER NOT NULL)"
_WALK = """INSERT INTO {schema}_tree
    WITH RECURSIVE walk(path, ino, depth) AS (
        SELECT '', 1, 0
        UNION ALL
        SELECT walk.path || '/' || d.name, d.ino, depth + 1
        FROM walk JOIN {schema}.fs_dentry d ON d.parent_ino = walk.ino WHERE depth < 32)
    SELECT path, ino FROM walk"""
_PATHS = "CREATE INDEX temp.{schema}_tree_path ON {schema}_tree(path)"
_INOS = "CREATE INDEX temp.{schema}_tree_ino ON {schema}_tree(ino)"

_ALIKE = ("mode", "nlink", "uid", "gid", "size", "rdev")
_FILE_TIMES = ("mtime", "ctime", "mtime_nsec", "ctime_nsec")
_IS_FOLDER = f"(w.mode & {TYPE_MASK}) = {DIRECTORY_TYPE}"

_ENTRIES = f"""SELECT 'the entry of ' || w_path.path FROM main_tree w_path
    JOIN main.fs_inode w ON w.ino = w_path.ino
    LEFT JOIN found_tree f_path ON f_path.path = w_path.path
    LEFT JOIN found.fs_inode f ON f.ino = f_path.ino
    WHERE {" OR ".join(f"f.{name} IS NOT w.{name}" for name in _ALIKE)}
    OR CASE WHEN {_IS_FOLDER} THEN f.mtime IS NOT f.ctime OR f.mtime_nsec IS NOT f.ctime_nsec
       ELSE {" OR ".join(f"f.{name} IS NOT w.{name}" for name in _FILE_TIMES)} END"""

_CONTENTS = """SELECT DISTINCT 'the content of ' || w.path FROM main_tree w
    JOIN found_tree f ON f.path = w.path
    JOIN main.fs_data d ON d.ino = w.ino
    LEFT JOIN found.fs_data o ON o.ino = f.ino AND o.chunk_index = d.chunk_index
    WHERE o.data IS NOT d.data"""

_FURTHER_CHUNKS = """SELECT DISTINCT 'the content of ' || w.path FROM main_tree w
    JOIN main.fs_inode i ON i.ino = w.ino
    JOIN found_tree f ON f.path = w.path
    JOIN found.fs_data o ON o.ino = f.ino
    LEFT JOIN main.fs_data d ON d.ino = w.ino AND d.chunk_index = o.chunk_index
    WHERE d.ino IS NULL"""

_TURN_ROWS = """SELECT coalesce(r.slug, 'no run') AS slug, t.seq, t.origin, t.key, t.answer,
    t.key_start, t.key_size, t.answer_start, t.answer_size,
    (SELECT min(+path) FROM {schema}_tree p WHERE p.ino = t.ino) AS path
    FROM {schema}.journal_turns t LEFT JOIN {schema}.journal_runs r ON r.id = t.run"""
_TURNS = "SELECT DISTINCT 'the row of fact ' || seq || ' of ' || slug FROM ({one} EXCEPT {other})"

_BODIES = """SELECT 'the row of a body (' || lower(hex(digest)) || ')' FROM (
        SELECT b.digest, b.size, min(p.path) FROM main.journal_bodies b
        JOIN main_tree p ON p.ino = b.ino GROUP BY b.digest
    EXCEPT
        SELECT b.digest, b.size, min(p.path) FROM found.journal_bodies b
        JOIN found_tree p ON p.ino = b.ino GROUP BY b.digest)"""
_FURTHER_BODIES = """SELECT 'a row of a body that is not there (' || lower(hex(digest)) || ')'
    FROM found.journal_bodies WHERE digest NOT IN (SELECT digest FROM main.journal_bodies)"""

_KV = """SELECT 'the entry ' || key FROM (
        SELECT key, value, created_at, updated_at FROM main.kv_store
    EXCEPT SELECT key, value, created_at, updated_at FROM found.kv_store)"""
_FURTHER_KV = """SELECT 'the entry ' || key || ' of no run' FROM found.kv_store
    WHERE key LIKE 'agentlark:%' AND key NOT IN (SELECT key FROM main.kv_store)"""

_CALL = "name, parameters, result, error, status, started_at, completed_at, duration_ms"
_CALLS = f"""SELECT 'the tool call ' || name || ' (' || parameters || ')' FROM (
    SELECT {_CALL} FROM main.tool_calls EXCEPT SELECT {_CALL} FROM found.tool_calls)"""
_FURTHER_CALLS = f"""SELECT 'a tool call of no fact (' || parameters || ')' FROM (
    SELECT {_CALL}, count(*) FROM found.tool_calls WHERE parameters LIKE '%"event":"/runs/%' GROUP BY {_CALL}
    EXCEPT SELECT {_CALL}, count(*) FROM main.tool_calls GROUP BY {_CALL})"""

_LEFTOVERS = (
    "SELECT 'facts of no run (' || run || ')' FROM found.journal_facts"
    " WHERE run NOT IN (SELECT id FROM found.journal_runs) GROUP BY run",
    "SELECT 'the directory entry ' || name || ' of nothing' FROM found.fs_dentry"
    " WHERE ino NOT IN (SELECT ino FROM found.fs_inode)"
    " OR parent_ino NOT IN (SELECT ino FROM found.fs_inode)",
    "SELECT 'the inode ' || ino || ', which no directory has' FROM found.fs_inode"
    " WHERE ino <> 1 AND ino NOT IN (SELECT ino FROM found_tree)",
    "SELECT 'content of no file (inode ' || ino || ')' FROM found.fs_data"
    " WHERE ino NOT IN (SELECT ino FROM found.fs_inode) GROUP BY ino",
    "SELECT 'the setting ' || key || ' of AgentFS' FROM main.fs_config"
    " EXCEPT SELECT 'the setting ' || key || ' of AgentFS' FROM found.fs_config"
    f" WHERE (key, value) IN (('chunk_size', '{CHUNK_SIZE}'), ('schema_version', '{AGENTFS_VERSION}'))",
    "SELECT 'the version of ' || part FROM (SELECT * FROM main.agentlark_schema"
    " EXCEPT SELECT * FROM found.agentlark_schema)",
    "SELECT 'the numbers given out in ' || name FROM found.sqlite_sequence s WHERE name = 'fs_inode'"
    " AND seq < (SELECT max(ino) FROM found.fs_inode)",
)


def differences(db: sqlite3.Connection) -> Iterator[str]:
    """What of `found` is not as in `main`, in words. Raises sqlite3.Error for what cannot be read."""
    wanted, found = (_shape(db, schema) for schema in _BOTH)
    yield from sorted({f"the definition of {table}" for table, _ in wanted - found})
    walk_trees(db)
    for query in (_ENTRIES, _CONTENTS, _FURTHER_CHUNKS, _BODIES, _FURTHER_BODIES):
        yield from _words(db, query)
    all_turns, turns = (_TURN_ROWS.format(schema=schema) for schema in _BOTH)
    yield from _words(db, _TURNS.format(one=all_turns, other=turns))
    yield from _words(db, _TURNS.format(one=turns, other=all_turns))
    for query in (_KV, _FURTHER_KV, _CALLS, _FURTHER_CALLS, *_LEFTOVERS):
        yield from _words(db, query)


def walk_trees(db: sqlite3.Connection) -> None:
    """Make the temporary tables `main_tree` and `found_tree`: every path of a file tree and its inode."""
    for schema in _BOTH:
        for statement in (_TREE, _WALK, _PATHS, _INOS):
            db.execute(statement.format(schema=schema))


def _shape(db: sqlite3.Connection, schema: str) -> set[tuple[str, object]]:
    """Columns and indexes of all tables, whatever the words by which they were made."""
    tables = f"SELECT name, wr, strict FROM pragma_table_list WHERE schema = '{schema}' AND type = 'table'"
    found: set[tuple[str, object]] = set()
    for table, *kind in db.execute(tables).fetchall():
        columns = db.execute(f"PRAGMA {schema}.table_xinfo('{table}')").fetchall()
        indexes = db.execute(f"PRAGMA {schema}.index_list('{table}')").fetchall()
        found.add((table, (*kind, *columns)))
        found |= {
            (table, (*rest, *db.execute(f"PRAGMA {schema}.index_xinfo('{name}')").fetchall()))
            for _, name, *rest in indexes
        }
    return found


def _words(db: sqlite3.Connection, query: str) -> Iterator[str]:
    for (text,) in db.execute(query):
        yield str(text)
