"""The projection of journals into `artifacts.agentfs.db`: take new facts, remember how far.

Each transaction takes facts in their order and stores, with what it made of them, the number of the last one.
A kill at any moment leaves a prefix, and the next `catch_up` goes on behind it; nothing is written twice and
nothing is left out. Two files are never one transaction, and need not be: this one only ever follows.

Several processes may project at once (a run, and a command that wants to see everything). Each transaction
looks first whether another one has gone on meanwhile, and if so starts again from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from sqlite3 import Connection, Error
from typing import Protocol, TypeAlias

from pydantic import ValidationError

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Fact, TurnEnded
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.store.agentfs.connection import open_file
from orchestrator.store.agentfs.tree import Directories, TreeBatch, moment
from orchestrator.store.artifacts import tables
from orchestrator.store.artifacts.batch import ArtifactBatch, artifact_folder
from orchestrator.store.artifacts.condensing import CondensePass, entry_of
from orchestrator.store.artifacts.story import Bodies, CondensingStory, SquadStory, Story

FACTS_AT_ONCE = 2000
"""Facts per transaction: as many as a journal reads at a time, so that none is read twice."""

_StoryMaker: TypeAlias = Callable[[RunRecord], Story]


class Recorded(Protocol):
    """What the projection reads of a journal: any `ports.Journal` and any `JournalReader` has it."""

    def runs(self) -> Sequence[RunRecord]:
        """All recorded runs."""
        ...

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """A run's facts above a number, in order."""
        ...

    def body(self, digest: Digest) -> bytes:
        """A verified body."""
        ...


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What catching up did: the last fact taken, artifacts written, turns whose bodies cannot be read."""

    taken: int
    written: int
    unreadable: tuple[str, ...] = ()


class ArtifactProjection:
    """One artifact file for any number of journals and runs; one thread at a time.

    Opening raises StoreRefused as the journal does. Commits are not synced one by one: what a power cut takes
    is projected again.
    """

    def __init__(self, path: Path) -> None:
        self._connections = open_file(path, tables.ARTIFACTS, synchronous="NORMAL")
        self._stories: dict[tuple[str, datetime], tuple[int, Story]] = {}
        self._is_closed = False

    def catch_up(self, journal: Recorded, run: str | RunRecord) -> CaughtUp:
        """Take the facts of a run that have come since the last time. Raises StoreError when it cannot write.

        Whoever calls often gives the run's record, which saves looking for it.
        """
        record = recorded(journal, run) if isinstance(run, str) else run
        return self._take_all(journal, record, SquadStory)

    def catch_up_all(self, journal: Recorded) -> CaughtUp:
        """Catch up with every run of a journal, oldest first; `taken` is that of the last."""
        return _sum([self.catch_up(journal, record) for record in journal.runs()])

    def catch_up_memory(self, journal: Recorded) -> CaughtUp:
        """Catch up with the memory's own journal: summaries are written, undone ones removed."""
        records = journal.runs()
        done: list[CaughtUp] = []
        for record in records:
            entry = entry_of(record)
            if isinstance(entry, CondensePass):
                done.append(self._take_all(journal, record, CondensingStory))
            else:
                self._undo(record, next(other for other in records if other.slug == entry.condensing))
        return _sum(done)

    def rebuild(self, journal: Recorded, run: str) -> CaughtUp:
        """Project a run anew from its first fact; artifacts of runs that the journal no longer has stay."""
        record = recorded(journal, run)
        self.forget(record)
        return self.catch_up(journal, record)

    def rebuild_all(self, journal: Recorded | None, memory: Recorded | None) -> CaughtUp:
        """Project everything anew that the journals have; what only this file has stays."""
        for source in (journal, memory):
            for record in source.runs() if source else ():
                self.forget(record)
        done = [self.catch_up_all(journal)] if journal else []
        return _sum(done + ([self.catch_up_memory(memory)] if memory else []))

    def close(self) -> None:
        """Let go of the file; asking twice is fine."""
        if not self._is_closed:
            self._is_closed = True
            self._connections.close()

    def _take_all(self, journal: Recorded, record: RunRecord, maker: _StoryMaker) -> CaughtUp:
        written = 0
        unreadable: list[str] = []
        while True:
            id, taken = self._place(record)
            page = list(islice(journal.facts(record.slug, taken), FACTS_AT_ONCE))
            if not page:
                return CaughtUp(taken, written, tuple(unreadable))
            story = self._story_after(journal, record, maker, taken)
            with self._transaction() as db:
                if _run_row(db, record) != (id, taken):
                    continue
                batch = ArtifactBatch(db, id)
                for seq, fact in page:
                    if left := story.see(fact):
                        batch.add(seq, left)
                        written += 1
                    if not isinstance(fact, TurnEnded) or fact.answer is None:
                        continue
                    if fact.origin not in story.origins:
                        batch.note_reused(fact)
                    else:
                        problem = _add(batch, journal, seq, fact, story)
                        unreadable += [problem] if problem else []
                        written += not problem
                batch.flush(page[-1][0])
            self._stories[record.slug, record.started] = page[-1][0], story

    def _story_after(self, journal: Recorded, record: RunRecord, maker: _StoryMaker, taken: int) -> Story:
        """The story of a run up to its fact `taken`; kept from one call to the next."""
        at, story = self._stories.get((record.slug, record.started), (-1, None))
        if story is None or at != taken:
            story = maker(record)
            for seq, fact in journal.facts(record.slug) if taken else ():
                if seq > taken:
                    break
                story.see(fact)
        return story

    def _place(self, record: RunRecord) -> tuple[int, int]:
        """A run's row and the number of the last fact taken; reads only, unless the run is new."""
        with self._connections.reading() as db:
            row = db.execute(tables.RUN, _wanted(record)).fetchone()
        if row is None:
            with self._transaction() as db:
                row = _run_row(db, record)
        return int(row[0]), int(row[1])

    def forget(self, record: RunRecord) -> None:
        """Take everything of a run out, as if none of its facts had been taken: it is projected anew."""
        with self._transaction() as db:
            id, _ = _run_row(db, record)
            _remove(db, record, id)
            db.execute(tables.TAKEN, (0, id))
        self._stories.pop((record.slug, record.started), None)

    def _undo(self, undo: RunRecord, condensing: RunRecord) -> None:
        """Take the summaries of a pass out and let it rest; once is enough."""
        if self._place(undo)[1]:
            return
        with self._transaction() as db:
            id, _ = _run_row(db, condensing)
            _remove(db, condensing, id)
            db.execute(tables.TAKEN, (1, _run_row(db, undo)[0]))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        db = self._connections.write
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except Error as error:
            raise StoreError(
                f"{self._connections.name} cannot be written: {error}. Nothing is lost, the journal has it",
                "mend the cause (a full disk, most often); the next run catches up",
            ) from error


