"""A folder opened for one process to record in it, and the artifacts that are projected from its record."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from orchestrator.core.places import Places
from orchestrator.store.artifacts import ArtifactProjection
from orchestrator.store.folder_lock import FolderLock
from orchestrator.store.journal import AgentFSJournal


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """A folder's lock and journal, and where its other files are."""

    places: Places
    journal: AgentFSJournal
    lock: FolderLock


def open_folder(places: Places, stack: AsyncExitStack) -> OpenFolder:
    """Lock a folder and open its journal until the stack is left.

    Raises FolderBusy when another run has the folder, StoreRefused when its files must not be written.
    """
    lock = FolderLock(places.paths.lock)
    stack.callback(lock.release)
    journal = AgentFSJournal(places.paths.journal if places.paths.keeps_trail else None)
    stack.push_async_callback(journal.close)
    return OpenFolder(places, journal, lock)


def open_artifacts(places: Places, stack: AsyncExitStack) -> ArtifactProjection:
    """Open a folder's artifacts until the stack is left. Raises StoreRefused when that must not be."""
    artifacts = ArtifactProjection(places.paths.artifacts)
    stack.callback(artifacts.close)
    return artifacts
