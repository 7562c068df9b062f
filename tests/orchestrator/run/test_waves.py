"""Whole runs with waves: once, parallel, continuation, autonomous, relay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from agentlark.model import Squad
from orchestrator.core.facts import (
    AgentsEngaged,
    AgentsJoined,
    BlueprintRefused,
    HandedOff,
    NodeEnded,
    WavesEnded,
)
from orchestrator.core.settings import Asked
from orchestrator.core.turn import Failed
from orchestrator.schedule.growth import Caps
from tests.doubles.blueprints import baton, blueprint, done, entry, hands
from tests.doubles.performer import Reply, ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage

ORCHESTRATOR = "autonomous-orchestrator"
FOUR = [entry(name) for name in "abcd"]


def team(**orchestration: Any) -> Squad:
    """A planner and a builder, and a group after them."""
    first = [an_agent("planner"), an_agent("builder", "planner", blueprint=True)]
    squad = a_squad(first, **orchestration)
    return squad.model_copy(update={"groups": (*squad.groups, *_later())})


def _later() -> Sequence[Any]:
    (group,) = a_squad([an_agent("docs", "builder")]).groups
    return (group.model_copy(update={"id": "later"}),)


def staged(squad: Squad, script: Mapping[str, Sequence[Reply]], **fields: Any) -> Stage:
    return Stage(squad, ScriptedPerformer(script), **fields)


def waves_ended(stage: Stage) -> list[tuple[str, str]]:
    return [(fact.ending, fact.reason) for fact in stage.facts(WavesEnded)]


# Once and parallel


def test_once_is_one_wave_that_is_tagged_and_asks_nobody_what_comes_next() -> None:
    stage = staged(team(), {"builder": ["plan", blueprint(entry("a"), entry("b"))]})
    result = stage.play()
    (wave,) = stage.facts(AgentsJoined)
    assert (wave.wave, wave.by, wave.tags) == (1, "builder", ("dynamic-blueprint",))
    assert not stage.facts(AgentsEngaged)
    assert not stage.facts(WavesEnded)
    assert result.ending.ending == "done"
    assert list(result.ended) == ["planner", "builder", "docs", "a", "b"]


def test_parallel_asks_for_four_independent_agents_and_takes_them_without_a_word() -> None:
    stage = staged(team(), {"builder": ["plan", blueprint(*FOUR)]}, asked=Asked(parallel=True))
    stage.play()
    assert "Fill all 4 slots" in stage.performer.of("builder")[1].prompt
    assert len(stage.performer.of("builder")) == 2
    assert stage.facts(AgentsJoined)[0].warnings == ()


def test_parallel_sends_a_chain_back_once_with_the_reason_then_takes_it_with_a_warning() -> None:
    chain = blueprint(entry("a"), entry("b", "a"))
    stage = staged(team(), {"builder": ["plan", chain, chain, done()]}, asked=Asked(parallel=True))
    result = stage.play()
    asked_again = stage.performer.of("builder")[2]
    assert asked_again.order.input.purpose == "repair"
    assert "4 agents are wanted, 2 are given" in asked_again.prompt
    assert "b depends on a" in asked_again.prompt
    (wave,) = stage.facts(AgentsJoined)
    assert [agent.id for agent in wave.agents] == ["a", "b"]
    assert len(wave.warnings) == 2
    assert result.ending.ending == "done"


def test_what_is_wrong_with_a_blueprint_is_asked_for_again_even_after_its_shape_was() -> None:
    short, wrong, right = blueprint(entry("a")), blueprint(entry("planner")), blueprint(entry("b"))
    stage = staged(team(), {"builder": ["plan", short, wrong, right]}, asked=Asked(parallel=True))
    stage.play()
    assert [agent.id for agent in stage.facts(AgentsJoined)[0].agents] == ["b"]


# Continuation


CHAIN = blueprint(entry("a"), entry("b", "a"))


def continued(*answers: str, **fields: Any) -> Stage:
    return staged(team(), {"builder": ["plan", CHAIN, *answers]}, **fields)


def test_a_chain_is_carried_on_by_implementers_who_see_all_that_it_rests_on() -> None:
    stage = continued(blueprint(entry("c"), entry("d", "c")))
    result = stage.play()
    (engaged,) = stage.facts(AgentsEngaged)
    assert (engaged.purpose, engaged.agents, engaged.wave) == ("continuation", ("builder",), 2)
    assert [(wave.wave, wave.by, wave.tags) for wave in stage.facts(AgentsJoined)] == [
        (1, "builder", ("dynamic-blueprint",)),
        (2, "builder@2", ("builder-implementer",)),
    ]
    asked = stage.performer.of("builder")[2]
    assert asked.order.input.purpose == "continuation"
    assert not asked.order.thread
    for text in (
        "the specialists a, b worked out",
        "logs/planner.log, logs/builder.log, logs/a.log, logs/b.log",
    ):
        assert text in asked.prompt
    assert "a follow-up" in asked.prompt
    implementer = stage.performer.of("c")[0].prompt
    assert "You carry out the work of a, b." in implementer
    for name in ("planner", "builder", "a", "b"):
        assert f"logs/{name}.log" in implementer
        assert f"# Output of {name}\n" in implementer
    assert result.final == ("docs",)
    assert result.ending.ending == "done"


def test_a_continuation_wave_is_not_continued_though_it_is_a_chain() -> None:
    stage = continued(blueprint(entry("c"), entry("d", "c")))
    stage.play()
    assert len(stage.facts(AgentsEngaged)) == 1


def test_whoever_is_asked_to_carry_on_may_decline() -> None:
    stage = continued(done("the specialists have built it"))
    result = stage.play()
    assert len(stage.facts(AgentsJoined)) == 1
    assert len(stage.facts(AgentsEngaged)) == 1
    assert result.ending.ending == "done"


@pytest.mark.parametrize(
    "agents", [[entry("a")], [entry("a"), entry("b")], [entry("a", "planner"), entry("b")]]
)
def test_what_is_no_chain_is_not_carried_on(agents: list[dict[str, Any]]) -> None:
    stage = staged(team(), {"builder": ["plan", blueprint(*agents)]})
    stage.play()
    assert not stage.facts(AgentsEngaged)


def test_a_failed_chain_is_not_carried_on() -> None:
    stage = staged(team(), {"builder": ["plan", CHAIN], "b": [Failed(error="broken", paid="no")]})
    assert stage.play().ending.ending == "failed"
    assert not stage.facts(AgentsEngaged)


def test_a_chain_is_not_carried_on_when_nobody_may_join_any_more() -> None:
    stage = continued(caps=Caps(agents=2))
    assert stage.play().ending.ending == "done"
    assert not stage.facts(AgentsEngaged)


# Autonomous

ONE = blueprint(entry("a"))
TWO = blueprint(entry("b"))


def autonomous(*decisions: Reply, builder: str = ONE, **fields: Any) -> Stage:
    script: dict[str, Sequence[Reply]] = {"builder": ["plan", builder], ORCHESTRATOR: list(decisions)}
    return staged(team(), script, **{"asked": Asked(autonomous=True), **fields})


def test_the_orchestrator_adds_waves_until_it_says_that_all_is_done() -> None:
    stage = autonomous(TWO, done("it is all there"))
    result = stage.play()
    assert [(wave.wave, wave.by, wave.tags) for wave in stage.facts(AgentsJoined)] == [
        (1, "builder", ("dynamic-blueprint",)),
        (2, f"{ORCHESTRATOR}@2", ("autonomous", "builder-implementer")),
    ]
    assert waves_ended(stage) == [("done", "it is all there")]
    assert result.waves_ended[0].reason == "it is all there"
    assert result.ending.ending == "done"
    assert result.ended[f"{ORCHESTRATOR}@2"].ending == "done"


def test_the_orchestrator_sees_all_answers_its_own_too_and_how_many_waves_are_left() -> None:
    stage = autonomous(TWO, done(), asked=Asked(autonomous=True, max_waves=3))
    stage.play()
    first, second = stage.performer.of(ORCHESTRATOR)
    for name in ("planner", "builder", "a"):
        assert f"# Answer of {name}\n" in first.prompt
    assert "You may add 3 more waves of agents" in first.prompt
    assert f"# Answer of {ORCHESTRATOR}@2\n{TWO}" in second.prompt
    assert "# Answer of b\nb follow-up" in second.prompt
    assert "You may add 2 more waves" in second.prompt
    assert "docs" not in second.prompt.partition("Taken ids")[0]
    for prompt in (first.prompt, second.prompt):
        assert "builders only" in prompt
        assert '{"done":' in prompt


def test_it_ends_when_its_waves_are_spent() -> None:
    stage = autonomous(
        *(blueprint(entry(f"n{number}")) for number in range(9)), asked=Asked(autonomous=True, max_waves=2)
    )
    stage.play()
    assert len(stage.performer.of(ORCHESTRATOR)) == 2
    assert waves_ended(stage) == [("max-waves", "its limit of 2 waves is reached")]


def test_without_a_limit_it_ends_after_five_waves() -> None:
    stage = autonomous(*(blueprint(entry(f"n{number}")) for number in range(9)))
    stage.play()
    assert len(stage.performer.of(ORCHESTRATOR)) == 5


def test_it_ends_when_a_wave_is_asked_for_that_has_been_run_whatever_its_agents_are_called() -> None:
    again = blueprint(entry("z", prompt="build  a\n"))
    stage = autonomous(again)
    result = stage.play()
    assert [ending for ending, _ in waves_ended(stage)] == ["no-progress"]
    assert len(stage.performer.of(ORCHESTRATOR)) == 1
    assert "z" not in result.ended
    assert result.ending.ending == "done"


def test_it_ends_when_an_agent_failed_and_says_who() -> None:
    stage = staged(
        team(),
        {"builder": ["plan", ONE], "a": [Failed(error="broken", paid="no")]},
        asked=Asked(autonomous=True),
    )
    assert stage.play().ending.ending == "failed"
    assert waves_ended(stage) == [("failed", "not ended well: a")]
    assert not stage.performer.of(ORCHESTRATOR)


def test_it_ends_when_nobody_may_join_any_more() -> None:
    stage = autonomous(TWO, TWO, caps=Caps(agents=2))
    assert stage.play().ending.ending == "done"
    assert waves_ended(stage) == [("cap", "2 agents have joined, and no more may (--max-agents)")]


def test_a_wave_of_others_than_builders_is_sent_back_once_then_taken_with_a_warning() -> None:
    research = blueprint(entry("b", role="Researcher"))
    stage = autonomous(research, research, done())
    stage.play()
    assert "'Researcher': this wave is of builders only" in stage.performer.of(ORCHESTRATOR)[1].prompt
    assert len(stage.facts(AgentsJoined)[1].warnings) == 1


def test_a_decision_that_cannot_be_used_three_times_ends_the_waves_and_fails_the_run() -> None:
    stage = autonomous("perhaps", "perhaps", "perhaps", done())
    result = stage.play()
    assert len(stage.performer.of(ORCHESTRATOR)) == 3
    assert stage.facts(BlueprintRefused)[0].node == f"{ORCHESTRATOR}@2"
    assert waves_ended(stage) == [("failed", f"blueprint refused: {ORCHESTRATOR}@2")]
    assert result.ending.ending == "failed"
    assert result.ended["docs"].ending == "done"


def test_a_refused_builder_is_not_followed_by_an_orchestrator() -> None:
    stage = autonomous(done(), builder="no blueprint")
    stage.play()
    assert not stage.performer.of(ORCHESTRATOR)


def test_a_group_that_says_so_is_not_autonomous_though_the_run_was_asked_to_be() -> None:
    script = {"builder": ["plan", ONE]}
    stage = staged(team(autonomous=False), script, asked=Asked(autonomous=True))
    stage.play()
    assert not stage.performer.of(ORCHESTRATOR)


def test_the_next_group_waits_for_all_waves_and_sees_the_agents_of_each() -> None:
    stage = autonomous(TWO, done())
    stage.play()
    docs = stage.performer.of("docs")[0].prompt
    assert docs.endswith("[a: a follow-up] [b: b follow-up]")


def test_without_later_groups_the_answer_is_that_of_the_newest_wave() -> None:
    squad = a_squad([an_agent("builder", blueprint=True)], autonomous=True)
    script = {"builder": ["plan", ONE], ORCHESTRATOR: [TWO, done()]}
    assert staged(squad, script).play().final == ("b",)


def test_what_the_orchestrator_reads_is_bounded_and_it_is_told_what_was_left_out() -> None:
    long = "word " * 4000
    squad = a_squad([an_agent("builder", blueprint=True)], autonomous=True, review_limit=1000)
    script = {"builder": ["plan", ONE], "a": ["plan", long], ORCHESTRATOR: [done()]}
    stage = staged(squad, script)
    stage.play()
    prompt = stage.performer.of(ORCHESTRATOR)[0].prompt
    assert len(prompt) < 6000
    assert "# Answer of a (its beginning)" in prompt


def test_every_wave_and_both_kinds_of_agents_are_counted_in_the_tallies() -> None:
    result = autonomous(TWO, done()).play()
    assert {name: tally.turns for name, tally in result.metrics.by_agent.items()} == {
        "planner": 2, "builder": 2, "docs": 2, "a": 2, ORCHESTRATOR: 2, "b": 2,
    }  # fmt: skip


# Growth


@pytest.mark.parametrize(
    ("answer", "caps", "reason"),
    [
        (blueprint(*FOUR, entry("e")), Caps(), "at most 4"),
        (blueprint(*FOUR), Caps(agents=3), "at most 3 agents may join this run, and 3 more are left"),
        (
            blueprint(entry("a"), entry("b", "a"), entry("c", "b")),
            Caps(depth=2),
            "3 agents would wait for one",
        ),
    ],
)
def test_a_wave_that_would_make_the_run_too_large_is_refused_with_the_reason(
    answer: str, caps: Caps, reason: str
) -> None:
    stage = staged(team(), {"builder": ["plan", answer, answer, answer]}, caps=caps)
    assert stage.play().ending.ending == "failed"
    assert reason in stage.performer.of("builder")[2].prompt
    assert reason in stage.facts(BlueprintRefused)[0].reasons[0]
    assert not stage.facts(AgentsJoined)


# Relay


def relay(graph: Mapping[str, Sequence[str]], *, notes: bool = False, **fields: Any) -> Squad:
    """Planner, coder, reviewer in a row; the coder's neighbour gives blueprints where `builder` is set."""
    agents = [
        an_agent("planner"),
        an_agent("coder", "planner"),
        an_agent("reviewer", "coder"),
        an_agent("builder", "planner", blueprint=True),
    ]
    how = {"enabled": True, "graph": dict(graph), "require_handoff_note": notes}
    return a_squad(agents, **{"relay": how, "autonomous": False, **fields})


