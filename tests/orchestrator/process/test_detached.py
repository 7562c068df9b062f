"""Children that outlive us."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from orchestrator.process import Child, Detached, detach


def child(folder: Path, script: str, **environ: str) -> Child:
    return Child([sys.executable, "-c", script], folder, 1.0, environ, {"GIVEN"})


def ended(child: Detached) -> int:
    until = time.monotonic() + 30
    while (code := child.code) is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    return code


def test_it_has_a_session_of_its_own_and_its_output_is_in_the_file(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.write_text("of an earlier one")
    script = (
        "import os, sys; print(os.getsid(0) == os.getpid(), os.getcwd(), sys.stdin.read(), flush=True);"
        "sys.stderr.write('complaint'); sys.exit(3)"
    )
    begun = detach(child(tmp_path, script), output)
    begun.tell(b"hello")
    assert ended(begun) == 3
    assert output.read_text() == f"True {tmp_path} hello\ncomplaint"


def test_only_allowed_variables_are_passed_on(tmp_path: Path) -> None:
    script = "import os; print(os.environ.get('GIVEN'), os.environ.get('SECRET'))"
    begun = detach(child(tmp_path, script, GIVEN="yes", SECRET="no"), tmp_path / "out")
    begun.tell(b"")
    assert ended(begun) == 0
    assert (tmp_path / "out").read_text() == "yes None\n"


def test_telling_one_that_has_ended_is_nothing(tmp_path: Path) -> None:
    begun = detach(child(tmp_path, ""), tmp_path / "out")
    assert ended(begun) == 0
    begun.tell(b"x" * 1_000_000)


def test_a_link_in_place_of_the_output_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    os.symlink(target, tmp_path / "out")
    with pytest.raises(OSError, match="symbolic link"):
        detach(child(tmp_path, ""), tmp_path / "out")
    assert target.read_text() == "precious"


def test_a_program_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        detach(Child(["no-such-program"], tmp_path, 1.0, {}), tmp_path / "out")
