"""The full examination of a journal's file: everything is read, and everything is held against its facts.

Three looks, each finding what the one before cannot: whether SQLite takes the file for sound; whether facts,
records and bodies are those that were recorded, by their checksums and digests; whether all the rest is what
follows from them. A bit that flips changes what is read, and one of them notices, or it lies in a byte that
nothing reads (room in a page that no row fills). What a log lacks is known from the `watermark` beside it.
"""

from __future__ import annotations

import sqlite3
from itertools import islice
from pathlib import Path

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.store.agentfs.connection import Connections, attach, open_reading, open_tree, readable
from orchestrator.store.agentfs.schema import columns, create_tables
from orchestrator.store.journal.comparison import differences
from orchestrator.store.journal.replay import replay
from orchestrator.store.journal.source import JournalSource
from orchestrator.store.journal.tables import JOURNAL
from orchestrator.store.journal.watermark import refuse_behind, refuse_emptied

FINDINGS = 20
"""Findings of one look at most; a page that is gone would make thousands."""


HEADER = bytes.fromhex("53514c69746520666f726d61742033001000020200402020")
"""How each of our files begins: SQLite's name, the size of a page, the kind of log, three constants."""

_FLIPPED = 2
"""Bytes of the header that may differ in a file that is still taken for one of ours."""


def damages(path: Path) -> list[str]:
    """What of a journal is not as it was recorded, in words; empty for a sound one, or none at all.

    It must not be written meanwhile. Raises StoreRefused for a file that is not ours to read: locked, of a
    newer version.
    """
    if not path.exists():
        return []
    try:
        refuse_emptied(path)
        connections = open_reading(path, JOURNAL)
        if connections is None:
            return _without_journal(path)
        try:
            with readable(connections.name):
                return _looks(connections, path)
        finally:
            connections.close()
    except StoreRefused:
        if not _has_altered_header(path):
            raise
        return ["the header of the file"]
    except StoreError as error:
        return [error.message]


def _without_journal(path: Path) -> list[str]:
    connections = open_tree(path)
    if connections is None:
        return ["the file is empty"]
    with connections.reading() as db:
        is_begun = bool(columns(db, "journal_runs"))
    connections.close()
    return ["the version of the journal"] if is_begun else []


def _has_altered_header(path: Path) -> bool:
    with path.open("rb") as file:
        found = file.read(len(HEADER))
    altered = sum(one != other for one, other in zip(found, HEADER, strict=False))
    return len(found) == len(HEADER) and 0 < altered <= _FLIPPED


def _looks(connections: Connections, path: Path) -> list[str]:
    with connections.reading() as db:
        refuse_behind(db, path, connections.name)
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
    size, has_log = path.stat().st_size, path.with_name(f"{path.name}-wal").exists()
    pages, page_size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    if size % page_size or (size != pages * page_size and not has_log):
        found.append(f"the file has {size:,} bytes and not {pages * page_size:,}")
    return found
