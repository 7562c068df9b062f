"""`launch`, `attach`, `status` and `stop` where there is no multiplexer; the rest is in tests of launch."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from agentlark.resources import shipped
from tests.orchestrator.cli.conftest import Command
from tests.orchestrator.cli.going import on_terminal, started, wait_for

QUICK = ("--backend", "rehearsal", "--prompt", "Ship it")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_dry_run_prints_layout_command_and_paths_and_writes_nothing(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    done = agentlark("launch", "--dry-run", "--relay", "--metrics", "--session", "nightly", *QUICK)
    assert done.returncode == 0, done.stderr
    told = dict(line.split(": ", 1) for line in done.stdout.partition("\n\n")[0].splitlines())
    assert told["session"] == "nightly"
    assert told["layout"] == str(tmp_path / "zellij.kdl")
    assert told["logs"] == str(tmp_path / "logs")
    command = shlex.split(told["command"].partition(" (")[0])
    assert command[-5:] == ["run", "--prompt=-", "--backend=rehearsal", "--relay", "--metrics"]
    assert 'tab name="core-logs" focus=true' in done.stdout
    assert 'pane name="autonomous-orchestrator"' in done.stdout
    assert files(tmp_path) == ["configs/agents.lark"]


def test_a_dry_run_asks_nobody_for_a_prompt(agentlark: Command, config: Path) -> None:
    config.write_text('agents = [agent(id = "a", role = "R")]\n')
    assert agentlark("launch", "--dry-run").returncode == 0
    refused = agentlark("launch", "--in", "lines")
    assert refused.returncode == 2
    assert "no prompt" in refused.stderr


def test_without_panes_every_line_says_whose_it_is(agentlark: Command, config: Path, tmp_path: Path) -> None:
    done = agentlark("launch", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "logs as lines: this is no terminal" in done.stderr
    names = {line.partition(" ")[0] for line in done.stdout.splitlines()}
    assert names >= {"planner", "builder", "implementer", "timeline"}
    assert all(re.match(r"[a-z-]+ +│", line) for line in done.stdout.splitlines())
    assert re.search(r"^timeline +│ .* run done$", done.stdout, re.MULTILINE)
    assert "── answer ──" in (tmp_path / "logs" / "runner.out").read_text()
    assert {"zellij.kdl", "logs/planner.log", ".agentfs/agent-db.db"} <= set(files(tmp_path))


def test_the_exit_code_is_the_runs(agentlark: Command, config: Path) -> None:
    failing = ("--rehearsal-fail-once", "planner", "--fail-fast")
    config.write_text('agents = [agent(id = "planner", role = "R", retries = 0)]\n')
    assert agentlark("run", *QUICK, *failing).returncode == 1
    assert agentlark("launch", *QUICK, *failing).returncode == 1


def test_where_neither_multiplexer_is_there_it_says_so_and_shows_coloured_lines(
    config: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    with on_terminal(tmp_path, "launch", *QUICK, PATH=str(nowhere)) as screen:
        screen.expect("there is neither zellij nor tmux")
        screen.expect("cargo install --locked zellij")
        screen.expect("run done")
        assert screen.ended() == 0
    assert b"\x1b[3" in screen.raw


def test_in_the_background_a_session_needs_a_multiplexer(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    refused = agentlark("launch", "--no-attach", *QUICK, PATH=str(nowhere))
    assert refused.returncode == 2
    assert "there is neither zellij nor tmux" in refused.stderr
    assert not (tmp_path / "logs").exists()


def test_control_c_interrupts_and_the_run_can_be_resumed(config: Path, tmp_path: Path) -> None:
    arguments = ("launch", "--in", "lines", "--rehearsal-delay", "1", *QUICK)
    with on_terminal(tmp_path, *arguments) as screen:
        screen.expect("planner: plan started")
        screen.type("\x03")
        screen.expect("interrupting: turns in flight will end")
        screen.expect("run interrupted")
        assert screen.ended() == 3


def test_the_smoke_test_needs_no_prompt(agentlark: Command, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    shutil.copy(shipped("configs/agents.smoke.lark"), tmp_path / "configs")
    done = agentlark("launch", "--agents-lark", "configs/agents.smoke.lark", "--backend", "rehearsal")
    assert done.returncode == 0, done.stderr
    assert "builder is done" in done.stdout


def test_from_below_the_project_its_configuration_is_used_and_logs_stay_here(
    config: Path, tmp_path: Path
) -> None:
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    for arguments in ((), ("--agents-lark", "configs/agents.lark"), ("--project-root", "../..")):
        with on_terminal(below, "launch", "--in", "lines", *QUICK, *arguments) as screen:
            screen.expect("run done")
            assert screen.ended() == 0
        assert (below / "logs" / "builder.log").exists()
        assert f"squad: {tmp_path}" in (below / "logs" / "runner.out").read_text()
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--session=",), "it is blank"),
        (("--session=-x",), "it begins with a dash"),
        (("--session=a/b",), "is no file name"),
        (("--session=a\nb",), "control character U+000A"),
        (("--session=" + "x" * 300,), "session name of 300 bytes"),
        (("--project-root", "nowhere"), "--project-root nowhere is no folder"),
        (("--agents-lark", "nowhere.lark"), "nowhere.lark"),
        (("--agents", "nobody"), "there is no agent 'nobody'"),
        (("--backend", "anthropic"), "ANTHROPIC_API_KEY is not set"),
        (("--memory-dir", ""), "--memory-dir is empty"),
        (("--prompt", "  "), "the prompt is empty"),
        (("--in", "screen"), "'screen'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    agentlark: Command, config: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = agentlark("launch", *QUICK, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert files(tmp_path) == ["configs/agents.lark"]


@pytest.mark.parametrize("name", ["logs", ".agentfs"])
def test_a_folder_that_cannot_be_written_is_named(
    agentlark: Command, config: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("in the way")
    done = agentlark("launch", *QUICK)
    assert done.returncode == 2
    assert name in done.stderr
    assert "help: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_in_which_a_run_is_going_is_busy(agentlark: Command, config: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--rehearsal-delay", "5", *QUICK):
        wait_for(tmp_path / "logs" / "timeline.log", "planner: plan started")
        done = agentlark("launch", *QUICK)
        assert done.returncode == 5
        assert "is going in this folder" in done.stderr
        status = json.loads(agentlark("status", "--json").stdout)
        assert status["agents"]["started"] == ["planner"]
        assert status["session"] is None
        assert f"process {status['process']}" in agentlark("status").stdout
        stopped = agentlark("stop", "--grace", "0")
        assert stopped.returncode == 0
        assert "stopping now" in stopped.stderr
        assert f"agentlark resume {status['run']}" in stopped.stderr


def test_where_nothing_was_launched_there_is_nothing_to_attach_or_stop(
    agentlark: Command, tmp_path: Path
) -> None:
    attached = agentlark("attach")
    assert attached.returncode == 2
    assert "no session was launched in this folder" in attached.stderr
    stopped = agentlark("stop")
    assert stopped.returncode == 0
    assert "nothing runs in this folder" in stopped.stderr
    assert agentlark("status").stdout == "nothing has run in this folder\nno session\n"


def test_everything_that_run_takes_launch_takes_and_passes_on(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    taken = set(re.findall(r"--[a-z-]+", agentlark("run", "--help", COLUMNS="200").stdout))
    assert taken <= set(re.findall(r"--[a-z-]+", agentlark("launch", "--help", COLUMNS="200").stdout))
    given = shlex.split(
        "--agents=planner,builder --groups=core --with-deps --backend=rehearsal --model=-m --jobs=3 --relay"
        " --max-waves=2 --approve=wave --fresh --agentfs-session=s --memory-dir=m --fail-fast --stream"
        " --metrics --output=o.md --json --quiet --verbose --rehearsal-delay=0.5"
    )
    done = agentlark("launch", "--dry-run", *given, "planner")
    assert done.returncode == 0, done.stderr
    command = next(line for line in done.stdout.splitlines() if line.startswith("command: "))
    passed_on = shlex.split(command.partition(" run --prompt=- ")[2].partition(" (")[0])
    assert sorted(passed_on) == sorted([*given, "--", "planner"])