ROW = {"planner": ["coder"], "coder": ["reviewer"], "reviewer": ["coder"]}
HELPED = blueprint(entry("helper"), handoffs=[baton("builder", "helper")])


def relayed(squad: Squad, script: Mapping[str, Sequence[Reply]], **fields: Any) -> Stage:
    return staged(squad, {"builder": ["plan", HELPED], **script}, **fields)


def handed(stage: Stage) -> list[tuple[str, str, str | None, str]]:
    return [(fact.sender, fact.receiver, fact.node, fact.note) for fact in stage.facts(HandedOff)]


def test_a_note_forward_is_in_the_receivers_prompt_in_the_same_wave() -> None:
    script = {"planner": ["p", "f", hands(coder="mind the gap")], "coder": ["p", "f", hands()]}
    stage = relayed(relay({"planner": ["coder"]}), script)
    result = stage.play()
    assert handed(stage) == [("planner", "coder", "coder", "mind the gap")]
    assert "# Handed to you by planner\nmind the gap" in stage.performer.of("coder")[0].prompt
    assert "mind the gap" not in stage.performer.of("coder")[1].prompt
    assert waves_ended(stage) == [("done", "nothing was handed back")]
    assert result.ending.ending == "done"


def test_the_turn_that_hands_on_says_to_whom_forward_and_back() -> None:
    stage = relayed(relay(ROW), {})
    stage.play()
    turn = next(call for call in stage.performer.of("reviewer") if call.order.input.purpose == "handoff")
    assert "Hand back to, only if work must be done again: coder" in turn.prompt
    assert "Hand on to" not in turn.prompt
    turn = next(call for call in stage.performer.of("coder") if call.order.input.purpose == "handoff")
    assert "Hand on to: reviewer\n" in turn.prompt
    assert turn.order.input.output_schema["properties"]["handoffs"]["items"]["properties"]["to"]["enum"] == [  # type: ignore[index,call-overload]
        "reviewer"
    ]


