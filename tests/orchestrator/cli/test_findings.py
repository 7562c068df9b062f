"""Findings as they leave the program: on terminals of any kind, for other programs, and through a child."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.orchestrator.cli.conftest import Command, environment

BROKEN = """\
agents = [
    agent(id = "planner", role = "Planner"),
    agent(id = "builder", role = "Builder", model = "opus", depends_on = ["planer"], effort = "high"),
]
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(folder: Path, columns: int, *arguments: str, **env: str) -> str:
    """What a command writes to a terminal of so many columns, line ends as the terminal makes them."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "orchestrator", *arguments],
        cwd=folder,
        env=environment(**env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how Linux says that the other end was closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.fixture
def broken(config: Path) -> Path:
    config.write_text(BROKEN)
    return config


@pytest.mark.parametrize("how", ["--no-isolated", "--isolated"])
def test_forty_columns_are_enough(how: str, broken: Path, tmp_path: Path) -> None:
    text = on_terminal(tmp_path, 40, "check", how, TERM="xterm", NO_COLOR="1")
    assert text.splitlines()[:6] == [
        "configs/agents.lark:3:75: error[AL308]:",
        "    'builder' depends on 'planer', but",
        "    there is no such agent",
        '  3 | …pends_on = ["planer"], effort = …',
        "    |              ^^^^^^^^",
        "  help: did you mean 'planner'?",
    ]
    assert all(len(line) <= 40 for line in text.splitlines())


@pytest.mark.parametrize("how", ["--no-isolated", "--isolated"])
def test_colour_adds_nothing_but_colour(how: str, broken: Path, tmp_path: Path) -> None:
    colourful = on_terminal(tmp_path, 80, "check", how, TERM="xterm-256color")
    plain = on_terminal(tmp_path, 80, "check", how, TERM="xterm-256color", NO_COLOR="1")
    assert "\x1b[1;31merror[AL308]\x1b[0m" in colourful
    assert "\x1b" not in plain
    assert ESCAPE.sub("", colourful) == plain


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {}])
def test_a_terminal_that_promises_nothing_gets_plain_text(
    env: dict[str, str], broken: Path, tmp_path: Path
) -> None:
    assert "\x1b" not in on_terminal(tmp_path, 80, "check", **env)


def test_other_commands_tell_of_a_broken_file_the_same_way(broken: Path, tmp_path: Path) -> None:
    text = on_terminal(tmp_path, 40, "compile", TERM="xterm")
    assert "\x1b[1;31merror[AL308]\x1b[0m:\n" in text


def test_what_a_file_holds_never_acts_on_the_terminal(config: Path, tmp_path: Path) -> None:
    config.write_text('agents = [agent(id = "\x1b]0;title\x07\x1b[2J", role = "A")]\n')
    text = on_terminal(tmp_path, 80, "check", TERM="xterm")
    assert "\x1b" not in ESCAPE.sub("", text)
    assert "\\x1b]0;title\\x07" in text


def test_sarif_and_github_are_whole_documents_on_stdout(agentlark: Command, broken: Path) -> None:
    sarif = agentlark("check", "--format", "sarif")
    assert sarif.returncode == 2
    (run,) = json.loads(sarif.stdout)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["AL308"]
    github = agentlark("check", "--format", "github")
    assert github.stdout == (
        "::error file=configs/agents.lark,line=3,endLine=3,col=75,endColumn=83,title=AL308::"
        "'builder' depends on 'planer', but there is no such agent%0Adid you mean 'planner'?\n"
    )
    assert sarif.stderr == github.stderr == ""


@pytest.mark.parametrize(
    "line", ["x = = 1\n", "y = missing\n", "z = 1 // 0\n", 'agent(id = 5, role = "R")\n']
)
def test_ten_thousand_errors_are_counted(line: str, agentlark: Command, config: Path) -> None:
    config.write_text("".join(line.replace("z", f"z{n}").replace("y", f"y{n}") for n in range(10_000)))
    done = agentlark("check")
    assert done.returncode == 2
    assert "… and " in done.stderr
    assert int(re.findall(r"… and (\d+) more", done.stderr)[0]) >= 10_000 - 51
    assert done.stderr.count("error[") == 50


def test_bytes_that_are_no_text_are_told_with_their_line(agentlark: Command, config: Path) -> None:
    config.write_bytes(b'agents = [\n  agent(id = "\xff", role = "A"),\n]\n')
    done = agentlark("check")
    assert done.returncode == 2
    assert "not UTF-8 text (byte 0xff in line 2)" in done.stderr
    assert "Traceback" not in done.stderr


def test_explain_prints_the_page_of_a_code(agentlark: Command) -> None:
    assert agentlark("explain", "AL308").stdout.startswith("AL308: an agent id that nobody has\n\n")
    assert "AL001  a token that does not fit" in agentlark("explain").stdout
    assert json.loads(agentlark("explain", "308", "--json").stdout)[0]["code"] == "AL308"
    refused = agentlark("explain", "AL999")
    assert refused.returncode == 2
    assert "there is no code" in refused.stderr


def test_docs_prints_builtins_and_fields(agentlark: Command) -> None:
    assert "retries: int from 0 to 20 (default: 2)" in agentlark("docs", "agent").stdout
    assert agentlark("docs", "agent.effort").stdout.count("default:") == 1
    assert json.loads(agentlark("docs", "--json").stdout)[0]["name"] == "agent"
    refused = agentlark("docs", "agent.efort")
    assert refused.returncode == 2
    assert "did you mean effort?" in refused.stderr


def test_diff_ends_with_one_only_when_asked(agentlark: Command, config: Path, tmp_path: Path) -> None:
    (tmp_path / "other.lark").write_text(config.read_text().replace('"Planner"', '"Scout"'))
    assert agentlark("compile", "-o", "old.json").returncode == 0
    told = agentlark("diff", "old.json", "other.lark")
    assert (told.returncode, '    role: "Planner" → "Scout"\n' in told.stdout) == (0, True)
    assert agentlark("diff", "old.json", "other.lark", "--exit-code").returncode == 1
    same = agentlark("diff", "old.json", "configs/agents.lark", "--exit-code")
    assert (same.returncode, same.stdout) == (0, "")
    changes = json.loads(agentlark("diff", "old.json", "other.lark", "--json").stdout)["changes"]
    assert changes[0]["id"] == "planner"
    assert agentlark("diff", "old.json", "missing.lark").returncode == 2


def test_show_config_names_the_line_that_made_each_setting(agentlark: Command, config: Path) -> None:
    text = agentlark("show", "planner", "--config").stdout
    assert re.search(r'role = "Planner" +configs/agents.lark:2\n', text)
    assert re.search(r"retries = unset +default\n", text)
    assert "waited for by: builder\n" in text
    found = json.loads(agentlark("show", "planner", "--config", "--json").stdout)
    assert found["fields"]["role"] == {
        "value": "Planner",
        "file": "configs/agents.lark",
        "line": 2,
        "column": 40,
    }
    refused = agentlark("show", "planer", "--config")
    assert refused.returncode == 2
    assert "did you mean 'planner'?" in refused.stderr
