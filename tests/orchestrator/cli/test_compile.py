"""`compile`, `check`, `schema`, `init` and `doctor`, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.orchestrator.cli.conftest import Command

SEED = Path(__file__).parents[2] / "cases" / "seed.lark"


def test_compile_writes_beside_the_source_and_only_on_change(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    first = agentlark("compile")
    target = tmp_path / "configs" / "agents.out.json"
    assert first.returncode == 0
    assert "2 agents in 1 group, written" in first.stderr
    stamp = target.stat().st_mtime_ns
    assert "unchanged" in agentlark("compile").stderr
    assert target.stat().st_mtime_ns == stamp
    assert agentlark("compile", "--stdout").stdout == target.read_text()
    assert agentlark("compile", "-o", "elsewhere/x.json").returncode == 0
    assert (tmp_path / "elsewhere" / "x.json").read_text() == target.read_text()


def test_the_seeds_example_compiles_and_runs_as_it_is(agentlark: Command, tmp_path: Path) -> None:
    (tmp_path / "seed.lark").write_text(SEED.read_text())
    done = agentlark("run", "--agents-lark", "seed.lark", "--prompt", "Ship the MVP")
    assert done.returncode == 0, done.stderr
    for agent in ("planner", "researcher", "builder", "qa", "docs"):
        assert agentlark("show", agent).stdout
    timeline = (tmp_path / "logs" / "timeline.log").read_text()
    assert timeline.index("blueprint accepted") < timeline.index("qa: plan started")


def test_check_reports_every_error_with_its_place(agentlark: Command, config: Path) -> None:
    config.write_text('agents = [\n    agent(id = "A", role = "A"),\n    agent(id = "b", rol = "B"),\n]\n')
    done = agentlark("check")
    assert done.returncode == 2
    assert "configs/agents.lark:2:16: error[AL305]" in done.stderr
    assert "configs/agents.lark:3:21: error[AL302]" in done.stderr
    assert "did you mean 'role'?" in done.stderr
    assert done.stdout == ""


def test_check_speaks_json(agentlark: Command, config: Path) -> None:
    assert json.loads(agentlark("check", "--format", "json").stdout) == {"diagnostics": []}
    config.write_text("agents = [agent(]")
    done = agentlark("check", "--format", "json")
    assert done.returncode == 2
    (first, *_) = json.loads(done.stdout)["diagnostics"]
    assert set(first) == {
        *("code", "severity", "file", "line", "column", "end_line", "end_column"),
        *("message", "help", "related", "fix"),
    }
    assert (first["file"], first["line"]) == ("configs/agents.lark", 1)


def test_check_warns_of_a_backend_that_run_would_refuse(agentlark: Command, config: Path) -> None:
    config.write_text('agents = [agent(id = "a", role = "A", backend = "antropic")]\n')
    done = agentlark("check", "--format", "json")
    assert done.returncode == 0
    [found] = json.loads(done.stdout)["diagnostics"]
    assert (found["code"], found["severity"], found["column"]) == ("AL325", "warning", 49)
    assert found["fix"]["edits"][0]["text"] == '"anthropic"'
    refused = agentlark("run", "--prompt", "x")
    assert (refused.returncode, "there is no backend 'antropic'" in refused.stderr) == (2, True)


@pytest.mark.parametrize("command", ["compile", "check"])
def test_a_file_that_cannot_be_read_ends_with_two(command: str, agentlark: Command) -> None:
    done = agentlark(command, "missing.lark")
    assert done.returncode == 2
    assert "missing.lark cannot be read: there is no such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_compile_says_when_it_cannot_write(agentlark: Command, config: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = agentlark("compile", "-o", "file/x.json")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_compile_never_writes_over_a_source(agentlark: Command, config: Path, tmp_path: Path) -> None:
    (tmp_path / "configs" / "prompt.md").write_text("Do {{ task }}.")
    config.write_text('agents = [agent(id = "a", role = "A", plan_prompt = prompt_file("prompt.md"))]')
    before = config.read_text()
    for target in ("configs/agents.lark", "configs/prompt.md", "configs/other.lark"):
        done = agentlark("compile", "-o", target)
        assert done.returncode == 2
        assert "is a source" in done.stderr
    assert config.read_text() == before
    assert agentlark("compile", "-o", "/dev/null").returncode == 0


def test_a_compiled_form_is_not_taken_for_a_source(agentlark: Command, config: Path) -> None:
    assert agentlark("compile").returncode == 0
    done = agentlark("check", "configs/agents.out.json")
    assert done.returncode == 2
    assert "--agents-config" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        '{"schema_version": 1, "groups": []}',
        '{"schema_version": 1, "groups": [{"id": "g", "agents": [{"id": "a", "role": "A", "plan_prompt": "",'
        ' "follow_up_prompt": "", "timeout_s": 1e999}]}]}',
    ],
)
def test_a_compiled_form_without_sense_is_refused(text: str, agentlark: Command, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    done = agentlark("run", "--agents-config", "x.json", "--prompt", "x")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def test_thousands_of_errors_are_found_quickly_and_counted(agentlark: Command, config: Path) -> None:
    config.write_text(
        'agents = [agent(id = "a%d" % i, role = "R", depends_on = ["z%d" % i]) for i in range(5000)]'
    )
    done = agentlark("check")
    assert done.returncode == 2
    assert "… and 4950 more" in done.stderr


def test_schema_prints_json_schema(agentlark: Command) -> None:
    assert json.loads(agentlark("schema").stdout)["title"] == "Squad"


def test_what_init_writes_checks_and_runs_and_is_never_overwritten(
    agentlark: Command, tmp_path: Path
) -> None:
    assert agentlark("init").returncode == 0
    assert "/.agentfs/" in (tmp_path / ".gitignore").read_text()
    assert agentlark("check").returncode == 0
    assert agentlark("run", "-q", "--prompt", "x").returncode == 0
    again = agentlark("init")
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_doctor_tells_ok_from_optional_and_broken(agentlark: Command, config: Path, tmp_path: Path) -> None:
    fine = agentlark("doctor", "--json")
    assert fine.returncode == 0
    status = {check["name"]: check["status"] for check in json.loads(fine.stdout)["checks"]}
    assert status["backend rehearsal"] == "ok"
    assert status["backend anthropic"] == "optional"
    assert status["journal"] == "optional"
    (tmp_path / ".agentfs").mkdir()
    (tmp_path / ".agentfs" / "agent-db.db").write_text("this is no database, whatever its name says")
    broken = agentlark("doctor")
    assert broken.returncode == 1
    assert "✗ broken    journal" in broken.stdout
    run = agentlark("run", "--prompt", "x")
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_the_version_is_printed(agentlark: Command) -> None:
    from agentlark import __version__

    assert agentlark("--version").stdout == f"agentlark {__version__}\n"


@pytest.mark.parametrize("command", ["run", "resume", "show", "compile", "check", "schema", "init", "doctor"])
def test_every_command_explains_itself_and_stands_in_the_readme_or_docs(
    command: str, agentlark: Command
) -> None:
    done = agentlark(command, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout
    root = Path(__file__).parents[3]
    pages = [root / "README.md", *(root / "docs").glob("*.md")]
    assert any(f"agentlark {command}" in page.read_text() for page in pages)


BOMB = "x = [[0] * 1000000 for _ in range(200)]\n"
LOOP = "def f():\n    for a in range(100000):\n        for b in range(100000):\n            pass\n\nf()\n"


def test_an_isolated_check_says_what_a_plain_one_says(agentlark: Command, config: Path) -> None:
    assert agentlark("check", "--isolated").stderr == agentlark("check").stderr
    config.write_text("agents = [agent(]")
    for extra in ([], ["--format", "json"]):
        plain, isolated = agentlark("check", *extra), agentlark("check", "--isolated", *extra)
        assert (plain.returncode, plain.stdout, plain.stderr) == (
            isolated.returncode,
            isolated.stdout,
            isolated.stderr,
        )
        assert isolated.returncode == 2


def test_a_file_that_takes_too_much_memory_or_time_is_stopped(agentlark: Command, config: Path) -> None:
    config.write_text(BOMB)
    done = agentlark("check", "--isolated", "--format", "json")
    assert done.returncode == 2
    (found,) = json.loads(done.stdout)["diagnostics"]
    assert found["code"] in ("AL207", "AL321")  # whoever notices first: the language or the system
    assert "memory" in found["message"]
    config.write_text(LOOP)
    slow = agentlark("check", "--isolated", "--max-seconds", "1", "--max-steps", "100000000000")
    assert slow.returncode == 2
    assert "more than 1 s of processor time" in slow.stderr
    assert "Traceback" not in slow.stderr


def test_steps_are_bounded_and_the_place_that_burned_them_is_named(agentlark: Command, config: Path) -> None:
    config.write_text(LOOP)
    done = agentlark("check", "--max-steps", "5000")
    assert done.returncode == 2
    assert "5000 steps" in done.stderr
    assert "configs/agents.lark:" in done.stderr


def test_a_file_of_another_project_is_checked_in_a_child_by_itself(
    agentlark: Command, config: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    foreign = tmp_path_factory.mktemp("foreign") / "agents.lark"
    foreign.write_text(BOMB)
    done = agentlark("check", str(foreign))
    assert done.returncode == 2
    assert "memory" in done.stderr
    assert "Traceback" not in done.stderr
