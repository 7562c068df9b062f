from __future__ import annotations

import stat
from pathlib import Path

from agentlark.compiled import emit
from agentlark.compiler import compile_file
from tests.orchestrator.cli.conftest import Command

ROUGH = "x=[1,\n 2] # two\n"
NEAT = "x = [\n    1,\n    2,\n]  # two\n"


def test_files_are_formatted_in_place_and_counted(agentlark: Command, config: Path) -> None:
    before = emit(compile_file(config).squad.model_copy(update={"sources": ()}))

    done = agentlark("fmt")

    assert done.returncode == 0
    assert done.stderr == "configs/agents.lark: formatted\n1 file formatted, 0 unchanged\n"
    assert done.stdout == ""
    assert 'prompt = "Tidy up"\nagents = [\n    agent(id = "planner"' in config.read_text()
    assert emit(compile_file(config).squad.model_copy(update={"sources": ()})) == before
    assert agentlark("fmt").stderr == "0 files formatted, 1 unchanged\n"


def test_folders_are_searched_for_starlark_files(agentlark: Command, tmp_path: Path) -> None:
    for name in ("a/x.lark", "a/b/y.star", "a/notes.txt", "a/.git/z.lark", "a/node_modules/z.lark"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(ROUGH)

    done = agentlark("fmt", "a", "a/x.lark")

    assert done.stderr == "a/x.lark: formatted\na/b/y.star: formatted\n2 files formatted, 0 unchanged\n"
    assert (tmp_path / "a/notes.txt").read_text() == ROUGH
    assert (tmp_path / "a/.git/z.lark").read_text() == ROUGH


def test_check_writes_nothing_and_names_what_would_change(agentlark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lark").write_text(ROUGH)
    (tmp_path / "b.lark").write_text(NEAT)

    done = agentlark("fmt", "--check", "a.lark", "b.lark")

    assert done.returncode == 1
    assert done.stderr == "a.lark: would change\n1 file to format, 1 unchanged\n"
    assert (tmp_path / "a.lark").read_text() == ROUGH
    assert agentlark("fmt", "--check", "b.lark").returncode == 0


def test_diff_shows_what_would_change_and_writes_nothing(agentlark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.lark").write_text("x=1")

    done = agentlark("fmt", "--diff", "a.lark")

    assert done.returncode == 0
    assert done.stdout == (
        "--- a.lark\n+++ a.lark\n@@ -1 +1 @@\n-x=1\n\\ No newline at end of file\n+x = 1\n"
    )
    assert (tmp_path / "a.lark").read_text() == "x=1"
    assert agentlark("fmt", "--diff", "--check", "a.lark").returncode == 1


def test_stdin_is_formatted_to_stdout(agentlark: Command) -> None:
    assert agentlark("fmt", "-", stdin=ROUGH).stdout == NEAT
    assert agentlark("fmt", "-", "--check", stdin=ROUGH).returncode == 1
    assert agentlark("fmt", "-", "--check", stdin=NEAT).returncode == 0
    refused = agentlark("fmt", "-", stdin="x = (")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert "<stdin>:1:5: error[AL005]" in refused.stderr


def test_a_file_that_does_not_parse_stays_and_the_others_are_formatted(
    agentlark: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.lark").write_text("x = (\n")
    (tmp_path / "b.lark").write_text(ROUGH)
    (tmp_path / "c.lark").write_bytes(b"x = '\xff'\n")

    done = agentlark("fmt", "a.lark", "b.lark", "c.lark", "d.lark")

    assert done.returncode == 2
    assert "a.lark:1:5: error[AL005]: `(` is never closed" in done.stderr
    assert "error: c.lark cannot be read: it is not UTF-8 text" in done.stderr
    assert "error: d.lark cannot be read: there is no such file" in done.stderr
    assert done.stderr.endswith("b.lark: formatted\n1 file formatted, 0 unchanged\n")
    assert (tmp_path / "a.lark").read_text() == "x = (\n"
    assert (tmp_path / "b.lark").read_text() == NEAT


def test_mode_and_links_are_kept(agentlark: Command, tmp_path: Path) -> None:
    real = tmp_path / "real.lark"
    real.write_text(ROUGH)
    real.chmod(0o640)
    (tmp_path / "link.lark").symlink_to(real)

    assert agentlark("fmt", "link.lark").returncode == 0

    assert (tmp_path / "link.lark").is_symlink()
    assert real.read_text() == NEAT
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.lark", "real.lark"]


def test_stdin_among_files_is_a_mistake(agentlark: Command) -> None:
    done = agentlark("fmt", "-", "a.lark")

    assert done.returncode == 2
    assert "give - alone, or files" in done.stderr
