"""`agentlark init`: a configuration to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import say

IGNORED = ("/.agentfs/", "/logs/", "/memory/", "/configs/*.out.json")


def init(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
) -> None:
    """Write a commented configs/agents.lark to start from."""
    from agentlark.resources import shipped_text
    from orchestrator.core.errors import UserError

    config = folder / "configs" / "agents.lark"
    if config.exists():
        raise UserError(f"{config} exists already", "edit it, or remove it first")
    ignore = folder / ".gitignore"
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(shipped_text("templates/starter/agents.lark"), encoding="utf-8")
        if not ignore.exists():
            ignore.write_text(
                "# what agentlark runs leave here\n" + "\n".join(IGNORED) + "\n", encoding="utf-8"
            )
            say(f"wrote {config} and {ignore}")
        else:
            say(f"wrote {config}; have git ignore {' '.join(IGNORED)}")
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be written: {error.strerror}", "choose another folder"
        ) from error
    say('next: agentlark run --prompt "Ship the MVP"')
