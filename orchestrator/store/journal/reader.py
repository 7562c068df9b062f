"""Reading the journal: runs, facts, bodies, recorded answers, each verified before it is given out.

Every read is short and takes the reading connection for itself, so any thread may ask. Inside a run these
reads are made on the event loop: a look-up costs some ten microseconds, less than handing it to a thread.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreDamaged, StoreError, StoreRefused
from orchestrator.core.facts import FACT, Fact
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Answer, Done
from orchestrator.store.agentfs.connection import Connections, open_reading
from orchestrator.store.agentfs.files import read_part
from orchestrator.store.agentfs.schema import Statements, chunk_size
from orchestrator.store.journal import tables
from orchestrator.store.journal.watermark import refuse_behind, refuse_emptied

PAGE = 2000
"""Facts read at a time."""

KEYS_AT_ONCE = 500
"""Keys looked up at a time."""

_FACTS: TypeAdapter[list[Fact]] = TypeAdapter(list[Fact])


class JournalReader:
    """What can be asked of a journal. Raises StoreError for what is absent, altered or unreadable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        with connections.reading() as db:
            self._chunk = chunk_size(db)

    def find(self, key: Digest, run: str | None) -> Answer | None:
        """The newest recorded answer of a turn key, of one run or (None) of any; None if there is none.

        Answers replayed from a cassette are given to their own run alone. Simulated ones say that they are.
        """
        return self.find_all([key], run).get(key)

    def find_all(self, keys: Sequence[Digest], run: str | None) -> dict[Digest, Answer]:
        """The answers of those of many keys that have one, each as `find` gives it."""
        found: list[tuple[Digest, Digest, bytes]] = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            asked = [tables.blob(key) for key in keys[start : start + KEYS_AT_ONCE]]
            query = tables.answers_of_keys(len(asked), of_run=run is not None)
            with self._connections.reading() as db:
                rows = db.execute(query, (run, self._chunk, *asked)).fetchall()
                found += [(key.hex(), answer.hex(), self._at(db, *place)) for key, answer, *place in rows]
        return {
            key: Answer(Done.model_validate_json(self._verified(digest, body)), digest)
            for key, digest, body in found
        }

    def body(self, digest: Digest) -> bytes:
        """The bytes recorded under a digest: a turn's input by its key, an answer, a squad, a prompt."""
        with self._connections.reading() as db:
            row = db.execute(tables.BODY, (tables.blob(digest), self._chunk)).fetchone()
            if row is None:
                raise StoreError(f"{self._connections.name} has no body {digest}")
            body = self._at(db, *row)
        return self._verified(digest, body)

    def runs(self) -> Sequence[RunRecord]:
        """All recorded runs, oldest first."""
        return self._records(f"{tables.RUNS} ORDER BY id")

    def run(self, slug: str) -> RunRecord | None:
        """The record of one run; None when there is none."""
        return next(iter(self._records(f"{tables.RUNS} WHERE slug = ?", slug)), None)

    def last_run(self) -> RunRecord | None:
        """The record of the newest run; None when there is none."""
        return next(iter(self._records(f"{tables.RUNS} ORDER BY id DESC LIMIT 1")), None)

    def slugs(self) -> Sequence[str]:
        """The names of all recorded runs, oldest first."""
        with self._connections.reading() as db:
            return [slug for (slug,) in db.execute("SELECT slug FROM journal_runs ORDER BY id").fetchall()]

    def facts(self, run: str, after: int = 0) -> Iterator[tuple[int, Fact]]:
        """The run's facts numbered above `after`, in order; none for a run that is not there."""
        with self._connections.reading() as db:
            row = db.execute("SELECT id FROM journal_runs WHERE slug = ?", (run,)).fetchone()
        seq = after
        while row:
            with self._connections.reading() as db:
                page = db.execute(tables.FACTS, (row[0], seq, PAGE)).fetchall()
            texts = self._sound(run, seq, page)
            yield from enumerate(self._read(run, seq, texts), seq + 1)
            seq += len(texts)
            if len(texts) < len(page):
                raise StoreDamaged(f"{self._connections.name}: fact {seq + 1} of {run} is missing or altered")
            if len(page) < PAGE:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Not for a reader that belongs to an open journal: close the journal."""
        self._connections.close()

    def _at(self, db: Statements, ino: int, start: int, size: int, chunk: bytes | None) -> bytes:
        """The bytes at a place, whose first chunk has been read."""
        skip = start % self._chunk
        if chunk is not None and skip + size <= self._chunk:
            return chunk[skip : skip + size]
        return read_part(db, ino, start, size, self._chunk)

    def _sound(self, run: str, after: int, page: Sequence[tuple[int, str, int]]) -> list[str]:
        """The facts of a page up to the first that is missing or altered."""
        texts: list[str] = []
        for expected, (seq, text, crc) in enumerate(page, after + 1):
            if seq != expected or tables.fact_crc(seq, text) != crc:
                break
            texts.append(text)
        return texts

    def _read(self, run: str, after: int, texts: Sequence[str]) -> Iterable[Fact]:
        """Facts from their JSON, all at once: five times as fast as one by one."""
        try:
            with _uncollected():
                return _FACTS.validate_json(f"[{','.join(texts)}]")
        except ValidationError:
            return self._one_by_one(run, after, texts)

    def _one_by_one(self, run: str, after: int, texts: Sequence[str]) -> Iterator[Fact]:
        """The facts before one that is not known here, then an error that names it."""
        for seq, text in enumerate(texts, after + 1):
            try:
                yield FACT.validate_json(text)
            except ValidationError as error:
                raise StoreError(
                    f"{self._connections.name}: fact {seq} of run {run} is of a kind not known here",
                    "it was written by a newer agentlark: use that one",
                ) from error

    def _records(self, query: str, *given: str) -> list[RunRecord]:
        with self._connections.reading() as db:
            rows = db.execute(query, given).fetchall()
        text = cache(lambda digest: self.body(digest.hex()).decode())  # runs of one squad share its text
        return [self._record(row, text) for row in rows]

    def _record(self, row: tuple[str, str, bytes, bytes, int], text: Callable[[bytes], str]) -> RunRecord:
        slug, short, prompt, squad, crc = row
        if tables.run_crc(slug, short, prompt, squad) != crc:
            raise StoreDamaged(f"{self._connections.name}: the record of run {slug} was altered")
        return RunRecord.model_validate({**json.loads(short), "prompt": text(prompt), "squad": text(squad)})

    def _verified(self, digest: Digest, body: bytes) -> bytes:
        if digest_of(body) != digest:
            raise StoreDamaged(
                f"{self._connections.name}: the body {digest} is not what was recorded: the file was altered"
            )
        return body


def open_journal_readonly(path: Path) -> JournalReader:
    """A reader for commands that only look, while others may write.

    Creates no database. Raises StoreRefused when there is no journal, or none that we can read, StoreDamaged
    when it lacks what was acknowledged.
    """
    refuse_emptied(path)
    connections = open_reading(path, tables.JOURNAL)
    if connections is None:
        raise StoreRefused(f"there is no journal in {visible(str(path))} yet", "run a squad first")
    try:
        with connections.reading() as db:
            refuse_behind(db, path, connections.name)
    except BaseException:
        connections.close()
        raise
    return JournalReader(connections)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collections, which take most of the time of making very many values, in vain."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
