"""Who ran when and waited for what, folded from facts; and how that is drawn."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentlark.model import Squad
from orchestrator.core.facts import Fact, RunEnded
from orchestrator.core.turn import Deferred, Failed, Outcome
from orchestrator.schedule.state import RunState
from orchestrator.schedule.timeline import WAITS, Bar, Timeline, timeline_of
from orchestrator.schedule.timeline_svg import as_html, as_svg
from orchestrator.schedule.timeline_text import as_text, seconds
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.performer import ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import EPOCH

SQUAD = a_squad([an_agent("a"), an_agent("b", "a"), an_agent("c", "a"), an_agent("d", "b", "c")])


def played(stage: Stage) -> Timeline:
    """The timeline of a run that is played to its end."""
    stage.play()
    return timeline_of(RunState(stage.squad), stage.journal.all_facts)


def of(squad: Squad, *facts: tuple[float, Fact]) -> Timeline:
    """The timeline of facts at these seconds."""
    moved = [fact.model_copy(update={"at": EPOCH + timedelta(seconds=at)}) for at, fact in facts]
    return timeline_of(RunState(squad), moved)


def bar(timeline: Timeline, node: str) -> Bar:
    return next(each for each in timeline.bars if each.node == node)


def spans(timeline: Timeline, node: str) -> list[tuple[str, float, float]]:
    return [(span.kind, span.begin_s, span.end_s) for span in bar(timeline, node).spans]


def test_each_node_is_at_work_when_its_turns_are() -> None:
    timeline = played(Stage(SQUAD, ScriptedPerformer(takes_s={"a": 1, "b": 2, "c": 5, "d": 3})))
    assert timeline.seconds == 18
    assert spans(timeline, "c") == [("work", 2, 7), ("work", 7, 12)]
    assert (bar(timeline, "d").ready_s, bar(timeline, "d").after) == (12, "c")
    assert [each.node for each in timeline.bars] == ["a", "b", "c", "d"]


def test_the_critical_path_is_the_chain_that_the_end_hung_on() -> None:
    timeline = played(Stage(SQUAD, ScriptedPerformer(takes_s={"a": 1, "b": 2, "c": 5, "d": 3})))
    assert timeline.critical == ("a", "c", "d")
    assert sum(each.seconds("work") for each in timeline.critical_bars()) == timeline.seconds
    assert [each.node for each in timeline.bars if each.is_critical] == ["a", "c", "d"]


def test_who_has_no_free_job_waits_for_one() -> None:
    squad = a_squad([an_agent("a", follow_up_enabled=False), an_agent("b", follow_up_enabled=False)])
    timeline = played(Stage(squad, ScriptedPerformer(takes_s=4.0), jobs=1))
    assert spans(timeline, "b") == [("slot", 0, 4), ("work", 4, 8)]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Deferred(until=EPOCH + timedelta(seconds=31), reason="used up"), "limit"),
        (Failed(error="broke", paid="no", retryable=True, retry_after_s=30.0), "retry"),
    ],
)
def test_waits_for_providers_and_after_failures_are_told_apart(outcome: Outcome, kind: str) -> None:
    squad = a_squad([an_agent("a", follow_up_enabled=False)])
    performer = ScriptedPerformer({"a": [outcome]}, takes_s=1.0)
    timeline = played(Stage(squad, performer))
    assert spans(timeline, "a") == [("work", 0, 1), (kind, 1, 31), ("work", 31, 32)]
    assert bar(timeline, "a").spans[1].label in ("used up", "broke")


def test_the_next_group_waits_for_the_last_of_the_one_before() -> None:
    squad = a_squad([an_agent("a"), an_agent("b")], [an_agent("c")])
    timeline = played(Stage(squad, ScriptedPerformer(takes_s={"a": 1, "b": 3, "c": 1})))
    assert (bar(timeline, "c").ready_s, bar(timeline, "c").after) == (6, "b")
    assert timeline.critical == ("b", "c")


def test_a_wave_is_there_when_it_joined_and_hangs_on_who_asked_for_it() -> None:
    timeline = of(
        a_squad([an_agent("a")]),
        (0, run_started()),
        (0, turn_started("a")),
        (3, turn_ended("a")),
        (3, joined("a", specialist("x"))),
        (3, ended("a")),
        (4, turn_started("x")),
        (9, turn_ended("x")),
        (9, ended("x")),
    )
    assert timeline.critical == ("a", "x")
    assert spans(timeline, "x") == [("slot", 3, 4), ("work", 4, 9)]


def test_what_lies_between_two_sessions_is_left_out_and_what_was_cut_off_is_lost() -> None:
    timeline = of(
        a_squad([an_agent("a"), an_agent("b")]),
        (0, run_started()),
        (0, turn_started("a")),
        (2, turn_started("b")),
        (90_000, run_started(resumed=True)),
        (90_001, turn_started("a")),
        (90_004, turn_ended("a")),
        (90_004, ended("a")),
    )
    assert timeline.seconds == 6
    assert spans(timeline, "a") == [("lost", 0, 2), ("slot", 2, 3), ("work", 3, 6)]
    assert [mark.label for mark in timeline.marks] == ["resumed"]


def test_a_turn_in_flight_is_work_while_the_run_goes_and_lost_once_it_was_stopped() -> None:
    going: list[tuple[float, Fact]] = [(0, run_started()), (1, turn_started("a")), (3, turn_started("b"))]
    assert spans(of(SQUAD, *going), "a") == [("slot", 0, 1), ("work", 1, 3)]
    stopped = of(SQUAD, *going, (4, RunEnded(ending="stopped", at=EPOCH)))
    assert spans(stopped, "a") == [("slot", 0, 1), ("lost", 1, 4)]
    assert [mark.label for mark in stopped.marks] == ["run stopped"]


def test_a_turn_from_a_record_takes_no_time_and_is_shown() -> None:
    timeline = of(
        a_squad([an_agent("a")]), (0, run_started()), (0, turn_ended("a", origin="reused")), (0, ended("a"))
    )
    assert spans(timeline, "a") == [("reused", 0, 0)]
    assert "◆" in as_text(timeline)
    assert "all of it from records" in as_text(timeline)


def test_who_never_came_to_act_has_a_row_and_no_bar() -> None:
    squad = a_squad([an_agent("a", follow_up_enabled=False), an_agent("b", "a")])
    refusal = Failed(error="no", paid="no")
    timeline = played(Stage(squad, ScriptedPerformer({"a": [refusal]}, takes_s=1.0)))
    assert (bar(timeline, "b").standing, bar(timeline, "b").spans) == ("blocked", ())
    assert re.search(r"^b .*blocked$", as_text(timeline), re.MULTILINE)


moves = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from(["start", "done", "deferred", "failed"]), st.floats(-50, 50)
    ),
    max_size=40,
)


@given(moves)
def test_no_clock_that_jumps_makes_anything_end_before_it_began(steps: list[tuple[str, str, float]]) -> None:
    facts: list[tuple[float, Fact]] = [(0, run_started())]
    now = 0.0
    for node, what, seconds_later in steps:
        now += seconds_later
        fact = turn_started(node) if what == "start" else turn_ended(node, ending=what)
        facts.append((now, fact))
    timeline = of(SQUAD, *facts)
    for each in timeline.bars:
        ends = 0.0
        for span in each.spans:
            assert ends <= span.begin_s + 1e-6 and span.begin_s <= span.end_s <= timeline.seconds
            ends = span.end_s
    assert ElementTree.fromstring(as_svg(timeline)).tag.endswith("svg")
    assert all(len(line) <= 60 for line in as_text(timeline, 60).splitlines()[:5])


# Drawing


def a_run() -> Timeline:
    late = Deferred(
        until=EPOCH + timedelta(seconds=20), reason="HTTP 429 </title><script>alert(1)</script>\x1b[31m"
    )
    performer = ScriptedPerformer({"b": [late]}, takes_s={"a": 1, "b": 2, "c": 5, "d": 3})
    return played(Stage(SQUAD, performer))


def test_the_text_shows_bars_waits_and_the_critical_path() -> None:
    lines = as_text(a_run(), 80).splitlines()
    assert re.fullmatch(r"agent   0 s +30\.0 s", lines[0])
    assert lines[1].startswith("a     * █")
    assert "▒" in lines[2] and lines[2].endswith("for limits 16.0 s")
    assert re.fullmatch(r"c +█+", lines[3])
    assert "* critical path, 30.0 s: a → b → d" in lines
    assert "for a provider's limits 16.0 s" in "\n".join(lines)


@pytest.mark.parametrize("width", [10, 40, 60, 100, 300])
def test_the_text_fits_its_width(width: int) -> None:
    rows = as_text(a_run(), width).splitlines()[:5]
    assert max(map(len, rows)) <= max(width, 5 + 3 + 16)


def test_colours_are_the_callers() -> None:
    painted = as_text(a_run(), 80, lambda text, kind: f"<{kind}>{text}")
    assert "<limit>▒" in painted and "<work>█" in painted
    assert "\x1b" not in as_text(a_run(), 80)


def test_the_picture_is_well_formed_needs_nothing_else_and_believes_nobody() -> None:
    picture = as_svg(a_run())
    root = ElementTree.fromstring(picture)
    rects = [each for each in root.iter() if each.tag.endswith("rect")]
    assert {each.get("class") for each in rects} == {"work", "limit"}
    assert not re.search(r"<script|href|url\(|@import|\x1b", picture)
    assert "&lt;/title&gt;" in picture
    page = as_html(a_run())
    assert page.startswith("<!doctype html>") and picture in page
    assert "<script" not in page
    assert "critical path" in page


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (7_260, "2 h 1 min")]
)
def test_times_are_said_as_people_do(number: float, said: str) -> None:
    assert seconds(number) == said


def test_the_waits_are_those_kinds_in_which_nobody_works() -> None:
    assert set(WAITS) == {"slot", "limit", "retry"}
