"""Which folder's configuration a launch from anywhere is about.

Logs, artifacts and the journal go to the invocation folder; the configuration may be above it.
"""

from __future__ import annotations

import os
from pathlib import Path

from agentlark.project import DEFAULT_CONFIG
from orchestrator.core.errors import UserError
from orchestrator.run.squads import DEFAULT_COMPILED


def find_project(folder: Path, named: Path | None = None) -> Path | None:
    """The project's root: the named one, else the nearest folder at or above with a configuration.

    None when there is none. Looking up ends at the first folder of somebody else: whoever may write above a
    folder of ours should not say what runs in it. Raises UserError for a named one that is no folder.
    """
    if named is not None:
        root = folder / named
        if not root.is_dir():
            raise UserError(f"--project-root {named} is no folder", "name the folder that has configs/")
        return root.resolve()
    for above in (folder, *folder.parents):
        if above.stat().st_uid != os.geteuid():
            return None
        if configuration_of(above) is not None:
            return above
    return None


def configuration_of(root: Path) -> Path | None:
    """The configuration that a project has, compiled or not, as `find_squad` would take it; None without."""
    candidates = (root / DEFAULT_CONFIG, root / DEFAULT_COMPILED)
    return next((path for path in candidates if path.exists()), None)


def located(path: Path, folder: Path, root: Path | None) -> Path:
    """A named file as seen from the invocation folder, or else from the project's root."""
    here = folder / path
    if root is not None and not here.exists() and (root / path).exists():
        return root / path
    return path
