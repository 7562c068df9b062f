"""The example programs do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

PLAN = """\
  0 to   1  parser
  1 to   3  test parser
  0 to   1  printer
  1 to   3  test printer
  3 to   8  release
"""


def host(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(EXAMPLES / "host.py"), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60)


def test_the_host_prints_the_plan_of_its_own_file() -> None:
    ended = host()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, PLAN, "")


def test_the_host_says_where_a_file_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "wrong.star"
    file.write_text('task("a")\ntask("b", needs = ["a", "c"])\n')
    ended = host(str(file))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith('wrong.star:2:25: error[AL210]: no task "c" so far\n')
    assert 'task("b", needs = ["a", "c"])' in ended.stderr


def test_the_host_stays_a_small_program_on_the_language_alone() -> None:
    lines = (EXAMPLES / "host.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 40
    imports = [
        line for line in lines if line.startswith(("import agentlark", "from agentlark", "import orch"))
    ]
    assert imports == ["from agentlark import starlark"]
