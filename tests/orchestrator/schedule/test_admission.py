"""Whether a blueprint may join: every reason to send it back, and what is said about one that may."""

from __future__ import annotations

from typing import Any

import pytest

from agentlark.blueprint import Blueprint
from agentlark.model import Squad
from orchestrator.core.settings import Asked
from orchestrator.schedule.admission import (
    BlueprintRules,
    admit,
    admit_edited,
    fingerprint,
    rules_for,
)
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.shapes import BuildersOnly, FourSlots, Free
from orchestrator.schedule.state import RunState
from tests.doubles.blueprints import baton, blueprint, done, entry
from tests.doubles.facts import ended, engaged, joined, specialist
from tests.doubles.squads import a_squad, an_agent

RELAY = {"enabled": True, "graph": {"builder": ["planner", "checker"], "planner": ["checker"]}}


def squad(**orchestration: Any) -> Squad:
    agents = [
        an_agent("planner"),
        an_agent("builder", "planner", blueprint=True),
        an_agent("checker", "builder"),
    ]
    return a_squad(agents, **orchestration)


def state_of(asked: Asked | None = None, **orchestration: Any) -> RunState:
    given = squad(**orchestration)
    return RunState(given, conducts_of(given, asked or Asked()))


def rules(asked: Asked | None = None, caps: Caps | None = None, **orchestration: Any) -> BlueprintRules:
    state = state_of(asked, **orchestration)
    return rules_for(state, state.nodes["builder"], caps or Caps())


def rules_of_orchestrator(**orchestration: Any) -> BlueprintRules:
    state = state_of(autonomous=True, **orchestration)
    state.apply(ended("builder"))
    state.apply(joined("builder", specialist("x", prompt="first"), specialist("y", "x", prompt="then")))
    state.apply(engaged("orchestration", "autonomous-orchestrator", wave=2))
    return rules_for(state, state.nodes["autonomous-orchestrator@2"], Caps())


def test_a_good_blueprint_is_admitted_without_a_word() -> None:
    found = admit(blueprint(entry("x", "planner")), rules())
    assert isinstance(found.blueprint, Blueprint)
    assert (found.faults, found.wishes, found.unnoted, found.repeats, found.finished) == (
        (),
        (),
        (),
        False,
        None,
    )


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("prose", "blueprint: it is not JSON"),
        (blueprint(), "/agents: "),
        (blueprint(entry("planner")), "/agents/0/id: the id 'planner' is taken"),
        (blueprint(entry("x", "ghost")), "/agents/0/dependsOn/0: 'x' depends on 'ghost'"),
        (blueprint(entry("../x")), "'../x' is no id"),
        (blueprint(entry("x", "x")), "x"),
        (blueprint(entry("x", depends_on=["planner"])), "/agents/0/depends_on: Extra inputs"),
        (
            blueprint(entry("x"), handoffs=[baton("builder", "x")]),
            "only a relay has handoffs: leave them out",
        ),
        (done(), "a blueprint is wanted: done is no answer here"),
    ],
)
def test_every_fault_is_said_with_its_place(answer: str, fault: str) -> None:
    found = admit(answer, rules())
    assert found.blueprint is None
    assert any(fault in each for each in found.faults)


def test_all_faults_of_one_kind_are_said_at_once() -> None:
    faults = admit(blueprint(entry("planner"), entry("x", "ghost")), rules()).faults
    assert len(faults) == 2


def test_a_wave_that_grows_beyond_the_caps_is_at_fault() -> None:
    answer = blueprint(entry("x"), entry("y", "x"))
    assert len(admit(answer, rules(caps=Caps(agents=1, depth=1))).faults) == 2


def test_the_shape_is_of_the_group_and_of_who_is_asked() -> None:
    assert isinstance(rules().shape, Free)
    assert isinstance(rules(Asked(parallel=True)).shape, FourSlots)
    assert isinstance(rules_of_orchestrator(parallel=True).shape, BuildersOnly)


def test_wishes_do_not_keep_a_blueprint_out() -> None:
    found = admit(blueprint(entry("x")), rules(Asked(parallel=True)))
    assert found.blueprint is not None
    assert found.wishes == ("4 agents are wanted, 1 are given: fill every slot",)


def test_whoever_is_asked_what_comes_next_may_say_that_nothing_does() -> None:
    assert admit(done(" it is all there "), rules_of_orchestrator()).finished == "it is all there"


