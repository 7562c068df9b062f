"""`agentlark doctor`: what is there, what is optional, what is broken and how to mend it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import places
from orchestrator.cli.exits import FAILED, program, say

if TYPE_CHECKING:
    from orchestrator.store.journal.repair import Mended

SHOWN = 20
"""Losses that are told one by one."""


def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend a damaged journal; the damaged file is kept beside it.")
    ] = False,
    agentfs_id: places.AgentfsId = None,
    agentfs_path: places.AgentfsPath = None,
    memory_dir: places.MemoryDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what is there, missing or broken here."""
    from orchestrator.launch import health as health_of_launch
    from orchestrator.wiring.checks import examine, mend

    folder = Path.cwd()
    where = places.place_flags(agentfs_id, agentfs_path, memory_dir)
    mended = mend(folder, where) if repair else None
    sessions = health_of_launch.known_sessions(folder)
    checks = [*examine(folder, sessions, where), *health_of_launch.examine(folder)]
    if as_json:
        told = {"checks": [check.to_json() for check in checks]}
        json.dump(told | ({"repair": _to_json(mended)} if repair else {}), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        if repair:
            _tell(mended)
        marks = {"ok": "✓ ok      ", "optional": "○ optional", "broken": "✗ broken  "}
        for check in checks:
            sys.stdout.write(f"{marks[check.status]}  {check.name}: {check.detail}\n")
            if check.remedy:
                sys.stdout.write(f"              {check.remedy}\n")
    if any(check.status == "broken" for check in checks):
        raise typer.Exit(FAILED)


def _to_json(mended: Mended | None) -> dict[str, object] | None:
    return None if mended is None else asdict(mended) | {"damaged": str(mended.damaged)}


def _tell(mended: Mended | None) -> None:
    from orchestrator.cli.words import several

    if mended is None:
        say("the journal is as it was recorded; nothing to mend")
        return
    say(f"mended: {several(len(mended.runs), 'run')}; the damaged file is kept as {mended.damaged}")
    for what in mended.lost[:SHOWN]:
        say(f"lost: {what}")
    if len(mended.lost) > SHOWN:
        say(f"lost: and {len(mended.lost) - SHOWN:,} more, which --json names")
    for run in mended.cut:
        say(
            f"{run} counts as cut off; {program()} resume {run} goes on with it and repeats only what is lost"
        )
