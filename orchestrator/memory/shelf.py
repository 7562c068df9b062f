"""The files of a memory, brought up to date before they are read.

The artifact file follows the folder's journal and the memory's own (`store/artifacts/upkeep.py`). What stands
in the way of that is said, and what is there is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agentlark.diagnostics import visible
from orchestrator.core.errors import UserError
from orchestrator.core.paths import RunPaths
from orchestrator.store.artifacts import ArtifactProjection, ArtifactReader, open_artifacts
from orchestrator.store.artifacts.projection import CaughtUp
from orchestrator.store.artifacts.upkeep import missing_by_journal, reading_journal


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
    problems = dict(missing_by_journal(paths))
    notes = tuple(note for some in problems.values() for note in some)
    reader = open_artifacts(paths.artifacts)
    if reader is None:
        yield Shelf(None, notes)
        return
    with reader:
        yield Shelf(reader, notes, is_behind_condensing=bool(problems.get(paths.condensing)))


def rebuild(paths: RunPaths) -> CaughtUp:
    """Project anew all that the journals have; what only the artifact file has stays.

    Raises UserError when there is no journal, StoreError when a file cannot be read or written.
    """
    with reading_journal(paths.journal) as journal, reading_journal(paths.condensing) as memory:
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
