"""Which session belongs to a folder: one small file, written when it is opened, removed when it is ended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from orchestrator.core.errors import UserError
from orchestrator.core.frozen import Frozen
from orchestrator.core.paths import RunPaths
from orchestrator.panes.errors import InvalidInput
from orchestrator.panes.inputs import session_name


class OpenedSession(Frozen):
    """A session that was opened for a folder's runs; whether it still lives, its multiplexer knows."""

    program: Literal["zellij", "tmux"]
    name: Annotated[str, AfterValidator(session_name)]
    runner: int
    """The process that carries out the run it was opened with."""
    keep_running: bool = False
    """Whether that run goes on when the session ends."""

    def write(self, folder: Path) -> None:
        """Keep this for a folder. Raises UserError when it cannot be written."""
        path = RunPaths(folder).session
        new = path.with_suffix(".new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_text(self.model_dump_json(), encoding="utf-8")
            os.replace(new, path)
        except OSError as error:
            raise UserError(
                f"{path} cannot be written: {error.strerror}", "launch in a folder that you can write to"
            ) from error


def opened_session(folder: Path) -> OpenedSession | None:
    """The session of a folder; None when there is none, or the file makes no sense."""
    try:
        return OpenedSession.model_validate_json(RunPaths(folder).session.read_bytes())
    except (OSError, ValueError, InvalidInput):
        return None


def forget_session(folder: Path) -> None:
    """Remove what is kept of a folder's session."""
    RunPaths(folder).session.unlink(missing_ok=True)
