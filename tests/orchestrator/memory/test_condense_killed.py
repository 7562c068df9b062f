"""Condensing killed anywhere: all artifacts are there, no summary is half, the next pass completes it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from orchestrator.core.paths import RunPaths
from orchestrator.core.settings import Flags
from orchestrator.memory.inspect import Shown
from tests.orchestrator.memory.conftest import shown
from tests.orchestrator.memory.killed_condensing import condense_here

POINTS = 100 if os.environ.get("AGENTLARK_SOAK") else 10
STATEMENTS = 800
"""A pass over the folder below is told in some more statements than this."""


def killed(folder: Path) -> dict[int, bool]:
    """By kill point, whether the process was killed there."""
    script = Path(__file__).with_name("killed_condensing.py")
    root = Path(__file__).parents[3]
    step = STATEMENTS // POINTS
    done = subprocess.run(
        [sys.executable, str(script), str(folder), "1", str(STATEMENTS + 1), str(step)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return {int(line.split()[0]): line.split()[1] == "killed" for line in done.stdout.splitlines()}


def check_whole(found: list[Shown], before: dict[str, Shown]) -> None:
    """Nothing is lost, and each mark leads to a whole summary that points back."""
    after = {one.found.id: one for one in found}
    assert {id: after[id].artifact for id in before} == {id: one.artifact for id, one in before.items()}
    for one in found:
        assert not one.broken
        if one.found.condensed_into:
            summary = after[one.found.condensed_into].artifact
            assert summary is not None and one.found.id in summary.relatedArtifacts
    summarised = [id for one in found if one.found.type == "summary" for id in _sources(one)]
    assert len(summarised) == len(set(summarised))
    assert set(summarised) == {one.found.id for one in found if one.found.condensed_into}


def _sources(summary: Shown) -> tuple[str, ...]:
    assert summary.artifact is not None and summary.text.endswith("\n")
    return summary.artifact.relatedArtifacts


def test_killed_at_any_statement_nothing_is_lost_or_half(tmp_path: Path, write: Callable[..., None]) -> None:
    paths = RunPaths(tmp_path / "project")
    for number in range(4):
        texts = [(agent, f"Text {number} {step}.") for step in range(4) for agent in ("planner", "builder")]
        write(paths.journal, f"r{number}", texts, task=f"Topic number{number}")
    before = {one.found.id: one for one in shown(paths)}
    points = killed(paths.folder)
    assert len(points) >= POINTS and all(points.values())
    partly = 0
    for point in points:
        copy = RunPaths(paths.folder.with_name(f"project-{point}"))
        found = shown(copy)
        check_whole(found, before)
        summaries = sum(one.found.type == "summary" for one in found)
        partly += 0 < summaries < 8
        condense_here(copy.folder, Flags(backend="rehearsal", jobs=1))
        found = shown(copy)
        check_whole(found, before)
        assert sum(one.found.type == "summary" for one in found) == 8
        assert all(one.found.condensed_into for one in found if one.found.id in before)
    assert partly or POINTS < 100
