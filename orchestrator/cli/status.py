"""`agentlark status`: what runs in this folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def status(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Say what runs in this folder: the run, its agents, its session."""
    from orchestrator.launch.status import status_of

    found = status_of(Path.cwd())
    if as_json:
        json.dump(found.model_dump(), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in found.lines()))
