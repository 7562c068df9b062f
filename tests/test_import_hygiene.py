"""Heavy modules are imported only by what needs them; each case looks into a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROVIDERS = {"anthropic"}
HEAVY = {
    *PROVIDERS,
    "libsql_client",
    "rich",
    "networkx",
    "aiohttp",
    "jsonschema_rs",
    "lark",
    "sqlite3",
    "asyncio",
    "pygls",
    "lsprotocol",
    "opentelemetry",
}


def modules_after(program: str, folder: Path) -> set[str]:
    code = f"{program}\nimport sys, json\nsys.__stdout__.write('\\n' + json.dumps(sorted(sys.modules)))"
    # Coverage's own start-up in child processes would be seen as imports of ours.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stdout.rsplit("\n", 1)[-1]))


def command(*arguments: str) -> str:
    return (
        "import sys; from orchestrator.cli import main\n"
        f"sys.argv = ['agentlark', *{list(arguments)!r}]\n"
        "try: main()\nexcept SystemExit: pass"
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "configs").mkdir()
    text = 'agents = [agent(id = "a", role = "Planner"), agent(id = "b", role = "B", depends_on = ["a"])]\n'
    (tmp_path / "configs" / "agents.lark").write_text(text)
    return tmp_path


def test_check_imports_nothing_heavy(project: Path) -> None:
    assert not modules_after(command("check"), project) & HEAVY


def test_compile_imports_nothing_heavy(project: Path) -> None:
    assert not modules_after(command("compile"), project) & HEAVY


def test_fmt_imports_only_the_language(project: Path) -> None:
    assert not modules_after(command("fmt", "--check"), project) & {*HEAVY, "jinja2", "agentlark.model"}


def test_help_imports_nothing_heavy_and_no_models(project: Path) -> None:
    assert not modules_after(command("--help"), project) & {*HEAVY, "pydantic", "jinja2"}


def test_only_the_command_that_is_called_is_imported(project: Path) -> None:
    from orchestrator.cli.app import COMMANDS

    commands = {f"orchestrator.cli.{home.partition(':')[0]}" for home, _ in COMMANDS.values()}
    assert not modules_after(command("--help"), project) & commands
    assert modules_after(command("check"), project) & commands == {"orchestrator.cli.check"}


def test_the_language_alone_imports_neither_lark_nor_pydantic(project: Path) -> None:
    program = "from agentlark import starlark; starlark.execute('x = [1, 2]', filename='x')"
    assert not modules_after(program, project) & {*HEAVY, "pydantic", "jinja2", "agentlark.model"}


def test_a_rehearsal_imports_no_provider(project: Path) -> None:
    program = command("run", "--backend", "rehearsal", "--prompt", "x", "-q")
    assert not modules_after(program, project) & {*PROVIDERS, "libsql_client", "aiohttp"}


def test_launching_leaves_the_engine_to_the_runner(project: Path) -> None:
    unwanted = {*HEAVY, "orchestrator.run.engine"} - {"asyncio"}
    assert not modules_after(command("launch", "--dry-run"), project) & unwanted


def test_a_log_pane_imports_next_to_nothing(project: Path) -> None:
    """A session starts one for every agent; this one is told to end when it first pauses."""
    (project / "logs").mkdir()
    (project / "logs" / "a.log").write_text("hello\n")
    program = (
        "import orchestrator.sinks.follow as follow\n"
        "def ended(keyboard, seconds): raise KeyboardInterrupt\n"
        "follow.Keyboard.pause = ended\n" + command("logs", "-f", "a")
    )
    unwanted = {*HEAVY, "pydantic", "jinja2", "typer", "dataclasses", "pathlib", "inspect", "subprocess"}
    assert not modules_after(program, project) & unwanted