def test_a_wave_that_was_run_before_is_known_whatever_its_agents_are_called() -> None:
    again = blueprint(entry("q", "p", role="Y", prompt="then"), entry("p", role="  x", prompt=" first\n"))
    found = admit(again, rules_of_orchestrator())
    assert found.repeats
    assert found.faults == ()
    same_ids = blueprint(entry("x", role="X", prompt="first"), entry("y", "x", role="Y", prompt="then"))
    assert admit(same_ids, rules_of_orchestrator()).repeats


@pytest.mark.parametrize(
    "other",
    [
        blueprint(entry("p", role="X", prompt="first"), entry("q", role="Y", prompt="then")),
        blueprint(entry("p", role="X", prompt="first")),
        blueprint(entry("p", role="X", prompt="second"), entry("q", "p", role="Y", prompt="then")),
    ],
)
def test_another_wave_is_no_repetition(other: str) -> None:
    assert not admit(other, rules_of_orchestrator()).repeats


def test_a_builder_itself_is_not_asked_whether_it_repeats() -> None:
    state = state_of()
    state.apply(joined("builder", specialist("x", prompt="first")))
    found = admit(
        blueprint(entry("z", role="X", prompt="first")), rules_for(state, state.nodes["builder"], Caps())
    )
    assert not found.repeats


def test_a_fingerprint_does_not_depend_on_order_or_dependencies_outside_the_wave() -> None:
    one = [specialist("a", "planner", prompt="p"), specialist("b", "a", prompt="q")]
    two = [specialist("b", "a", prompt="q"), specialist("a", prompt="p")]
    assert fingerprint(one) == fingerprint(two)


# Batons


def test_a_relays_giver_is_told_whom_it_hands_to_and_owes_each_ahead_a_note() -> None:
    strict = rules(relay={**RELAY, "require_handoff_note": True})
    assert (strict.forward, strict.back) == (["checker"], ["planner"])
    found = admit(blueprint(entry("x"), handoffs=[baton("builder", "x")]), strict)
    assert found.faults == ()
    assert found.unnoted == ("there is no note to checker",)
    both = [baton("builder", "x"), baton("builder", "checker")]
    assert admit(blueprint(entry("x"), handoffs=both), strict).unnoted == ()


def test_what_the_giver_hands_to_configured_agents_is_told_from_the_batons_of_its_wave() -> None:
    own = [baton("builder", "checker"), baton("builder", "planner")]
    given = blueprint(entry("x"), handoffs=[baton("builder", "x"), *own, baton("x", "checker")])
    held = rules(relay=RELAY)
    found = admit(given, held).blueprint
    assert found is not None
    assert [(each.sender, each.receiver) for each in held.own_handoffs(found)] == [
        ("builder", "checker"),
        ("builder", "planner"),
    ]
    assert rules_of_orchestrator(relay=RELAY).own_handoffs(found) == ()


def test_a_noteless_baton_is_a_reason_to_ask_and_names_the_receiver() -> None:
    strict = rules(relay={"enabled": True, "require_handoff_note": True})
    found = admit(blueprint(entry("x"), entry("y"), handoffs=[baton("x", "y", "")]), strict)
    assert found.unnoted == ("nobody hands x its baton", "the baton from x to y has no note")
    assert found.blueprint is not None


# Edited


def test_an_edited_blueprint_is_held_to_what_is_right_and_not_to_wishes() -> None:
    given = Blueprint.model_validate_json(blueprint(entry("x")))
    found = admit_edited(given, rules(Asked(parallel=True)))
    assert (found.blueprint, found.faults, found.wishes) == (given, (), ())
    wrong = Blueprint.model_validate_json(blueprint(entry("planner")))
    assert "the id 'planner' is taken" in admit_edited(wrong, rules()).faults[0]


def test_an_edited_blueprint_gives_the_notes_that_are_demanded() -> None:
    given = Blueprint.model_validate_json(blueprint(entry("x")))
    strict = rules(relay={**RELAY, "require_handoff_note": True})
    assert admit_edited(given, strict).faults == ("nobody hands x its baton",)


def test_the_rules_name_what_is_taken_and_what_may_be_depended_on() -> None:
    held = rules_of_orchestrator()
    assert held.known == ["planner", "builder", "checker", "x", "y"]
    assert held.taken == ["autonomous-orchestrator", "builder", "checker", "planner", "x", "y"]
    assert (held.joined, held.depths, held.may_finish) == (2, {"x": 1, "y": 2}, True)
