"""Blueprints: read strictly, asked for again, refused aloud; accepted ones become agents that run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.core.facts import AgentsJoined, BlueprintRefused
from tests.doubles.performer import Reply, ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage


def entry(id: str, *depends_on: str, **fields: Any) -> dict[str, Any]:
    given = {"id": id, "role": "Writer", "prompt": f"write {id}", **fields}
    return {**given, "dependsOn": list(depends_on)} if depends_on else given


def blueprint(*agents: dict[str, Any], summary: str = "both halves") -> str:
    return json.dumps({"summary": summary, "agents": list(agents)})


GOOD = blueprint(entry("good"))


def staged(*replies: Reply, takes_s: float = 0.0, **agent: Any) -> Stage:
    """Docs, then a builder answered so, and a later group that nobody waits for."""
    squad = a_squad(
        [an_agent("docs"), an_agent("builder", "docs", blueprint=True, **agent)], [an_agent("later")]
    )
    return Stage(squad, ScriptedPerformer({"builder": ["plan", *replies]}, takes_s=takes_s))


def began(stage: Stage) -> dict[str, float]:
    return {call.agent: call.began_s for call in reversed(stage.performer.calls)}


def test_the_agents_of_a_blueprint_join_and_run() -> None:
    stage = staged(blueprint(entry("x"), entry("y")))
    result = stage.play()
    assert [(name, end.ending) for name, end in result.ended.items()] == [
        ("docs", "done"), ("builder", "done"), ("later", "done"), ("x", "done"), ("y", "done"),
    ]  # fmt: skip
    fact = stage.facts(AgentsJoined)[0]
    assert (fact.wave, fact.group, fact.by, fact.summary) == (1, "g0", "builder", "both halves")
    assert [agent.id for agent in fact.agents] == ["x", "y"]
    assert result.ending.ending == "done"


def test_independent_specialists_run_side_by_side() -> None:
    stage = staged(blueprint(*(entry(name) for name in "wxyz")), takes_s=1.0)
    stage.play()
    assert {name: began(stage)[name] for name in "wxyz"} == dict.fromkeys("wxyz", 4)


def test_a_chain_of_specialists_runs_one_after_another() -> None:
    stage = staged(blueprint(entry("z", "y"), entry("y", "x"), entry("x")), takes_s=1.0)
    stage.play()
    assert {name: began(stage)[name] for name in "xyz"} == {"x": 4, "y": 6, "z": 8}
    assert "# Output of x\nx follow-up" in stage.performer.of("y")[0].prompt


def test_a_specialist_takes_both_turns_and_sees_task_summary_part_and_dependencies_only() -> None:
    stage = staged(blueprint(entry("x", "docs"), entry("y")))
    stage.play()
    plan, follow_up = stage.performer.of("x")
    for text in ("x, Writer", "the task", "both halves", "# Output of docs\ndocs follow-up", "write x"):
        assert text in plan.prompt
    assert "builder" not in plan.prompt
    assert "Output of" not in stage.performer.of("y")[0].prompt
    assert follow_up.order.thread[1].text == "x plan"


def test_a_specialist_is_answered_as_its_blueprint_agent_is() -> None:
    stage = staged(GOOD, model="m-9", effort="low", max_output_tokens=99, timeout_s=7, tools=("shell",))
    stage.play()
    order = stage.performer.of("good")[0].order
    assert (order.input.model, order.input.options, order.input.tools) == (
        "m-9",
        {"effort": "low"},
        ("shell",),
    )
    assert (order.max_tokens, order.deadline_s) == (99, 7)


def test_the_prompt_says_which_ids_are_taken_and_which_may_be_depended_on() -> None:
    stage = staged(GOOD)
    stage.play()
    asked = stage.performer.of("builder")[1]
    assert "Taken ids: builder, docs, later\n" in asked.prompt
    assert "Known ids: docs, builder\n" in asked.prompt
    assert isinstance(asked.order.input.output_schema, dict)
    assert asked.order.input.output_schema["title"] == "Blueprint"


REFUSED = {
    "prose": ("Here are the agents.", "it is not JSON"),
    "a fence": (f"```json\n{GOOD}\n```", "it is not JSON"),
    "a key twice": ('{"agents": [], "agents": []}', "the key 'agents' stands twice"),
    "no agents": ('{"agents": []}', "at least 1"),
    "five agents": (blueprint(*(entry(f"n{number}") for number in range(5))), "at most 4"),
    "a path as id": (blueprint(entry("../etc/passwd")), "'../etc/passwd' is no id"),
    "an upper-case id": (blueprint(entry("Builder2")), "'Builder2' is no id"),
    "a reserved id": (blueprint(entry("timeline")), "'timeline' is reserved"),
    "a taken id": (blueprint(entry("docs")), "the id 'docs' is taken"),
    "an id taken in a later group": (blueprint(entry("later")), "the id 'later' is taken"),
    "its own id": (blueprint(entry("builder")), "the id 'builder' is taken"),
    "one id twice": (blueprint(entry("x"), entry("x")), "two agents have the id 'x'"),
    "an unknown dependency": (blueprint(entry("x", "dosc")), "did you mean 'docs'?"),
    "a later dependency": (blueprint(entry("x", "later")), "'x' depends on 'later'"),
    "a cycle": (blueprint(entry("x", "y"), entry("y", "x")), "x → y → x"),
    "itself": (blueprint(entry("x", "x")), "x"),
    "an unknown field": (blueprint(entry("x", model="gpt")), "Extra inputs"),
    "an empty prompt": (blueprint(entry("x", prompt="")), "/agents/0/prompt"),
    "an empty role": (blueprint(entry("x", role="")), "/agents/0/role"),
    "a number as id": (blueprint({**entry("x"), "id": 7}), "/agents/0/id"),
    "half a character": ('{"agents": [{"id": "x", "role": "R", "prompt": "\\ud800"}]}', "half a character"),
    "a number without end": ('{"agents": ' + "1" * 5000 + "}", "digits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_blueprint_that_cannot_be_used_is_asked_for_again_with_the_reason(name: str) -> None:
    answer, complaint = REFUSED[name]
    stage = staged(answer, GOOD)
    result = stage.play()
    repair = stage.performer.of("builder")[2]
    assert repair.order.input.purpose == "repair"
    assert complaint in repair.prompt
    assert "Taken ids: builder, docs, later\n" in repair.prompt
    assert result.ended["good"].ending == "done"
    assert result.ending.ending == "done"
    assert len(stage.facts(AgentsJoined)) == 1


def test_every_complaint_about_a_blueprint_is_quoted_at_once_with_its_place() -> None:
    stage = staged(blueprint(entry("docs"), entry("x", "nobody")), GOOD)
    stage.play()
    asked = stage.performer.of("builder")[2].prompt
    assert "/agents/0/id: the id 'docs' is taken" in asked
    assert "/agents/1/dependsOn/0: 'x' depends on 'nobody'" in asked


def test_a_dependency_named_twice_is_no_reason_to_refuse_a_blueprint() -> None:
    stage = staged(blueprint(entry("x", "docs", "docs")))
    assert stage.play().ended["x"].ending == "done"
    assert not stage.facts(BlueprintRefused)


def test_after_two_repairs_the_blueprint_is_refused_aloud_its_wave_skipped_and_the_run_failed() -> None:
    stage = staged("one", "two", blueprint(entry("docs")), GOOD)
    result = stage.play()
    assert len(stage.performer.of("builder")) == 4
    refused = stage.facts(BlueprintRefused)[0]
    assert refused.node == "builder"
    assert refused.reasons[0].endswith("the id 'docs' is taken (taken are builder, docs, later)")
    assert not stage.facts(AgentsJoined)
    assert result.ended["builder"].ending == "done"
    assert result.ended["later"].ending == "done"
    assert (result.ending.ending, result.ending.reason) == ("failed", "blueprint refused: builder")


def test_the_specialists_are_the_answer_of_a_squad_that_ends_with_a_builder() -> None:
    squad = a_squad([an_agent("builder", blueprint=True)])
    answer = blueprint(entry("x"), entry("y", "x"), entry("z"))
    result = Stage(squad, ScriptedPerformer({"builder": ["plan", answer]})).play()
    assert result.final == ("z", "y")
    assert result.answer == "# z\n\nz follow-up\n\n# y\n\ny follow-up"


def test_two_groups_number_their_waves_through_the_run() -> None:
    squad = a_squad([an_agent("a", blueprint=True)], [an_agent("b", blueprint=True)])
    script = {"a": ["plan", blueprint(entry("x"))], "b": ["plan", blueprint(entry("y", "x"))]}
    stage = Stage(squad, ScriptedPerformer(script))
    stage.play()
    assert [(fact.wave, fact.group) for fact in stage.facts(AgentsJoined)] == [(1, "g0"), (2, "g1")]
    assert "Taken ids: a, b, x\n" in stage.performer.of("b")[1].prompt
