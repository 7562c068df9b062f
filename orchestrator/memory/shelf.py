"""The files of a memory, brought up to date before they are read.

The artifact file follows the folder's journal and the memory's own. A run that was killed leaves it behind;
whoever looks at memory takes what is missing first. That never keeps anybody from looking: what stands in
its way is said, and what is there is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError, UserError
from orchestrator.core.paths import RunPaths
from orchestrator.store.agentfs.connection import open_reading
from orchestrator.store.artifacts import ArtifactProjection, ArtifactReader, open_artifacts
from orchestrator.store.artifacts.projection import CaughtUp
from orchestrator.store.journal import JournalReader
from orchestrator.store.journal.tables import JOURNAL


@dataclass(frozen=True, slots=True)
class Shelf:
    """An artifact file opened for reading; None where there is none yet."""

    reader: ArtifactReader | None
    notes: tuple[str, ...]
    """What could not be brought up to date, and why."""
    is_behind_condensing: bool = False
    """Whether passes of condensing are among it: what they condensed cannot be told."""


@contextmanager
def open_shelf(paths: RunPaths) -> Iterator[Shelf]:
    """The memory of a folder, up to date where that can be.

    Raises StoreRefused when its file is no artifact file.
    """
    problems = dict(_problems(paths))
    notes = tuple(note for some in problems.values() for note in some)
    reader = open_artifacts(paths.artifacts)
    if reader is None:
        yield Shelf(None, notes)
        return
    with reader:
        yield Shelf(reader, notes, is_behind_condensing=bool(problems.get(paths.condensing)))


def bring_up_to_date(paths: RunPaths) -> tuple[str, ...]:
    """Project what the journals have and the artifact file has not; gives what could not be, and why."""
    return tuple(note for _, notes in _problems(paths) for note in notes)


def rebuild(paths: RunPaths) -> CaughtUp:
    """Project anew all that the journals have; what only the artifact file has stays.

    Raises UserError when there is no journal, StoreError when a file cannot be read or written.
    """
    with _reading(paths.journal) as journal, _reading(paths.condensing) as memory:
        if journal is None and memory is None:
            raise UserError(
                f"there is no journal in {visible(str(paths.folder))} to rebuild the artifacts from",
                "run a squad first, or name the project with --project-root",
            )
        projection = ArtifactProjection(paths.artifacts)
        try:
            return projection.rebuild_all(journal, memory)
        finally:
            projection.close()


def _problems(paths: RunPaths) -> Iterator[tuple[Path, list[str]]]:
    """By journal, what of it cannot be shown."""
    for path in (paths.journal, paths.condensing):
        try:
            with _reading(path) as journal:
                done = _catch_up(paths, journal, path) if journal else CaughtUp(0, 0)
        except StoreError as error:
            yield path, [f"what is new in {visible(str(path))} is not shown: {error}"]
        else:
            yield path, [f"no artifact, because it cannot be read: {turn}" for turn in done.unreadable]


def _catch_up(paths: RunPaths, journal: JournalReader, path: Path) -> CaughtUp:
    projection = ArtifactProjection(paths.artifacts)
    try:
        is_memory = path == paths.condensing
        return projection.catch_up_memory(journal) if is_memory else projection.catch_up_all(journal)
    finally:
        projection.close()


@contextmanager
def _reading(path: Path) -> Iterator[JournalReader | None]:
    """The journal in a file; None where there is none, also where a kill left a file without one."""
    connections = open_reading(path, JOURNAL)
    if connections is None:
        yield None
        return
    with JournalReader(connections) as journal:
        yield journal
