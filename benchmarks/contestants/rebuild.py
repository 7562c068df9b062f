"""Building what is up to date: agentlark on a recorded squad, doit on tasks whose files have not changed."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import jinja2.sandbox  # noqa: F401 - the first prompt would load it; loading is not part of the time

from agentlark.model import Squad
from benchmarks.contestants.squad import TASK, squad_of
from benchmarks.shapes import Shape
from orchestrator.core.settings import Flags
from orchestrator.wiring.runs import RunOptions, start

ROUNDS = 3
"""Builds of what is up to date in one process; the fastest counts, for the first also warms up."""


def agentlark(shape: Shape, folder: Path) -> float:
    """Seconds of `orchestrator.start` to its end, lock, journal, logs and artifacts included."""
    squad = unlimited(squad_of(shape))
    asyncio.run(_build(squad, folder))
    return min(asyncio.run(_build(squad, folder, is_noop=True)) for _ in range(ROUNDS))


def unlimited(squad: Squad) -> Squad:
    """The squad without caps per agent, for doit has none."""
    (group,) = squad.groups
    agents = tuple(agent.model_copy(update={"limits": None}) for agent in group.agents)
    return Squad(groups=(group.model_copy(update={"agents": agents}),))


async def _build(squad: Squad, folder: Path, *, is_noop: bool = False) -> float:
    options = RunOptions(folder=folder, flags=Flags(backend="rehearsal"), environ={})
    begun = time.perf_counter()
    async with start(squad, TASK, options) as run:
        result = await run.result()
    seconds = time.perf_counter() - begun
    assert result.ending.ending == "done"
    assert not is_noop or result.turns == 0
    return seconds


def doit(shape: Shape, folder: Path) -> float:
    """Seconds of `doit run`: a task depends on the files of the tasks above, and its target is its own."""
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    acted: list[str] = []

    def write(name: str) -> None:
        acted.append(name)
        (folder / name).write_text(name)

    def task_all() -> object:
        for name, upstream in shape.depends_on.items():
            yield {
                "name": name,
                "actions": [(write, [name])],
                "file_dep": [str(folder / up) for up in upstream],
                "targets": [str(folder / name)],
                "uptodate": [True],
                "verbosity": 0,
            }

    config = {"dep_file": str(folder / "doit.db"), "reporter": "zero"}

    def build() -> float:
        begun = time.perf_counter()
        code = DoitMain(ModuleTaskLoader({"task_all": task_all, "DOIT_CONFIG": config})).run(["run"])
        seconds = time.perf_counter() - begun
        assert code == 0
        return seconds

    os.chdir(folder)
    build()
    assert len(acted) == shape.turns
    seconds = min(build() for _ in range(ROUNDS))
    assert len(acted) == shape.turns
    return seconds
