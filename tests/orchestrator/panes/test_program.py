"""A multiplexer that is missing, too old, silent or lying gives an error that says so."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.panes.errors import (
    DeadlineExceeded,
    InvalidInput,
    MultiplexerError,
    NotCreated,
    PaneNotFound,
    ProgramMissing,
    ProgramTooOld,
)
from orchestrator.panes.health import examine
from orchestrator.panes.keys import tmux_name, zellij_name
from orchestrator.panes.multiplexer import Multiplexer
from orchestrator.panes.program import Surroundings, numbers
from orchestrator.panes.tmux import TmuxMultiplexer
from orchestrator.panes.zellij import PaneOptions, ZellijClient, ZellijMultiplexer

PANE = (
    '{"id": 0, "is_plugin": false, "title": "x", "tab_id": 0, "tab_name": "t", "is_focused": true,'
    ' "is_floating": false, "is_fullscreen": false, "is_suppressed": false, "is_selectable": true,'
    ' "exited": false, "exit_status": null, "is_held": false, "pane_x": 0, "pane_y": 0, "pane_rows": 9,'
    ' "pane_columns": 9}'
)
TAB = (
    '{"tab_id": 0, "name": "t", "position": 0, "active": true, "is_fullscreen_active": false,'
    ' "is_sync_panes_active": false, "are_floating_panes_visible": false,'
    ' "selectable_tiled_panes_count": 1, "selectable_floating_panes_count": 0}'
)
Fake = Callable[[str], str]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """A program made of a shell script, in which `$*` are the arguments."""

    def made(script: str) -> str:
        program = tmp_path / "fake"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return str(program)

    return made


def around(deadline_s: float = 20.0) -> Surroundings:
    return Surroundings(environ=dict(os.environ), deadline_s=deadline_s)


def client(program: str, deadline_s: float = 20.0) -> ZellijClient:
    return ZellijClient("demo", program=program, around=around(deadline_s))


NEW_ENOUGH = 'case "$*" in --version) echo zellij 0.44.1; exit;; esac\n'


@pytest.mark.parametrize("kind", [ZellijMultiplexer, TmuxMultiplexer])
def test_a_program_that_is_not_there_is_missing(kind: type[ZellijMultiplexer | TmuxMultiplexer]) -> None:
    multiplexer: Multiplexer = kind("no-such-program-here", around())
    with pytest.raises(ProgramMissing, match="no-such-program-here"):
        asyncio.run(multiplexer.sessions())


@pytest.mark.parametrize("said", ["zellij 0.44.0", "zellij 0.9.1", "nonsense", ""])
def test_an_old_program_is_refused_before_it_is_asked_for_anything(fake: Fake, said: str) -> None:
    with pytest.raises(ProgramTooOld, match=r"0\.44\.1 or newer"):
        asyncio.run(client(fake(f'echo "{said}"')).panes.list())


def test_versions_are_compared_as_numbers() -> None:
    assert numbers("3.3a") == (3, 3, 0)
    assert numbers("0.45.1") > numbers("0.44.10") > numbers("0.44.9")
    assert numbers("") == (0, 0, 0)


def test_a_program_that_hangs_is_stopped_at_its_deadline(fake: Fake) -> None:
    script = NEW_ENOUGH + 'case "$*" in list-sessions*) echo "demo [Created 1s ago] "; exit;; esac\nsleep 60'
    with pytest.raises(DeadlineExceeded):
        asyncio.run(client(fake(script), 2).panes.list())


def test_silence_and_answers_to_other_questions_are_asked_again(fake: Fake, tmp_path: Path) -> None:
    count = tmp_path / "count"
    script = (
        NEW_ENOUGH + f"echo x >> '{count}'\n"
        f"case $(wc -l < '{count}') in *1) ;; *2) echo CLIENT_ID;; *) echo '[{PANE}]';; esac"
    )
    (pane,) = asyncio.run(client(fake(script)).panes.list())
    assert (pane.pane_id, pane.title) == ("terminal_0", "x")


def test_a_pane_that_was_announced_and_is_not_there_is_an_error(fake: Fake) -> None:
    script = NEW_ENOUGH + (
        f"case \"$*\" in *list-panes*) echo '[{PANE}]';; *list-tabs*) echo '[{TAB}]';;"
        " *) echo terminal_7;; esac"
    )
    with pytest.raises(NotCreated, match="terminal_7"):
        asyncio.run(client(fake(script), 1).panes.create("cat", options=PaneOptions(tab_id=0)))


def test_a_pane_that_is_not_there_is_not_typed_into(fake: Fake, tmp_path: Path) -> None:
    script = NEW_ENOUGH + f"case \"$*\" in *list-panes*) echo '[{PANE}]';; *) touch '{tmp_path}/typed';; esac"
    with pytest.raises(PaneNotFound):
        asyncio.run(client(fake(script)).panes.type_text("terminal_1", "x"))
    assert not (tmp_path / "typed").exists()


def test_only_allowed_variables_reach_it(fake: Fake, tmp_path: Path) -> None:
    script = NEW_ENOUGH + f"env > '{tmp_path}/env'"
    environ = {
        **os.environ,
        "SECRET_TOKEN": "canary",
        "ZELLIJ_SESSION_NAME": "outer",
        "ZELLIJ_SOCKET_DIR": "/s",
    }
    asyncio.run(ZellijClient(program=fake(script), around=Surroundings(environ=environ)).sessions.list())
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert "ZELLIJ_SOCKET_DIR" in names
    assert not names & {"SECRET_TOKEN", "ZELLIJ_SESSION_NAME"}


@pytest.mark.parametrize("command", ["", " ", "ls -l", [], [""], ["a\0b"]])
def test_a_command_that_cannot_be_meant_is_refused(fake: Fake, command: str | list[str]) -> None:
    with pytest.raises(InvalidInput):
        asyncio.run(client(fake(NEW_ENOUGH)).panes.run(command, deadline_s=5))


@pytest.mark.parametrize(
    ("key", "zellij", "tmux"),
    [
        ("a", "a", "a"),
        ("Enter", "Enter", "Enter"),
        ("Esc", "Esc", "Escape"),
        ("Ctrl c", "Ctrl c", "C-c"),
        ("Ctrl Alt Left", "Ctrl Alt Left", "C-M-Left"),
        (" ", "Space", "Space"),
        ("PageDown", "PageDown", "NPage"),
        ("漢", "漢", "漢"),
    ],
)
def test_keys_have_one_spelling_for_all(key: str, zellij: str, tmux: str) -> None:
    assert (zellij_name(key), tmux_name(key)) == (zellij, tmux)


@pytest.mark.parametrize("key", ["", "Escape", "ctrl c", "Ctrl", "Ctrl  c", "ab", "\n", "Meta x"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        zellij_name(key)


def test_doctor_is_told_what_is_missing_old_and_left_over(fake: Fake) -> None:
    rows = "agentlark-x [Created 1s ago] \\nother [Created 1s ago] \\n"
    lists = f'case "$*" in list-sessions*) printf "{rows}";; esac'
    there = ZellijMultiplexer(fake(NEW_ENOUGH + lists), around())
    found = list(examine((), [there, TmuxMultiplexer("no-such-program-here", around())]))
    assert [(check.name, check.status) for check in found] == [
        ("zellij", "ok"),
        ("zellij session agentlark-x", "optional"),
        ("tmux", "optional"),
    ]
    assert "delete-session" in found[1].remedy
    assert [check.name for check in examine(("agentlark-x",), [there])] == ["zellij"]
    assert issubclass(ProgramMissing, MultiplexerError)
