"""Runs in other modes: interrupted, concise, measured, and built from what an earlier run recorded."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from agentlark.model import Squad
from orchestrator.core.commands import Interrupt
from orchestrator.core.facts import (
    AgentsEngaged,
    AgentsJoined,
    InterruptAsked,
    NodeEnded,
    PromptMeasured,
    TurnEnded,
    TurnStarted,
    WavesEnded,
)
from orchestrator.core.settings import Asked, Fresh
from orchestrator.run.handle import RunResult
from tests.doubles.blueprints import baton, blueprint, done, entry, hands
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import run_virtual

ORCHESTRATOR = "autonomous-orchestrator"


def team(**orchestration: Any) -> Squad:
    return a_squad(
        [an_agent("planner"), an_agent("builder", "planner", blueprint=True)],
        [an_agent("docs", "builder")],
        **orchestration,
    )


# Interrupt


def interrupted(stage: Stage, *seconds: float) -> RunResult:
    async def play() -> RunResult:
        run = stage.started()
        for second in seconds:
            await asyncio.sleep(second)
            stage.inbox.send(Interrupt())
        return await run.result()

    return run_virtual(play())


def test_an_interrupt_lets_turns_end_starts_nothing_not_even_a_follow_up_and_says_what_stands() -> None:
    squad = a_squad([an_agent("a"), an_agent("b"), an_agent("c", "a")], [an_agent("d")])
    stage = Stage(squad, ScriptedPerformer(takes_s={"a": 1.0, "b": 4.0, "c": 4.0}))
    result = interrupted(stage, 3.0)
    assert result.ending.ending == "interrupted"
    assert [call.agent for call in stage.performer.calls] == ["a", "b", "a", "c"]
    assert len([turn for turn in stage.facts(TurnEnded) if turn.ending == "done"]) == 4
    (asked,) = stage.facts(InterruptAsked)
    assert asked.summary == (
        "r was interrupted: turns in flight end, nothing new starts.\n"
        "done (1): a\nrunning (2): b, c\nnot started (1): d\nto go on: agentlark resume r"
    )


def test_asking_again_changes_nothing() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer(takes_s=9.0))
    assert interrupted(stage, 1.0, 1.0, 1.0).ending.ending == "interrupted"
    assert len(stage.facts(InterruptAsked)) == 1


def test_an_interrupt_in_the_last_turn_of_all_leaves_the_run_done_with_its_reason() -> None:
    script = {"builder": ["plan", blueprint(entry("x"))], ORCHESTRATOR: [done("all there")]}
    squad = a_squad([an_agent("builder", blueprint=True)], autonomous=True)
    stage = Stage(squad, ScriptedPerformer(script, takes_s=1.0))
    assert interrupted(stage, 4.5).ending.ending == "done"
    assert stage.facts(WavesEnded)[0].reason == "all there"


def test_an_interrupt_stops_waves_and_the_resumed_run_adds_them() -> None:
    script = {"builder": ["plan", blueprint(entry("x"))], ORCHESTRATOR: [blueprint(entry("y")), done()]}
    asked = Asked(autonomous=True)
    stage = Stage(team(), ScriptedPerformer(script, takes_s=1.0), asked=asked)
    result = interrupted(stage, 5.5)
    assert result.ending.ending == "interrupted"
    assert not stage.facts(AgentsEngaged)
    script = {ORCHESTRATOR: [blueprint(entry("y")), done()]}
    again = Stage(team(), ScriptedPerformer(script), stage.journal, resumed=True, asked=asked)
    result = again.play()
    assert result.ending.ending == "done"
    assert [wave.wave for wave in again.facts(AgentsJoined)] == [1, 2]
    assert {call.agent for call in again.performer.calls} == {ORCHESTRATOR, "y", "docs"}


# Concise

SCHEMA = {
    "type": "object",
    "required": ["verdict", "why"],
    "properties": {"verdict": {"type": "string"}, "why": {"type": "string"}},
}


def test_a_concise_run_takes_one_turn_per_agent_held_to_one_sentence() -> None:
    stage = Stage(
        a_squad([an_agent("a"), an_agent("b", "a")]),
        ScriptedPerformer({"a": ["One. Two.", "One only."]}),
        concise=True,
    )
    result = stage.play()
    assert result.answers == {"a": "One only.", "b": "b follow-up"}
    assert [call.order.input.purpose for call in stage.performer.of("b")] == ["follow-up"]
    prompt = stage.performer.of("a")[0].prompt
    assert "Answer in exactly one sentence: one line, no list, no heading." in prompt
    assert "# Task of the squad\nthe task" in prompt
    assert "follow up on \n" in prompt
    assert "# Output of a\nOne only." in stage.performer.of("b")[0].prompt
    assert "several sentences" in stage.performer.of("a")[1].prompt


def test_an_agent_without_a_follow_up_takes_its_plan_turn_as_the_only_one() -> None:
    stage = Stage(a_squad([an_agent("a", follow_up_enabled=False)]), ScriptedPerformer(), concise=True)
    stage.play()
    (call,) = stage.performer.calls
    assert call.order.input.purpose == "plan"
    assert "exactly one sentence" in call.prompt


def test_an_agent_that_never_gives_one_sentence_fails() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": ["One. Two."] * 3}), concise=True)
    assert "several sentences" in (stage.play().ended["a"].reason or "")


def test_an_agent_with_a_schema_keeps_its_json_with_one_sentence_per_free_text() -> None:
    good = '{"verdict": "ok", "why": "It holds."}'
    script = {"a": ['{"verdict": "ok", "why": "It holds. It really does."}', good]}
    stage = Stage(a_squad([an_agent("a", follow_up_schema=SCHEMA)]), ScriptedPerformer(script), concise=True)
    assert stage.play().answers["a"] == good
    assert "Every free text in your JSON is exactly one sentence." in stage.performer.calls[0].prompt
    assert "/why: the answer has several sentences" in stage.performer.calls[1].prompt


@pytest.mark.parametrize(("no_specialists", "joined"), [(True, 0), (False, 1)])
def test_concise_gives_a_blueprint_and_lets_nobody_join_unless_in_full(
    no_specialists: bool, joined: int
) -> None:
    script = {"builder": [blueprint(entry("x"))], ORCHESTRATOR: [done()]}
    asked = Asked(no_specialists=no_specialists, autonomous=True)
    stage = Stage(team(), ScriptedPerformer(script), concise=True, asked=asked)
    assert stage.play().ending.ending == "done"
    assert len(stage.facts(AgentsJoined)) == joined
    assert len(stage.performer.of("x")) == joined
    assert len(stage.performer.of(ORCHESTRATOR)) == joined
    assert [call.order.input.purpose for call in stage.performer.of("builder")] == ["follow-up"]


def test_a_concise_relay_takes_no_turn_for_notes_and_demands_none() -> None:
    relay = {
        "enabled": True,
        "graph": {"planner": ["builder"], "builder": ["planner"]},
        "require_handoff_note": True,
    }
    stage = Stage(
        team(relay=relay),
        ScriptedPerformer({"builder": [blueprint(entry("x"))]}),
        concise=True,
        asked=Asked(no_specialists=True),
    )
    assert stage.play().ending.ending == "done"
    assert len(stage.performer.calls) == 3


# Measured


def test_prompts_are_measured_before_they_are_sent_only_when_asked_for() -> None:
    squad = a_squad([an_agent("a", plan_prompt="zwei\nZeilen: ä", follow_up_enabled=False)])
    stage = Stage(squad, measures=True)
    stage.play()
    (size,) = stage.watcher.of(PromptMeasured)
    assert (size.characters, size.bytes, size.lines) == (14, 15, 2)
    quiet = Stage(squad)
    quiet.play()
    assert not quiet.watcher.of(PromptMeasured)


# Reuse

RELAY = {"enabled": True, "graph": {"planner": ["builder"], "builder": ["planner"]}}
SCRIPT = {
    "planner": ["p", "f", hands(builder="build"), "p2", "f2", hands(builder="again")],
    "builder": [
        "plan", blueprint(entry("x"), handoffs=[baton("builder", "planner", "more")]),
        "plan", blueprint(entry("y"), entry("z", "y")),
        blueprint(entry("w")),
    ],
    ORCHESTRATOR: ["what?", done()],
}  # fmt: skip


def whole() -> Stage:
    """A run with every sort of wave: handed back, continued, orchestrated with a repair."""
    stage = Stage(team(relay=RELAY), ScriptedPerformer(SCRIPT, takes_s=1.0))
    assert stage.play().ending.ending == "done"
    assert [fact.purpose for fact in stage.facts(AgentsEngaged)] == ["relay", "continuation", "orchestration"]
    return stage


def after(first: Stage, performer: ScriptedPerformer | None = None, **fields: Any) -> Stage:
    """Another run of the same squad that knows what the first one recorded."""
    journal = MemoryJournal(earlier=first.journal)
    return Stage(first.squad, performer or ScriptedPerformer(), journal, **fields)


def test_the_second_run_makes_no_call_and_gives_the_same_answers() -> None:
    first = whole()
    second = after(first)
    result = second.play()
    assert not second.performer.calls
    assert not second.facts(TurnStarted)
    assert {fact.origin for fact in second.facts(TurnEnded)} == {"reused"}
    assert result.answers == {
        name: text for name, text in result.answers.items() if name in first.engine().answers()
    }
    assert result.answers == first.engine().answers()
    assert result.turns == 0
    assert result.reused == len(first.facts(TurnEnded))
    assert result.usage.input == 0
    assert result.saved == first.engine().state.usage
    assert [(fact.node, fact.ending) for fact in second.facts(NodeEnded)] == [
        (fact.node, fact.ending) for fact in first.facts(NodeEnded)
    ]


def test_a_fresh_run_asks_everybody_again_and_a_fresh_agent_only_itself() -> None:
    first = whole()
    everybody = after(first, ScriptedPerformer(SCRIPT), fresh=Fresh(everybody=True))
    everybody.play()
    assert len(everybody.performer.calls) == len(first.performer.calls)
    one = after(first, ScriptedPerformer({"x": ["plan", "x follow-up"]}), fresh=Fresh(agents=("x",)))
    one.play()
    assert {call.agent for call in one.performer.calls} == {"x"}


def test_recorded_answers_that_cannot_be_used_are_asked_for_again() -> None:
    squad = a_squad([an_agent("builder", blueprint=True)])
    bad = Stage(squad, ScriptedPerformer({"builder": ["plan", "a", "b", "c"]}))
    assert bad.play().ending.ending == "failed"
    script = {"builder": [blueprint(entry("x"))]}
    again = after(bad, ScriptedPerformer(script))
    assert again.play().ending.ending == "done"
    assert [call.order.input.purpose for call in again.performer.of("builder")] == ["follow-up"]


def test_a_shape_is_wished_for_anew_when_a_refused_record_is_asked_for_again() -> None:
    squad = a_squad([an_agent("builder", blueprint=True)], parallel=True)
    short, four = blueprint(entry("x")), blueprint(*(entry(name) for name in "abcd"))
    bad = Stage(squad, ScriptedPerformer({"builder": ["plan", short, "b", "c"]}))
    assert bad.play().ending.ending == "failed"
    again = after(bad, ScriptedPerformer({"builder": [short, four]}))
    assert again.play().ending.ending == "done"
    assert "4 agents are wanted, 1 are given" in again.performer.of("builder")[1].prompt


def test_a_baton_that_lacked_its_note_in_an_earlier_run_is_asked_for_again() -> None:
    squad = a_squad(
        [an_agent("a"), an_agent("b", "a"), an_agent("builder", blueprint=True)],
        relay={"enabled": True, "graph": {"a": ["b"]}, "require_handoff_note": True},
        autonomous=False,
    )
    helped = ["plan", blueprint(entry("x"), handoffs=[baton("builder", "x")])]
    bad = Stage(squad, ScriptedPerformer({"a": ["p", "f", "-", "-", "-"], "builder": helped}))
    assert bad.play().ended["b"].ending == "blocked"
    again = after(bad, ScriptedPerformer({"a": [hands(b="here")]}))
    assert again.play().ended["b"].ending == "done"
    assert [call.order.input.purpose for call in again.performer.of("a")] == ["handoff"]


def test_prompts_and_keys_do_not_depend_on_who_ends_first() -> None:
    squad = a_squad(
        [
            an_agent("a"), an_agent("b"), an_agent("c"), an_agent("builder", "c", "a", "b", blueprint=True),
            an_agent("after", "builder"),
        ],
        relay={"enabled": True, "graph": {"a": ["builder"], "c": ["builder"], "after": ["b", "a"]}},
        autonomous=True,
    )  # fmt: skip
    seen = set()
    for order in itertools.permutations((1.0, 5.0, 9.0)):
        script = {
            "a": ["p", "f", hands(builder="from a"), "p", "f2", hands(builder="a2")],
            "c": ["p", "f", hands(builder="from c")],
            "after": ["p", "f", hands(b="more", a="more")],
            "builder": ["plan", blueprint(entry("x"), entry("y")), "plan", blueprint(entry("z"))],
            ORCHESTRATOR: [done()],
        }
        takes_s = {**dict(zip("abc", order, strict=True)), "x": order[0], "y": order[1]}
        stage = Stage(squad, ScriptedPerformer(script, takes_s=takes_s))
        assert stage.play().ending.ending == "done"
        seen.add(frozenset((call.order.key, call.prompt) for call in stage.performer.calls))
        for word in ("fake", "2026", "nowhere", "CACHED", "reused"):
            assert not [call for call in stage.performer.calls if word in call.prompt]
    assert len(seen) == 1
