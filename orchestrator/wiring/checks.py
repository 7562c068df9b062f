"""What `doctor` asks: every room's own checks."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from orchestrator.backends import health as health_of_backends
from orchestrator.core.health import Check
from orchestrator.core.places import PlaceFlags
from orchestrator.core.settings import Flags, settle
from orchestrator.panes import health as health_of_panes
from orchestrator.run import health as health_of_run
from orchestrator.store import health as health_of_store
from orchestrator.store.journal.repair import Mended
from orchestrator.wiring.reading import places_of


def examine(folder: Path, sessions: Collection[str] = (), places: PlaceFlags | None = None) -> list[Check]:
    """What `doctor` reports: every room's own checks; terminal `sessions` that are known are no leftovers."""
    settings = settle(Flags())
    return [
        *health_of_run.examine(),
        *health_of_panes.examine(sessions),
        *health_of_backends.examine(settings),
        *health_of_store.examine(places_of(folder, places).paths),
    ]


def mend(folder: Path, places: PlaceFlags | None = None) -> Mended | None:
    """Mend a folder's journal; None when nothing is damaged. Raises FolderBusy, StoreError."""
    return health_of_store.repair(places_of(folder, places).paths)
