"""What `doctor` says about the files of a folder's runs, and how it mends them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreDamaged, StoreError
from orchestrator.core.health import Check
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import RunRecord
from orchestrator.store.artifacts import ArtifactProjection, Wanted, open_artifacts
from orchestrator.store.artifacts.reader import Broken
from orchestrator.store.folder_lock import FolderLock, holder_of, is_held
from orchestrator.store.journal import open_journal_readonly
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.repair import Mended, mend

_ANEW = "agentlark memory:rebuild, which writes anew what the journals have"
_MOVE = f"move the file away, then {_ANEW}"

SHOWN = 5
"""Findings in a file that are told; a page that is gone makes many."""


def examine(paths: RunPaths) -> Iterator[Check]:
    """Whether the folder can be written, its journals are as they were recorded, its artifacts readable."""
    if os.access(paths.folder, os.W_OK):
        yield Check("folder", "ok", f"{paths.folder} can be written")
    else:
        yield Check("folder", "broken", f"{paths.folder} cannot be written", "run in a folder of yours")
    if not paths.journal.exists():
        yield Check("journal", "optional", "no run here yet", "agentlark run --prompt …")
    else:
        yield _checked("journal", _journal, paths)
    if paths.artifacts.exists():
        yield _checked("artifacts", _artifacts, paths)
    if paths.condensing.exists():
        yield _checked("condensing", _condensing, paths)


def _checked(name: str, check: Callable[[RunPaths], Check], paths: RunPaths) -> Check:
    try:
        return check(paths)
    except StoreError as error:
        return Check(name, "broken", error.message, error.remedy)


def _artifacts(paths: RunPaths) -> Check:
    name = visible(str(paths.artifacts))
    try:
        reader = open_artifacts(paths.artifacts)
        if reader is None:
            return Check("artifacts", "optional", f"{name}: no artifact yet", "agentlark run --prompt …")
        with reader:
            harm = reader.harm()
            found = [] if harm else reader.find(Wanted())
            contents = ((one.id, reader.payload(one.ino)) for one in found)
            broken = [f"{id}: {what.reason}" for id, what in contents if isinstance(what, Broken)]
    except StoreDamaged as error:
        return Check("artifacts", "broken", error.message, _MOVE)
    if harm:
        return Check("artifacts", "broken", f"{name} is damaged: {harm}", _MOVE)
    if broken:
        return Check("artifacts", "broken", f"{name}: {_listed(broken)}", _ANEW)
    return Check("artifacts", "ok", f"{name}: {len(found):,} artifacts, all readable")


def _condensing(paths: RunPaths) -> Check:
    name = visible(str(paths.condensing))
    if is_held(paths.condense_lock):
        return Check("condensing", "ok", f"{name}: a pass is going on; not examined meanwhile")
    if found := damages(paths.condensing):
        remedy = "move the file away: its summaries stand in the artifact file"
        return Check("condensing", "broken", f"{name} is damaged: {_listed(found)}", remedy)
    with open_journal_readonly(paths.condensing) as journal:
        return Check("condensing", "ok", f"{name}: {len(journal.slugs())} passes, all as they were recorded")


def _listed(findings: Sequence[str]) -> str:
    more = f"; and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    return "; ".join(visible(each) for each in islice(findings, SHOWN)) + more


def _journal(paths: RunPaths) -> Check:
    name = visible(str(paths.journal))
    if holder := holder_of(paths.lock):
        return Check("journal", "ok", f"{name}: {holder.run} is being recorded; not examined meanwhile")
    if found := damages(paths.journal):
        return Check("journal", "broken", f"{name} is damaged: {_listed(found)}", "agentlark doctor --repair")
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
