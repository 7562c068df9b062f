"""How a group goes on: what its file says, what the run was asked for, and which of the two holds."""

from __future__ import annotations

from typing import Any

import pytest

from agentlark.model import Group
from orchestrator.core.settings import Asked
from orchestrator.schedule.conduct import (
    DEFAULT_MAX_WAVES,
    DEFAULT_REVIEW_CHARS,
    Conduct,
    conduct_of,
    conducts_of,
    overrides,
    picks,
)
from tests.doubles.squads import a_squad, an_agent


def a_group(**orchestration: Any) -> Group:
    (group,) = a_squad([an_agent("a"), an_agent("b", blueprint=True)], **orchestration).groups
    return group


def test_a_group_that_says_nothing_and_is_asked_nothing_runs_once() -> None:
    assert conduct_of(a_group(), Asked()) == Conduct()
    assert DEFAULT_MAX_WAVES == 5


@pytest.mark.parametrize("name", ["autonomous", "parallel"])
@pytest.mark.parametrize(
    ("file", "flag", "holds"),
    [(None, False, False), (None, True, True), (True, False, True), (False, True, False), (True, True, True)],
)
def test_what_a_group_says_beats_the_flag_also_when_it_says_no(
    name: str, file: bool | None, flag: bool, holds: bool
) -> None:
    conduct = conduct_of(a_group(**{name: file}), Asked(**{name: flag}))  # type: ignore[arg-type]  # a flag
    assert getattr(conduct, name) is holds


@pytest.mark.parametrize(
    ("file", "flag", "holds"),
    [(None, True, True), (True, False, True), (False, True, False), (None, False, False)],
)
def test_a_relay_is_switched_by_the_group_before_the_flag(file: bool | None, flag: bool, holds: bool) -> None:
    conduct = conduct_of(a_group(relay={"enabled": file}), Asked(relay=flag))
    assert (conduct.relay is not None) is holds
    assert conduct.tags == (("relay",) if holds else ())


def test_a_relay_implies_autonomous_waves_unless_the_group_switches_them_off() -> None:
    assert conduct_of(a_group(), Asked(relay=True)).autonomous
    assert not conduct_of(a_group(autonomous=False), Asked(relay=True)).autonomous
    origin = picks(a_group(), Asked(relay=True))["autonomous"].origin
    assert origin == "relay implies it (--relay)"


@pytest.mark.parametrize(
    ("file", "flag", "relay", "holds"),
    [
        (None, None, False, 5),
        (None, 9, False, 9),
        (7, 2, False, 7),
        (9, None, True, 5),
        (2, 9, True, 2),
        (None, 3, True, 3),
    ],
)
def test_waves_are_limited_by_the_group_then_the_flag_and_a_relay_to_five(
    file: int | None, flag: int | None, relay: bool, holds: int
) -> None:
    assert conduct_of(a_group(max_waves=file), Asked(max_waves=flag, relay=relay)).max_waves == holds


def test_for_consent_and_review_the_flag_beats_the_group() -> None:
    group = a_group(approve="blueprint", review_limit=5000)
    conduct = conduct_of(group, Asked(approve="wave", review_limit=2000))
    assert (conduct.approve, conduct.review_limit) == ("wave", 2000)
    conduct = conduct_of(group, Asked())
    assert (conduct.approve, conduct.review_limit) == ("blueprint", 5000)
    assert conduct_of(a_group(), Asked()).review_limit == DEFAULT_REVIEW_CHARS


def test_a_group_without_a_blueprint_agent_has_no_waves_whatever_is_asked() -> None:
    squad = a_squad([an_agent("a")], autonomous=True, relay={"enabled": True})
    asked = Asked(autonomous=True, parallel=True, relay=True)
    assert conducts_of(squad, asked) == {"g0": Conduct()}
    assert overrides(squad, Asked(max_waves=3)) == []


def test_the_relay_graph_is_that_of_the_agents_that_are_in_the_run() -> None:
    graph = {"a": ["b", "gone"], "gone": ["a"]}
    conduct = conduct_of(a_group(relay={"enabled": True, "graph": graph}), Asked())
    assert conduct.relay is not None
    assert conduct.relay.graph == {"a": ("b",)}


def test_notes_are_demanded_where_the_group_says_so_and_there_is_a_turn_for_them() -> None:
    group = a_group(relay={"enabled": True, "require_handoff_note": True})
    full, short = conduct_of(group, Asked()).relay, conduct_of(group, Asked(one_turn=True)).relay
    assert full is not None
    assert short is not None
    assert (full.requires_note, short.requires_note) == (True, False)


def test_nobody_joins_a_run_that_has_no_specialists() -> None:
    assert not conduct_of(a_group(), Asked(no_specialists=True)).specialists_join


def test_overrides_are_said_for_every_disagreement_and_for_nothing_else() -> None:
    squad = a_squad(
        [an_agent("b", blueprint=True)], autonomous=False, max_waves=2, approve="blueprint", parallel=True
    )
    asked = Asked(autonomous=True, max_waves=9, approve="wave", parallel=True)
    assert overrides(squad, asked) == [
        "g0: autonomous is False: the configuration beats --autonomous",
        "g0: max_waves is 2: the configuration beats --max-waves",
        "g0: approve is wave: --approve beats the configuration",
    ]
    assert overrides(squad, Asked()) == []
