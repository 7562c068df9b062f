# ruff: noqa: S608  # the statements are made of this module's own texts
"""The journal's own tables, beside AgentFS's in the same file and the same transactions.

- `journal_runs`: one row per run; its record without the two long texts, which are files, and a checksum.
- `journal_facts`: the facts of each run as JSON text, numbered from 1, kept in the order they are read
  back, each with a checksum over its number and its text.
- `journal_turns`: one row per turn that ended, saying where in which file its input and its answer stand. It
  is the turn cache: the newest row of a key with an answer is what the key gives. Rows are only
  appended, so that the table stays packed; the two digests are looked up through indexes.
- `journal_bodies`: where bodies that belong to no turn stand (a squad, a prompt); each is a file of its own.

A body is stored once, in a file that people and the AgentFS tools can read; these rows only point into files.
"""

from __future__ import annotations

from zlib import crc32

from orchestrator.core.frozen import Digest
from orchestrator.store.agentfs.schema import Part, Statements


def blob(digest: Digest) -> bytes:
    """A digest as the tables keep it: 32 bytes."""
    return bytes.fromhex(digest)


def fact_crc(seq: int, text: str) -> int:
    """The checksum of a fact in its place."""
    return crc32(text.encode(), seq & 0xFFFFFFFF)


def run_crc(slug: str, record: str, prompt: bytes, squad: bytes) -> int:
    """The checksum of a run's row; `prompt` and `squad` are digests."""
    return crc32(b"\0".join((slug.encode(), record.encode(), prompt, squad)))


