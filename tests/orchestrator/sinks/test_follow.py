"""Following one log: everything once, whatever becomes of the file; nothing that acts in a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentlark.diagnostics import visible
from orchestrator.core.paths import RunPaths
from orchestrator.sinks.follow import Follower, harmless, log_of


class Screen:
    """A follower of `a.log` in a folder, and what it has shown."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "a.log"
        self.shown = ""
        self.follower = Follower(str(self.path), self._show)

    def _show(self, text: str) -> None:
        self.shown += text

    def after(self, data: bytes, flags: int = os.O_APPEND) -> str:
        """What it shows of the log once this was written to it."""
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | flags)
        os.write(file, data)
        os.close(file)
        return self.look()

    def look(self) -> str:
        """What it has shown after another look."""
        self.follower.look()
        return self.shown


@pytest.fixture
def screen(tmp_path: Path) -> Screen:
    return Screen(tmp_path)


def test_a_log_is_shown_as_it_grows(screen: Screen) -> None:
    assert screen.after(b"one\n") == "one\n"
    assert screen.after(b"two\n") == "one\ntwo\n"
    assert screen.look() == "one\ntwo\n"


def test_a_log_that_is_not_there_yet_is_waited_for(screen: Screen) -> None:
    assert screen.look() == ""
    assert not screen.follower.is_open
    assert screen.after(b"here\n") == "here\n"


def test_a_new_run_truncates_and_is_shown_from_its_start(screen: Screen) -> None:
    screen.after(b"a long old run\n")
    assert screen.after(b"new\n", os.O_TRUNC) == "a long old run\nnew\n"


@pytest.mark.parametrize("new", [b"NEW\n", b"a new run that says more than the old one did\n"])
def test_a_log_written_anew_is_noticed_whatever_its_size(screen: Screen, new: bytes) -> None:
    screen.after(b"old\n")
    assert screen.after(new, os.O_TRUNC) == "old\n" + new.decode()


def test_a_rotated_log_is_shown_to_its_end_and_then_its_successor(screen: Screen) -> None:
    screen.after(b"one\n")
    with screen.path.open("ab") as file:
        file.write(b"last\n")
    screen.path.rename(screen.path.with_suffix(".1"))
    assert screen.after(b"next\n") == "one\nlast\nnext\n"


def test_a_removed_log_is_taken_up_again_when_it_comes_back(screen: Screen) -> None:
    screen.after(b"one\n")
    screen.path.unlink()
    assert screen.look() == "one\n"
    assert not screen.follower.is_open
    assert screen.after(b"one\n") == "one\none\n"


def test_what_starts_over_starts_on_a_line_of_its_own(screen: Screen) -> None:
    screen.after(b"half a li")
    assert screen.after(b"new\n", os.O_TRUNC) == "half a li\nnew\n"


def test_characters_cut_in_two_are_shown_whole(screen: Screen) -> None:
    dash = "─".encode()
    screen.after(dash[:1])
    assert screen.shown == ""
    assert screen.after(dash[1:] + b"\n") == "─\n"


def test_no_escape_sequence_reaches_the_terminal(screen: Screen) -> None:
    assert screen.after(b"\x1b]0;owned\x07 \x9b2J \xc2\x9b2J\xff\n") == (
        "\\x1b]0;owned\\x07 \\x9b2J \\x9b2J\\xff\n"
    )


def test_links_and_pipes_are_not_read(screen: Screen, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    screen.path.symlink_to(tmp_path / "secret")
    assert screen.look() == ""
    screen.path.unlink()
    os.mkfifo(screen.path)
    assert screen.look() == ""


def test_what_needs_no_spelling_out_is_what_visible_leaves_alone() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if char.isprintable():
            assert visible(char) == char == harmless(char)


@given(
    st.lists(st.tuples(st.sampled_from(["append", "truncate", "replace", "remove"]), st.binary(max_size=40)))
)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_after_anything_that_can_happen_the_last_text_is_shown_whole(
    tmp_path: Path, steps: list[tuple[str, bytes]]
) -> None:
    screen = Screen(tmp_path)
    screen.path.unlink(missing_ok=True)
    now = b""
    for number, (kind, data) in enumerate(steps):
        text = b"%d:" % number + data + b"\n"
        if kind in ("replace", "remove"):
            screen.path.unlink(missing_ok=True)
            now = b""
            if kind == "remove":
                screen.look()
                continue
        now = now + text if kind == "append" else text
        screen.after(text, os.O_TRUNC if kind == "truncate" else os.O_APPEND)
        assert screen.shown.endswith(harmless(now.decode("utf-8", "backslashreplace")))
        assert "\x1b" not in screen.shown
    screen.follower.close()


def test_a_log_is_where_the_runner_writes_it() -> None:
    assert Path(log_of("planner")) == RunPaths(Path()).log("planner")
    assert log_of("planner@2") == log_of("planner")
    assert log_of("timeline") == str(RunPaths(Path()).log("timeline"))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a\0b", ".", "a b", "@2"])
def test_what_is_no_name_names_no_log(name: str) -> None:
    with pytest.raises(ValueError, match="no name of an agent"):
        log_of(name)
