"""What of an AgentFS file a copy of it lacks, in batches that each leave the copy whole. Reads only.

Tables are only appended to, so how far a copy has come is the last row number of each: its `Marks`. A round
takes the file's own marks at one moment and sends what lies between, in this order: inodes with their
contents, then directory entries (with the inodes that they changed), tool calls, runs and turns, and facts
last. So whoever reads a fact in the copy finds what it names. Every statement replaces a row by itself: a
batch that is sent twice, because nobody knows whether it arrived, changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from sqlite3 import Connection
from typing import TypeAlias

Statement: TypeAlias = tuple[str, tuple[object, ...]]

BATCH_ROWS = 400
BATCH_BYTES = 400_000
"""A batch holds no more than so many rows, or bytes of content, unless one file has more."""

_NUMBERED = (("fs_dentry", "id"), ("tool_calls", "id"), ("journal_runs", "id"), ("journal_turns", "id"))
"""Tables in the order in which they are sent, each with the column that numbers its rows."""

MARKS = """SELECT (SELECT max(ino) FROM fs_inode), (SELECT max(id) FROM fs_dentry),
    (SELECT max(id) FROM tool_calls), (SELECT max(id) FROM journal_runs), (SELECT max(id) FROM journal_turns),
    (SELECT max(updated_at) FROM kv_store)"""
FACT_MARKS = """SELECT id, (SELECT max(seq) FROM journal_facts f WHERE f.run = r.id) FROM journal_runs r"""
FIRST_RUN = "SELECT slug, record FROM journal_runs ORDER BY id LIMIT 1"


@dataclass(frozen=True, slots=True)
class Marks:
    """The last row of each table that a file has, 0 where it has none."""

    ino: int = 0
    numbered: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[int, int] = field(default_factory=dict)
    """The last fact of each run."""
    kv: int = 0
    """The time of the newest key-value entry, in seconds."""


def marks_of(row: Sequence[int | None], facts: Sequence[Sequence[int | None]]) -> Marks:
    """Marks from the rows that `MARKS` and `FACT_MARKS` give."""
    ino, dentry, call, run, turn, kv = (value or 0 for value in row)
    numbered = dict(zip((table for table, _ in _NUMBERED), (dentry, call, run, turn), strict=True))
    return Marks(ino, numbered, {int(run or 0): seq or 0 for run, seq in facts}, kv)


def local_marks(db: Connection) -> Marks:
    """How far the file is, at one moment."""
    db.execute("BEGIN")
    try:
        return marks_of(db.execute(MARKS).fetchone(), db.execute(FACT_MARKS).fetchall())
    finally:
        db.execute("COMMIT")


def schema_statements(db: Connection) -> list[Statement]:
    """What makes the file's tables and indexes in an empty database, and fills those that never grow."""
    rows = db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    made = [
        (
            sql.replace(" TABLE ", " TABLE IF NOT EXISTS ", 1).replace(" INDEX ", " INDEX IF NOT EXISTS ", 1),
            (),
        )
        for (sql,) in rows
        if not sql.startswith("CREATE TABLE sqlite_")
    ]
    fixed = ("fs_config", "agentlark_schema")
    return made + [each for table in fixed for each in _replacing(db, table, "1", ())]


def batches(db: Connection, has: Marks, wanted: Marks) -> Iterator[tuple[list[Statement], Marks]]:
    """What leads a copy from the marks it has to those wanted: batches, each with the marks it leads to."""
    for batch, has in _files(db, has, wanted):  # noqa: B020  # the marks go on from stage to stage
        yield batch, has
    for table, column in _NUMBERED:
        while (last := has.numbered.get(table, 0)) < wanted.numbered[table]:
            end = min(last + BATCH_ROWS, wanted.numbered[table])
            batch = _replacing(db, table, f"{column} > ? AND {column} <= ?", (last, end))
            if table == "fs_dentry":
                batch += _replacing(db, "fs_inode", _TOUCHED, (last, end) * 2)
            has = replace(has, numbered={**has.numbered, table: end})
            yield batch, has
    for run, seq in wanted.facts.items():
        while (last := has.facts.get(run, 0)) < seq:
            end = min(last + BATCH_ROWS, seq)
            batch = _replacing(db, "journal_facts", "run = ? AND seq > ? AND seq <= ?", (run, last, end))
            has = replace(has, facts={**has.facts, run: end})
            yield batch, has
    if entries := _replacing(db, "kv_store", "updated_at >= ?", (has.kv,)):
        yield entries, replace(has, kv=wanted.kv)


_TOUCHED = """ino IN (SELECT parent_ino FROM fs_dentry WHERE id > ? AND id <= ?
    UNION SELECT ino FROM fs_dentry WHERE id > ? AND id <= ?)"""
"""Directories that got an entry, files that got a further one."""


def _files(db: Connection, has: Marks, wanted: Marks) -> Iterator[tuple[list[Statement], Marks]]:
    while has.ino < wanted.ino:
        end = _end_of_files(db, has.ino, wanted.ino)
        between = (has.ino, end)
        batch = [
            *_replacing(db, "fs_inode", "ino > ? AND ino <= ?", between),
            *_replacing(db, "fs_data", "ino > ? AND ino <= ?", between),
            *_replacing(db, "fs_symlink", "ino > ? AND ino <= ?", between),
            *_replacing(db, "journal_bodies", "ino > ? AND ino <= ?", between),
        ]
        has = replace(has, ino=end)
        yield batch, has


def _end_of_files(db: Connection, after: int, limit: int) -> int:
    """The last inode of the next batch."""
    query = "SELECT ino, size FROM fs_inode WHERE ino > ? AND ino <= ? ORDER BY ino LIMIT ?"
    end, room = limit, BATCH_BYTES
    rows = db.execute(query, (after, limit, BATCH_ROWS)).fetchall()
    for number, (ino, size) in enumerate(rows):
        room -= size
        if room < 0 and number:
            return int(rows[number - 1][0])
        end = ino
    return int(end) if len(rows) == BATCH_ROWS else limit


def _replacing(db: Connection, table: str, where: str, values: tuple[object, ...]) -> list[Statement]:
    """A statement per row of a table that puts it into a copy; none for a table that is not there."""
    try:
        rows = db.execute(f"SELECT * FROM {table} WHERE {where}", values)  # noqa: S608  # names of ours
    except Exception as error:
        if "no such table" in str(error):
            return []
        raise
    columns = [column[0] for column in rows.description]
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    return [(sql, row) for row in rows]
