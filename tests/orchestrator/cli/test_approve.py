"""Consent to a wave: on the terminal, from another process, and between two sessions of a run."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.core.facts import ApprovalSettled, Fact, TurnEnded
from orchestrator.store.journal import open_journal_readonly
from tests.orchestrator.cli.conftest import Command
from tests.orchestrator.cli.going import on_terminal, started, wait_for

ASKING = ("--approve", "blueprint", "--prompt", "Ship it")
QUESTION = "run it? [y]es, [n]o, [e]dit: "

Editor = Callable[[str, str], str]


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    """Makes an editor that replaces a text in the file it is given."""

    def make(old: str, new: str) -> str:
        script = tmp_path / f"edit-{abs(hash((old, new)))}.py"
        script.write_text(
            "import pathlib, sys\n"
            "path = pathlib.Path(sys.argv[1])\n"
            f"path.write_text(path.read_text().replace({old!r}, {new!r}))\n"
        )
        return f"{sys.executable} {script}"

    return make


@pytest.fixture
def timeline(config: Path, tmp_path: Path) -> Path:
    return tmp_path / "logs" / "timeline.log"


def facts(folder: Path) -> list[Fact]:
    """The facts of the last run."""
    with open_journal_readonly(folder / ".agentfs" / "agent-db.db") as journal:
        return [fact for _, fact in journal.facts(journal.runs()[-1].slug)]


def settled(folder: Path) -> list[tuple[str, str]]:
    return [(fact.verdict, fact.note) for fact in facts(folder) if isinstance(fact, ApprovalSettled)]


def test_yes_on_the_terminal_runs_the_wave_and_the_table_goes_on(config: Path, tmp_path: Path) -> None:
    with on_terminal(tmp_path, "run", *ASKING) as screen:
        screen.expect("── wave 1 of core, asked for by builder ──")
        screen.expect("• implementer: Implementer")
        screen.expect(QUESTION)
        screen.type("perhaps\n")
        screen.expect(QUESTION)
        screen.type("y\n")
        screen.expect("wave 1 approved")
        screen.expect("blueprint accepted, wave 1: implementer")
        screen.expect("Implementer, wave 1")
        screen.expect(": done ──")
        assert screen.ended() == 0
    assert settled(tmp_path) == [("approved", "")]


def test_no_on_the_terminal_skips_the_wave_and_the_run_ends_well(config: Path, tmp_path: Path) -> None:
    with on_terminal(tmp_path, "run", *ASKING) as screen:
        screen.expect(QUESTION)
        screen.type("n\n")
        screen.expect("wave 1 rejected")
        assert screen.ended() == 0
    assert settled(tmp_path) == [("rejected", "")]
    assert not (tmp_path / "logs" / "implementer.log").exists()


def test_a_blueprint_is_edited_until_it_is_right(config: Path, tmp_path: Path, editor: Editor) -> None:
    wrong = editor('"implementer"', '"Not An Id"')
    with on_terminal(tmp_path, "run", *ASKING, EDITOR=wrong) as screen:
        screen.expect(QUESTION)
        screen.type("e\n")
        screen.expect("'Not An Id' is no id for an agent")
        screen.expect("Edit it again? [Y/n]:")
        screen.type("n\n")
        screen.expect(QUESTION)
        screen.type("n\n")
        assert screen.ended() == 0
    right = editor('"implementer"', '"carpenter"')
    with on_terminal(tmp_path, "run", *ASKING, EDITOR=right) as screen:
        screen.expect(QUESTION)
        screen.type("e\n")
        screen.expect("wave 1 edited")
        screen.expect("wave 1: carpenter")
        assert screen.ended() == 0
    assert settled(tmp_path) == [("edited", "")]
    assert (tmp_path / "logs" / "carpenter.log").exists()


def test_an_editor_that_cannot_be_started_or_changes_nothing_leaves_the_question(
    config: Path, tmp_path: Path, editor: Editor
) -> None:
    with on_terminal(tmp_path, "run", *ASKING, EDITOR="no-such-editor") as screen:
        screen.expect(QUESTION)
        screen.type("e\n")
        screen.expect("error: the editor no-such-editor cannot be started")
        screen.expect("help: set EDITOR")
        screen.expect(QUESTION)
        screen.type("n\n")
        assert screen.ended() == 0
    with on_terminal(tmp_path, "run", *ASKING, EDITOR=editor("nothing like it", "")) as screen:
        screen.expect(QUESTION)
        screen.type("e\n")
        screen.expect(QUESTION)
        screen.type("n\n")
        assert screen.ended() == 0


def test_what_was_typed_before_the_question_is_no_answer(timeline: Path, tmp_path: Path) -> None:
    with on_terminal(tmp_path, "run", *ASKING, "--rehearsal-delay", "0.2") as screen:
        wait_for(timeline, "planner: plan started")
        screen.type("y\ny\n")
        screen.expect(QUESTION)
        screen.type("n\n")
        assert screen.ended() == 0
    assert settled(tmp_path) == [("rejected", "")]


def test_a_question_that_is_answered_elsewhere_is_taken_back(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    with on_terminal(tmp_path, "run", *ASKING) as screen:
        screen.expect(QUESTION)
        assert "wave 1 waits for consent: agentlark approve" in agentlark("status").stdout
        assert "going, waits for consent" in agentlark("runs", "ls").stdout
        other = agentlark("approve", "--note", "seen from afar")
        assert other.returncode == 0, other.stderr
        assert "wave 1 is approved; the run goes on" in other.stderr
        screen.expect("wave 1 approved: seen from afar")
        assert screen.ended() == 0
    assert settled(tmp_path) == [("approved", "seen from afar")]


def test_the_end_of_the_terminal_is_no_answer(agentlark: Command, config: Path, tmp_path: Path) -> None:
    with on_terminal(tmp_path, "run", *ASKING) as screen:
        screen.expect(QUESTION)
        screen.type("\x04")
        screen.expect("wave 1 waits: agentlark approve, reject or edit")
        assert agentlark("reject").returncode == 0
        assert screen.ended() == 0
    assert settled(tmp_path) == [("rejected", "")]


def test_ctrl_c_at_the_question_leaves_the_wave_waiting_and_resume_asks_again(
    config: Path, tmp_path: Path
) -> None:
    with on_terminal(tmp_path, "run", *ASKING) as screen:
        screen.expect(QUESTION)
        screen.type("\x03")
        screen.expect("consent    wave 1 waits for it")
        screen.expect("next       ")
        assert screen.ended() == 3
    assert settled(tmp_path) == []
    with on_terminal(tmp_path, "resume") as screen:
        screen.expect("── wave 1 of core, asked for by builder ──")
        screen.expect(QUESTION)
        screen.type("yes\n")
        screen.expect("wave 1 approved")
        assert screen.ended() == 0
    assert settled(tmp_path) == [("approved", "")]


@pytest.mark.parametrize(("command", "verdict"), [("approve", "approved"), ("reject", "rejected")])
def test_without_a_terminal_it_waits_for_another_process(
    agentlark: Command, timeline: Path, tmp_path: Path, command: str, verdict: str
) -> None:
    with started(tmp_path, *ASKING) as run:
        wait_for(timeline, "consent is asked for wave 1")
        answered = agentlark(command, "--note", "so be it")
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 0, errors
    assert f"wave 1 is {verdict}; the run goes on" in answered.stderr
    assert "to answer for it: agentlark approve, reject or edit" in errors
    assert settled(tmp_path) == [(verdict, "so be it")]
    assert (tmp_path / "logs" / "implementer.log").exists() == (verdict == "approved")


def test_a_quiet_run_says_that_it_waits_and_nothing_else(
    agentlark: Command, timeline: Path, tmp_path: Path
) -> None:
    with started(tmp_path, "-q", *ASKING) as run:
        wait_for(timeline, "consent is asked for wave 1")
        agentlark("reject")
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 0
    waits, how = errors.splitlines()
    assert waits.startswith("builder: consent is asked for wave 1: implementer")
    assert how == "  to answer for it: agentlark approve, reject or edit"


def test_a_killed_run_that_waits_is_edited_while_nobody_carries_it_and_resumed(
    agentlark: Command, timeline: Path, tmp_path: Path, editor: Editor
) -> None:
    with started(tmp_path, *ASKING):
        wait_for(timeline, "consent is asked for wave 1")
    wrong = agentlark("edit", EDITOR=editor('"implementer"', '"../etc"'))
    assert wrong.returncode == 2
    assert "'../etc' is no id for an agent" in wrong.stderr
    unchanged = agentlark("edit", EDITOR=editor("nothing like it", ""))
    assert unchanged.returncode == 0
    assert "nothing was changed: wave 1 still waits" in unchanged.stderr
    edited = agentlark("edit", "--note", "mine", EDITOR=editor('"implementer"', '"carpenter"'))
    assert edited.returncode == 0, edited.stderr
    assert "wave 1 is edited\n  next: agentlark resume" in edited.stderr
    assert "wave 1 edited: mine\n" in timeline.read_text()
    done = agentlark("resume")
    assert done.returncode == 0, done.stderr
    assert "carpenter: done" in done.stderr
    story = timeline.read_text()
    assert story.index("wave 1 edited") < story.index("wave 1: carpenter") < story.index("run resumed")
    assert (tmp_path / "logs" / "carpenter.log").read_text().startswith("SIMULATED")
    assert settled(tmp_path) == [("edited", "mine")]
    keys = Counter(fact.key for fact in facts(tmp_path) if isinstance(fact, TurnEnded))
    assert set(keys.values()) == {1}


def test_every_wave_can_be_asked_for(agentlark: Command, timeline: Path, tmp_path: Path) -> None:
    arguments = ("--autonomous", "--approve", "wave", "--prompt", "Ship it")
    with started(tmp_path, *arguments) as run:
        wait_for(timeline, "consent is asked for wave 1")
        assert agentlark("approve", "--wave", "1").returncode == 0
        wait_for(timeline, "consent is asked for wave 2")
        assert agentlark("approve").returncode == 0
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 0, errors
    assert [verdict for verdict, _ in settled(tmp_path)] == ["approved", "approved"]


def test_where_nothing_waits_there_is_nothing_to_approve(agentlark: Command, config: Path) -> None:
    nowhere = agentlark("approve")
    assert nowhere.returncode == 2
    assert "there is no run" in nowhere.stderr
    assert agentlark("run", "-q").returncode == 0
    for arguments in (["approve"], ["reject", "--wave", "7"], ["edit"]):
        done = agentlark(*arguments)
        assert done.returncode == 2
        assert "wait" in done.stderr
        assert "Traceback" not in done.stderr
    assert "there is no run 'nosuch' here" in agentlark("approve", "nosuch").stderr