def recorded(journal: Recorded, run: str) -> RunRecord:
    """The record of a run. Raises StoreError when the journal has no such run."""
    for record in journal.runs():
        if record.slug == run:
            return record
    raise StoreError(f"there is no run {run!r} in this journal, so it leaves no artifacts")


def _sum(done: Sequence[CaughtUp]) -> CaughtUp:
    unreadable = tuple(turn for one in done for turn in one.unreadable)
    return CaughtUp(done[-1].taken if done else 0, sum(one.written for one in done), unreadable)


def _wanted(record: RunRecord) -> tuple[str, str]:
    return record.slug, record.started.astimezone(UTC).isoformat()


def _run_row(db: Connection, record: RunRecord) -> tuple[int, int]:
    """The run's row and the number of the last fact taken, 0 for a run not seen before."""
    row = db.execute(tables.RUN, _wanted(record)).fetchone()
    if row is None:
        db.execute(tables.INSERT_RUN, _wanted(record))
        row = db.execute(tables.RUN, _wanted(record)).fetchone()
    return int(row[0]), int(row[1])


def _remove(db: Connection, record: RunRecord, id: int) -> None:
    tree = TreeBatch(db, Directories())
    folder = artifact_folder(tree, moment(record.started))
    tree.flush()
    for statement in tables.REMOVE:
        db.execute(statement, {"run": id, "folder": folder})


def _add(batch: ArtifactBatch, journal: Recorded, seq: int, fact: TurnEnded, story: Story) -> str | None:
    """Gather a turn's artifact, or say why its bodies cannot be read; the turns after it are not held up."""
    assert fact.answer is not None
    plan = batch.plan_of(fact.id.node) if fact.purpose != "plan" else None
    try:
        artifact = story.artifact(fact, Bodies(journal.body(fact.key), journal.body(fact.answer), plan))
    except (StoreError, ValidationError) as error:
        return f"{fact.id.node} step {fact.id.step} of {fact.id.run}: {error}"
    batch.add(seq, artifact, bytes.fromhex(fact.answer))
    return None
