"""Log files: one per agent and the timeline, safe to follow in any terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from orchestrator.core.facts import (
    Acted,
    AgentsEngaged,
    ApprovalSettled,
    BlueprintRefused,
    Fact,
    HandedOff,
    InterruptAsked,
    RunEnded,
    Signal,
    TextDelta,
    Waiting,
)
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.turn import Done, Message, TurnId, Usage
from orchestrator.sinks.describe import SIMULATED, clock_time
from orchestrator.sinks.logs import GATHER_S, LogSink, texts_in
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.virtual_time import EPOCH

ESC = "\x1b]0;owned\x07"
ID = TurnId("r", "a", 1)
ANSWER = Done(message=Message(role="assistant", text=f"the recorded {ESC}answer"), usage=Usage())
DIGEST = digest_of(ANSWER.encoded())
AT = clock_time(EPOCH)


def body(digest: Digest) -> bytes:
    assert digest == DIGEST
    return ANSWER.encoded()


def delta(text: str, node: str = "a", step: int = 1) -> TextDelta:
    return TextDelta(id=TurnId("r", node, step), text=text)


def write(folder: Path, *items: Fact | Signal, agents: Sequence[str] = ("a", "b")) -> None:
    """Show a run to the log files."""
    sink = LogSink(folder, {name: name.title() for name in agents}, texts_in(body))
    for seq, item in enumerate(items, start=1):
        sink.see(seq, item)
    sink.close()
    if sink.failure:
        raise sink.failure


def log(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text(encoding="utf-8")


def test_every_configured_agent_has_a_log_from_the_start_and_so_has_the_timeline(tmp_path: Path) -> None:
    write(tmp_path / "logs", run_started())
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["a.log", "b.log", "timeline.log"]
    assert log(tmp_path / "logs", "a") == "r: a (A)\n"


def test_a_simulated_run_says_so_on_the_first_line_of_every_file(tmp_path: Path) -> None:
    items = (
        run_started(simulated=True),
        turn_ended("a", answer=DIGEST),
        ended("a"),
        joined("a", specialist("x")),
    )
    write(tmp_path, *items)
    for name in ("a", "b", "x", "timeline"):
        assert log(tmp_path, name).splitlines()[0] == SIMULATED
    assert log(tmp_path, "a").splitlines()[-1] == SIMULATED


def test_a_real_run_says_nothing_of_the_kind(tmp_path: Path) -> None:
    write(tmp_path, run_started(), ended("a"))
    assert "SIMULATED" not in log(tmp_path, "a") + log(tmp_path, "timeline")


def test_streamed_text_stands_in_the_log_as_it_came_and_is_not_written_twice(tmp_path: Path) -> None:
    streamed = (delta("the recorded "), delta("answer\n"))
    write(tmp_path, run_started(), turn_started("a"), *streamed, turn_ended("a", answer=DIGEST))
    text = log(tmp_path, "a")
    assert text.count("the recorded answer") == 1
    assert text == (
        f"r: a (A)\n\n── plan · fake-1 · {AT} ──\nthe recorded answer\n\n── plan done · 1,200 in, 34 out ──\n"
    )


@pytest.mark.parametrize("text", ["cut", "whole\n", "two\nlines", ""])
def test_a_log_is_the_same_whether_the_answer_came_streamed_or_at_once(tmp_path: Path, text: str) -> None:
    answer = Done(message=Message(role="assistant", text=text), usage=Usage())

    def log_of(folder: Path, *streamed: Signal) -> str:
        items = (run_started(), turn_started("a"), *streamed, turn_ended("a", answer=DIGEST))
        sink = LogSink(folder, {"a": "A"}, lambda digest: answer.message.text)
        for item in items:
            sink.see(None, item)
        sink.close()
        assert sink.failure is None
        return log(folder, "a")

    assert log_of(tmp_path / "streamed", *map(delta, text)) == log_of(tmp_path / "at-once")


def test_the_recorded_answer_is_written_when_nothing_was_streamed(tmp_path: Path) -> None:
    write(tmp_path, run_started(), turn_started("a"), turn_ended("a", answer=DIGEST))
    assert "the recorded \\x1b]0;owned\\x07answer\n" in log(tmp_path, "a")


def test_what_was_streamed_in_an_attempt_that_failed_does_not_stand_for_the_next(tmp_path: Path) -> None:
    failed = turn_ended("a", ending="failed", error="cut", usage=None)
    again = (turn_started("a", attempt=2), turn_ended("a", attempt=2, answer=DIGEST))
    write(tmp_path, run_started(), turn_started("a"), delta("half"), failed, *again)
    text = log(tmp_path, "a")
    assert "half" in text
    assert "plan failed · cut" in text
    assert f"plan · fake-1, attempt 2 · {AT}" in text
    assert "the recorded" in text


def test_escape_sequences_of_anybody_are_spelled_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        run_started(),
        turn_started("a", model=f"m{ESC}"),
        delta(f"say {ESC}\r\n\ttab"),
        Acted(id=ID, number=1, action="command_execution", title=f"cmd {ESC}", ok=False, at=EPOCH),
        Waiting(id=ID, seconds=1.5, reason=f"wait {ESC}"),
        turn_ended("a", ending="failed", error=f"error {ESC}"),
        BlueprintRefused(node="a", reasons=(f"reason {ESC}",), at=EPOCH),
        ended("a", "failed", f"end {ESC}"),
        RunEnded(ending="failed", reason=f"run {ESC}", at=EPOCH),
    )
    for name in ("a", "timeline"):
        text = log(tmp_path, name)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    shown = r"\x1b]0;owned\x07"
    for word in ("m", "say ", "cmd ", "wait ", "error ", "reason ", "end "):
        assert f"{word}{shown}" in log(tmp_path, "a")
    assert "\ttab" in log(tmp_path, "a")


def test_an_agents_log_tells_its_story_and_nobody_elses(tmp_path: Path) -> None:
    write(
        tmp_path,
        run_started(),
        turn_started("a"),
        turn_started("b"),
        Acted(id=ID, number=1, action="file_change", title="a.py", at=EPOCH),
        Waiting(id=ID, seconds=2, reason="busy"),
        delta("b says", node="b"),
        BlueprintRefused(node="a", reasons=("one", "two"), at=EPOCH),
        ended("a", "failed", "why"),
    )
    assert log(tmp_path, "a").splitlines() == [
        "r: a (A)",
        "",
        f"── plan · fake-1 · {AT} ──",
        "  ▸ file_change: a.py",
        "  … busy; again in 2.0 s",
        "  ✗ one",
        "  ✗ two",
        "a is failed: why",
    ]
    assert log(tmp_path, "b").splitlines()[-1] == "b says"


def test_the_timeline_has_a_line_per_event_with_its_time_and_none_for_text(tmp_path: Path) -> None:
    write(
        tmp_path,
        run_started(),
        turn_started("a"),
        delta("hello\nworld\n"),
        Waiting(id=ID, seconds=2, reason="busy"),
        turn_ended("a", answer=DIGEST),
        ended("a"),
        RunEnded(ending="done", at=EPOCH),
    )
    assert log(tmp_path, "timeline").splitlines() == [
        f"{AT}  r: run started",
        f"{AT}  a: plan started, fake fake-1",
        "          a: waits 2.0 s: busy",
        f"{AT}  a: plan done, 1,200 in, 34 out",
        f"{AT}  a: done",
        f"{AT}  run done",
    ]


def test_agents_that_join_have_logs_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, run_started(), joined("a", specialist("x")), turn_started("x"), delta("x says", node="x"))
    assert log(tmp_path, "x").splitlines() == ["r: x (X)", "", f"── plan · fake-1 · {AT} ──", "x says"]


def test_an_agent_that_acts_again_goes_on_in_its_log(tmp_path: Path) -> None:
    write(tmp_path, run_started(), turn_started("a@2"), delta("again\n", node="a@2"), ended("a@2"))
    assert log(tmp_path, "a").splitlines()[-2:] == ["again", "a@2 is done"]
    assert not (tmp_path / "a@2.log").exists()


def test_a_new_run_begins_its_logs_anew_and_older_agents_have_none_left(tmp_path: Path) -> None:
    write(tmp_path, run_started(), joined("a", specialist("old")), delta("old text"))
    write(tmp_path, run_started(run="r2"))
    assert log(tmp_path, "a") == "r2: a (A)\n"
    assert not (tmp_path / "old.log").exists()
    assert log(tmp_path, "timeline") == f"{AT}  r2: run started\n"


def test_what_is_no_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write(tmp_path, run_started())
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_resumed_run_goes_on_in_its_logs(tmp_path: Path) -> None:
    write(tmp_path, run_started(), joined("a", specialist("x")), delta("before\n", node="x"))
    write(
        tmp_path,
        run_started(resumed=True),
        turn_started("x"),
        delta("after\n", node="x"),
        agents=("a", "b", "x"),
    )
    text = log(tmp_path, "x")
    assert text.index("before") < text.index("after")
    assert "r: run started" in log(tmp_path, "timeline")
    assert "r: run resumed" in log(tmp_path, "timeline")


def test_half_characters_do_not_silence_the_logs(tmp_path: Path) -> None:
    signal = TextDelta.model_construct(kind="text-delta", id=ID, text="half \ud800 of it")
    write(tmp_path, run_started(), signal, ended("a"))
    assert "a is done" in log(tmp_path, "a")


def test_a_folder_that_cannot_be_written_silences_the_logs_and_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file, not a folder")
    with pytest.raises(FileExistsError):
        write(tmp_path / "logs", run_started(), ended("a"))


def test_a_new_run_writes_on_in_the_same_files_so_that_they_can_be_followed(tmp_path: Path) -> None:
    write(tmp_path, run_started(), delta("old text"))
    files = {name: (tmp_path / f"{name}.log").stat().st_ino for name in ("a", "b", "timeline")}
    write(tmp_path, run_started(run="r2"))
    assert {name: (tmp_path / f"{name}.log").stat().st_ino for name in files} == files


def test_only_files_that_could_be_an_agents_log_are_removed(tmp_path: Path) -> None:
    for name in ("old.log", "My notes.log", "a@2.log", "UPPER.log"):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.log").mkdir()
    (tmp_path / "link.log").symlink_to(tmp_path / "nowhere")
    write(tmp_path, run_started(), agents=("a",))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "My notes.log",
        "UPPER.log",
        "a.log",
        "a@2.log",
        "folder.log",
        "link.log",
        "timeline.log",
    ]


def test_a_log_that_is_a_folder_silences_the_logs_and_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "b.log").mkdir()
    with pytest.raises(IsADirectoryError):
        write(tmp_path, run_started(), ended("a"))


@pytest.mark.parametrize("exists", [False, True])
def test_a_log_that_is_a_link_silences_the_logs_and_what_it_leads_to_is_left_alone(
    tmp_path: Path, exists: bool
) -> None:
    elsewhere, logs = tmp_path / "elsewhere", tmp_path / "logs"
    logs.mkdir()
    (logs / "b.log").symlink_to(elsewhere)
    if exists:
        elsewhere.write_text("mine")
    with pytest.raises(OSError, match=r"b\.log"):
        write(logs, run_started(), ended("a"))
    assert elsewhere.exists() == exists
    assert not exists or elsewhere.read_text() == "mine"


def test_nothing_of_an_earlier_run_stays_in_a_log_that_is_shorter_now(tmp_path: Path) -> None:
    long = turn_ended("a", answer=None, ending="failed", error="no " * 3000, usage=None)
    write(tmp_path, run_started(), long, ended("a"))
    write(tmp_path, run_started(), ended("a"))
    assert log(tmp_path, "a") == "r: a (A)\na is done\n"
    assert "no no" not in log(tmp_path, "timeline")


def test_what_came_before_an_answer_that_cannot_be_read_is_written(tmp_path: Path) -> None:
    def nothing(digest: Digest) -> str:
        raise LookupError("no such answer")

    sink = LogSink(tmp_path, {"a": "A"}, nothing)
    for item in (run_started(), turn_started("a"), turn_ended("a", answer=DIGEST)):
        sink.see(1, item)
    sink.close()
    assert isinstance(sink.failure, LookupError)
    assert "── plan" in log(tmp_path, "a")


def test_a_line_is_on_the_disk_soon_after_it_came_while_the_run_goes_on(tmp_path: Path) -> None:
    written = Event()

    class Telling(LogSink):
        def flush(self) -> None:
            super().flush()
            written.set()

    sink = Telling(tmp_path, {"a": "A"}, texts_in(body))
    sink.see(1, run_started())
    assert written.wait(10)
    assert "run started" in log(tmp_path, "timeline")
    sink.close()
    assert GATHER_S <= 0.05


def test_what_is_decided_between_two_sessions_stands_in_the_timeline_alone(tmp_path: Path) -> None:
    write(tmp_path, run_started(simulated=True), agents=("a",))
    settled = ApprovalSettled(wave=1, verdict="approved", note="fine", at=EPOCH)
    write(tmp_path, settled, joined("a", specialist("x")), ended("x", "blocked", "no note"), agents=("a",))
    assert log(tmp_path, "timeline").endswith(
        f"{AT}  wave 1 approved: fine\n{AT}  a: blueprint accepted, wave 1: x\n{AT}  x: blocked: no note\n"
    )
    assert not (tmp_path / "x.log").exists()


def test_a_cached_turn_says_so_and_what_it_saved(tmp_path: Path) -> None:
    write(tmp_path, run_started(), turn_ended("a", origin="reused", answer=DIGEST))
    assert "── plan CACHED · saved 1,200 in, 34 out ──" in log(tmp_path, "a")
    assert "the recorded" in log(tmp_path, "a")


def test_an_interrupt_has_a_log_of_its_own_until_the_next_run(tmp_path: Path) -> None:
    summary = f"r was interrupted.\ndone (1): a{ESC}"
    write(tmp_path, run_started(), InterruptAsked(summary=summary, at=EPOCH))
    shown = log(tmp_path, "interrupt")
    assert shown.startswith("r was interrupted.\ndone (1): a")
    assert "\x1b" not in shown
    write(tmp_path, run_started())
    assert not (tmp_path / "interrupt.log").exists()


def test_a_handoff_stands_in_the_logs_of_both(tmp_path: Path) -> None:
    handed = HandedOff(sender="a@2", receiver="b", node="b@2", note=f"go {ESC}on", at=EPOCH)
    write(tmp_path, run_started(), handed)
    for name in ("a", "b"):
        assert "  ⇢ a@2 hands on to b: go " in log(tmp_path, name)
        assert "\x1b" not in log(tmp_path, name)


def test_an_orchestrator_has_a_log_across_its_engagements(tmp_path: Path) -> None:
    first = AgentsEngaged(wave=2, group="g0", purpose="orchestration", agents=("orc",), at=EPOCH)
    again = first.model_copy(update={"wave": 3})
    write(tmp_path, run_started(), first, ended("orc@2"), again, ended("orc@3"))
    shown = log(tmp_path, "orc")
    assert shown.count("r: orc (says what the group does next)") == 1
    assert "orc@2 is done" in shown
    assert "orc@3 is done" in shown


def test_logs_are_for_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    write(folder, run_started(), delta("said\n"))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
