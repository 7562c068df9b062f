"""Folders and files that must not be written: what reads goes on reading, what writes says why it cannot."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentlark.compiler import compile_file
from orchestrator.core.paths import RunPaths
from orchestrator.core.settings import Flags
from orchestrator.wiring.runs import RunOptions, start
from tests.orchestrator.cli.conftest import Command, environment
from tests.orchestrator.memory.conftest import write_run

UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
"""Root without its powers is held to the modes of files as everybody is."""

READING = (
    ("memory:inspect",),
    ("memory:condense", "--dry-run"),
    ("agentfs:read",),
    ("runs", "ls"),
    ("runs", "show"),
    ("show", "planner"),
    ("cache", "stats"),
    ("agentfs:snapshot", "{elsewhere}/copy.db"),
)
WRITING = (("memory:rebuild",), ("run", "--prompt", "x", "--builtin"))


@pytest.fixture
def run_as_user(tmp_path: Path) -> Command:
    """Runs `agentlark …` in the test's folder, held to the modes of its files."""
    is_root = os.geteuid() == 0
    if is_root and not shutil.which("setpriv"):
        pytest.skip("root is not held to the modes of files, and there is no setpriv")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*(UNPRIVILEGED if is_root else ()), sys.executable, "-P", "-m", "orchestrator", *arguments],
            cwd=tmp_path / "project",
            env=environment(PYTHONDONTWRITEBYTECODE="1"),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A folder with a run and its artifacts; writable again at the end, so that it can be removed."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "agents.lark").write_text('agents = [agent(id = "planner", role = "Planner")]')
    squad = compile_file(folder / "agents.lark").squad

    async def run() -> None:
        chosen = RunOptions(folder=folder, flags=Flags(backend="rehearsal"), environ={})
        async with start(squad, "Ship the MVP", chosen) as going:
            await going.result()

    asyncio.run(run())
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)


def lock(folder: Path, kind: str) -> None:
    """Take away the leave to write: of the files, or of folders and files."""
    for path in (*folder.rglob("*"), folder):
        if path.is_file():
            path.chmod(0o400)
        elif kind == "folders":
            path.chmod(0o500)


@pytest.mark.parametrize("kind", ["files", "folders"])
def test_what_reads_needs_no_leave_to_write(
    run_as_user: Command, project: Path, tmp_path: Path, kind: str
) -> None:
    lock(project, kind)
    for arguments in READING if kind == "folders" else READING[:1]:
        done = run_as_user(*(each.format(elsewhere=tmp_path) for each in arguments))
        assert done.returncode == 0, (arguments, done.stderr)
        assert "warning" not in done.stderr, (arguments, done.stderr)
    assert "plan of planner" in run_as_user("memory:inspect").stdout


@pytest.mark.parametrize("kind", ["files", "folders"])
def test_what_writes_says_why_it_cannot(run_as_user: Command, project: Path, kind: str) -> None:
    lock(project, kind)
    for arguments in WRITING if kind == "folders" else WRITING[:1]:
        done = run_as_user(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert "help:" in done.stderr and "Traceback" not in done.stderr
    if kind == "folders":
        done = run_as_user("memory:condense")
        assert done.returncode == 2 and "cannot be written" in done.stderr
        assert "cannot be written" in run_as_user("doctor").stdout


def test_what_is_new_and_cannot_be_kept_is_said_and_the_rest_is_shown(
    run_as_user: Command, project: Path
) -> None:
    write_run(RunPaths(project).journal, "r2", [("builder", "Built.")])
    lock(project / "memory", "files")
    done = run_as_user("memory:inspect")
    assert done.returncode == 0
    assert "what is new in" in done.stderr and "is read-only" in done.stderr
    assert "plan of planner" in done.stdout and "Built." not in done.stdout
