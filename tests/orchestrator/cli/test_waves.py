"""Waves from the command line: parallel, autonomous, relay, concise, and what is reused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.core.facts import AgentsJoined, Fact, HandedOff, TurnEnded, TurnStarted, WavesEnded
from orchestrator.store.journal import open_journal_readonly
from tests.orchestrator.cli.conftest import Command

TASK = ("--prompt", "Ship the API")
RELAY = """
relay = define_relay(enabled = True, graph = {"planner": ["researcher"]})
groups = [group(
    id = "core",
    orchestration = define_orchestration(relay = relay),
    agents = [
        agent(id = "planner", role = "Planner"),
        agent(id = "researcher", role = "Researcher"),
        agent(id = "builder", role = "Builder", depends_on = ["researcher"]),
    ],
)]
"""


@pytest.fixture
def relay(config: Path) -> None:
    """A squad whose planner hands work to its builder."""
    config.write_text(RELAY)


def facts(folder: Path) -> list[Fact]:
    """The facts of the last run."""
    with open_journal_readonly(folder / ".agentfs" / "agent-db.db") as journal:
        return [fact for _, fact in journal.facts(journal.runs()[-1].slug)]


def waves(folder: Path) -> list[AgentsJoined]:
    return [fact for fact in facts(folder) if isinstance(fact, AgentsJoined)]


def test_parallel_gives_four_who_do_not_wait_for_each_other(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    done = agentlark("run", "--parallel", *TASK)
    assert done.returncode == 0, done.stderr
    (wave,) = waves(tmp_path)
    assert [agent.depends_on for agent in wave.agents] == [()] * 4


def test_autonomous_adds_waves_of_builders_until_it_says_why_it_stops(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    done = agentlark("run", "--autonomous", *TASK)
    assert done.returncode == 0, done.stderr
    first, second = waves(tmp_path)
    assert first.tags == ("dynamic-blueprint",)
    assert second.tags == ("autonomous", "builder-implementer")
    assert all("Builder" in agent.role for agent in second.agents)
    (ended,) = [fact for fact in facts(tmp_path) if isinstance(fact, WavesEnded)]
    assert ended.ending == "done"
    assert f"waves      core: done, {ended.reason}" in done.stderr
    assert (tmp_path / "logs" / "autonomous-orchestrator.log").exists()


def test_no_more_than_the_allowed_waves_are_added(agentlark: Command, config: Path) -> None:
    done = agentlark("run", "--autonomous", "--max-waves", "1", *TASK)
    assert done.returncode == 0, done.stderr
    assert "core: no more waves, max-waves: its limit of 1 wave is reached" in done.stderr


@pytest.mark.usefixtures("relay")
def test_the_timeline_of_a_relay_tells_who_handed_what_to_whom_and_the_second_run_calls_nobody(
    agentlark: Command, tmp_path: Path
) -> None:
    first = agentlark("run", "--relay", "--metrics", *TASK)
    assert first.returncode == 0, first.stderr
    timeline = (tmp_path / "logs" / "timeline.log").read_text()
    assert (
        "planner → researcher: SIMULATED (rehearsal): planner hands its result on to researcher." in timeline
    )
    assert "builder → api-implementer: SIMULATED" in timeline
    assert [fact.receiver for fact in facts(tmp_path) if isinstance(fact, HandedOff)] == ["researcher"]
    assert re.search(r"^all +\d+ +[\d,]+ +[\d,]+\b", first.stderr, re.MULTILINE)
    second = agentlark("run", "--relay", "--metrics", *TASK)
    assert second.returncode == 0, second.stderr
    assert not [fact for fact in facts(tmp_path) if isinstance(fact, TurnStarted)]
    turns = [fact for fact in facts(tmp_path) if isinstance(fact, TurnEnded)]
    assert {turn.origin for turn in turns} == {"reused"}
    assert second.stderr.count(": plan CACHED, saved about ") == sum(t.purpose == "plan" for t in turns)
    assert re.search(r"^turns +none sent, ", second.stderr, re.MULTILINE)
    assert re.search(
        rf"^cached +{len(turns)} turns, about .* not paid for again$", second.stderr, re.MULTILINE
    )
    assert re.search(rf"^all +(?:[\d.]+ +)?{len(turns)} +[\d,]+$", second.stderr, re.MULTILINE)
    assert second.stdout == first.stdout


def test_fresh_sends_again_all_or_only_those_who_are_named(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    def sent() -> set[str]:
        return {fact.id.node for fact in facts(tmp_path) if isinstance(fact, TurnStarted)}

    assert agentlark("run", "-q", *TASK).returncode == 0
    everybody = sent()
    assert agentlark("run", "-q", *TASK).returncode == 0
    assert sent() == set()
    assert agentlark("run", "-q", *TASK, "--fresh", "planner").returncode == 0
    assert sent() == {"planner"}
    assert agentlark("run", "-q", *TASK, "--fresh").returncode == 0
    assert sent() == everybody


def test_concise_takes_one_turn_of_one_sentence_and_no_specialists(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    done = agentlark("run", "--concise", *TASK)
    assert done.returncode == 0, done.stderr
    assert waves(tmp_path) == []
    assert {f.purpose for f in facts(tmp_path) if isinstance(f, TurnEnded)} == {"follow-up"}
    assert len(agentlark("show", "planner").stdout.strip().splitlines()) == 1
    full = agentlark("run", "--concise-full", *TASK)
    assert full.returncode == 0, full.stderr
    assert len(waves(tmp_path)) == 1
    assert {f.purpose for f in facts(tmp_path) if isinstance(f, TurnEnded)} == {"follow-up"}


def test_mini_takes_the_backends_cheap_model_for_everybody(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    config.write_text('agents = [agent(id = "a", role = "A", model = "rehearsal-1")]')
    assert agentlark("run", "-q", "--mini", *TASK).returncode == 0
    assert {f.model for f in facts(tmp_path) if isinstance(f, TurnStarted)} == {"rehearsal-mini"}


def test_debug_prompt_says_each_prompts_size_before_it_is_sent(agentlark: Command, config: Path) -> None:
    lines = agentlark("run", "--debug-prompt", *TASK).stderr.splitlines()
    measured = next(
        i
        for i, line in enumerate(lines)
        if re.search(r"planner: plan prompt: [\d,]+ characters, [\d,]+ bytes, [\d,]+ lines$", line)
    )
    assert "planner: plan started" in lines[measured + 1]


def test_stream_shows_what_agents_say(agentlark: Command, config: Path) -> None:
    silent = agentlark("run", *TASK)
    streamed = agentlark("run", "--fresh", "--stream", *TASK)
    assert "planner │ " not in silent.stderr
    assert re.search(r"^ +planner │ Task as read: “Ship the API”$", streamed.stderr, re.MULTILINE)
