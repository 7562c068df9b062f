"""The options that say where the record of a run and its artifacts go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestrator.core.places import PlaceFlags

AgentfsId = Annotated[
    str | None,
    typer.Option("--agentfs-id", metavar="ID", help="Keep the journal in .agentfs/ID.db (AGENTFS_ID)."),
]
AgentfsPath = Annotated[
    str | None,
    typer.Option(
        "--agentfs-path",
        metavar="FILE|URL",
        help="Keep the journal in this file, or mirror it to this libSQL URL (AGENTFS_PATH).",
    ),
]
AgentfsSession = Annotated[
    str | None,
    typer.Option("--agentfs-session", metavar="SLUG", help="The run's slug (AGENTFS_SESSION)."),
]
NoAgentfs = Annotated[
    bool,
    typer.Option("--no-agentfs", help="Keep no trail: no resume, no reuse; artifacts are written."),
]
MemoryDir = Annotated[
    str | None,
    typer.Option("--memory-dir", metavar="DIR", help="The folder of artifacts (CODEX_MEMORY_DIR)."),
]


def place_flags(
    id: str | None,
    path: str | None,
    memory_dir: str | None,
    session: str | None = None,
    no_trail: bool = False,
) -> PlaceFlags:
    """What was given, as the runner takes it."""
    from orchestrator.core.places import PlaceFlags

    return PlaceFlags(id, path, session, no_trail, memory_dir)
