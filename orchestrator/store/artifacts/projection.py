"""The projection of the journal into `artifacts.agentfs.db`: take new facts, remember how far.

Each transaction takes facts in their order and stores, with what it made of them, the number of the last one.
A kill at any moment leaves a prefix, and the next `catch_up` goes on behind it; nothing is written twice and
nothing is left out. Two files are never one transaction, and need not be: this one only ever follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from sqlite3 import Connection, Error
from typing import Protocol

from pydantic import ValidationError

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import AgentsJoined, Fact, TurnEnded
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.store.agentfs.connection import open_file
from orchestrator.store.agentfs.tree import Directories, TreeBatch, moment
from orchestrator.store.artifacts import tables
from orchestrator.store.artifacts.batch import ArtifactBatch, artifact_folder
from orchestrator.store.artifacts.payload import Member, artifact_of, configured, joined

FACTS_AT_ONCE = 1000
"""Facts per transaction."""

_UNKNOWN = Member("", "")


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
        self._directories = Directories()
        self._members: dict[tuple[str, datetime], dict[str, Member]] = {}

    def catch_up(self, journal: Recorded, run: str | RunRecord) -> CaughtUp:
        """Take the facts of a run that have come since the last time. Raises StoreError when it cannot write.

        Whoever calls often gives the run's record, which saves looking for it.
        """
        record = recorded(journal, run) if isinstance(run, str) else run
        with self._transaction() as db:
            id, taken = _run_row(db, record)
        return self._take(journal, record, id, taken)

    def catch_up_all(self, journal: Recorded) -> CaughtUp:
        """Catch up with every run of a journal, oldest first; `taken` is that of the last."""
        done = [self.catch_up(journal, record) for record in journal.runs()]
        unreadable = tuple(turn for one in done for turn in one.unreadable)
        return CaughtUp(done[-1].taken if done else 0, sum(one.written for one in done), unreadable)

    def rebuild(self, journal: Recorded, run: str) -> CaughtUp:
        """Project a run anew from its first fact; artifacts of runs that the journal no longer has stay."""
        record = recorded(journal, run)
        with self._transaction() as db:
            self._forget(db, record)
        return self.catch_up(journal, record)

    def close(self) -> None:
        """Let go of the file."""
        self._connections.close()

    def _take(self, journal: Recorded, record: RunRecord, id: int, taken: int) -> CaughtUp:
        members = self._members_before(journal, record, taken)
        written = 0
        unreadable: list[str] = []
        facts = iter(journal.facts(record.slug, taken))
        while page := list(islice(facts, FACTS_AT_ONCE)):
            with self._transaction() as db:
                batch = ArtifactBatch(db, self._directories, id)
                for seq, fact in page:
                    if isinstance(fact, AgentsJoined):
                        members.update(joined(fact))
                    elif isinstance(fact, TurnEnded) and fact.origin == "reused":
                        batch.note_reused(fact)
                    elif isinstance(fact, TurnEnded) and _is_new(fact):
                        problem = _add(batch, journal, seq, fact, members)
                        unreadable += [problem] if problem else []
                        written += not problem
                taken = page[-1][0]
                batch.flush(taken)
        return CaughtUp(taken, written, tuple(unreadable))

    def _members_before(self, journal: Recorded, record: RunRecord, taken: int) -> dict[str, Member]:
        """Who is in the run after its first `taken` facts; kept from one call to the next."""
        key = (record.slug, record.started)
        members = self._members.get(key)
        if members is None:
            members = self._members[key] = _configured(record)
            for seq, fact in journal.facts(record.slug) if taken else ():
                if seq > taken:
                    break
                if isinstance(fact, AgentsJoined):
                    members.update(joined(fact))
        return members

    def _forget(self, db: Connection, record: RunRecord) -> None:
        id, _ = _run_row(db, record)
        tree = TreeBatch(db, self._directories)
        folder = artifact_folder(tree, moment(record.started))
        tree.flush()
        for statement in tables.FORGET:
            db.execute(statement, {"run": id, "folder": folder})
        self._members.pop((record.slug, record.started), None)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        db = self._connections.write
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                self._directories = Directories()
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


def _configured(record: RunRecord) -> dict[str, Member]:
    try:
        return configured(record.squad)
    except ValidationError as error:
        raise StoreError(f"the squad recorded for run {record.slug} is not one: {error}") from error


def _run_row(db: Connection, record: RunRecord) -> tuple[int, int]:
    """The run's row and the number of the last fact taken, 0 for a run not seen before."""
    wanted = (record.slug, record.started.astimezone(UTC).isoformat())
    row = db.execute(tables.RUN, wanted).fetchone()
    if row is None:
        db.execute(tables.INSERT_RUN, wanted)
        row = db.execute(tables.RUN, wanted).fetchone()
    return int(row[0]), int(row[1])


def _is_new(fact: TurnEnded) -> bool:
    return fact.ending == "done" and fact.answer is not None and fact.origin in ("live", "adopted")


def _add(
    batch: ArtifactBatch, journal: Recorded, seq: int, fact: TurnEnded, members: dict[str, Member]
) -> str | None:
    """Gather a turn's artifact, or say why its bodies cannot be read; the turns after it are not held up."""
    assert fact.answer is not None
    member = members.get(fact.id.node.partition("@")[0], _UNKNOWN)
    plan = batch.plan_of(fact.id.node) if fact.purpose != "plan" else None
    try:
        artifact = artifact_of(fact, member, journal.body(fact.key), journal.body(fact.answer), plan)
    except (StoreError, ValidationError) as error:
        return f"{fact.id.node} step {fact.id.step} of {fact.id.run}: {error}"
    batch.add(seq, fact, artifact)
    return None
