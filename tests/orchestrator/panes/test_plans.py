"""A squad's logs are put into tabs, four to each, the timeline on top of the second."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from orchestrator.panes.errors import InvalidInput
from orchestrator.panes.plans import Layout, PanePlan, TabPlan, arrange

TIMELINE = PanePlan(name="timeline")


def names(count: int) -> list[tuple[str, list[list[str]]]]:
    logs = [PanePlan(name=str(n)) for n in range(1, count + 1)]
    return [(tab.name, [[pane.name for pane in row] for row in tab.rows]) for tab in arrange(logs, TIMELINE)]


@pytest.mark.parametrize(
    ("count", "core"),
    [
        (1, [["1"]]),
        (2, [["1", "2"]]),
        (3, [["1", "2"], ["3"]]),
        (4, [["1", "2"], ["3", "4"]]),
    ],
)
def test_up_to_four_logs_are_in_the_first_tab_and_the_timeline_is_alone(
    count: int, core: list[list[str]]
) -> None:
    assert names(count) == [("core-logs", core), ("spawned-agents", [["timeline"]])]


def test_the_next_four_lie_beneath_the_timeline() -> None:
    assert names(5)[1] == ("spawned-agents", [["timeline"], ["5"]])
    assert names(8)[1] == ("spawned-agents", [["timeline"], ["5", "6"], ["7", "8"]])
    assert len(names(8)) == 2


def test_further_logs_go_to_numbered_tabs_four_to_each() -> None:
    assert names(14)[2:] == [
        ("agent-logs-1", [["9", "10"], ["11", "12"]]),
        ("agent-logs-2", [["13", "14"]]),
    ]
    assert [tab for tab, _ in names(20)][2:] == ["agent-logs-1", "agent-logs-2", "agent-logs-3"]


def test_every_log_is_in_one_place_in_its_order() -> None:
    for count in range(1, 60):
        shown = [name for _, rows in names(count) for row in rows for name in row if name != "timeline"]
        assert shown == [str(n) for n in range(1, count + 1)]


def test_there_is_at_least_one_log() -> None:
    with pytest.raises(ValueError, match="at least one log"):
        arrange([], TIMELINE)


def test_a_tab_that_is_not_there_cannot_be_seen_first() -> None:
    with pytest.raises(ValidationError, match="there are 1 tabs"):
        Layout(tabs=(TabPlan(name="x", rows=((TIMELINE,),)),), focus=2)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\x1b[31mred", "x" * 1001, "\u2028", "\ud800"])
def test_a_name_that_cannot_be_shown_on_one_line_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        PanePlan(name=name)


@pytest.mark.parametrize("argument", ["a\0b", "\ud800", "x" * 130_000])
def test_an_argument_that_the_system_cannot_pass_on_is_refused(argument: str) -> None:
    with pytest.raises(InvalidInput):
        PanePlan(name="x", argv=("true", argument))
