"""`agentlark run`, `show` and `resume`, as a user meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.store.journal import open_journal_readonly
from tests.orchestrator.cli.conftest import Command, environment
from tests.orchestrator.cli.going import started, wait_for

SIMULATED = "SIMULATED (rehearsal)"


def test_a_run_prints_the_answer_on_stdout_and_all_else_on_stderr(agentlark: Command, config: Path) -> None:
    done = agentlark("run", "--prompt", "Ship the MVP")
    assert done.returncode == 0, done.stderr
    assert SIMULATED in done.stdout
    first = done.stderr.splitlines()[0]
    assert first.startswith("backend: rehearsal (no backend was asked for and no key is set)")
    assert SIMULATED in first
    for part in ("blueprint accepted, wave 1", "agents     ", "logs       logs/", "agentlark show "):
        assert part in done.stderr, part


def test_the_files_of_a_run_say_that_it_was_simulated(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    assert agentlark("run").returncode == 0
    logs = sorted((tmp_path / "logs").iterdir())
    assert {"planner.log", "builder.log", "timeline.log"} < {path.name for path in logs}
    for path in logs:
        assert path.read_text().startswith(SIMULATED), path
    with open_journal_readonly(tmp_path / ".agentfs" / "agent-db.db") as journal:
        (record,) = journal.runs()
        assert record.simulated
        assert record.prompt == "Tidy up"
    assert (tmp_path / "memory" / "artifacts.agentfs.db").is_file()


def test_json_prints_every_fact_and_nothing_else(agentlark: Command, config: Path) -> None:
    done = agentlark("run", "--json")
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [fact["seq"] for fact in facts] == list(range(1, len(facts) + 1))
    assert facts[0]["kind"] == "run-started"
    assert facts[-1]["kind"] == "run-ended"
    assert facts[-1]["ending"] == "done"


def test_quiet_prints_the_answer_alone(agentlark: Command, config: Path) -> None:
    done = agentlark("run", "-q")
    assert done.stdout.strip()
    assert done.stderr.strip() == ""


def test_the_prompt_comes_from_a_file_or_stdin(agentlark: Command, config: Path, tmp_path: Path) -> None:
    (tmp_path / "task.md").write_text("From a file")
    for arguments, stdin, wanted in (("@task.md", None, "From a file"), ("-", "From stdin", "From stdin")):
        assert agentlark("run", "-q", "--prompt", arguments, stdin=stdin).returncode == 0
        shown = agentlark("show", "planner", "--turn", "plan", "--json")
        assert wanted in json.loads(shown.stdout)["prompt"]


def test_show_prints_either_turn(agentlark: Command, config: Path) -> None:
    agentlark("run", "-q")
    plan = agentlark("show", "planner", "--turn", "plan").stdout
    follow_up = agentlark("show", "planner").stdout
    assert "plan of planner" in plan
    assert "follow-up of planner" in follow_up
    assert agentlark("show", "planner", "--turn", "follow-up").stdout == follow_up
    whole = json.loads(agentlark("show", "planner", "--json").stdout)
    assert whole["simulated"] is True
    assert whole["text"].rstrip("\n") == follow_up.rstrip("\n")


def test_the_answer_goes_to_a_file(agentlark: Command, config: Path, tmp_path: Path) -> None:
    done = agentlark("run", "-o", "answer.md")
    assert done.returncode == 0
    assert done.stdout == ""
    assert SIMULATED in (tmp_path / "answer.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (("--agents-lark", "missing.lark"), {}, "missing.lark cannot be read"),
        (("--agents-config", "missing.json"), {}, "missing.json"),
        ((), {"ORCHESTRATED_CODEX_AGENTS_CONFIG": "gone.json"}, "gone.json"),
        (("--backend", "rehersal"), {}, "did you mean 'rehearsal'?"),
        (("--backend", "anthropic"), {}, "ANTHROPIC_API_KEY is not set"),
        ((), {"ORCHESTRATED_CODEX_BACKEND": "anthropic"}, "from ORCHESTRATED_CODEX_BACKEND"),
        (("--jobs", "0"), {}, "--jobs 0"),
        (("--agents", "biulder"), {}, "did you mean 'builder'?"),
        (("--agents", "builder"), {}, "builder depends on planner"),
        (("--groups", "cor"), {}, "did you mean 'core'?"),
        (("--prompt", "@missing.md"), {}, "@missing.md"),
        (("--prompt", "  "), {}, "the prompt is empty"),
        (("--var", "x"), {}, "NAME=VALUE"),
        (("--rehearsal-delay", "-1"), {}, "a delay is a number of seconds"),
        (("--rehearsal-delay", "nan"), {}, "a delay is a number of seconds"),
        (("--base-url", ""), {}, "--base-url is empty"),
        (("--agents", ""), {}, "names nobody"),
        (("--groups", ","), {}, "names nobody"),
        (("--builtin", "--agents-lark", "configs/agents.lark"), {}, "--builtin"),
        (("-o", "configs/agents.lark"), {}, "is a source"),
        (("-o", "configs"), {}, "is a folder"),
        (("-o", "nowhere/answer.md"), {}, "is no folder"),
    ],
)
def test_bad_input_ends_with_two_a_cause_and_a_remedy(
    arguments: tuple[str, ...],
    env: dict[str, str],
    says: str,
    agentlark: Command,
    config: Path,
    tmp_path: Path,
) -> None:
    done = agentlark("run", *arguments, **env)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "logs").exists()


def test_without_a_prompt_it_says_how_to_give_one(agentlark: Command, config: Path) -> None:
    config.write_text('agents = [agent(id = "a", role = "A")]')
    done = agentlark("run")
    assert done.returncode == 2
    assert "--prompt" in done.stderr


def test_a_missing_configuration_means_the_built_in_squad_with_a_notice(agentlark: Command) -> None:
    done = agentlark("run", "--prompt", "x")
    assert done.returncode == 0, done.stderr
    assert "no configs/agents.lark here: using the built-in squad" in done.stderr


def test_a_wrong_configuration_is_an_error_unless_the_built_in_squad_may_stand_in(
    agentlark: Command, config: Path
) -> None:
    config.write_text("agents = [agent(]")
    assert agentlark("run", "--prompt", "x").returncode == 2
    done = agentlark("run", "--prompt", "x", "--or-builtin")
    assert done.returncode == 0, done.stderr
    assert "using the built-in squad, because" in done.stderr


def test_with_deps_brings_in_what_is_needed(agentlark: Command, config: Path) -> None:
    done = agentlark("run", "--agents", "builder", "--with-deps")
    assert done.returncode == 0, done.stderr
    assert agentlark("show", "planner").returncode == 0


def test_sources_are_asked_in_their_order(agentlark: Command, config: Path, tmp_path: Path) -> None:
    def ran(*arguments: str, **env: str) -> str:
        done = agentlark("run", "--prompt", "x", *arguments, **env)
        assert done.returncode == 0, done.stderr
        return next(line for line in done.stderr.splitlines() if line.startswith("squad: "))

    (tmp_path / "other.lark").write_text('agents = [agent(id = "other", role = "Other")]')
    assert agentlark("compile", "other.lark").returncode == 0
    assert "squad: other.lark" in ran("--agents-lark", "other.lark", "--agents-config", "nope.json")
    assert "squad: other.out.json" in ran(
        "--agents-config", "other.out.json", ORCHESTRATED_CODEX_AGENTS_CONFIG="no"
    )
    assert "squad: other.out.json" in ran(ORCHESTRATED_CODEX_AGENTS_CONFIG="other.out.json")
    assert "squad: configs/agents.lark" in ran()
    assert agentlark("compile").returncode == 0
    config.unlink()
    assert "squad: configs/agents.out.json" in ran()
    assert "squad: the built-in squad" in ran("--builtin")


def test_a_second_run_in_the_folder_is_turned_away(agentlark: Command, config: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--rehearsal-delay", "1") as first:
        wait_for(tmp_path / "logs" / "planner.log", "plan")
        second = agentlark("run")
    assert second.returncode == 5
    assert f"process {first.pid}" in second.stderr


def test_a_killed_run_is_resumed_without_repeating_a_recorded_turn(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    with started(tmp_path, "--rehearsal-delay", "0.4"):
        wait_for(tmp_path / "logs" / "timeline.log", "planner: done")
    done = agentlark("resume")
    assert done.returncode == 0, done.stderr
    with open_journal_readonly(tmp_path / ".agentfs" / "agent-db.db") as journal:
        (record,) = journal.runs()
        kinds = [(fact.kind, getattr(fact, "key", None)) for _, fact in journal.facts(record.slug)]
    ended = [key for kind, key in kinds if kind == "turn-ended"]
    assert len(ended) == len(set(ended))
    again = agentlark("resume")
    assert again.returncode == 0
    assert "finished" in again.stderr


def test_an_interrupt_lets_the_turn_end_and_starts_nothing_new(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    with started(tmp_path, "--rehearsal-delay", "0.6") as run:
        wait_for(tmp_path / "logs" / "timeline.log", "planner: plan started")
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 3, errors
    assert "interrupted" in errors
    timeline = (tmp_path / "logs" / "timeline.log").read_text()
    assert "planner: plan done" in timeline
    assert "follow-up started" not in timeline
    assert "run interrupted" in timeline
    assert agentlark("resume").returncode == 0


def test_a_second_ctrl_c_stops_at_once(config: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--rehearsal-delay", "60") as run:
        wait_for(tmp_path / "logs" / "timeline.log", "planner: plan started")
        run.send_signal(signal.SIGINT)
        assert run.stderr is not None
        assert any(line.startswith("interrupting: ") for line in run.stderr)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)
    assert run.returncode == 130


def test_a_failed_agent_ends_the_run_with_one_and_names_its_dependents(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    config.write_text(
        'agents = [agent(id = "a", role = "A", retries = 0),\n'
        '          agent(id = "b", role = "B", depends_on = ["a"]),\n'
        '          agent(id = "c", role = "C")]\n'
    )
    done = agentlark("run", "--prompt", "x", "--rehearsal-fail-once", "a")
    assert done.returncode == 1
    assert "b blocked: a failed" in done.stderr
    assert "c: done" in done.stderr
    assert "agentlark resume" in done.stderr
    assert agentlark("resume").returncode == 0


def test_no_secret_of_the_environment_reaches_a_file(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    canary = "canary-5f2c9b7d"
    config.write_text(f'agents = [agent(id = "a", role = "A", plan_prompt = "Use {canary}: {{{{ task }}}}")]')
    done = agentlark("run", "--prompt", f"The password is {canary}.", DEPLOY_TOKEN=canary)
    assert done.returncode == 0
    config.unlink()
    assert canary not in done.stdout + done.stderr
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path


def test_a_prompt_that_is_no_text_is_refused_before_anything_is_recorded(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "task.md").write_bytes(b"a\xff")
    for prompt in ("@task.md", "a\udcff"):
        done = agentlark("run", "--prompt", prompt)
        assert done.returncode == 2, done.stderr
        assert "not UTF-8 text (byte 0xff)" in done.stderr
    assert not (tmp_path / ".agentfs").exists()


def test_a_task_that_no_prompt_has_room_for_is_refused_before_anything_is_recorded(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "big.md").write_text("x" * 16_000_001)
    refused = agentlark("run", "--prompt", "@big.md")
    assert (refused.returncode, "16,000,001 characters" in refused.stderr) == (2, True)
    assert not (tmp_path / ".agentfs").exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", ">/dev/full"])
def test_closed_and_full_streams_are_no_tracebacks(closed: str, config: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -P -m orchestrator run -q {closed}'],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == (1 if closed == ">/dev/full" else 0)
    assert ("stdout: No space left" in done.stderr) == (closed == ">/dev/full")


def test_losing_the_terminal_leaves_the_run_going(config: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--rehearsal-delay", "0.3") as run:
        wait_for(tmp_path / "logs" / "timeline.log", "planner: plan started")
        run.send_signal(signal.SIGHUP)
        run.communicate(timeout=60)
    assert run.returncode == 0
    assert "run done" in (tmp_path / "logs" / "timeline.log").read_text()
