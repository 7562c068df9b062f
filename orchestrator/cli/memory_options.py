"""What the memory commands take alike, and where it leads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestrator.core.paths import RunPaths

ProjectRoot = Annotated[
    Path | None,
    typer.Option("--project-root", metavar="DIR", help="The project; by default the folder you are in."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


def memory_paths(project_root: Path | None, memory_dir: str | None) -> RunPaths:
    """The files of the project meant; one that was named is not led elsewhere by the environment.

    Raises UserError when it does not exist.
    """
    from orchestrator.core.errors import UserError
    from orchestrator.core.places import PlaceFlags, settle_places
    from orchestrator.core.settings import process_environment

    folder = project_root or Path.cwd()
    if not folder.is_dir():
        raise UserError(f"--project-root {folder}: there is no such folder", "name the folder of a project")
    environment = process_environment() if project_root is None else {}
    return settle_places(folder, PlaceFlags(memory_dir=memory_dir), environment).paths
