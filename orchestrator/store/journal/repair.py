"""A damaged journal mended: what can be verified is written anew, what cannot be is named, nothing is lost.

The damaged file is copied beside itself before anything else and stays there, whole: what is not given out
any more can still be looked at. Mending twice changes nothing the second time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError
from orchestrator.core.ports import RunRecord
from orchestrator.store.agentfs.backup import free_path, sync
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.rewrite import put_in_place, remove, write_anew
from orchestrator.store.journal.salvage import Salvage, readable_copy
from orchestrator.store.journal.watermark import Acknowledged, read_watermark

_AS_IT_WAS = "restore it from a backup, or move it away and start anew; nothing of it was changed"


@dataclass(frozen=True, slots=True)
class Mended:
    """What mending came to."""

    found: tuple[str, ...]
    """What was damaged."""
    damaged: Path
    """Where the damaged file is kept."""
    runs: tuple[str, ...]
    """The runs that the mended file has."""
    cut: tuple[str, ...]
    """Those of them that count as cut off now: a resume goes on with them."""
    lost: tuple[str, ...]
    """What could not be mended, by name."""


def mend(path: Path, renumbered: Callable[[Sequence[RunRecord]], None] = lambda runs: None) -> Mended | None:
    """Mend a journal; None when nothing is damaged. The caller holds the folder's lock.

    `renumbered` is told the runs whose facts are numbered anew, before the mended file takes its place.
    Raises StoreRefused for a file that is not ours to mend (locked, newer), StoreError when it is past
    mending or there is no room; the file is as it was then.
    """
    if not path.exists():
        return None
    noted = read_watermark(path)
    damaged = _set_aside(path)  # first of all: whoever opens a file folds into it what its log still has
    try:
        found = damages(path)
        if found:
            return _mended(path, _Damage(tuple(found), damaged, noted), renumbered)
    except BaseException:
        if not _log(damaged).exists():  # the file itself is as it was
            remove(damaged)
        raise
    remove(damaged)
    return None


@dataclass(frozen=True, slots=True)
class _Damage:
    """What was found, where the file with it is kept, and how far it was acknowledged."""

    found: tuple[str, ...]
    kept: Path
    noted: Acknowledged | None


def _mended(path: Path, damage: _Damage, renumbered: Callable[[Sequence[RunRecord]], None]) -> Mended:
    copy = path.with_name(f".{path.name}.mending")
    remove(copy)
    try:
        db = readable_copy(damage.kept, copy)
        try:
            salvage = Salvage(db)
            unread = write_anew(path, salvage, copy)
            records = salvage.records()
            if damage.noted is not None:
                salvage.compare(damage.noted)
        finally:
            db.close()
        cut = [record for record in records if record.slug in salvage.cut]
        renumbered(cut)
        put_in_place(path)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{visible(str(path))} cannot be mended: {error}", _AS_IT_WAS) from error
    finally:
        remove(copy)
    lost = tuple(dict.fromkeys([*salvage.lost, *unread]))
    return Mended(damage.found, damage.kept, _slugs(records), _slugs(cut), lost)


def _slugs(records: Sequence[RunRecord]) -> tuple[str, ...]:
    return tuple(record.slug for record in records)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _set_aside(path: Path) -> Path:
    """A copy of the file as it is, byte for byte, durable, with the log that belongs to it."""
    damaged = free_path(path, "damaged")
    try:
        for source, target in ((path, damaged), (_log(path), _log(damaged))):
            if source.exists():
                os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
                shutil.copyfile(source, target)
                sync(target)
        sync(path.parent)
    except OSError as error:
        remove(damaged)
        raise StoreError(
            f"no copy of {visible(str(path))} could be made: {error}", "make room; nothing has been changed"
        ) from error
    return damaged
