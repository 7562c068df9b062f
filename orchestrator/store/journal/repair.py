"""A damaged journal mended: what can be verified is written anew, what cannot be is named, nothing is lost.

The damaged file is copied beside itself before anything else and stays there, whole: what is not given out
any more can still be looked at. Mending twice changes nothing the second time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError
from orchestrator.store.agentfs.backup import free_path, sync
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.rewrite import put_in_place, remove, write_anew
from orchestrator.store.journal.salvage import Salvage, readable_copy
from orchestrator.store.journal.watermark import read_watermark

_AS_IT_WAS = "the file is as it was; restore it from a backup, or move it away and start anew"


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


def mend(path: Path, before_it_counts: Callable[[Iterable[str]], None] = lambda runs: None) -> Mended | None:
    """Mend a journal; None when nothing is damaged. The caller holds the folder's lock.

    `before_it_counts` is told the runs whose facts are numbered anew, before the mended file takes its place.
    Raises StoreRefused for a file that is not ours to mend (locked, newer), StoreError when it is past
    mending or there is no room; the file is as it was then.
    """
    found = damages(path)
    if not found:
        return None
    copy = path.with_name(f".{path.name}.mending")
    remove(copy)
    try:
        damaged = _set_aside(path)
        db = readable_copy(path, copy)
        try:
            salvage = Salvage(db)
            unread = write_anew(path, salvage, copy)
            runs = tuple(record.slug for record in salvage.records())
        finally:
            db.close()
        if (noted := read_watermark(path)) is not None:
            salvage.compare(noted)
        before_it_counts(sorted(salvage.cut))
        put_in_place(path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{visible(str(path))} cannot be mended: {error}", _AS_IT_WAS) from error
    finally:
        remove(copy)
    lost = tuple(dict.fromkeys([*salvage.lost, *unread]))
    return Mended(tuple(found), damaged, runs, tuple(sorted(salvage.cut)), lost)


def _set_aside(path: Path) -> Path:
    """A copy of the file as it is, byte for byte, durable, with the log that belongs to it."""
    damaged = free_path(path, "damaged")
    try:
        for end in ("", "-wal"):
            source, target = path.with_name(path.name + end), damaged.with_name(damaged.name + end)
            if source.exists():
                os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
                shutil.copyfile(source, target)
                sync(target)
        sync(path.parent)
    except OSError:
        remove(damaged)
        raise
    return damaged
