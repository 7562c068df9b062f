"""`agentlark plan` and `agentlark why`, as a user runs them: what would be sent, and for which reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.orchestrator.cli.conftest import Command

SQUAD = """
prompt = "Review the docs"
agents = [
    agent(id = "reader", role = "Researcher", inputs = ["docs/*.md"]),
    agent(id = "heir", role = "Planner", memory = ["agent:reader"]),
    agent(id = "below", role = "Reviewer", depends_on = ["reader"]),
]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose squad reads two files."""
    for path, text in (("configs/agents.lark", SQUAD), ("docs/a.md", "Alpha.\n"), ("docs/b.md", "Beta.\n")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_before_the_first_run_everything_is_sent(agentlark: Command, project: Path) -> None:
    done = agentlark("plan")
    assert done.returncode == 0, done.stderr
    reader, heir, below, turns = done.stdout.splitlines()[:4]
    assert reader == "RUN     reader  2 turns  has not been answered before"
    assert heir == "RUN     heir    2 turns  has not been answered before"
    assert below.startswith("RUN     below   2 turns  ")
    assert turns == "6 turns to send"
    assert "critical path: reader → below" in done.stdout
    assert "files read: docs/a.md, docs/b.md" in done.stdout
    assert json.loads(agentlark("plan", "--json").stdout)["files"] == ["docs/a.md", "docs/b.md"]
    assert not (project / ".agentfs").exists()


def test_a_changed_file_and_new_memory_are_named(agentlark: Command, project: Path) -> None:
    agentlark("run")
    (project / "docs" / "a.md").write_text("Alpha.\nAnd more.\n")
    done = agentlark("plan")
    assert done.stdout.splitlines()[:4] == [
        "RUN     reader  2 turns  docs/a.md changed",
        "RUN     heir    2 turns  its memory changed: a follow-up of reader is new, a plan of reader is new",
        "MAYBE   below   2 turns  only if reader is answered otherwise",
        "4 turns to send, 2 turns more maybe",
    ]
    why = agentlark("why", "reader")
    assert "── step 1, plan: docs/a.md changed ──" in why.stdout
    assert "inputs         docs/a.md, docs/b.md" in why.stdout
    assert ' <file path="docs/a.md">\n Alpha.\n+And more.\n </file>' in why.stdout
    assert "memory         reader (follow-up), reader (plan)" in agentlark("why", "heir").stdout


def test_what_is_reused_says_so(agentlark: Command, project: Path) -> None:
    agentlark("run")
    agentlark("run")
    done = agentlark("plan")
    assert [line.split()[0] for line in done.stdout.splitlines()[:3]] == ["CACHED"] * 3
    assert done.stdout.splitlines()[3:] == ["0 turns to send, 6 turns from the record"]
    why = agentlark("why", "reader").stdout.splitlines()
    assert why[:3] == ["reader is answered from the record", "", "── step 1, plan: is on record ──"]
    assert next(line for line in why if line.startswith("inputs ")).split()[1:] == ["docs/a.md,", "docs/b.md"]
    recorded = json.loads(agentlark("why", "reader", "--json").stdout)["recorded"]
    assert [(each["step"], each["purpose"]) for each in recorded] == [(1, "plan"), (2, "follow-up")]


def test_a_changed_prompt_is_shown_as_a_small_diff_of_an_agent_and_of_those_it_brought(
    agentlark: Command, project: Path
) -> None:
    config = project / "configs" / "agents.lark"
    config.write_text(SQUAD.replace('"Researcher", inputs', '"Researcher", blueprint = True, inputs'))
    assert agentlark("run", "-q").returncode == 0
    assert agentlark("run", "-q").returncode == 0  # what the heir remembers has settled
    joined = json.loads(agentlark("plan", "--json").stdout)["agents"][-1]
    assert (joined["wave"], joined["prospect"]) == (1, "reused")
    assert f"{joined['id']} is answered from the record" in agentlark("why", joined["id"]).stdout
    config.write_text(config.read_text().replace('role = "Reviewer"', 'role = "Judge"'))
    shown = agentlark("why", "below").stdout
    assert "below is sent: its prompt changed" in shown
    assert "the prompt since the last run:\n@@ " in shown
    assert "\n+You are below, the Judge of a squad of agents.\n" in shown


def test_json_has_the_parts_of_a_change(agentlark: Command, project: Path) -> None:
    agentlark("run")
    (project / "docs" / "b.md").unlink()
    (project / "docs" / "c.md").write_text("Gamma.\n")
    plan = json.loads(agentlark("plan", "--json").stdout)
    reader = plan["agents"][0]
    assert (reader["prospect"], reader["reason"]) == ("run", "docs/b.md is gone, docs/c.md is new")
    why = json.loads(agentlark("why", "reader", "--json").stdout)
    (change,) = [each for each in why["misses"][0]["changes"] if each["field"] == "inputs"]
    assert change["parts"] == ["docs/b.md is gone", "docs/c.md is new"]


def test_an_agent_that_is_not_there_is_a_mistake(agentlark: Command, project: Path) -> None:
    done = agentlark("why", "raeder")
    assert done.returncode == 2
    assert "did you mean 'reader'?" in done.stderr


def test_fresh_agents_are_sent_again(agentlark: Command, project: Path) -> None:
    agentlark("run")
    agentlark("run")
    done = agentlark("plan", "--fresh", "below")
    assert "RUN     below   2 turns  is to be sent again (--fresh)" in done.stdout
    assert "2 turns to send, 4 turns from the record" in done.stdout


@pytest.mark.parametrize("command", [("check",), ("plan",), ("run",)])
def test_a_pattern_that_matches_nothing_is_a_warning_with_its_place(
    agentlark: Command, project: Path, command: tuple[str, ...]
) -> None:
    config = project / "configs" / "agents.lark"
    config.write_text(SQUAD.replace("docs/*.md", "dcos/*.md"))
    done = agentlark(*command)
    assert done.returncode == 0, done.stderr
    assert "configs/agents.lark:4:57: warning[AL323]: inputs: 'dcos/*.md' matches no file" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "code", "help"),
    [
        ('inputs = ["/etc/passwd"]', "AL322", "relative to the project's root"),
        ('inputs = ["../*.md"]', "AL322", "without .."),
        ('memory = ["agnet:reader"]', "AL324", "did you mean 'agent:reader'?"),
    ],
)
def test_what_cannot_be_given_is_refused_before_anything_is_sent(
    agentlark: Command, project: Path, wrong: str, code: str, help: str
) -> None:
    config = project / "configs" / "agents.lark"
    config.write_text(SQUAD.replace('inputs = ["docs/*.md"]', wrong))
    done = agentlark("run")
    assert done.returncode == 2
    assert f"error[{code}]" in done.stderr
    assert help in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / ".agentfs").exists()


def test_without_a_prompt_the_last_one_is_meant(agentlark: Command, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "agents.lark").write_text('agents = [agent(id = "a", role = "Planner")]\n')
    nothing = agentlark("plan")
    assert nothing.returncode == 2
    assert "no prompt" in nothing.stderr
    agentlark("run", "--agentfs-session", "first", "--prompt", "Ship it")
    assert "0 turns to send, 2 turns from the record" in agentlark("plan", "--prompt", "Ship it").stdout
    for again in (agentlark("plan"), agentlark("why", "a")):
        assert again.returncode == 0, again.stderr
        assert "prompt: that of first" in again.stderr
    assert "0 turns to send, 2 turns from the record" in agentlark("plan").stdout
