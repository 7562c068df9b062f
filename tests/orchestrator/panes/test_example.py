"""The example drives a real zellij, and says what is missing where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from orchestrator.panes.zellij import ZellijClient
from tests.orchestrator.panes.conftest import PATIENCE_S, Place

ROOT = Path(__file__).resolve().parents[3]
SHOWN = """\
pane terminal_1 is in tab 'Tab #1': echo
hello
typed from Python
typed from Python
exit status 7
"""


def example(place: Place, path: str) -> subprocess.CompletedProcess[str]:
    environ = {**place.around.environ, "PATH": path, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / "zellij_session.py")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environ,
        cwd=place.folder,
    )


def test_the_example_makes_fills_watches_and_ends_a_session(zellij: ZellijClient, place: Place) -> None:
    ended = example(place, f"{Path(zellij.program.path).parent}:{os.environ['PATH']}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, SHOWN, "")


def test_the_example_says_that_zellij_is_missing(place: Place) -> None:
    ended = example(place, "/nonexistent")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "zellij cannot be run" in ended.stderr
    assert "cargo install" in ended.stderr
    assert "Traceback" not in ended.stderr
