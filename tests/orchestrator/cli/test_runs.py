"""`agentlark runs` and `agentlark graph`, as people and programs use them."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.core.ports import RunRecord
from orchestrator.store.journal import AgentFSJournal
from tests.orchestrator.cli.conftest import Command, environment


@pytest.fixture
def two_runs(agentlark: Command, config: Path) -> tuple[str, str]:
    """The slugs of two runs; between them the builder's role was changed."""
    assert agentlark("run", "-q").returncode == 0
    config.write_text(config.read_text().replace('"Builder"', '"Mason"'))
    assert agentlark("run", "-q").returncode == 0
    listed = [json.loads(line) for line in agentlark("runs", "ls", "--json").stdout.splitlines()]
    return listed[1]["run"], listed[0]["run"]


def test_runs_are_listed_newest_first(agentlark: Command, two_runs: tuple[str, str]) -> None:
    lines = agentlark("runs", "ls").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [two_runs[1], two_runs[0]]
    newest = json.loads(agentlark("runs", "ls", "--json").stdout.splitlines()[0])
    assert newest["ending"] == "done"
    assert newest["resumable"] is False
    assert newest["squad"] == "configs/agents.lark"
    assert newest["reused"] == 2
    assert newest["simulated"] is True
    narrow = agentlark("runs", "ls", COLUMNS="20").stdout
    assert max(map(len, narrow.splitlines())) <= 20
    limited = agentlark("runs", "ls", "--limit", "1")
    assert f"{two_runs[0]} " not in limited.stdout
    assert "the newest 1 of 2" in limited.stderr


def test_a_run_of_another_version_hides_no_other(
    agentlark: Command, two_runs: tuple[str, str], tmp_path: Path
) -> None:
    asyncio.run(recorded_by_another_version(tmp_path / ".agentfs" / "agent-db.db"))
    listed = agentlark("runs", "ls")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == [two_runs[1], two_runs[0]]
    assert "the run newer cannot be read" in listed.stderr
    shown = agentlark("runs", "show")
    assert shown.returncode == 2
    assert "look at it with that one" in shown.stderr
    assert agentlark("doctor").returncode == 0
    assert agentlark("status").returncode == 0


async def recorded_by_another_version(path: Path) -> None:
    journal = AgentFSJournal(path)
    record = RunRecord(
        slug="newer",
        squad='{"schema_version":99}',
        prompt="Ship it",
        settings={},
        simulated=True,
        started=datetime.now(UTC),
    )
    await journal.open_run(record)
    await journal.close()


def test_a_run_is_shown(agentlark: Command, two_runs: tuple[str, str]) -> None:
    text = agentlark("runs", "show", two_runs[0]).stdout
    assert text.startswith(f"{two_runs[0]}: done\nSIMULATED")
    assert "task       Tidy up\n" in text
    assert "blueprint accepted, wave 1" in text
    whole = json.loads(agentlark("runs", "show", "--json").stdout)
    assert whole["run"] == two_runs[1]
    assert [node["node"] for node in whole["nodes"]][:2] == ["planner", "builder"]
    assert whole["nodes"][0]["reused"] == 2


def test_a_run_that_failed_can_be_resumed_and_says_so(agentlark: Command, config: Path) -> None:
    config.write_text(config.read_text().replace('"Planner"', '"Planner", retries = 0'))
    assert agentlark("run", "-q", "--rehearsal-fail-once", "planner").returncode == 1
    summary = json.loads(agentlark("runs", "ls", "--json").stdout)
    assert (summary["ending"], summary["resumable"]) == ("failed", True)
    shown = agentlark("runs", "show").stdout
    assert f"resume {summary['run']}" in shown
    assert "planner failed" in shown
    drawn = agentlark("graph", "--run", "last").stdout
    assert "Planner  failed" in drawn
    assert "  blocked" in drawn


def test_two_runs_are_compared_agent_by_agent(agentlark: Command, two_runs: tuple[str, str]) -> None:
    text = agentlark("runs", "diff", *two_runs).stdout
    assert text.startswith(f"{two_runs[0]} → {two_runs[1]}\nsquad   changed\ntask    the same\n")
    assert "same    planner" in text
    assert "── builder ──" in text
    assert "  -You are builder, the Builder of a squad of agents.\n" in text
    assert "  +You are builder, the Mason of a squad of agents.\n" in text
    whole = json.loads(agentlark("runs", "diff", *two_runs, "--json").stdout)
    verdicts = {member["node"]: member["verdict"] for member in whole["members"]}
    assert (verdicts["planner"], verdicts["builder"]) == ("same", "changed")


def test_a_squad_is_drawn_without_running_it(agentlark: Command, config: Path, tmp_path: Path) -> None:
    text = agentlark("graph").stdout
    assert text == "core\n1 ●    planner  Planner\n2 └─●  builder  Builder (may add agents)\n"
    assert agentlark("graph", "--format", "mermaid").stdout.startswith("flowchart TD\n")
    assert '"planner" -> "builder";' in agentlark("graph", "--format", "dot").stdout
    assert json.loads(agentlark("graph", "--format", "json").stdout)["groups"] == ["core"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["configs"]


def test_a_run_is_drawn_with_who_joined(agentlark: Command, two_runs: tuple[str, str]) -> None:
    assert "Planner  done CACHED" in agentlark("graph", "--run", two_runs[1]).stdout
    text = agentlark("graph", "--run", two_runs[0]).stdout
    assert "core, wave 1, by the blueprint of builder" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(("env", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_on_a_terminal_a_run_is_coloured_unless_that_is_not_wanted(
    two_runs: tuple[str, str], tmp_path: Path, env: dict[str, str], is_coloured: bool
) -> None:
    far, near = pty.openpty()
    command = [sys.executable, "-P", "-m", "orchestrator", "graph", "--run", two_runs[0]]
    subprocess.run(
        command, cwd=tmp_path, env=environment(TERM="xterm", **env), stdout=near, timeout=60, check=True
    )
    os.close(near)
    shown = os.read(far, 65536).decode()
    os.close(far)
    assert "planner" in shown
    assert ("\x1b[32m●\x1b[0m" in shown) == is_coloured
    assert ("\x1b" in shown) == is_coloured


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("runs", "ls"), "there is no run in"),
        (("runs", "show", "r"), "there is no run in"),
        (("runs", "diff", "r"), "Missing argument"),
        (("graph", "--run", "last"), "there is no run in"),
        (("graph", "--agents-lark", "gone.lark"), "gone.lark cannot be read"),
        (("graph", "--run", "r", "--agents-lark", "x.lark"), "name no other"),
        (("graph", "--format", "png"), "'png'"),
    ],
)
def test_bad_input_ends_with_two_a_cause_and_a_remedy(
    arguments: tuple[str, ...], says: str, agentlark: Command
) -> None:
    done = agentlark(*arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_misspelt_run_is_told_which_there_are(agentlark: Command, two_runs: tuple[str, str]) -> None:
    done = agentlark("runs", "diff", two_runs[0], "run-1")
    assert done.returncode == 2
    assert f"the last ones are {two_runs[0]}, {two_runs[1]}" in done.stderr


def test_an_encoding_without_our_signs_gets_them_spelled_out(agentlark: Command, config: Path) -> None:
    drawn = agentlark("graph", PYTHONIOENCODING="ascii")
    assert (drawn.returncode, drawn.stderr) == (0, "")
    assert "\\u25cf" in drawn.stdout
