"""`agentlark agentfs:snapshot`: a copy of a live AgentFS file for the AgentFS tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.agentfs_options import TrailPath, trail_path
from orchestrator.cli.exits import say


def agentfs_snapshot(
    out: Annotated[Path, typer.Argument(help="Where the copy goes.")],
    path: TrailPath = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Copy the audit trail, also during a run, for tools that need the file to themselves."""
    from orchestrator.store.agentfs.snapshot import snapshot

    size = snapshot(trail_path(path), out, force)
    say(f"{out}: {size:,} bytes")
