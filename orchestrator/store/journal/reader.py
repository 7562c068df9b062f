"""Reading the journal: runs, facts, bodies, recorded answers, each verified before it is given out.

Every read is short and takes the reading connection for itself, so any thread may ask. Inside a run these
reads are made on the event loop: a look-up costs some ten microseconds, less than handing it to a thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.facts import FACT, Fact
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Done
from orchestrator.store.agentfs.connection import Connections, open_reading
from orchestrator.store.agentfs.files import read_part
from orchestrator.store.agentfs.schema import chunk_size
from orchestrator.store.journal import tables

PAGE = 2000
"""Facts read at a time."""


class JournalReader:
    """What can be asked of a journal. Raises StoreError for what is absent, altered or unreadable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        with connections.reading() as db:
            self._chunk = chunk_size(db)

    def find(self, key: Digest, run: str | None) -> Done | None:
        """The newest recorded answer of a turn key, of one run or (None) of any; None if there is none.

        Answers replayed from a cassette are given to their own run alone. Simulated ones say that they are.
        """
        query = tables.ANSWER_OF_KEY if run is None else tables.ANSWER_OF_KEY_IN_RUN
        wanted = (tables.blob(key),) if run is None else (tables.blob(key), run)
        with self._connections.reading() as db:
            row = db.execute(query, wanted).fetchone()
            if row is None:
                return None
            answer, ino, start, size = row
            body = read_part(db, ino, start, size, self._chunk)
        return Done.model_validate_json(self._verified(bytes(answer).hex(), body))

    def body(self, digest: Digest) -> bytes:
        """The bytes recorded under a digest: a turn's input by its key, an answer, a squad, a prompt."""
        with self._connections.reading() as db:
            row = db.execute(tables.BODY, (tables.blob(digest),)).fetchone()
            if row is None:
                raise StoreError(f"{self._connections.name} has no body {digest}")
            ino, start, size = row
            body = read_part(db, ino, start, size, self._chunk)
        return self._verified(digest, body)

    def runs(self) -> Sequence[RunRecord]:
        """All recorded runs, oldest first."""
        with self._connections.reading() as db:
            rows = db.execute("SELECT record, prompt, squad FROM journal_runs ORDER BY id").fetchall()
        text = cache(lambda digest: self.body(digest.hex()).decode())  # runs of one squad share its text
        return [_record(short, text(prompt), text(squad)) for short, prompt, squad in rows]

    def facts(self, run: str, after: int = 0) -> Iterator[tuple[int, Fact]]:
        """The run's facts numbered above `after`, in order; none for a run that is not there."""
        with self._connections.reading() as db:
            row = db.execute("SELECT id FROM journal_runs WHERE slug = ?", (run,)).fetchone()
        seq = after
        while row:
            with self._connections.reading() as db:
                page = db.execute(
                    "SELECT seq, fact, crc FROM journal_facts WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
                    (row[0], seq, PAGE),
                ).fetchall()
            for found, text, crc in page:
                if found != seq + 1 or tables.fact_crc(found, text) != crc:
                    raise StoreError(
                        f"{self._connections.name}: fact {seq + 1} of {run} is missing or altered"
                    )
                seq = found
                yield seq, self._fact(run, seq, text)
            if len(page) < PAGE:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Not for a reader that belongs to an open journal: close the journal."""
        self._connections.close()

    def _fact(self, run: str, seq: int, text: str) -> Fact:
        try:
            return FACT.validate_json(text)
        except ValidationError as error:
            raise StoreError(
                f"{self._connections.name}: fact {seq} of run {run} is of a kind not known here",
                "it was written by a newer agentlark: use that one",
            ) from error

    def _verified(self, digest: Digest, body: bytes) -> bytes:
        if digest_of(body) != digest:
            raise StoreError(
                f"{self._connections.name}: the body {digest} is not what was recorded: the file was altered",
                "restore the file from a backup; the turn can be run again with --fresh",
            )
        return body


def open_journal_readonly(path: Path) -> JournalReader:
    """A reader for commands that only look, while others may write.

    Creates no database. Raises StoreRefused when there is no journal, or none that we can read.
    """
    connections = open_reading(path, tables.JOURNAL)
    if connections is None:
        raise StoreRefused(f"there is no journal in {visible(str(path))} yet", "run a squad first")
    return JournalReader(connections)


def _record(short: str, prompt: str, squad: str) -> RunRecord:
    return RunRecord.model_validate({**json.loads(short), "prompt": prompt, "squad": squad})
