"""Logs as lines, when there are no panes."""

from __future__ import annotations

from pathlib import Path

from orchestrator.launch.lines import Lines
from orchestrator.launch.logs import spawn_squad_session


def test_every_line_says_whose_it_is_and_waits_until_it_is_whole(tmp_path: Path) -> None:
    shown: list[str] = []
    spawn_squad_session(tmp_path, ["planner"])
    planner = tmp_path / "logs" / "planner.log"
    lines = Lines(tmp_path, shown.append, coloured=False)
    planner.write_text("one\ntw")
    lines.look()
    assert shown == ["planner  │ one\n"]
    with planner.open("a") as log:
        log.write("o\n\nthree")
    lines.look()
    assert shown[1:] == ["planner  │ two\n", "planner  │\n"]
    lines.close()
    assert shown[3:] == ["planner  │ three\n"]


def test_a_log_that_appears_later_is_followed_too_and_other_files_are_not(tmp_path: Path) -> None:
    shown: list[str] = []
    spawn_squad_session(tmp_path, [])
    (tmp_path / "logs" / "runner.out").write_text("not a log\n")
    lines = Lines(tmp_path, shown.append, coloured=False)
    lines.look()
    (tmp_path / "logs" / "specialist.log").write_text("born\n")
    lines.look()
    lines.close()
    assert shown == ["specialist │ born\n"]


def test_names_are_coloured_each_in_its_own_and_text_is_not(tmp_path: Path) -> None:
    shown: list[str] = []
    spawn_squad_session(tmp_path, ["a", "b"])
    for name in "ab":
        (tmp_path / "logs" / f"{name}.log").write_text(f"of {name} \x1b[2J\n")
    lines = Lines(tmp_path, shown.append, coloured=True)
    lines.look()
    lines.close()
    assert shown == [
        "\x1b[36ma        │\x1b[0m of a \\x1b[2J\n",
        "\x1b[33mb        │\x1b[0m of b \\x1b[2J\n",
    ]
