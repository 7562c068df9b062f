"""Programs that take over the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.process import run_in_foreground


def test_it_is_waited_for_and_its_exit_code_is_given(tmp_path: Path) -> None:
    left = tmp_path / "left"
    script = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('edited'); sys.exit(3)"
    assert run_in_foreground([sys.executable, "-c", script, str(left)], {}) == 3
    assert left.read_text() == "edited"


def test_it_is_given_what_a_screen_takes_and_no_secret(tmp_path: Path) -> None:
    left = tmp_path / "left"
    script = "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text('\\n'.join(os.environ))"
    environ = {"TERM": "xterm", "DISPLAY": ":0", "ANTHROPIC_API_KEY": "secret", "HOME": "/home/me"}
    run_in_foreground([sys.executable, "-c", script, str(left)], environ)
    given = set(left.read_text().split())
    assert {"TERM", "DISPLAY", "HOME"} <= given
    assert "ANTHROPIC_API_KEY" not in given


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="no-such-editor"):
        run_in_foreground(["no-such-editor"], {})
