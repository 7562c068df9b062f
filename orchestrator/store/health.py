"""What `doctor` says about the files of a folder's runs, and how it mends them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError
from orchestrator.core.health import Check
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import RunRecord
from orchestrator.store.artifacts import ArtifactProjection
from orchestrator.store.folder_lock import FolderLock, holder_of
from orchestrator.store.journal import open_journal_readonly
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.repair import Mended, mend

SHOWN = 5
"""Findings in a file that are told; a page that is gone makes many."""


def examine(paths: RunPaths) -> Iterator[Check]:
    """Whether the folder can be written, and whether its journal is as it was recorded."""
    if os.access(paths.folder, os.W_OK):
        yield Check("folder", "ok", f"{paths.folder} can be written")
    else:
        yield Check("folder", "broken", f"{paths.folder} cannot be written", "run in a folder of yours")
    if not paths.journal.exists():
        yield Check("journal", "optional", "no run here yet", "agentlark run --prompt …")
        return
    try:
        yield _journal(paths)
    except StoreError as error:
        yield Check("journal", "broken", error.message, error.remedy)


def _journal(paths: RunPaths) -> Check:
    name = visible(str(paths.journal))
    if holder := holder_of(paths.lock):
        return Check("journal", "ok", f"{name}: {holder.run} is being recorded; not examined meanwhile")
    if found := damages(paths.journal):
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        listed = "; ".join(islice(found, SHOWN))
        return Check("journal", "broken", f"{name} is damaged: {listed}{more}", "agentlark doctor --repair")
    with open_journal_readonly(paths.journal) as journal:
        return Check("journal", "ok", f"{name}: {len(journal.slugs())} runs, all as they were recorded")


def repair(paths: RunPaths) -> Mended | None:
    """Mend a folder's journal; None when nothing is damaged.

    Raises FolderBusy while a run goes, and what `mend` raises.
    """
    notes: list[str] = []

    def forget(records: Sequence[RunRecord]) -> None:
        """Have the artifacts of these runs projected anew, since their facts have other numbers now."""
        if not records or not paths.artifacts.exists():
            return
        try:
            projection = ArtifactProjection(paths.artifacts)
            for record in records:
                projection.forget(record)
            projection.close()
        except StoreError as error:
            notes.append(f"artifacts: {error.message}; write them anew with `agentlark memory:rebuild`")

    lock = FolderLock(paths.lock)
    try:
        mended = mend(paths.journal, forget)
    finally:
        lock.release()
    return mended and replace(mended, lost=(*mended.lost, *notes))
