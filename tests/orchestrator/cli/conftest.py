"""The command line as a user runs it: a process in a folder, with a small environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]

KEPT = ("PATH", "HOME", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


def environment(**more: str) -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ} | more


@pytest.fixture
def agentlark(tmp_path: Path) -> Command:
    """Runs `agentlark …` in the test's folder; `env` adds variables, `stdin` gives input."""

    def run(*arguments: str, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "orchestrator", *arguments],
            cwd=tmp_path,
            env=environment(**env),
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A squad of two agents, the second a builder."""
    path = tmp_path / "configs" / "agents.lark"
    path.parent.mkdir()
    path.write_text(
        'prompt = "Tidy up"\n'
        'agents = [agent(id = "planner", role = "Planner"),\n'
        '          agent(id = "builder", role = "Builder", depends_on = ["planner"])]\n'
    )
    return path
