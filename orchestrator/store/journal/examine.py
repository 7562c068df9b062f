"""The full examination of a journal's file: everything is read, and everything is held against its facts.

Three looks, each finding what the one before cannot: whether SQLite takes the file for sound; whether facts,
records and bodies are those that were recorded, by their checksums and digests; whether all the rest is what
follows from them. A bit that flips changes what is read, and
one of them notices, or it lies in a byte that nothing reads (room in a page that no row fills).
"""

from __future__ import annotations

import sqlite3
from itertools import islice
from pathlib import Path

from orchestrator.core.errors import StoreError
from orchestrator.store.agentfs.connection import Connections, attach, open_reading, readable
from orchestrator.store.agentfs.schema import create_tables
from orchestrator.store.journal.comparison import differences
from orchestrator.store.journal.replay import replay
from orchestrator.store.journal.source import JournalSource
from orchestrator.store.journal.tables import JOURNAL, LOST

FINDINGS = 20
"""Findings of one look at most; a page that is gone would make thousands."""


def damages(path: Path) -> list[str]:
    """What of a journal is not as it was recorded, in words; empty for a sound one, or none at all.

    It must not be written meanwhile. Raises StoreRefused for a file that is not ours to read: locked, of a
    newer version.
    """
    if not path.exists():
        return []
    connections = open_reading(path, JOURNAL)
    if connections is None:
        return [_emptied(path)]
    try:
        with readable(connections.name):
            return _looks(connections, path)
    except StoreError as error:
        return [error.message]
    finally:
        connections.close()


def lost_turns(connections: Connections) -> list[str]:
    """The turns whose recorded answers were lost by damage, as `run agent step`; mending leaves them so."""
    with connections.reading() as db:
        return [f"{run} {fact}" for run, fact in db.execute(LOST).fetchall()]


def _looks(connections: Connections, path: Path) -> list[str]:
    with connections.reading() as db:
        found = _unsound_pages(db, path)
    if found:
        return found
    new = sqlite3.connect("", uri=True, isolation_level=None)  # on the disk as far as it is large
    try:
        new.execute("PRAGMA synchronous=OFF")
        create_tables(new, JOURNAL, 0)
        replay(JournalSource(connections), new)
        attach(new, path, "found")
        return list(islice(differences(new), FINDINGS))
    finally:
        new.close()


def _unsound_pages(db: sqlite3.Connection, path: Path) -> list[str]:
    rows = db.execute(f"PRAGMA integrity_check({FINDINGS})").fetchall()
    found = [str(text) for (text,) in rows if text != "ok"]
    for name in ("user_version", "application_id"):
        if db.execute(f"PRAGMA {name}").fetchone()[0]:
            found.append(f"the header's {name}")
    size = path.stat().st_size
    pages, page_size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    if size != pages * page_size and not path.with_name(f"{path.name}-wal").exists():
        found.append(f"the file has {size:,} bytes and not {pages * page_size:,}")
    return found


def _emptied(path: Path) -> str:
    if not path.stat().st_size:
        return "the file is empty"
    return "the file has no journal, or its version cannot be read"
