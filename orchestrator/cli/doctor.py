"""`agentlark doctor`: what is there, what is optional, what is broken and how to mend it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import FAILED


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what is there, missing or broken here."""
    from orchestrator.launch import health as health_of_launch
    from orchestrator.wiring.checks import examine

    folder = Path.cwd()
    checks = [*examine(folder, health_of_launch.known_sessions(folder)), *health_of_launch.examine(folder)]
    if as_json:
        json.dump({"checks": [check.to_json() for check in checks]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        marks = {"ok": "✓ ok      ", "optional": "○ optional", "broken": "✗ broken  "}
        for check in checks:
            sys.stdout.write(f"{marks[check.status]}  {check.name}: {check.detail}\n")
            if check.remedy:
                sys.stdout.write(f"              {check.remedy}\n")
    if any(check.status == "broken" for check in checks):
        raise typer.Exit(FAILED)
