"""What `doctor` says about the installation itself: the interpreter, shipped files, programs beside us."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator

from agentlark import __version__
from agentlark.errors import ResourceMissing
from agentlark.resources import shipped, shipped_folder
from orchestrator.core.health import Check

SHIPPED = (
    "configs/agents.lark",
    "templates/prompts/roles/default/plan.md",
    "templates/prompts/frames/blueprint.md",
    "templates/starter/agents.lark",
)

PROGRAMS = {
    "git": ("worktrees for agents that write files", "install git with your system's packages"),
}


def examine() -> Iterator[Check]:
    """The checks, what must be there first."""
    yield Check("agentlark", "ok", f"{__version__} in {shipped_folder()}")
    yield Check("python", "ok", f"{platform.python_version()}, {sys.executable}")
    try:
        for name in SHIPPED:
            shipped(name)
        yield Check("shipped files", "ok", f"{len(SHIPPED)} of {len(SHIPPED)} found")
    except ResourceMissing as error:
        yield Check("shipped files", "broken", str(error), "reinstall agentlark")
    for name, (purpose, remedy) in PROGRAMS.items():
        where = shutil.which(name)
        if where:
            yield Check(name, "ok", where)
        else:
            yield Check(name, "optional", f"not found; it is for {purpose}", remedy)
