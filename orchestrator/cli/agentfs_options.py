"""Which AgentFS file is meant by the commands that read it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TrailPath = Annotated[
    Path | None,
    typer.Option(
        "--path", metavar="FILE", help="The AgentFS file (.agentfs/agent-db.db; AGENTFS_PATH, AGENTFS_ID)."
    ),
]


def trail_path(given: Path | None) -> Path:
    """The file meant: as given, else as the environment says, else this folder's. Raises UserError."""
    from orchestrator.core.places import PlaceFlags, settle_places
    from orchestrator.core.settings import process_environment

    if given is not None:
        return given
    return settle_places(Path.cwd(), PlaceFlags(), process_environment()).paths.journal