def test_an_agent_waits_for_whoever_hands_it_work_though_it_does_not_depend_on_it() -> None:
    squad = a_squad(
        [an_agent("first"), an_agent("second"), an_agent("builder", blueprint=True)],
        relay={"enabled": True, "graph": {"first": ["second"]}},
        autonomous=False,
    )
    script = {"first": ["p", "f", hands(second="here")], "builder": ["plan", HELPED]}
    stage = Stage(squad, ScriptedPerformer(script, takes_s=1.0))
    stage.play()
    assert stage.performer.of("second")[0].began_s == 3
    assert "[first:" not in stage.performer.of("second")[0].prompt


def test_work_handed_back_engages_the_receiver_again_and_all_ahead_of_it() -> None:
    script = {
        "coder": ["p", "code 1", hands(reviewer="look"), "p", "code 2", hands(reviewer="look again")],
        "reviewer": ["p", "review 1", hands(coder="fix it"), "p", "review 2", hands()],
    }
    stage = relayed(relay(ROW), script)
    result = stage.play()
    (engaged,) = stage.facts(AgentsEngaged)
    assert (engaged.purpose, engaged.agents, engaged.wave, engaged.tags) == (
        "relay", ("coder", "reviewer"), 2, ("relay",),
    )  # fmt: skip
    assert handed(stage)[-2:] == [
        ("reviewer", "coder", None, "fix it"),
        ("coder@2", "reviewer", "reviewer@2", "look again"),
    ]
    again = stage.performer.of("coder")[3].prompt
    for text in ("# Handed to you by reviewer\nfix it", "# Your earlier answer\ncode 1", "[planner: "):
        assert text in again
    assert "[coder: code 2]" in stage.performer.of("reviewer")[3].prompt
    assert result.answers["coder@2"] == "code 2"
    assert "reviewer@2" in result.final
    assert "reviewer" not in result.final
    assert waves_ended(stage) == [("done", "nothing was handed back")]


