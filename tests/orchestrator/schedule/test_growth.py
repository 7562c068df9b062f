"""How far a run may grow."""

from __future__ import annotations

from agentlark.blueprint import Blueprint, Handoff
from orchestrator.schedule.growth import Caps, depths_of, growth_faults
from tests.doubles.facts import specialist


def test_depth_counts_the_longest_chain_of_joined_agents_also_over_waves() -> None:
    waits = {"a": (), "b": ("a", "planner"), "c": ("a", "b"), "d": ("old",)}
    assert depths_of(waits, {"old": 3}) == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_a_wave_within_its_caps_has_no_fault() -> None:
    wave = Blueprint(agents=(specialist("a"), specialist("b", "a")))
    assert growth_faults(wave, 1, {}, Caps(agents=3, depth=2)) == []


def test_too_many_agents_are_refused_with_how_many_are_left() -> None:
    wave = Blueprint(agents=(specialist("a"), specialist("b")))
    assert growth_faults(wave, 2, {}, Caps(agents=3)) == [
        "at most 3 agents may join this run, and 1 more are left (--max-agents)"
    ]
    assert "0 more are left" in growth_faults(wave, 9, {}, Caps(agents=3))[0]


def test_too_long_a_chain_is_refused_also_one_of_batons() -> None:
    handoffs = (Handoff(sender="a", receiver="b", note="n"),)
    wave = Blueprint(agents=(specialist("a", "old"), specialist("b")), handoffs=handoffs)
    assert growth_faults(wave, 0, {"old": 1}, Caps(depth=3)) == []
    assert growth_faults(wave, 0, {"old": 1}, Caps(depth=2)) == [
        "3 agents would wait for one another in a row, 2 may (--max-depth)"
    ]
