"""A journal written anew from what it records: its runs, their facts, the bodies these name.

Everything else in the file (folders, names, times, rows that point into files, tool calls, entries) follows
from them. So the same replay checks a file (does it say what its facts say?), mends one, and leaves runs out.
Runs are told in the order in which they went, since a reused turn is a link to whoever had it first: a run
that was resumed after another one had begun is told in parts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from orchestrator.core.facts import Fact, RunStarted, TurnEnded
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.store.journal.batch import JournalBatch, Known

FACTS_AT_ONCE = 200
"""Facts that are gathered before they are written."""


class Source(Protocol):
    """The journal that is told anew."""

    def records(self) -> list[RunRecord]:
        """The runs to be told, oldest first."""
        ...

    def facts(self, run: str) -> Iterator[tuple[int, Fact]]:
        """A run's facts with their numbers, from 1 on."""
        ...

    def bodies(self, run: str, seq: int, fact: TurnEnded) -> Mapping[Digest, bytes]:
        """Those of a turn's input and answer that its file has."""
        ...

    def loose(self, run: str) -> Mapping[Digest, bytes]:
        """The bodies that are kept with a run beside its turns."""
        ...


def replay(source: Source, db: sqlite3.Connection) -> None:
    """Write a journal anew into an empty one, in one transaction.

    Raises what the source raises, and StoreError for what cannot be recorded; nothing is written then.
    """
    known = Known()
    db.execute("BEGIN IMMEDIATE")
    try:
        for part in _in_order(source):
            if part.is_first:
                batch = JournalBatch(db, known)
                batch.open_run(part.record)
                batch.commit(part.record.slug, (), source.loose(part.record.slug))
                batch.flush()
            for facts in _portions(part.facts()):
                batch = JournalBatch(db, known)
                for seq, fact in facts:
                    slug = part.record.slug
                    bodies = source.bodies(slug, seq, fact) if isinstance(fact, TurnEnded) else {}
                    batch.commit(slug, [fact], bodies)
                batch.flush()
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _portions(facts: Iterator[tuple[int, Fact]]) -> Iterator[list[tuple[int, Fact]]]:
    """Facts to be written together: what a reused turn repeats is written before it."""
    portion: list[tuple[int, Fact]] = []
    for entry in facts:
        is_reused = isinstance(entry[1], TurnEnded) and entry[1].origin == "reused"
        if portion and (is_reused or len(portion) >= FACTS_AT_ONCE):
            yield portion
            portion = []
        portion.append(entry)
    yield portion


@dataclass(slots=True)
class _Telling:
    """A run that is being told: from one start to before it was taken up again, then on."""

    record: RunRecord
    rest: Iterator[tuple[int, Fact]]
    at: datetime
    is_first: bool = True
    waiting: list[tuple[int, Fact]] = field(default_factory=list)
    """The fact by which it was taken up again."""
    is_told: bool = False

    def facts(self) -> Iterator[tuple[int, Fact]]:
        """The facts up to where the run was taken up again; then `at` says when that was."""
        self.is_first = False
        yield from self.waiting
        self.waiting = []
        for entry in self.rest:
            if isinstance(entry[1], RunStarted) and entry[1].resumed:
                self.waiting, self.at = [entry], entry[1].at
                return
            yield entry
        self.is_told = True


def _in_order(source: Source) -> Iterator[_Telling]:
    """Every part of every run; each is to be told to its end before the next is asked for."""
    records = source.records()
    telling = [_Telling(record, source.facts(record.slug), record.started) for record in records]
    waiting = iter(telling)
    going: list[_Telling] = []
    following = next(waiting, None)
    while going or following:
        # Runs begin in the order of their rows, whatever the clock said.
        earliest = min(going, key=lambda part: part.at, default=None)
        if following and (earliest is None or following.at <= earliest.at):
            part, following = following, next(waiting, None)
        else:
            assert earliest is not None
            part = earliest
            going.remove(part)
        yield part
        if not part.is_told:
            going.append(part)
