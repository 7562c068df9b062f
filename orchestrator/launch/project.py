"""Which folder's configuration a launch from anywhere is about.

Logs, artifacts and the journal go to the invocation folder; the configuration may be above it.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.core.errors import UserError
from orchestrator.run.squads import nearest_project


def find_project(folder: Path, named: Path | None = None) -> Path | None:
    """The project's root: the named one, else the nearest folder at or above with a configuration.

    None when there is none. Raises UserError for a named one that is no folder.
    """
    if named is not None:
        root = folder / named
        if not root.is_dir():
            raise UserError(f"--project-root {named} is no folder", "name the folder that has configs/")
        return root.resolve()
    return nearest_project(folder)


def located(path: Path, folder: Path, root: Path | None) -> Path:
    """A named file as seen from the invocation folder, or else from the project's root."""
    here = folder / path
    if root is not None and not here.exists() and (root / path).exists():
        return root / path
    return path
