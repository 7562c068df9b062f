"""`--record` and `--replay`: what people see of cassettes, and what a folder keeps of a replayed run."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.orchestrator.cli.conftest import Command

KEY = {"ANTHROPIC_API_KEY": "sk-ant-none-of-this-is-real-0123456789"}


@pytest.fixture
def tape(agentlark: Command, config: Path, tmp_path: Path) -> Path:
    """The cassette of a run of the two agents; nothing else is left of it."""
    assert agentlark("run", "-q", "--concise", "--record", "tape").returncode == 0
    for left in (".agentfs", "logs", "memory"):
        shutil.rmtree(tmp_path / left)
    return tmp_path / "tape"


def test_a_replay_takes_task_and_settings_from_the_cassette_and_says_what_it_is(
    agentlark: Command, tape: Path, tmp_path: Path
) -> None:
    assert stat.S_IMODE(tape.stat().st_mode) == 0o600
    replayed = agentlark("run", "--replay", "tape", **KEY)  # a key changes the automatic choice of a backend
    assert replayed.returncode == 0
    assert "cassette: tape. REPLAYED (cassette): no model was asked" in replayed.stderr
    assert "turns      none sent" in replayed.stderr
    assert "replayed   2 turns" in replayed.stderr
    for log in ("planner", "timeline"):
        assert "REPLAYED (cassette)" in (tmp_path / "logs" / f"{log}.log").read_text().splitlines()[1]
    assert "follow-up REPLAYED · saved" in (tmp_path / "logs" / "planner.log").read_text()
    (listed,) = map(json.loads, agentlark("runs", "ls", "--json").stdout.splitlines())
    assert (listed["replayed"], listed["simulated"], listed["turns"]) == (True, True, 0)
    assert json.loads(agentlark("show", "planner", "--json").stdout)["origin"] == "replayed"


def test_what_was_replayed_is_never_reused(agentlark: Command, tape: Path) -> None:
    assert agentlark("run", "-q", "--replay", "tape").returncode == 0
    after = agentlark("run", "--concise")
    assert "2 sent" in after.stderr
    assert "cached" not in after.stderr


def test_a_replay_ignores_what_is_recorded_and_a_recording_holds_what_was_reused(
    agentlark: Command, tape: Path, tmp_path: Path
) -> None:
    assert agentlark("run", "-q", "--concise").returncode == 0
    assert "2 turns" in agentlark("run", "--concise", "--record", "again").stderr
    assert len((tmp_path / "again").read_text().splitlines()) == 3
    assert "replayed   2 turns" in agentlark("run", "--replay", "again").stderr
    tape.write_text("\n".join(tape.read_text().splitlines()[:2]) + "\n")  # without the builder's turn
    missing = agentlark("run", "--replay", "tape")
    assert missing.returncode == 1
    assert "tape has no answer for builder, step 1 (follow-up)" in missing.stderr


def test_a_miss_fails_the_run_and_it_can_be_resumed_with_another_cassette(
    agentlark: Command, tape: Path, tmp_path: Path
) -> None:
    whole = tape.read_text()
    tape.write_text("\n".join(whole.splitlines()[:2]) + "\n")
    assert agentlark("run", "-q", "--replay", "tape").returncode == 1
    assert agentlark("resume", "-q").returncode == 1
    tape.rename(tmp_path / "moved")
    gone = agentlark("resume")
    assert gone.returncode == 2
    assert "cannot be read" in gone.stderr
    (tmp_path / "whole").write_text(whole)
    resumed = agentlark("resume", "--replay", "whole")
    assert resumed.returncode == 0, resumed.stderr
    assert "REPLAYED" in resumed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--record", "a", "--replay", "tape"], "contradict each other"),
        (["--replay", "nowhere"], "cannot be read"),
        (["--replay", "configs/agents.lark"], "is not a cassette"),
        (["--record", "nowhere/tape"], "no folder"),
        (["--record", "configs"], "is a folder"),
        (["--record", "configs/agents.lark"], "is a source"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(
    agentlark: Command, tape: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    refused = agentlark("run", *arguments)
    assert refused.returncode == 2
    assert message in " ".join(refused.stderr.split())
    assert not (tmp_path / ".agentfs").exists()


def test_a_recording_replaces_cassettes_and_nothing_else(
    agentlark: Command, tape: Path, tmp_path: Path
) -> None:
    assert agentlark("run", "-q", "--record", str(tape)).returncode == 0
    notes = tmp_path / "notes.md"
    notes.write_text("precious\n")
    refused = agentlark("run", "-q", "--record", str(notes))
    assert (refused.returncode, "would be lost" in refused.stderr) == (2, True)
    assert notes.read_text() == "precious\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_cassette_that_cannot_be_written_to_its_end_is_a_failure(agentlark: Command, config: Path) -> None:
    full = agentlark("run", "-q", "--record", "/dev/full")
    assert full.returncode == 1
    assert "cassette: [Errno 28]" in full.stderr


def test_settings_that_are_none_are_refused(agentlark: Command, tape: Path) -> None:
    lines = tape.read_text().splitlines()
    head = json.loads(lines[0])
    for settings in ({}, {"jobs": "many"}, {"jobs": "1", "asked": "{"}):
        tape.write_text("\n".join([json.dumps({**head, "settings": settings}), *lines[1:]]) + "\n")
        refused = agentlark("run", "--replay", "tape")
        assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
        assert "tape, line 1: the settings are not those of a run" in refused.stderr


def test_a_run_of_its_own_does_not_go_on_from_a_cassette(agentlark: Command, tape: Path) -> None:
    assert agentlark(
        "run", "-q", "--rehearsal-fail-once", "planner", "--rehearsal-delay", "0"
    ).returncode in (0, 1)
    config = Path(tape.parent, "configs", "agents.lark")
    config.write_text(config.read_text().replace('"Planner"', '"Planner", retries = 0'))
    assert agentlark("run", "-q", "--fresh", "--rehearsal-fail-once", "planner").returncode == 1
    refused = agentlark("resume", "--replay", "tape")
    assert refused.returncode == 2
    assert "was not replayed" in refused.stderr
