"""The console without a terminal: a line when something changes, a heartbeat when nothing does."""

from __future__ import annotations

from io import StringIO

import pytest

from orchestrator.core.facts import Acted, Fact, Signal, TextDelta, Waiting
from orchestrator.core.turn import TurnId
from orchestrator.sinks import plain
from orchestrator.sinks.describe import clock_time
from orchestrator.sinks.plain import PlainSink
from tests.doubles.facts import ended, run_started, turn_ended, turn_started
from tests.doubles.virtual_time import EPOCH

ID = TurnId("r", "a", 1)
ACTED = Acted(id=ID, number=1, action="command_execution", title="make", at=EPOCH)
AT = clock_time(EPOCH)


class Time:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(plain, "time", time)
    return time


def lines(*items: Fact | Signal, verbose: bool = False) -> list[str]:
    out = StringIO()
    sink = PlainSink(out, verbose)
    for seq, item in enumerate(items, start=1):
        sink.see(seq, item)
    sink.close()
    assert sink.failure is None
    return out.getvalue().splitlines()


def test_every_change_is_a_line_with_its_time() -> None:
    assert lines(run_started(), turn_started("a"), turn_ended("a"), ended("a")) == [
        f"{AT}  r: run started",
        f"{AT}  a: plan started, fake fake-1",
        f"{AT}  a: plan done, 1,200 in, 34 out",
        f"{AT}  a: done",
    ]


def test_waits_are_told_because_somebody_may_want_to_stop_them() -> None:
    assert lines(Waiting(id=ID, seconds=30, reason="busy")) == ["          a: waits 30.0 s: busy"]


def test_what_agents_do_is_told_only_on_request_and_what_they_say_never() -> None:
    items = (ACTED, TextDelta(id=ID, text="hello"))
    assert lines(*items) == []
    assert lines(*items, verbose=True) == [f"{AT}  a: command_execution: make"]


def test_the_heartbeat_says_who_is_at_work_and_for_how_long(time: Time) -> None:
    out = StringIO()
    sink = PlainSink(out)
    sink.handle(1, turn_started("a"))
    time.now_s += 10
    sink.handle(2, turn_started("b", purpose="follow-up"))
    time.now_s += 21
    sink.idle()
    assert out.getvalue().splitlines()[-1] == "          still running: a plan for 31 s, b follow-up for 21 s"


def test_the_heartbeat_names_five_and_counts_the_rest(time: Time) -> None:
    out = StringIO()
    sink = PlainSink(out)
    for number in range(8):
        sink.handle(number, turn_started(f"n{number}"))
    sink.handle(9, turn_ended("n0"))
    sink.idle()
    last = out.getvalue().splitlines()[-1]
    assert last.endswith("n5 plan for 0 s and 2 more")
    assert "n0" not in last


def test_the_heartbeat_says_so_when_all_wait() -> None:
    out = StringIO()
    PlainSink(out).idle()
    assert out.getvalue() == "          still running: waiting\n"


def test_there_is_a_heartbeat_too_while_an_agent_talks_without_a_pause(time: Time) -> None:
    out = StringIO()
    sink = PlainSink(out, heartbeat_s=30)
    sink.handle(1, turn_started("a"))
    for _ in range(100):
        time.now_s += 1
        sink.handle(None, TextDelta(id=ID, text="and so on\n"))
    assert [line for line in out.getvalue().splitlines() if "still running" in line] == [
        "          still running: a plan for 30 s",
        "          still running: a plan for 60 s",
        "          still running: a plan for 90 s",
    ]


def test_a_line_within_the_time_takes_the_place_of_a_heartbeat(time: Time) -> None:
    out = StringIO()
    sink = PlainSink(out, heartbeat_s=30)
    for _ in range(10):
        time.now_s += 20
        sink.handle(1, ended("a"))
        sink.handle(None, TextDelta(id=ID, text="and so on\n"))
    assert "still running" not in out.getvalue()


def test_every_line_is_flushed_so_that_a_pipe_shows_it_at_once() -> None:
    class Counting(StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    out = Counting()
    sink = PlainSink(out)
    sink.handle(1, run_started())
    sink.handle(2, ended("a"))
    assert out.flushed == 2