def test_whoever_is_ahead_and_gets_nothing_is_skipped_and_asked_nothing() -> None:
    script = {
        "reviewer": ["p", "review", hands(coder="fix it")],
        "coder": ["p", "c", hands(reviewer="x"), "p", "c2", hands()],
    }
    stage = relayed(relay(ROW), script)
    result = stage.play()
    assert result.ended["reviewer@2"].ending == "skipped"
    assert result.ended["reviewer@2"].reason == "nothing was handed to it"
    assert len(stage.performer.of("reviewer")) == 3
    assert result.ending.ending == "done"
    assert "reviewer" in result.final


def test_work_goes_back_and_forth_until_the_limit_and_what_is_left_is_named() -> None:
    script = {
        "coder": [text for _ in range(9) for text in ("p", "code", hands(reviewer="look"))],
        "reviewer": [text for _ in range(9) for text in ("p", "review", hands(coder="fix it"))],
    }
    stage = relayed(relay(ROW, max_waves=9), script)
    stage.play()
    assert [fact.wave for fact in stage.facts(AgentsEngaged)] == [2, 3, 4, 5, 6]
    assert waves_ended(stage) == [
        ("max-waves", "its limit of 5 waves is reached; not worked on any more: reviewer@6 → coder")
    ]


def test_a_handoff_off_the_graph_is_sent_back_and_at_last_dropped() -> None:
    wrong = hands(builder="here")
    stage = relayed(relay({"planner": ["coder"]}), {"planner": ["p", "f", wrong, wrong, wrong]})
    result = stage.play()
    assert (
        "planner does not hand work to builder: it may hand to coder"
        in stage.performer.of("planner")[3].prompt
    )
    assert handed(stage) == []
    assert result.ending.ending == "done"


