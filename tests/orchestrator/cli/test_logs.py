"""`agentlark logs`, as people, panes and programs use it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentlark.compiled import parse_compiled
from orchestrator.core.errors import UserError
from orchestrator.sinks.rebuilt import rebuilt_log
from orchestrator.store.journal import open_journal_readonly
from tests.orchestrator.cli.conftest import Command, environment

CTRL_S, CTRL_Z, CTRL_C = b"\x13", b"\x1a", b"\x03"


class Pane:
    """A terminal of 20 columns in which a log is followed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.keys, near = pty.openpty()
        fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 20, 0, 0))
        self.modes = termios.tcgetattr(self.keys)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", RUN, *arguments],
            cwd=folder,
            env=environment(TERM="xterm"),
            stdin=near,
            stdout=near,
            stderr=near,
            start_new_session=True,
        )
        os.close(near)
        self.shown = b""

    def shows(self, text: str) -> bool:
        """Whether the text is shown before long."""
        end = time.monotonic() + 20
        while text.encode() not in self.shown and time.monotonic() < end:
            if select.select([self.keys], [], [], 0.1)[0]:
                self.shown += os.read(self.keys, 4096)
        return text.encode() in self.shown

    def press(self, key: bytes) -> None:
        os.write(self.keys, key)


# The terminal becomes the one that Ctrl+C is typed into.
RUN = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "import sys; sys.argv[0] = 'agentlark'\n"
    "from orchestrator.cli import main; main()"
)


@contextmanager
def pane(folder: Path, *arguments: str) -> Iterator[Pane]:
    shown = Pane(folder, *arguments)
    try:
        yield shown
    finally:
        shown.process.kill()
        shown.process.wait()
        os.close(shown.keys)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / "logs" / f"{name}.log"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_pane_goes_on_after_ctrl_s_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    path = written(tmp_path, "a", "one\n")
    with pane(tmp_path, "logs", "-f", "a") as shown:
        assert shown.shows("one")
        shown.press(CTRL_S + CTRL_Z + b"typed")
        with path.open("a") as file:
            file.write("two \x1b[2J\n")
        assert shown.shows("two \\x1b[2J")
        assert b"typed" not in shown.shown
        shown.press(CTRL_C)
        assert shown.process.wait(20) == 0
        assert termios.tcgetattr(shown.keys)[:4] == shown.modes[:4]


def test_a_pane_leaves_its_terminal_as_it_was_when_it_is_told_to_end(tmp_path: Path) -> None:
    written(tmp_path, "timeline", "run started\n")
    with pane(tmp_path, "logs", "-f") as shown:
        assert shown.shows("run started")
        assert not termios.tcgetattr(shown.keys)[0] & termios.IXON
        shown.process.send_signal(signal.SIGTERM)
        assert shown.process.wait(20) == 0
        assert termios.tcgetattr(shown.keys)[:4] == shown.modes[:4]


def test_a_pane_may_be_there_before_its_log(tmp_path: Path) -> None:
    with pane(tmp_path, "logs", "a", "-f") as shown:
        assert shown.shows("waiting for logs/a.log")
        written(tmp_path, "a", "here\n")
        assert shown.shows("here")


def test_nobody_reading_any_more_is_no_traceback(tmp_path: Path) -> None:
    written(tmp_path, "a", "one\n" * 100_000)
    shown = subprocess.run(
        f"{sys.executable} -P -m orchestrator logs -f a | head -n 1",
        shell=True,
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (shown.stdout, shown.stderr) == ("one\n", "")


def test_a_log_is_printed(agentlark: Command, config: Path, tmp_path: Path) -> None:
    assert agentlark("run", "-q").returncode == 0
    assert agentlark("logs", "planner").stdout == (tmp_path / "logs" / "planner.log").read_text()
    assert agentlark("logs").stdout == (tmp_path / "logs" / "timeline.log").read_text()


def test_logs_of_an_older_run_are_rebuilt_as_they_were(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    facts = [json.loads(line) for line in agentlark("run", "--json").stdout.splitlines()]
    slug = facts[0]["run"]
    before = {path.stem: path.read_text() for path in (tmp_path / "logs").glob("*.log")}
    assert len(before) > 3
    assert agentlark("run", "-q", "--prompt", "Something else").returncode == 0
    for name, text in before.items():
        assert agentlark("logs", name, "--run", slug).stdout == text


def test_logs_of_a_relay_that_failed_and_was_resumed_are_rebuilt_too(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    config.write_text(config.read_text().replace("depends_on", "retries = 0, depends_on"))
    failed = agentlark("run", "-q", "--relay", "--rehearsal-fail-once", "builder")
    assert failed.returncode == 1
    assert agentlark("resume", "-q").returncode == 0
    with open_journal_readonly(tmp_path / ".agentfs" / "agent-db.db") as journal:
        (record,) = journal.runs()
        roles = {agent.id: agent.role for agent in parse_compiled(record.squad, record.slug).agents()}
        for path in sorted((tmp_path / "logs").glob("*.log")):
            assert rebuilt_log(path.stem, journal.facts(record.slug), roles, journal.body) == path.read_text()
        with pytest.raises(UserError) as raised:
            rebuilt_log("bilder", journal.facts(record.slug), roles, journal.body)
    assert raised.value.remedy == "did you mean 'builder'?"


def test_facts_are_printed_as_they_were_recorded(agentlark: Command, config: Path) -> None:
    recorded = agentlark("run", "--json").stdout
    assert agentlark("logs", "--json").stdout == recorded
    assert agentlark("logs", "--json", "-f").stdout == recorded
    of_planner = [json.loads(line) for line in agentlark("logs", "planner", "--json").stdout.splitlines()]
    assert {fact["kind"] for fact in of_planner} == {"turn-started", "acted", "turn-ended", "node-ended"}
    assert {fact.get("node") or fact["id"][1] for fact in of_planner} == {"planner"}


def test_what_is_not_there_is_an_error_that_says_what_is(agentlark: Command, config: Path) -> None:
    none = agentlark("logs")
    assert none.returncode == 2
    assert "run a squad first" in none.stderr
    assert agentlark("logs", "--run", "r").returncode == 2
    agentlark("run", "-q")
    for arguments, says in (
        (("plannr",), "did you mean 'planner'?"),
        (("../x",), "no name of an agent"),
        (("-f", "../x"), "no name of an agent"),
        (("plannr", "--run", "run-1"), "there is no run 'run-1'"),
        (("-f", "--run", "run-1"), "give one"),
    ):
        done = agentlark("logs", *arguments)
        assert done.returncode == 2, arguments
        assert says in done.stderr
        assert "Traceback" not in done.stderr
