"""The tutorial does what it says: its relay is run, and what it shows of it comes out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.orchestrator.cli.conftest import environment

TUTORIAL = (Path(__file__).resolve().parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
CLOCK = re.compile(r"^\d\d:\d\d:\d\d")
TOOK = re.compile(r"\d+\.\d s$")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
    return [text for named, text in fenced if named == language]


def agentlark(folder: Path, *arguments: str) -> str:
    """Everything that a command prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "orchestrator", *arguments],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def relay(tmp_path: Path) -> Path:
    """A folder with the relay of the tutorial."""
    (config,) = [block for block in blocks("python") if "define_relay" in block]
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "agents.lark").write_text(config)
    return tmp_path


def shown_after(command: str) -> list[str]:
    """The lines that the tutorial shows below a command."""
    (block,) = [block for block in blocks("") if command in block]
    lines = block[block.index(command) :].splitlines()[1:]
    return [line for line in lines if line and not line.startswith("$") and line != "…"]


def test_the_timeline_and_the_second_run_are_as_shown(relay: Path) -> None:
    agentlark(relay, "run", "--prompt", "Ship the MVP")
    timeline = (relay / "logs" / "timeline.log").read_text().splitlines()
    happened = [CLOCK.sub("", line) for line in timeline]
    shown = [CLOCK.sub("", line) for line in shown_after("grep -e → -e wave logs/timeline.log")]
    assert len(shown) > 5
    places = [happened.index(line) for line in shown]
    assert places == sorted(places)
    again = agentlark(relay, "run", "--prompt", "Ship the MVP").splitlines()
    counts = shown_after("grep -e ^turns -e ^cached")
    assert [TOOK.sub("", line) for line in again if line.startswith(("turns", "cached"))] == [
        TOOK.sub("", line) for line in counts
    ]


def test_every_option_that_it_names_exists() -> None:
    known = "".join(
        subprocess.run(
            [sys.executable, "-P", "-m", "orchestrator", *command, "--help"],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for command in (
            ["run"],
            ["resume"],
            ["check"],
            ["show"],
            ["interrupt"],
            ["approve"],
            ["config", "show"],
        )
    )
    named = set(re.findall(r"`[^`\n]*?(--[a-z][a-z-]+)", TUTORIAL))
    assert named
    assert {option for option in named if option not in known} == set()