@pytest.mark.parametrize("poor", ["no json", hands(), hands(coder=" "), '{"handoffs": [{"to": "coder"}]}'])
def test_a_missing_note_is_asked_for_again_then_blocks_the_baton_by_name(poor: str) -> None:
    stage = relayed(relay({"planner": ["coder"]}, notes=True), {"planner": ["p", "f", poor, poor, poor]})
    result = stage.play()
    assert len(stage.performer.of("planner")) == 5
    assert result.ended["planner"].ending == "done"
    assert (result.ended["coder"].ending, result.ended["coder"].reason) == (
        "blocked",
        "the baton from planner has no note",
    )
    assert (result.ended["reviewer"].ending, result.ended["reviewer"].reason) == (
        "blocked",
        "coder was blocked",
    )
    assert (result.ending.ending, result.ending.reason) == ("failed", "blocked: coder, reviewer")
    assert not stage.performer.of("coder")


def test_a_note_that_is_given_when_asked_for_again_will_do() -> None:
    script = {"planner": ["p", "f", hands(), hands(coder="there")]}
    stage = relayed(relay({"planner": ["coder"]}, notes=True), script)
    assert stage.play().ending.ending == "done"
    assert "there is no note to coder" in stage.performer.of("planner")[3].prompt


def test_a_baton_that_lacks_its_note_stays_blocked_in_a_resumed_run() -> None:
    script = {"planner": ["p", "f", hands(), hands(), hands()]}
    squad = relay({"planner": ["coder"]}, notes=True)
    first = relayed(squad, script)
    first.play()
    again = Stage(squad, ScriptedPerformer(), first.journal, resumed=True)
    result = again.play()
    assert not again.performer.calls
    assert result.ended["coder"].reason == "the baton from planner has no note"
    assert result.ended["reviewer"].ending == "blocked"


