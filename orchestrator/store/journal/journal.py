"""The journal in an AgentFS file: `ports.Journal` with group commit, and everything `JournalReader` reads.

A commit is queued, written by the one writer thread together with whatever else waits, and acknowledged
when its transaction is on the disk. One run's commits keep their order, its facts are numbered from 1
without gaps. No answer is cached in memory: what `find` gives is what a later process would be given.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, cast

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Fact
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Answer
from orchestrator.store.agentfs.connection import Connections, open_file, open_memory, refuse_locked
from orchestrator.store.agentfs.writer import GroupWriter
from orchestrator.store.journal.batch import JournalBatch, Known
from orchestrator.store.journal.lookups import Lookups
from orchestrator.store.journal.reader import JournalReader
from orchestrator.store.journal.tables import JOURNAL
from orchestrator.store.journal.watermark import (
    Acknowledged,
    Watermark,
    forget_removed,
    refuse_behind,
    refuse_emptied,
)

IN_MEMORY: Final = None
"""The path of a journal that is kept nowhere: no trail, hence no resume and no reuse across runs."""

_Commit: TypeAlias = tuple[str, Sequence[Fact], Mapping[Digest, bytes]]
_Job: TypeAlias = RunRecord | _Commit


class AgentFSJournal:
    """The record of all runs in one file, or with `IN_MEMORY` for as long as the process lives.

    Opening blocks for some milliseconds and raises, before anything is written, StoreRefused when the file is
    not ours to write, StoreDamaged when it lacks what was acknowledged. Close it, or the log stays beside the
    file (nothing acknowledged is lost by that).
    """

    def __init__(self, path: Path | None) -> None:
        self._connections: Connections = open_memory(JOURNAL) if path is None else _open_whole(path)
        self._reader = JournalReader(self._connections)
        self._lookups = Lookups(self._reader)
        self._known = Known()
        self._mark = Watermark(path) if path else None
        self._writer: GroupWriter[_Job, str | int] = GroupWriter(
            self._connections, self._write, self._committed
        )

    async def open_run(self, record: RunRecord) -> str:
        """Record a new run and give its slug, with a suffix (`-2`) if it is taken; durable on return."""
        slug = await self._writer.submit(record)
        assert isinstance(slug, str)
        return slug

    def commit(self, run: str, facts: Sequence[Fact], bodies: Mapping[Digest, bytes]) -> asyncio.Future[int]:
        """Record facts and bodies in one transaction; ends, when durable, with the number of the last fact.

        Raises StoreError, saying what is recorded and what is not, when they cannot be; after a failed
        write so does every later call. Cancelling the future does not take the entry back.
        """
        future = self._writer.submit((run, facts, bodies))
        return cast("asyncio.Future[int]", future)  # only a new run is answered with a slug

    async def find(self, key: Digest, run: str | None) -> Answer | None:
        """The recorded answer under a turn key, of one run or (None) of any; see `JournalReader.find`."""
        return await self._lookups.find(key, run)

    def runs(self) -> Sequence[RunRecord]:
        """All recorded runs, oldest first."""
        return self._reader.runs()

    def run(self, slug: str) -> RunRecord | None:
        """The record of one run; None when there is none."""
        return self._reader.run(slug)

    def last_run(self) -> RunRecord | None:
        """The record of the newest run; None when there is none."""
        return self._reader.last_run()

    def slugs(self) -> Sequence[str]:
        """The names of all recorded runs, oldest first."""
        return self._reader.slugs()

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """The run's facts numbered above `after`, in order; any thread may ask."""
        return self._reader.facts(run, after)

    def body(self, digest: Digest) -> bytes:
        """The bytes recorded under a digest, verified; any thread may ask."""
        return self._reader.body(digest)

    async def close(self) -> None:
        """Write what is queued, fold the log into the file, let go of it. Safe to call again."""
        try:
            await self._writer.close()
        finally:
            mark, self._mark = self._mark, None
            if mark:
                mark.close()

    def _write(self, db: sqlite3.Connection, jobs: Sequence[_Job]) -> list[str | int | StoreError]:
        batch = JournalBatch(db, self._known)
        results = [_attempt(batch, job) for job in jobs]
        batch.flush()
        return results

    def _committed(self, jobs: Sequence[_Job], results: Sequence[str | int | StoreError]) -> None:
        """Note the newest of what was recorded."""
        for job, result in zip(reversed(jobs), reversed(results), strict=True):
            if self._mark and not isinstance(result, StoreError):
                self._mark.raise_to(_acknowledged(job, result))
                return


def _open_whole(path: Path) -> Connections:
    """Open a journal for writing that nobody else writes and that has all that was ever acknowledged."""
    forget_removed(path)
    refuse_emptied(path)
    connections = open_file(path, JOURNAL)
    try:
        refuse_locked(connections)  # now, and not at the first commit
        with connections.reading() as db:
            refuse_behind(db, path, connections.name)
    except BaseException:
        connections.close()
        raise
    return connections


def _acknowledged(job: _Job, result: str | int) -> Acknowledged:
    return (
        Acknowledged(result, 0) if isinstance(result, str) else Acknowledged(cast("_Commit", job)[0], result)
    )


def _attempt(batch: JournalBatch, job: _Job) -> str | int | StoreError:
    """What became of one job; a refusal concerns it alone."""
    try:
        return batch.open_run(job) if isinstance(job, RunRecord) else batch.commit(*job)
    except StoreError as error:
        return error
