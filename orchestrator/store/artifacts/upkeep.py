"""Bringing the artifact file up to date with the journals that it follows.

A run that was killed leaves it behind; whoever looks at memory takes what is missing first. What stands in
the way is said and keeps nobody from looking at what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError
from orchestrator.core.paths import RunPaths
from orchestrator.store.agentfs.connection import open_reading
from orchestrator.store.artifacts.condensing import Undo, entry_of
from orchestrator.store.artifacts.projection import ArtifactProjection, CaughtUp
from orchestrator.store.artifacts.reader import open_artifacts
from orchestrator.store.journal.reader import JournalReader
from orchestrator.store.journal.tables import JOURNAL


def bring_up_to_date(paths: RunPaths) -> tuple[str, ...]:
    """Project what the journals have and the artifact file has not; gives what could not be, and why."""
    return tuple(note for _, notes in missing_by_journal(paths) for note in notes)


def missing_by_journal(paths: RunPaths) -> Iterator[tuple[Path, list[str]]]:
    """As `bring_up_to_date`, by the journal that could not be followed, the memory's own one last."""
    for path in (paths.journal, paths.condensing):
        try:
            with reading_journal(path) as journal:
                done = _catch_up(paths, journal, path) if journal else CaughtUp(0, 0)
        except StoreError as error:
            yield path, [f"what is new in {visible(str(path))} is not shown: {error}"]
        else:
            yield path, [f"no artifact, because it cannot be read: {turn}" for turn in done.unreadable]


@contextmanager
def reading_journal(path: Path) -> Iterator[JournalReader | None]:
    """The journal in a file; None where there is none, also where a kill left a file without one."""
    connections = open_reading(path, JOURNAL)
    if connections is None:
        yield None
        return
    with JournalReader(connections) as journal:
        yield journal


def _catch_up(paths: RunPaths, journal: JournalReader, path: Path) -> CaughtUp:
    if _is_current(paths.artifacts, journal, is_memory=path == paths.condensing):
        return CaughtUp(0, 0)  # nothing is opened for writing, which may not be allowed
    projection = ArtifactProjection(paths.artifacts)
    try:
        is_memory = path == paths.condensing
        return projection.catch_up_memory(journal) if is_memory else projection.catch_up_all(journal)
    finally:
        projection.close()


def _is_current(artifacts: Path, journal: JournalReader, *, is_memory: bool) -> bool:
    """Whether every fact of a journal has been taken."""
    reader = open_artifacts(artifacts)
    if reader is None:
        return False
    with reader:
        taken = reader.taken()
    return all(
        (number := taken.get((record.slug, record.started))) is not None
        and not any(True for _ in journal.facts(record.slug, number))
        and not (is_memory and number == 0 and isinstance(entry_of(record), Undo))
        for record in journal.runs()
    )
