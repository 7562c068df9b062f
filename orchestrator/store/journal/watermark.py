"""How far a journal was acknowledged, kept beside it while it is written.

SQLite takes a log that was cut off, or has a flipped bit, for one whose writer was killed there: it opens
the file as of an earlier transaction and says nothing. So the newest acknowledged transaction is noted in a
file of its own, without waiting for the disk: after a kill the note is exact, after a power cut it may be
behind, and it is never ahead. A journal that has less than the note says was damaged. One that was closed in
order has no log, and no note.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreDamaged

_BYTES = 512
"""The size of the note: one sector, so that it is written whole."""

_LAST = """SELECT coalesce((SELECT max(seq) FROM journal_facts WHERE run = r.id), 0)
    FROM journal_runs r WHERE r.slug = ?"""


class Acknowledged(NamedTuple):
    """The newest acknowledged transaction: a run, and the number of its last fact, 0 for none yet."""

    run: str
    seq: int


def watermark_path(journal: Path) -> Path:
    """Where the note about a journal is."""
    return journal.with_name(f"{journal.name}-mark")


class Watermark:
    """The note of one writer: opened with the journal, removed when the journal is closed in order."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path = watermark_path(journal)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)

    def raise_to(self, acknowledged: Acknowledged) -> None:
        """Note the newest transaction, which is on the disk; should that fail, the older note stays true."""
        text = json.dumps(acknowledged)
        note = f"{crc32(text.encode()):08x} {text}".encode().ljust(_BYTES)
        with suppress(OSError):
            os.pwrite(self._file, note[:_BYTES], 0)

    def close(self) -> None:
        """Let go of the note, and of a journal that is closed: remove it unless there is a log still."""
        os.close(self._file)
        log = self._journal.with_name(f"{self._journal.name}-wal")
        if not log.exists() or not log.stat().st_size:
            self._path.unlink(missing_ok=True)


def read_watermark(journal: Path) -> Acknowledged | None:
    """What is noted about a journal; None when nothing is, or not in full."""
    try:
        crc, _, text = watermark_path(journal).read_bytes().rstrip().partition(b" ")
        return Acknowledged(*json.loads(text)) if crc.decode() == f"{crc32(text):08x}" else None
    except (OSError, ValueError):
        return None


def refuse_emptied(journal: Path) -> None:
    """Raise StoreDamaged when the file is empty and was not; SQLite would begin it anew."""
    if read_watermark(journal) and journal.exists() and not journal.stat().st_size:
        raise StoreDamaged(f"{visible(str(journal))} is empty, and was not")


def forget_removed(journal: Path) -> None:
    """Remove the note about a journal that somebody has removed."""
    if read_watermark(journal) and not journal.exists():
        watermark_path(journal).unlink()


def refuse_behind(db: sqlite3.Connection, journal: Path, name: str) -> None:
    """Raise StoreDamaged when a journal has less than was acknowledged."""
    noted = read_watermark(journal)
    if noted is None:
        return
    row = db.execute(_LAST, (noted.run,)).fetchone()
    if row is None or row[0] < noted.seq:
        last = f"its facts after {row[0]}" if row else "all of it"
        raise StoreDamaged(
            f"{name} lacks what was recorded last: of {noted.run} {last}, up to {noted.seq};"
            " its log was cut off or altered"
        )
