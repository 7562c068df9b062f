"""The relay: forward and back, notes, batons, circles."""

from __future__ import annotations

import pytest

from agentlark.blueprint import Blueprint, Handoff
from orchestrator.schedule.conduct import RelayRules
from orchestrator.schedule.relay import Places, baton_faults, note_faults, note_gaps, unnoted, waits_of
from tests.doubles.facts import specialist

GRAPH = {"a": ("c", "b", "c"), "b": ("c", "a"), "c": ("a",), "d": ()}
PLACES = Places({"a": 0, "b": 1, "c": 2, "d": 3})
RULES = RelayRules(GRAPH)
STRICT = RelayRules(GRAPH, requires_note=True)


def hand(sender: str, receiver: str, note: str = "note") -> Handoff:
    return Handoff(sender=sender, receiver=receiver, note=note)


def test_forward_is_whoever_stands_later_in_the_squads_order() -> None:
    assert PLACES.forward(GRAPH, "a") == ["b", "c"]
    assert PLACES.forward(GRAPH, "c") == []
    assert PLACES.back(GRAPH, "b") == ["a"]
    assert PLACES.back(GRAPH, "a") == []
    assert PLACES.forward(GRAPH, "nobody") == []


def test_senders_are_those_who_hand_forward_in_order() -> None:
    assert PLACES.senders_to(GRAPH, "c") == ["a", "b"]
    assert PLACES.senders_to(GRAPH, "a") == []


def test_work_handed_back_reaches_its_receiver_and_all_ahead_of_it() -> None:
    assert PLACES.reached(GRAPH, ["b"]) == ["b", "c"]
    assert PLACES.reached(GRAPH, ["a"]) == ["a", "b", "c"]
    assert PLACES.reached(GRAPH, ["d"]) == ["d"]
    assert PLACES.reached({}, ["c", "a"]) == ["a", "c"]


def test_notes_go_along_the_graph_once_each() -> None:
    assert note_faults("b", [hand("b", "a", "")], RULES, PLACES) == []
    assert note_faults("c", [hand("c", "b"), hand("c", "a"), hand("c", "a")], RULES, PLACES) == [
        "c does not hand work to b: it may hand to a",
        "a stands twice: give one note",
    ]


def test_where_notes_are_demanded_everybody_ahead_gets_one_that_is_not_empty() -> None:
    assert note_faults("a", [hand("a", "b"), hand("a", "c")], STRICT, PLACES) == []
    assert note_faults("a", [hand("a", "b", " \n")], STRICT, PLACES) == [
        "the note to b is empty",
        "there is no note to c",
    ]
    assert note_gaps("c", [], STRICT, PLACES) == []
    assert note_gaps("a", [], RULES, PLACES) == []


def wave(*handoffs: Handoff, x: tuple[str, ...] = (), y: tuple[str, ...] = ()) -> Blueprint:
    return Blueprint(agents=(specialist("x", *x), specialist("y", *y)), handoffs=handoffs)


KNOWN = ["a", "b", "c", "d", "other-group"]


@pytest.mark.parametrize(
    "handoff",
    [hand("a", "x"), hand("x", "y"), hand("x", "a"), hand("other-group", "x"), hand("b", "c")],
)
def test_batons_may_go_to_agents_of_the_wave_and_back_to_configured_ones(handoff: Handoff) -> None:
    assert baton_faults(wave(handoff), RULES, PLACES, KNOWN) == []


@pytest.mark.parametrize(
    ("handoff", "fault"),
    [
        (hand("x", "x"), "the handoff from 'x' to 'x' hands work to itself"),
        (hand("ghost", "x"), "the handoff from 'ghost' to 'x': there is no agent 'ghost'"),
        (
            hand("x", "other-group"),
            "the handoff from 'x' to 'other-group': 'other-group' is neither of this wave nor configured in"
            " the group",
        ),
        (hand("c", "b"), "the handoff from 'c' to 'b' is off the relay graph"),
    ],
)
def test_a_baton_that_cannot_be_handed_is_named(handoff: Handoff, fault: str) -> None:
    assert baton_faults(wave(handoff), RULES, PLACES, KNOWN) == [fault]


def test_batons_and_dependencies_together_may_not_make_a_circle() -> None:
    assert baton_faults(wave(hand("x", "y"), x=("y",)), RULES, PLACES, KNOWN) == [
        "handoffs and dependsOn make a circle: x → y → x"
    ]


def test_without_a_relay_there_are_no_handoffs() -> None:
    assert baton_faults(wave(), None, PLACES, KNOWN) == []
    assert baton_faults(wave(hand("a", "x")), None, PLACES, KNOWN) == [
        "only a relay has handoffs: leave them out"
    ]


def test_an_agent_of_a_wave_waits_for_dependencies_and_for_senders_of_its_wave_once() -> None:
    found = wave(hand("x", "y"), hand("a", "x"), hand("x", "y"), y=("x", "b"))
    assert waits_of(found.agents, found.handoffs) == {"x": (), "y": ("x", "b")}


def test_a_demanded_note_that_is_missing_or_empty_is_told_by_the_receivers_name() -> None:
    found = wave(hand("x", "y", ""), hand("a", "y"))
    assert unnoted(found.agents, found.handoffs, STRICT) == {
        "x": "nobody hands x its baton",
        "y": "the baton from x to y has no note",
    }
    assert unnoted(found.agents, found.handoffs, RULES) == {}
    assert unnoted(found.agents, found.handoffs, None) == {}