def test_where_no_note_is_demanded_work_is_handed_back_without_one() -> None:
    script = {"reviewer": ["p", "review", hands(coder=""), "p", "fine", hands()]}
    stage = relayed(relay({"reviewer": ["coder"]}), script)
    result = stage.play()
    assert result.ended["coder@2"].ending == "done"


def test_an_agent_that_hands_on_to_nobody_takes_no_turn_for_it() -> None:
    stage = relayed(relay({"planner": ["coder"]}), {})
    stage.play()
    assert [call.order.input.purpose for call in stage.performer.of("coder")] == ["plan", "follow-up"]


# The batons of blueprints


def baton_squad(
    *, notes: bool = False, graph: Mapping[str, Sequence[str]] | None = None, **fields: Any
) -> Squad:
    agents = [
        an_agent("planner"),
        an_agent("builder", "planner", blueprint=True),
        an_agent("checker", "builder"),
    ]
    how = {"enabled": True, "graph": dict(graph or {}), "require_handoff_note": notes}
    return a_squad(agents, **{"relay": how, "autonomous": False, **fields})


def test_a_wave_of_a_relay_is_tagged_and_its_batons_make_receivers_wait() -> None:
    answer = blueprint(
        entry("x"), entry("y"), handoffs=[baton("builder", "x", "start"), baton("x", "y", "go on from x")]
    )
    stage = Stage(baton_squad(), ScriptedPerformer({"builder": ["plan", answer, done()]}, takes_s=1.0))
    stage.play()
    wave = stage.facts(AgentsJoined)[0]
    assert wave.tags == ("dynamic-blueprint", "relay")
    assert [(each.sender, each.receiver) for each in wave.handoffs] == [("builder", "x"), ("x", "y")]
    assert stage.performer.of("y")[0].began_s == stage.performer.of("x")[0].began_s + 2
    assert "# Handed to you by x\ngo on from x" in stage.performer.of("y")[0].prompt
    assert "# Handed to you by builder\nstart" in stage.performer.of("x")[0].prompt


