"""Runs that are asked to end, or killed, at any instant: nothing is orphaned, half-written or paid twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from orchestrator.core.facts import InterruptAsked, RunEnded, TurnEnded
from orchestrator.store.journal import open_journal_readonly
from tests.orchestrator.cli.conftest import Command, environment
from tests.orchestrator.cli.going import COMMAND, holds_soon, on_terminal, started, wait_for

INSTANTS = 100 if os.environ.get("AGENTLARK_SOAK") else 10
FACTS = 60
"""About as many facts has the run that is interrupted."""


@pytest.fixture
def timeline(config: Path, tmp_path: Path) -> Path:
    return tmp_path / "logs" / "timeline.log"


@pytest.mark.parametrize("seed", range(INSTANTS))
def test_at_any_instant_a_run_ends_cleanly_and_resume_finishes_it(
    seed: int, agentlark: Command, config: Path, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    process = subprocess.Popen(
        [*COMMAND, "run", "--json", "--relay", "--rehearsal-delay", "0.02", "--prompt", "Ship the API"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    blow = draw.choice([[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGINT], [signal.SIGKILL]])
    assert process.stdout is not None
    for _ in range(draw.randint(1, FACTS)):
        process.stdout.readline()
    for number in blow:
        process.send_signal(number)
    process.stdout.read()
    code = process.wait(60)
    process.stdout.close()
    expected = {signal.SIGKILL: {-9, 0}, signal.SIGTERM: {3, 0}, signal.SIGINT: {3, 0, 130}}
    assert code in expected[blow[-1]]
    assert holds_soon(lambda: not is_alive(process.pid)), "a process of the run goes on"
    every_turn_is_whole(tmp_path)
    again = agentlark("resume")
    assert again.returncode == 0, again.stderr
    every_turn_is_whole(tmp_path)
    with open_journal_readonly(tmp_path / ".agentfs" / "agent-db.db") as journal:
        (record,) = journal.runs()
        facts = [fact for _, fact in journal.facts(record.slug)]
    assert isinstance(facts[-1], RunEnded)
    assert facts[-1].ending == "done"
    answered = Counter(fact.key for fact in facts if isinstance(fact, TurnEnded) and fact.ending == "done")
    assert set(answered.values()) == {1}


def is_alive(group: int) -> bool:
    """Whether a process group has a member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def every_turn_is_whole(folder: Path) -> None:
    """Every recorded answer can be read, and every record is JSON."""
    with open_journal_readonly(folder / ".agentfs" / "agent-db.db") as journal:
        for record in journal.runs():
            for _, fact in journal.facts(record.slug):
                if isinstance(fact, TurnEnded) and fact.answer is not None:
                    json.loads(journal.body(fact.answer))


def test_another_process_interrupts_a_run_and_asking_again_changes_nothing(
    agentlark: Command, timeline: Path, tmp_path: Path
) -> None:
    with started(tmp_path, "--rehearsal-delay", "10") as run:
        wait_for(timeline, "planner: plan started")
        first = agentlark("interrupt")
        again = agentlark("interrupt")
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 3, errors
    assert "agents     1 started, 1 not started" in errors
    assert first.returncode == again.returncode == 0
    assert "interrupted; turns in flight end, nothing new starts (see logs/interrupt.log)" in first.stderr
    slug = first.stderr.partition(":")[0]
    summary = (
        f"{slug} was interrupted: turns in flight end, nothing new starts.\n"
        "done (0): nobody\n"
        "running (1): planner\n"
        "not started (1): builder\n"
        f"to go on: agentlark resume {slug}\n"
    )
    assert (tmp_path / "logs" / "interrupt.log").read_text() == summary
    with open_journal_readonly(tmp_path / ".agentfs" / "agent-db.db") as journal:
        asked = [fact for _, fact in journal.facts(slug) if isinstance(fact, InterruptAsked)]
    assert len(asked) == 1
    told = timeline.read_text()
    assert told.index("was interrupted") < told.index("planner: plan done"), "it did not get its time"
    assert "follow-up started" not in told
    shown = agentlark("memory:inspect", "--type", "interrupt", "--json").stdout.splitlines()
    assert [json.loads(line)["run"] for line in shown] == [slug]


def test_now_stops_turns_in_flight(agentlark: Command, timeline: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--rehearsal-delay", "60") as run:
        wait_for(timeline, "planner: plan started")
        assert "stopping now" in agentlark("interrupt", "--now").stderr
        _, errors = run.communicate(timeout=30)
    assert run.returncode == 130, errors
    assert "agentlark resume" in errors


def test_sigterm_interrupts_like_ctrl_c(timeline: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--rehearsal-delay", "1") as run:
        wait_for(timeline, "planner: plan started")
        run.terminate()
        run.terminate()
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 3, errors
    assert "interrupting: turns in flight will end, nothing new starts\n" in errors
    assert "planner: plan done" in timeline.read_text()


def test_ctrl_c_on_the_terminal_is_answered_at_once_and_twice_stops(config: Path, tmp_path: Path) -> None:
    with on_terminal(tmp_path, "run", "--rehearsal-delay", "60") as screen:
        screen.expect("running")
        screen.type("\x03")
        screen.expect(
            "interrupting: turns in flight will end, nothing new starts (Ctrl+C again stops at once)"
        )
        screen.expect("running (1): planner")
        screen.type("\x03")
        screen.expect("stopping now")
        screen.expect(": stopped ──")
        assert screen.ended() == 130


def test_where_nothing_goes_there_is_nothing_to_interrupt(agentlark: Command, config: Path) -> None:
    for _ in range(2):
        done = agentlark("interrupt")
        assert (done.returncode, done.stderr) == (0, "no run is going in this folder\n")
        agentlark("run", "-q")


def test_the_run_that_is_named_must_be_the_one_that_goes(
    agentlark: Command, timeline: Path, tmp_path: Path
) -> None:
    with started(tmp_path, "--rehearsal-delay", "30"):
        wait_for(timeline, "planner: plan started")
        done = agentlark("interrupt", "run-of-yesterday")
    assert done.returncode == 2
    assert "run-of-yesterday is not going: run-" in done.stderr


def test_a_letter_that_nobody_can_read_is_said_and_does_not_stop_a_run(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    inbox = tmp_path / ".agentfs" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "junk.json").write_text("{")
    done = agentlark("run")
    assert done.returncode == 0, done.stderr
    assert "note: a command could not be read and is set aside: junk.json.refused" in done.stderr