def _checksum_runs(db: Statements) -> None:
    """Version 2: each run's row has a checksum."""
    db.execute("ALTER TABLE journal_runs ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
    rows = db.execute("SELECT slug, record, prompt, squad, id FROM journal_runs").fetchall()
    db.executemany(
        "UPDATE journal_runs SET crc = ? WHERE id = ?", [(run_crc(*row[:4]), row[4]) for row in rows]
    )


JOURNAL = Part(
    "journal",
    2,
    (
        """CREATE TABLE IF NOT EXISTS journal_runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            slug TEXT NOT NULL UNIQUE,
            record TEXT NOT NULL,
            prompt BLOB NOT NULL,
            squad BLOB NOT NULL,
            crc INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        """CREATE TABLE IF NOT EXISTS journal_facts (
            run INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            fact TEXT NOT NULL,
            crc INTEGER NOT NULL,
            PRIMARY KEY (run, seq)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE IF NOT EXISTS journal_turns (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            origin TEXT NOT NULL,
            key BLOB NOT NULL,
            answer BLOB,
            ino INTEGER NOT NULL,
            key_start INTEGER NOT NULL,
            key_size INTEGER NOT NULL,
            answer_start INTEGER NOT NULL,
            answer_size INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX IF NOT EXISTS journal_turns_key ON journal_turns(key)",
        "CREATE INDEX IF NOT EXISTS journal_turns_answer ON journal_turns(answer) WHERE answer IS NOT NULL",
        """CREATE TABLE IF NOT EXISTS journal_bodies (
            digest BLOB PRIMARY KEY,
            ino INTEGER NOT NULL,
            size INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
    ),
    {1: _checksum_runs},
)

INSERT_RUN = "INSERT INTO journal_runs (slug, record, prompt, squad, crc) VALUES (?, ?, ?, ?, ?) RETURNING id"
RUNS = """SELECT CAST(slug AS TEXT), CAST(record AS TEXT), CAST(prompt AS BLOB), CAST(squad AS BLOB), crc
    FROM journal_runs"""
FACTS = """SELECT seq, CAST(coalesce(fact, '') AS TEXT), crc FROM journal_facts
    WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"""

INSERT_FACT = "INSERT INTO journal_facts (run, seq, fact, crc) VALUES (?, ?, ?, ?)"
INSERT_TURN = """INSERT INTO journal_turns
    (run, seq, origin, key, answer, ino, key_start, key_size, answer_start, answer_size)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
INSERT_BODY = "INSERT OR IGNORE INTO journal_bodies (digest, ino, size) VALUES (?, ?, ?)"

_ASKED = "ino, CAST(coalesce(key_start, 0) AS INTEGER) AS start, CAST(key_size AS INTEGER) AS size"
_GIVEN = "ino, CAST(coalesce(answer_start, 0) AS INTEGER) AS start, CAST(answer_size AS INTEGER) AS size"
"""Numbers, whatever type a damaged row gave them: what is read by them is verified."""


_PLACE_AND_CHUNK = """ino, start, size, (SELECT CAST(data AS BLOB) FROM fs_data
        WHERE fs_data.ino = place.ino AND chunk_index = place.start / ?2)"""
"""Where a body stands and its first chunk, in one statement; `?2` is the bytes per chunk."""

PLACES = f"""SELECT {_ASKED} FROM journal_turns WHERE key = ?1 AND key_size > 0
    UNION ALL SELECT {_GIVEN} FROM journal_turns WHERE answer = ?1 AND answer_size > 0
    UNION ALL SELECT ino, 0, CAST(size AS INTEGER) FROM journal_bodies WHERE digest = ?1"""
"""Wherever a body stands; the first place will do."""

BODY = f"SELECT {_PLACE_AND_CHUNK} FROM ({PLACES} LIMIT 1) AS place"


def answers_of_keys(count: int, *, of_run: bool) -> str:
    """A query for the newest answers of so many keys: each key, its answer, and where that stands.

    `?1` is the slug of a run, if one is meant, `?2` the bytes per chunk; the keys follow.
    """
    asked = ", ".join(f"(?{number})" for number in range(3, count + 3))
    counts = (
        "run = (SELECT id FROM journal_runs WHERE slug = ?1)"
        if of_run
        else "origin IN ('live', 'reused', 'adopted')"
    )
    return f"""WITH asked(key) AS (VALUES {asked}), places AS (
        SELECT asked.key, CAST(answer AS BLOB) AS answer, {_GIVEN} FROM asked JOIN journal_turns AS turn
        ON turn.id = (SELECT id FROM journal_turns WHERE key = asked.key AND answer IS NOT NULL
            AND answer_size > 0 AND {counts} ORDER BY id DESC LIMIT 1))
        SELECT key, answer, {_PLACE_AND_CHUNK} FROM places AS place"""


RECORDED_TURN = """SELECT ino, key_start, key_size, answer_start, answer_size FROM journal_turns
    WHERE key = ? AND +answer = ? AND answer_size > 0 ORDER BY id DESC LIMIT 1"""
"""Looked up by key (`+`), because one answer may be that of very many turns."""

FOOTPRINTS = """WITH parts AS (
        SELECT min(t.run) AS run, i.size FROM journal_turns t JOIN fs_inode i ON i.ino = t.ino
        GROUP BY t.ino),
    files AS (SELECT run, sum(size) AS bytes FROM parts GROUP BY run),
    lines AS (SELECT run, sum(length(fact)) AS bytes, max(seq) AS last FROM journal_facts GROUP BY run),
    counts AS (SELECT run, count(*) AS turns, sum(origin = 'reused') AS reused FROM journal_turns
        WHERE answer IS NOT NULL GROUP BY run)
    SELECT r.slug, r.record, f.fact, coalesce(c.turns, 0), coalesce(c.reused, 0),
        coalesce(files.bytes, 0) + coalesce(lines.bytes, 0)
    FROM journal_runs r LEFT JOIN lines ON lines.run = r.id LEFT JOIN files ON files.run = r.id
    LEFT JOIN counts c ON c.run = r.id
    LEFT JOIN journal_facts f ON f.run = r.id AND f.seq = lines.last ORDER BY r.id"""
"""Each run, its last fact, its answered turns, those of them it reused, and the bytes it takes."""