@pytest.mark.parametrize(
    ("handoffs", "reason"),
    [
        ([baton("x", "x")], "hands work to itself"),
        ([baton("nobody", "x")], "there is no agent 'nobody'"),
        ([baton("x", "nobody")], "'nobody' is neither of this wave nor configured in the group"),
        ([baton("planner", "checker")], "is off the relay graph"),
        ([baton("x", "y"), baton("y", "x")], "make a circle: "),
    ],
)
def test_a_baton_that_cannot_be_handed_is_sent_back_with_the_reason(
    handoffs: list[dict[str, str]], reason: str
) -> None:
    wrong = blueprint(entry("x"), entry("y"), handoffs=handoffs)
    stage = Stage(baton_squad(), ScriptedPerformer({"builder": ["plan", wrong, blueprint(entry("x"))]}))
    stage.play()
    assert reason in stage.performer.of("builder")[2].prompt
    assert stage.facts(AgentsJoined)[0].handoffs == ()


def test_handoffs_outside_a_relay_are_sent_back() -> None:
    wrong = blueprint(entry("x"), handoffs=[baton("builder", "x")])
    stage = staged(team(), {"builder": ["plan", wrong, blueprint(entry("x"))]})
    stage.play()
    assert "only a relay has handoffs" in stage.performer.of("builder")[2].prompt
    assert "handoffs" not in json.dumps(stage.performer.of("builder")[1].order.input.output_schema)


def test_a_specialist_without_its_note_is_blocked_by_name_and_all_behind_it() -> None:
    poor = blueprint(
        entry("x"), entry("y"), entry("z", "y"), handoffs=[baton("builder", "x"), baton("x", "y", " ")]
    )
    stage = Stage(baton_squad(notes=True), ScriptedPerformer({"builder": ["plan", poor, poor, poor]}))
    result = stage.play()
    assert "the baton from x to y has no note" in stage.performer.of("builder")[2].prompt
    assert {name: result.ended[name].ending for name in "xyz"} == {
        "x": "done",
        "y": "blocked",
        "z": "blocked",
    }
    assert result.ended["y"].reason == "the baton from x to y has no note"
    assert result.ending.ending == "failed"


def test_what_the_builder_hands_forward_arrives_in_the_same_wave() -> None:
    answer = blueprint(entry("x"), handoffs=[baton("builder", "x"), baton("builder", "checker", "check x")])
    stage = Stage(
        baton_squad(graph={"builder": ["checker"]}), ScriptedPerformer({"builder": ["plan", answer]})
    )
    stage.play()
    assert handed(stage) == [("builder", "checker", "checker", "check x")]
    assert "# Handed to you by builder\ncheck x" in stage.performer.of("checker")[0].prompt
    assert not stage.facts(AgentsEngaged)
    assert "You yourself hand on to checker, who wait for you." in stage.performer.of("builder")[1].prompt


def test_a_builder_owes_a_note_to_whoever_waits_for_it() -> None:
    poor = blueprint(entry("x"), handoffs=[baton("builder", "x")])
    squad = baton_squad(graph={"builder": ["checker"]}, notes=True)
    stage = Stage(squad, ScriptedPerformer({"builder": ["plan", poor, poor, poor]}))
    result = stage.play()
    assert "there is no note to checker" in stage.performer.of("builder")[2].prompt
    assert result.ended["x"].ending == "done"
    assert result.ended["checker"].reason == "the baton from builder has no note"


