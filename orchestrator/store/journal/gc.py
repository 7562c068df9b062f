"""What a journal keeps, and leaving out what it need not.

A run that can be resumed is never dropped by itself. Of the finished ones the newest stay; whatever a kept
run has, prompts and answers, is in the new file, also where it was first paid for by a run that is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orchestrator.core.errors import StoreDamaged, UserError
from orchestrator.core.paths import RunPaths
from orchestrator.store.agentfs.connection import open_reading
from orchestrator.store.folder_lock import FolderLock
from orchestrator.store.journal.rewrite import fold, put_in_place, write_anew
from orchestrator.store.journal.source import JournalSource
from orchestrator.store.journal.tables import FOOTPRINTS, JOURNAL

KEPT_RUNS = 100
"""Finished runs that stay when nobody says how many."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which finished runs stay. Bounds that are None do not bound; all that are given must hold."""

    runs: int | None = None
    """The newest so many."""
    days: float | None = None
    """Those that were started in the last so many days."""
    bytes: int | None = None
    """The newest ones that take no more than so much, together with what must stay."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """A recorded run and what it takes."""

    run: str
    started: datetime
    ending: str | None
    """How it ended; None for one that goes, or was cut off."""
    turns: int
    reused: int
    bytes: int
    """Of its facts, and of the turns that no earlier run has."""

    @property
    def is_resumable(self) -> bool:
        """Whether it can be gone on with."""
        return self.ending != "done"


@dataclass(frozen=True, slots=True)
class Collected:
    """What was dropped, and the file's size in bytes before and after."""

    dropped: tuple[Footprint, ...]
    before: int
    after: int


def footprints(path: Path) -> list[Footprint]:
    """The runs of a journal, oldest first; none where there is no journal. Raises StoreError."""
    connections = open_reading(path, JOURNAL)
    if connections is None:
        return []
    try:
        with connections.reading() as db:
            rows = db.execute(FOOTPRINTS).fetchall()
    finally:
        connections.close()
    return [_footprint(*row) for row in rows]


def _footprint(slug: str, record: str, last: str | None, *sums: int) -> Footprint:
    """A run's footprint from its row; `last` is its last fact."""
    started = datetime.fromisoformat(json.loads(record)["started"])
    fact = json.loads(last or "{}")
    ending = fact["ending"] if fact.get("kind") == "run-ended" else None
    return Footprint(slug, started, ending, *sums)


def dispensable(found: Sequence[Footprint], keeping: Keeping, now: datetime) -> list[Footprint]:
    """The finished runs that do not stay, oldest first; none when nothing bounds them."""
    taken = sum(one.bytes for one in found if one.is_resumable)
    finished = [one for one in reversed(found) if not one.is_resumable]
    dropped: list[Footprint] = []
    for number, one in enumerate(finished):
        taken += one.bytes
        too_many = keeping.runs is not None and number >= keeping.runs
        too_old = keeping.days is not None and one.started < now - timedelta(days=keeping.days)
        too_large = keeping.bytes is not None and taken > keeping.bytes
        if too_many or too_old or too_large:
            dropped.append(one)
            taken -= one.bytes
    return dropped[::-1]


def collect(paths: RunPaths, keeping: Keeping, now: datetime) -> Collected:
    """Drop what need not stay and write the file anew, packed.

    Raises FolderBusy while a run goes, StoreError for a journal that is damaged or cannot be written; it is
    as it was then.
    """
    return _without(paths, lambda found: dispensable(found, keeping, now))


def remove_run(paths: RunPaths, slug: str) -> Collected:
    """Drop one run, also one that could be resumed. Raises UserError for none, and as `collect` does."""

    def named(found: Sequence[Footprint]) -> list[Footprint]:
        chosen = [one for one in found if one.run == slug]
        if not chosen:
            known = ", ".join(one.run for one in found[-5:]) or "none"
            raise UserError(f"there is no run {slug!r} here", f"the last ones are {known}")
        return chosen

    return _without(paths, named)


def _without(paths: RunPaths, choose: Callable[[Sequence[Footprint]], list[Footprint]]) -> Collected:
    lock = FolderLock(paths.lock)
    try:
        dropped = choose(footprints(paths.journal))
        before = _size(paths.journal)
        if dropped:
            _rewrite_without(paths.journal, {one.run for one in dropped})
        return Collected(tuple(dropped), before, _size(paths.journal))
    finally:
        lock.release()


def _rewrite_without(path: Path, runs: set[str]) -> None:
    fold(path)
    connections = open_reading(path, JOURNAL)
    assert connections is not None  # it has runs
    try:
        unread = write_anew(path, JournalSource(connections, lambda slug: slug not in runs), path)
    finally:
        connections.close()
    if unread:
        raise StoreDamaged(f"nothing is dropped, because this cannot be read: {unread[0]}")
    put_in_place(path)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
