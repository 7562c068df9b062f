"""The table on a terminal: whatever agents are called and however many they are."""

from __future__ import annotations

import re
from io import StringIO

import pytest

from agentlark.model import Squad
from orchestrator.core.facts import (
    AgentsEngaged,
    ApprovalAsked,
    ApprovalSettled,
    BlueprintRefused,
    Fact,
    HandedOff,
    InterruptAsked,
    RunEnded,
    Signal,
    Waiting,
    WavesEnded,
)
from orchestrator.core.turn import TurnId, Usage
from orchestrator.sinks import live
from orchestrator.sinks.describe import SIMULATED, clock_time
from orchestrator.sinks.live import LiveSink
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH

SQUAD = a_squad([an_agent("planner"), an_agent("builder", "planner", blueprint=True)], [an_agent("qa")])
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(StringIO):
    """What a terminal is sent, and what is on it at the end."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """Everything ever written, without control sequences."""
        return [line.rstrip() for line in CONTROL.sub("", self.getvalue()).replace("\r", "\n").split("\n")]

    @property
    def last_table(self) -> list[str]:
        """The table as it was drawn last."""
        heads = [index for index, line in enumerate(self.lines) if line.startswith("agent ")]
        return [line for line in self.lines[heads[-1] :] if line]


class Time:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        self.now_s += 0.001
        return self.now_s


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Size and time of the terminal."""
    for name, value in {"COLUMNS": "100", "LINES": "20", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    time = Time()
    monkeypatch.setattr(live, "time", time)
    return time


def show(*items: Fact | Signal, squad: Squad = SQUAD) -> Terminal:
    terminal = Terminal()
    sink = LiveSink(terminal, squad)
    for seq, item in enumerate(items, start=1):
        sink.see(seq, item)
    sink.close()
    assert sink.failure is None, sink.failure
    return terminal


def row(terminal: Terminal, agent: str) -> str:
    return next(line for line in terminal.last_table if line.split()[0] == agent)


def test_every_agent_has_a_row_from_the_start() -> None:
    table = show(run_started()).last_table
    assert [line.split()[0] for line in table] == ["agent", "planner", "builder", "qa"]
    assert all("queued" in line for line in table[1:])


def test_a_simulated_run_says_so_above_the_table() -> None:
    assert SIMULATED in show(run_started(simulated=True)).lines
    assert SIMULATED not in show(run_started()).lines


def test_a_row_shows_turn_state_and_tokens() -> None:
    terminal = show(
        run_started(),
        turn_started("planner"),
        turn_ended("planner", usage=Usage(input=1000, output=200)),
        turn_started("planner", 2, purpose="follow-up"),
        turn_ended("planner", 2, usage=Usage(input=30, output=4, estimated=True)),
        ended("planner"),
        turn_started("builder"),
    )
    assert re.search(r"planner +Planner +follow-up +done +0\.\d s +~1,234", row(terminal, "planner"))
    assert re.search(r"builder +Builder +plan +\S running", row(terminal, "builder"))


def test_time_at_work_is_added_up_without_the_waits(time: Time) -> None:
    terminal = Terminal()
    sink = LiveSink(terminal, SQUAD)
    busy = turn_ended("planner", ending="failed", usage=None, error="busy")
    for seconds, item in (
        (0, run_started()),
        (0, turn_started("planner")),
        (5, busy),
        (60, turn_started("planner")),
    ):
        time.now_s += seconds
        sink.handle(1, item)
    time.now_s += 2
    sink.finish()
    assert re.search(r" 7\.\d s", row(terminal, "planner"))


def test_what_needs_attention_scrolls_above_the_table() -> None:
    terminal = show(
        run_started(),
        Waiting(id=TurnId("r", "planner", 1), seconds=2, reason="busy"),
        ended("planner", "failed", "no answer"),
        ended("builder", "blocked", "planner failed"),
        BlueprintRefused(node="builder", reasons=("no",), at=EPOCH),
        RunEnded(ending="failed", at=EPOCH),
    )
    assert "planner: waits 2.0 s: busy" in terminal.lines
    assert "planner: failed: no answer" in terminal.lines
    assert "builder: blueprint refused, its wave is skipped: no" in terminal.lines
    assert "failed" in row(terminal, "planner")
    assert "blocked" in row(terminal, "builder")


def test_specialists_get_rows_that_name_their_wave() -> None:
    terminal = show(run_started(), joined("builder", specialist("x"), wave=2), turn_started("x"))
    assert "builder: blueprint accepted, wave 2: x" in terminal.lines
    assert re.search(r"x +X, wave 2 +plan", row(terminal, "x"))


def test_names_and_reasons_that_look_like_markup_are_shown_as_they_are() -> None:
    squad = a_squad([an_agent("a", role="[bold red]Boss[/] :skull: \x1b[31m")])
    reason = "[link=http://x]click[/link] [/nothing] :boom:"
    joining = joined("a", specialist("x").model_copy(update={"role": "[/]"}))
    terminal = show(run_started(), ended("a", "failed", reason), joining, squad=squad)
    assert r"[bold red]Boss[/] :skull: \x1b[31m" in row(terminal, "a")
    assert f"a: failed: {reason}" in terminal.lines
    assert "[/], wave 1" in row(terminal, "x")


def test_more_agents_than_lines_are_summed_up_and_those_at_work_are_shown() -> None:
    names = [f"n{number:03}" for number in range(200)]
    squad = a_squad([an_agent(name) for name in names])
    items = [ended(name) for name in names[:100]]
    terminal = show(
        run_started(simulated=True), *items, turn_started("n150"), turn_started("n199"), squad=squad
    )
    table = terminal.last_table
    assert len(table) + 1 < 20
    assert "n150" in "".join(table)
    assert "n199" in "".join(table)
    assert re.search(r"… 184 more \(100 done, 98 queued, 2 running\)", "".join(table))


def test_of_those_that_ended_the_newest_are_shown() -> None:
    names = [f"n{number:03}" for number in range(50)]
    squad = a_squad([an_agent(name) for name in names])
    order = [*names[25:], *names[:25]]
    terminal = show(run_started(), *(ended(name) for name in order), squad=squad)
    shown = [line.split()[0] for line in terminal.last_table[1:-1]]
    assert shown == names[25 - len(shown) : 25]


def test_a_resumed_run_shows_the_specialists_that_had_joined_before() -> None:
    terminal = show(run_started(resumed=True), turn_started("x"), turn_ended("x"), ended("x", "failed", "no"))
    assert re.search(r"x +plan +failed", row(terminal, "x"))
    assert "x: failed: no" in terminal.lines


def test_the_cursor_is_given_back_at_the_end() -> None:
    terminal = show(run_started(), RunEnded(ending="done", at=EPOCH))
    sent = terminal.getvalue()
    assert sent.rindex("\x1b[?25h") > sent.rindex("\x1b[?25l")


def test_nothing_is_drawn_of_a_run_that_never_started() -> None:
    assert show().getvalue() == ""


def engaged(wave: int, *agents: str, purpose: str = "relay") -> AgentsEngaged:
    given = {"wave": wave, "group": "g0", "purpose": purpose, "agents": agents, "at": EPOCH}
    return AgentsEngaged.model_validate(given)


def test_an_agent_that_acts_again_has_a_row_of_its_own_with_its_role_and_wave() -> None:
    terminal = show(
        run_started(),
        ended("planner"),
        engaged(1, "planner"),
        turn_started("planner@1"),
        engaged(2, "autonomous-orchestrator", purpose="orchestration"),
    )
    assert "done" in row(terminal, "planner")
    assert re.search(r"planner@1 +Planner, wave 1 +plan +\S running", row(terminal, "planner@1"))
    assert re.search(r"autonomous-orchestrator@2 +wave 2 +queued", row(terminal, "autonomous-orchestrator@2"))


def test_an_agent_that_nothing_is_handed_to_is_skipped() -> None:
    terminal = show(run_started(), engaged(1, "qa"), ended("qa@1", "skipped", "nothing was handed to it"))
    assert "skipped" in row(terminal, "qa@1")


def test_cached_turns_take_no_time_and_no_tokens() -> None:
    terminal = show(
        run_started(),
        turn_ended("planner", origin="reused"),
        turn_ended("planner", 2, origin="reused", purpose="follow-up"),
        ended("planner"),
        turn_ended("builder", origin="reused"),
        turn_started("builder", 2, purpose="follow-up"),
        turn_ended("builder", 2, purpose="follow-up", usage=Usage(input=10, output=5)),
    )
    assert re.search(r"planner +Planner +follow-up +done +cached$", row(terminal, "planner"))
    assert re.search(r"builder +Builder +follow-up +\S running +0\.\d s +15$", row(terminal, "builder"))


def test_what_becomes_of_waves_scrolls_above_the_table() -> None:
    asked = ApprovalAsked(joining=joined("builder", specialist("x")), at=EPOCH)
    lines = show(
        run_started(),
        HandedOff(sender="planner", receiver="builder", node="builder", note="go on", at=EPOCH),
        asked,
        ApprovalSettled(wave=1, verdict="approved", note="fine", at=EPOCH),
        WavesEnded(group="g0", ending="done", reason="all is built", at=EPOCH),
        InterruptAsked(summary="r was interrupted.\ndone (0): nobody", at=EPOCH),
    ).lines
    for line in (
        "planner → builder: go on",
        "builder: consent is asked for wave 1: x",
        "  to answer for it: agentlark approve, reject or edit",
        "wave 1 approved: fine",
        "g0: no more waves, done: all is built",
        "r was interrupted.",
        "  done (0): nobody",
    ):
        assert line in lines


def test_a_question_has_the_terminal_to_itself_and_what_happens_meanwhile_is_said_after_it() -> None:
    terminal = Terminal()
    sink = LiveSink(terminal, SQUAD)
    sink.handle(1, run_started())
    with sink.aside():
        before = terminal.getvalue()
        assert before.endswith("\x1b[?25h")  # the cursor is there to type with
        sink.handle(2, ended("planner", "failed", "no answer"))
        sink.idle()
        assert terminal.getvalue() == before
    sink.finish()
    after = CONTROL.sub("", terminal.getvalue()[len(before) :])
    assert "planner: failed: no answer" in after
    assert "failed" in row(terminal, "planner")


def test_a_run_that_ends_during_a_question_leaves_its_table_below_it() -> None:
    terminal = Terminal()
    sink = LiveSink(terminal, SQUAD)
    sink.handle(1, run_started())
    with sink.aside():
        sink.handle(2, ended("planner"))
        sink.finish()
        shown = terminal.getvalue()
    assert terminal.getvalue() == shown
    assert "done" in row(terminal, "planner")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_question_may_come_before_the_run_has_been_seen_to_start() -> None:
    terminal = Terminal()
    sink = LiveSink(terminal, SQUAD)
    with sink.aside():
        sink.handle(1, run_started(resumed=True))
        assert terminal.getvalue() == ""
    sink.finish()
    assert "queued" in row(terminal, "planner")


@pytest.mark.parametrize("height", [8, 14, 24])
def test_in_twenty_columns_states_are_whole_and_nothing_is_wider_or_taller(
    height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", str(height))
    squad = a_squad([an_agent(f"agent-with-a-long-name-{number}") for number in range(12)])
    started = [turn_started(f"agent-with-a-long-name-{number}") for number in range(2)]
    terminal = Terminal()
    sink = LiveSink(terminal, squad)
    sink.handle(1, run_started(simulated=True))
    for item in started:
        sink.handle(1, item)
    with sink.aside():
        rows = drawn_now(sink)
    assert max(map(len, rows)) <= 20
    assert len(rows) <= height
    assert any(" running " in line for line in rows)


def drawn_now(sink: LiveSink) -> list[str]:
    """The table as it would be drawn."""
    console = sink._console
    with console.capture() as drawn:
        console.print(sink._table())
    return [line.rstrip() for line in CONTROL.sub("", drawn.get()).splitlines()]


def test_the_table_says_until_when_each_agent_waits_and_the_reason_once() -> None:
    waits = [
        Waiting(id=TurnId("r", name, 1), seconds=90, until=EPOCH, reason="HTTP 429")
        for name in ("planner", "builder")
    ]
    terminal = show(run_started(), *waits)
    at = f"until {clock_time(EPOCH)}"
    assert at in row(terminal, "planner") and at in row(terminal, "builder")
    assert sum("HTTP 429" in line for line in terminal.lines) == 1