def test_a_builder_hands_back_and_a_specialist_too() -> None:
    answer = blueprint(
        entry("x"),
        handoffs=[
            baton("builder", "x"),
            baton("builder", "planner", "plan more"),
            baton("x", "checker", "see x"),
        ],
    )
    squad = baton_squad(graph={"builder": ["planner"]})
    stage = Stage(squad, ScriptedPerformer({"builder": ["plan", answer]}))
    result = stage.play()
    (engaged,) = stage.facts(AgentsEngaged)
    assert set(engaged.agents) == {"planner", "checker"}
    assert "# Handed to you by x\nsee x" in stage.performer.of("checker")[2].prompt
    assert result.ended["planner@2"].ending == "done"


def test_a_baton_to_a_configured_agent_without_the_demanded_note_is_named_and_not_handed_on() -> None:
    poor = blueprint(entry("x"), handoffs=[baton("builder", "x"), baton("x", "checker", "")])
    stage = Stage(baton_squad(notes=True), ScriptedPerformer({"builder": ["plan", poor, poor]}))
    stage.play()
    assert stage.facts(AgentsJoined)[0].warnings == (
        "the baton from x to checker has no note: it is not handed on",
    )
    assert not stage.facts(AgentsEngaged)


def test_a_relay_with_an_orchestrator_works_on_what_was_handed_back_first() -> None:
    squad = relay(ROW, autonomous=None)
    script = {
        "reviewer": ["p", "review", hands(coder="fix it")],
        ORCHESTRATOR: [blueprint(entry("more"), handoffs=[baton(ORCHESTRATOR, "more", "do it")]), done()],
    }
    stage = relayed(squad, script)
    stage.play()
    assert [fact.purpose for fact in stage.facts(AgentsEngaged)] == [
        "relay",
        "orchestration",
        "orchestration",
    ]
    assert stage.facts(AgentsJoined)[1].tags == ("autonomous", "builder-implementer", "relay")
    assert f"# Handed to you by {ORCHESTRATOR}\ndo it" in stage.performer.of("more")[0].prompt


def test_a_wave_chained_by_its_batons_is_carried_on_in_a_relay_too() -> None:
    answer = blueprint(entry("x"), entry("y"), handoffs=[baton("builder", "x"), baton("x", "y")])
    stage = Stage(baton_squad(), ScriptedPerformer({"builder": ["plan", answer, done()]}))
    stage.play()
    assert [fact.purpose for fact in stage.facts(AgentsEngaged)] == ["continuation"]


def test_a_builder_that_work_is_handed_to_gives_another_blueprint() -> None:
    squad = baton_squad(graph={"checker": ["builder"]})
    script = {
        "builder": ["plan", ONE, "plan again", TWO],
        "checker": ["p", "f", hands(builder="one more"), "p", "f", hands()],
    }
    stage = Stage(squad, ScriptedPerformer(script))
    result = stage.play()
    assert [(wave.wave, wave.by) for wave in stage.facts(AgentsJoined)] == [(1, "builder"), (3, "builder@2")]
    assert "# Handed to you by checker\none more" in stage.performer.of("builder")[2].prompt
    assert result.ended["b"].ending == "done"


def test_nobody_ends_twice_though_several_batons_to_it_lack_their_notes() -> None:
    squad = a_squad(
        [an_agent("p"), an_agent("q"), an_agent("r"), an_agent("builder", blueprint=True)],
        relay={"enabled": True, "graph": {"p": ["r"], "q": ["r"]}, "require_handoff_note": True},
    )
    stage = relayed(squad, {"p": ["p", "f", *["x"] * 3], "q": ["p", "f", *["x"] * 3]})
    result = stage.play()
    assert [fact.reason for fact in stage.facts(NodeEnded) if fact.node == "r"] == [
        "the baton from p, q has no note"
    ]
    assert result.ending.ending == "failed"
