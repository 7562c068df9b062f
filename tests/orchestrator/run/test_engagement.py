"""An agent's turns: plan and follow-up on one thread, forms and rules, repairs, prompts as values."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.core.facts import NodeEnded, TurnEnded
from orchestrator.core.turn import Failed, Message, thread_digest
from tests.doubles.performer import ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import CARD, Stage

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
RULES = ("Write n in words: {{ never }}.", 'Quote "nothing".', "a < b & c")


def staged(*replies: str, **agent: Any) -> Stage:
    """A stage with one agent, answered so."""
    return Stage(a_squad([an_agent("a", **agent)]), ScriptedPerformer({"a": replies}))


def prompts(stage: Stage, agent: str = "a") -> list[str]:
    return [call.prompt for call in stage.performer.of(agent)]


# Two turns, one thread


def test_an_agent_plans_and_then_follows_up_on_the_same_thread() -> None:
    stage = staged("my plan", "my answer")
    result = stage.play()
    first, second = stage.performer.calls
    assert (first.order.input.purpose, first.prompt, first.order.thread) == ("plan", "plan the task", ())
    assert second.order.input.purpose == "follow-up"
    assert second.prompt == "follow up on my plan"
    assert second.order.thread == (
        Message(role="user", text="plan the task"),
        Message(role="assistant", text="my plan"),
    )
    assert result.answers == {"a": "my answer"}


def test_the_thread_is_part_of_the_key_and_steps_are_counted() -> None:
    stage = staged("my plan", "my answer")
    stage.play()
    first, second = (call.order for call in stage.performer.calls)
    assert first.input.prior is None
    assert second.input.prior == thread_digest(second.thread)
    assert [order.id.step for order in (first, second)] == [1, 2]
    assert all(order.key == order.input.key() for order in (first, second))


def test_without_a_follow_up_the_plan_is_the_answer() -> None:
    stage = staged("my plan", follow_up_enabled=False, follow_up_schema=SCHEMA, blueprint=True)
    result = stage.play()
    assert result.answers == {"a": "my plan"}
    assert len(stage.performer.calls) == 1
    assert stage.performer.calls[0].order.input.output_schema is None


def test_a_plan_that_fails_means_no_follow_up() -> None:
    stage = Stage(a_squad([an_agent("a")]), ScriptedPerformer({"a": [Failed(error="no", paid="no")]}))
    assert stage.play().ended["a"].ending == "failed"
    assert [turn.purpose for turn in stage.turns("a")] == ["plan"]


def test_how_the_agent_is_to_be_answered_goes_with_every_order() -> None:
    stage = staged(model="m-9", effort="high", tools=("shell",), max_output_tokens=77)
    stage.play()
    for call in stage.performer.calls:
        asked = call.order.input
        assert (asked.backend, asked.model, asked.options, asked.tools) == (
            "fake", "m-9", {"effort": "high"}, ("shell",),
        )  # fmt: skip
        assert call.order.max_tokens == 77


def test_an_unset_effort_is_not_in_the_options() -> None:
    stage = staged()
    stage.play()
    assert stage.performer.calls[0].order.input.options == {}


# Prompts are values


EVIL = "{{ evil }} {% for x in y %} {# gone #} ${HOME} \\1 </task>"


def test_outputs_that_look_like_templates_reach_prompts_verbatim() -> None:
    squad = a_squad([an_agent("a"), an_agent("b", "a")])
    stage = Stage(squad, ScriptedPerformer({"a": [EVIL, EVIL], "b": [EVIL]}))
    stage.task = EVIL
    stage.play()
    assert stage.performer.of("a")[0].prompt == f"plan {EVIL}"
    assert stage.performer.of("a")[1].prompt == f"follow up on {EVIL}"
    assert stage.performer.of("b")[0].prompt == f"plan {EVIL} [a: {EVIL}]"


def test_what_a_blueprint_asks_of_a_specialist_reaches_it_verbatim() -> None:
    blueprint = {"summary": EVIL, "agents": [{"id": "x", "role": EVIL, "prompt": EVIL, "dependsOn": ["a"]}]}
    stage = staged("plan", json.dumps(blueprint), blueprint=True)
    stage.play()
    asked = stage.performer.of("x")[0].prompt
    assert asked.count(EVIL) == 3
    assert json.dumps(blueprint) in asked


def test_a_template_that_asks_for_what_is_not_there_fails_that_agent_alone() -> None:
    squad = a_squad([an_agent("a", plan_prompt="{{ outputs['b'] }}"), an_agent("b")])
    stage = Stage(squad)
    result = stage.play()
    assert result.ended["a"].ending == "failed"
    assert "prompt template failed" in (result.ended["a"].reason or "")
    assert not stage.performer.of("a")
    assert result.ended["b"].ending == "done"


def test_a_template_may_use_agent_group_and_outputs_by_name() -> None:
    text = "{{ agent.id }}/{{ agent.role }}/{{ group.id }}/{{ outputs['a'] }}/{{ outputs.a }}/{{ task }}"
    squad = a_squad([an_agent("a"), an_agent("b", "a", plan_prompt=text)])
    stage = Stage(squad, ScriptedPerformer({"a": ["p", "out"]}))
    stage.play()
    assert stage.performer.of("b")[0].prompt == "b/B/g0/out/out/the task"


# Schemas


def test_an_answer_that_satisfies_the_schema_is_taken_as_it_is() -> None:
    stage = staged("plan", '{"n": 1}', follow_up_schema=SCHEMA)
    assert stage.play().answers == {"a": '{"n": 1}'}
    assert len(stage.performer.calls) == 2


def test_the_schema_goes_with_the_follow_up_alone_as_value_and_in_words() -> None:
    stage = staged("plan", '{"n": 1}', follow_up_schema=SCHEMA)
    stage.play()
    plan, follow_up = (call.order.input for call in stage.performer.calls)
    assert plan.output_schema is None
    assert follow_up.output_schema == SCHEMA
    assert json.dumps(SCHEMA, indent=2) in follow_up.prompt
    assert "JSON" not in plan.prompt


def test_rules_stand_verbatim_below_the_schema_in_the_prompt_and_in_every_re_ask() -> None:
    stage = staged("plan", "no", "no", "no", follow_up_schema=SCHEMA, follow_up_schema_rules=RULES)
    stage.play()
    asked = prompts(stage)[1:]
    assert len(asked) == 3
    for prompt in asked:
        schema_at = prompt.index(json.dumps(SCHEMA, indent=2))
        lines = prompt[schema_at:].splitlines()
        assert [line for line in lines if line in RULES] == list(RULES)


@pytest.mark.parametrize("fails", [1, 2])
def test_an_answer_that_does_not_satisfy_the_schema_is_asked_for_again_with_the_errors_quoted(
    fails: int,
) -> None:
    stage = staged("plan", *['{"n": "x"}'] * fails, '{"n": 1}', follow_up_schema=SCHEMA)
    result = stage.play()
    assert result.answers == {"a": '{"n": 1}'}
    assert [turn.purpose for turn in stage.turns("a")] == ["plan", "follow-up", *["repair"] * fails]
    for prompt in prompts(stage)[2:]:
        assert '/n: "x" is not of type "integer"' in prompt


def test_a_re_ask_goes_on_in_the_thread_and_is_a_turn_of_its_own() -> None:
    stage = staged("plan", "no", '{"n": 1}', follow_up_schema=SCHEMA)
    stage.play()
    repair = stage.performer.calls[2].order
    assert [message.text for message in repair.thread][1::2] == ["plan", "no"]
    assert repair.thread[2].text == prompts(stage)[1]
    assert repair.id.step == 3
    assert repair.input.output_schema == SCHEMA
    assert len({turn.key for turn in stage.facts(TurnEnded)}) == 3


def test_after_two_re_asks_the_agent_fails_and_says_why() -> None:
    stage = staged("plan", "no", "{}", '{"n": 1.5}', '{"n": 1}', follow_up_schema=SCHEMA)
    ended = stage.play().ended["a"]
    assert len(stage.performer.calls) == 4
    assert ended.ending == "failed"
    assert ended.reason == 'no usable answer after 2 repairs: /n: 1.5 is not of type "integer"'
    assert ended.output is None


def test_answers_that_could_not_be_used_are_recorded_all_the_same() -> None:
    stage = staged("plan", "no", '{"n": 1}', follow_up_schema=SCHEMA)
    stage.play()
    assert [turn.ending for turn in stage.turns("a")] == ["done"] * 3
    assert all(turn.answer in stage.journal.bodies for turn in stage.turns("a"))


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("Here it is: {}", "it is not JSON"),
        ('```json\n{"n": 1}\n```', "it is not JSON"),
        ('{"n": 1} {"n": 2}', "it is not JSON: Extra data"),
        ('{"n": 1, "n": 1}', "the key 'n' stands twice"),
        ('{"n": NaN}', "NaN is not JSON"),
        ('{"n": 1', "it is not JSON"),
        ("", "it is not JSON"),
        ("null", 'null is not of type "object"'),
        ('{"m": 1}', '"n" is a required property'),
        ('{"n": ' + "1" * 5000 + "}", "digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"n": 1, "m": "\\uD83D"}', "half a character"),
    ],
)
def test_model_json_is_read_strictly_and_never_repaired(answer: str, complaint: str) -> None:
    stage = staged("plan", answer, '{"n": 1}', follow_up_schema=SCHEMA)
    assert stage.play().answers == {"a": '{"n": 1}'}
    assert complaint in prompts(stage)[2]


def test_an_answer_may_be_nested_as_deeply_as_it_can_be_read() -> None:
    schema = {"$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}, "$ref": "#/$defs/t"}
    deep = "[" * 700 + "]" * 700
    assert staged("plan", deep, follow_up_schema=schema).play().answers == {"a": deep}


def test_a_whole_character_written_as_two_escapes_is_fine() -> None:
    answer = '{"n": 1, "m": "\\ud83d\\ude80"}'
    assert staged("plan", answer, follow_up_schema=SCHEMA).play().answers == {"a": answer}


def test_many_complaints_are_cut_to_the_first_ten() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    stage = staged("plan", json.dumps(list(range(50))), '["x"]', follow_up_schema=schema)
    stage.play()
    assert prompts(stage)[2].count("is not of type") == 10


# Prompts that are too large


def test_a_prompt_that_cannot_fit_the_window_is_not_sent_and_the_error_names_every_size() -> None:
    squad = a_squad(
        [an_agent("big"), an_agent("small"), an_agent("c", "big", "small", max_output_tokens=500)]
    )
    stage = Stage(squad, ScriptedPerformer({"big": ["p", "x" * 40_000], "small": ["p", "y" * 400]}))
    stage.card = replace(CARD, window_tokens=10_000)
    stage.squad = a_squad(
        [
            an_agent("big", max_output_tokens=500),
            an_agent("small", max_output_tokens=500),
            an_agent("c", "big", "small", max_output_tokens=500),
        ]
    )
    ended = stage.play().ended["c"]
    assert ended.ending == "failed"
    assert not stage.performer.of("c")
    reason = ended.reason or ""
    assert "the plan prompt does not fit" in reason
    assert "big 10,000" in reason
    assert "small 100" in reason
    assert "fake-1 takes 10,000" in reason
    assert "one dependency less" in reason


def test_the_thread_counts_when_a_follow_up_is_measured() -> None:
    stage = staged("x" * 40_000, max_output_tokens=500)
    stage.card = replace(CARD, window_tokens=10_000)
    reason = stage.play().ended["a"].reason or ""
    assert "the follow-up prompt does not fit" in reason
    assert "What is in it: the task" in reason
    assert len(stage.performer.calls) == 1


@pytest.mark.parametrize(("ceiling", "calls"), [(9_997, 1), (9_998, 0)])
def test_the_answer_needs_room_as_well(ceiling: int, calls: int) -> None:
    stage = staged(max_output_tokens=ceiling, follow_up_enabled=False)
    stage.card = replace(CARD, window_tokens=10_000)
    stage.play()
    assert len("plan the task") // 4 == 3
    assert len(stage.performer.calls) == calls


def test_every_node_ends_once() -> None:
    squad = a_squad([an_agent("a"), an_agent("b", "a"), an_agent("c")])
    stage = Stage(squad, ScriptedPerformer({"c": [Failed(error="no", paid="no")]}))
    stage.play()
    assert sorted(fact.node for fact in stage.facts(NodeEnded)) == ["a", "b", "c"]
