"""What each frame around agents' own prompts says, and that it leaves nothing of the template behind."""

from __future__ import annotations

from typing import Any

import pytest

from agentlark.inputs import InputFile, Inputs
from agentlark.prompts import render_frame
from agentlark.resources import shipped_text
from orchestrator.core.memory import Remembered
from orchestrator.run.given import Given
from orchestrator.run.prompting import (
    Form,
    Receivers,
    Surroundings,
    concise_prompt,
    handoff_form,
    handoff_prompt,
    next_step_prompt,
    repair_prompt,
    turn_prompt,
)
from orchestrator.schedule.node import Node, orchestrator_agent, specialist_agent
from orchestrator.schedule.review import Review, Said
from tests.doubles.facts import specialist
from tests.doubles.squads import an_agent

BUILDER = an_agent("builder", blueprint=True)


def around(**fields: Any) -> Surroundings:
    return Surroundings(**{"task": "Ship it", "outputs": {}, **fields})


def node(part: Any, agent: Any = BUILDER, **fields: Any) -> Node:
    return Node(id=f"{agent.id}@2", agent=agent, group="core", wave=2, order=9, part=part, **fields)


def a_specialist(**fields: Any) -> Node:
    agent = specialist_agent(specialist("x", prompt="{{ evil }}"), BUILDER)
    return node("specialist", agent, brief="{{ evil }}", summary="both halves", **fields)


SAID = (Said("planner", 0, "the plan"), Said("x", 1, "half of", is_short=True))


def orchestrator(**fields: Any) -> str:
    given = around(review=Review(SAID, ("old", "older")), waves_left=2, **fields)
    return next_step_prompt(node("orchestration", orchestrator_agent(BUILDER)), given)


def continuation() -> str:
    given = around(review=Review(SAID, ("old",)), carries_out=("x", "y"))
    return next_step_prompt(node("continuation"), given)


GIVEN = Given(
    Inputs((InputFile("a.md", "A {{ evil }}\n"), InputFile("b.md", "B", is_cut=True)), tuple("cdefgh")),
    (Remembered(id="t__r-qa", agent="qa", type="plan", text="watch {{ evil }}", simulated=False),),
)

CONTAINS = {
    "orchestrator": (
        orchestrator,
        ["You are autonomous-orchestrator", "the group core", "Ship it", "2 more waves of agents",
         "left out: old, older.", "# Answer of planner\nthe plan", "# Answer of x (its beginning)\nhalf of",
         "If nothing that matters is left, say so", "Do\nnot ask again for what has been asked for before"],
    ),
    "continuation": (
        continuation,
        ["You are builder, Builder.", "Ship it", "left out: old.", "logs/planner.log, logs/x.log",
         "# Answer of x (logs/x.log), its beginning\nhalf of", "up to four implementers",
         "the specialists x, y worked out"],
    ),
    "handoff": (
        lambda: handoff_prompt(Receivers(["coder"], ["planner"], requires_note=True)),
        ['{"handoffs": [{"to": …, "note": …}]}', "Hand on to: coder (each needs a note)",
         "Hand back to, only if work must be done again: planner"],
    ),
    "received": (
        lambda: turn_prompt(
            node("relay"), "plan", around(notes=[("qa", "fix it"), ("docs", "say it")], previous="mine")
        ),
        ["plan Ship it", "# Your earlier answer\nmine", "# Handed to you by qa\nfix it",
         "# Handed to you by docs\nsay it", "You act again because work was handed back"],
    ),
    "context": (
        lambda: concise_prompt(node("configured"), around(outputs={"planner": "the plan"})),
        ["You are builder, Builder, in a squad of agents.", "# Task of the squad\nShip it",
         "# Output of planner\nthe plan", "follow up on "],
    ),
    "specialist-plan": (
        lambda: turn_prompt(
            a_specialist(), "plan", around(outputs={"planner": "the plan"}, carries_out=("x", "y"))
        ),
        ["You are x, X, a specialist", "Ship it", "# What the specialists are for\nboth halves",
         "# Output of planner\nthe plan", "# Your part\n{{ evil }}", "You carry out the work of x, y.",
         "Go by logs/planner.log"],
    ),
    "specialist-follow-up": (
        lambda: turn_prompt(a_specialist(), "follow-up", around(), plan="p"),
        ["Follow your plan and give the result of your part."],
    ),
    "concise specialist": (
        lambda: concise_prompt(a_specialist(), around()),
        ["You are x, X,", "Ship it", "# Your part\n{{ evil }}", "give the result of your part"],
    ),
    "given": (
        lambda: turn_prompt(node("configured"), "plan", around(given=GIVEN, notes=[("qa", "fix it")])),
        ["plan Ship it\n\n# Remembered from earlier runs\n\n## qa, plan\nwatch {{ evil }}\n",
         '# Files of the project\n\n<file path="a.md">\nA {{ evil }}\n</file>\n',
         '\n<file path="b.md" cut="true">\nB\n</file>\n',
         "For lack of room these files are left out: c, d, e, f, g and further ones.\n",
         "further ones.\n\n\n# Handed to you by qa\nfix it"],
    ),
    "given to a continuation": (
        lambda: next_step_prompt(node("continuation"), around(given=GIVEN)),
        ['<file path="a.md">\nA {{ evil }}\n</file>\n', "## qa, plan\nwatch {{ evil }}\n"],
    ),
    "repair": (
        lambda: repair_prompt(["one is wrong", "two is wrong"], Form({"type": "object"}, "THE FORM")),
        ["Your last answer cannot be used:\n- one is wrong\n- two is wrong\n", "Give the whole answer again",
         "one JSON value and nothing else", "THE FORM"],
    ),
    "sentence": (
        lambda: render_frame("sentence", {"is_json": False}),
        ["Answer in exactly one sentence: one line, no list, no heading."],
    ),
    "sentence of JSON": (
        lambda: render_frame("sentence", {"is_json": True}),
        ["Every free text in your JSON is exactly one sentence."],
    ),
    "schema": (
        lambda: render_frame("schema", {"schema": '{"type": "object"}', "rules": ["A rule.", "Another."]}),
        ['{"type": "object"}', "A rule.\nAnother.", "no prose, no code fence"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTAINS)
def test_a_frame_contains_what_its_reader_must_know(name: str) -> None:
    build, texts = CONTAINS[name]
    prompt = build()
    for text in texts:
        assert text in prompt, text
    assert "{%" not in prompt
    assert prompt.replace("{{ evil }}", "").count("{{") == 0
    assert "\n\n\n\n" not in prompt


def a_blueprint_form(**fields: Any) -> str:
    given = {
        "max_agents": 4, "taken": ["a", "b"], "known": ["a"], "shape": "free", "may_finish": False,
        "hands_on": False, "requires_note": False, "configured": ["a", "b"], "forward": [], "back": [],
        **fields,
    }  # fmt: skip
    return render_frame("blueprint", given)


@pytest.mark.parametrize(
    ("fields", "there", "not_there"),
    [
        (
            {},
            ["one to 4 agents", "Taken ids: a, b\n", "Known ids: a\n"],
            ["handoffs", "done", "Shape", "note"],
        ),
        ({"shape": "four"}, ["Fill all 4 slots; none of your agents depends"], ["builders only"]),
        ({"shape": "builders"}, ["builders only", 'its role begins with "Builder"'], ["slots"]),
        ({"may_finish": True}, ['answer {"done": "why there is no more work, in a sentence"}'], []),
        (
            {"hands_on": True},
            ['"handoffs": who hands what to whom', "Configured agents: a, b"],
            ["must be handed", "You yourself"],
        ),
        (
            {"hands_on": True, "requires_note": True, "forward": ["c"], "back": ["d"]},
            [
                "You yourself hand on to c, who wait for you.",
                "only if work must be done again, to d.",
                "and everybody who waits for you, must be handed its baton with a note that is not empty",
            ],
            [],
        ),
    ],
)  # fmt: skip
def test_the_form_of_a_blueprint_says_what_holds_for_this_one_and_nothing_else(
    fields: dict[str, Any], there: list[str], not_there: list[str]
) -> None:
    prompt = a_blueprint_form(**fields)
    for text in there:
        assert text in prompt
    for text in not_there:
        assert text not in prompt


def test_every_shipped_frame_is_among_those_looked_at() -> None:
    frames = {
        "blueprint", "context", "continuation", "given", "handoff", "orchestrator", "received", "repair",
        "schema", "sentence", "specialist-follow-up", "specialist-plan",
    }  # fmt: skip
    assert all(shipped_text(f"templates/prompts/frames/{name}.md") for name in frames)
    assert frames - {"blueprint"} <= {*CONTAINS}


def test_what_is_received_is_told_once_in_the_turn_that_opens() -> None:
    given = around(notes=[("qa", "fix it")])
    assert "fix it" not in turn_prompt(node("relay"), "follow-up", given, plan="p")
    assert "fix it" in concise_prompt(node("relay"), around(notes=[("qa", "fix it")], concise=True))


def test_what_an_agent_is_given_stands_in_the_turn_that_opens_and_in_no_other() -> None:
    assert "<file" not in turn_prompt(node("configured"), "follow-up", around(given=GIVEN), plan="p")
    assert "<file" in concise_prompt(node("configured"), around(given=GIVEN, concise=True))
    nothing = around(given=Given(Inputs(refused=(("x", "no text"),), unmatched=("y",))))
    assert turn_prompt(node("configured"), "plan", nothing) == "plan Ship it"


def test_the_form_of_a_handoff_admits_its_receivers_only() -> None:
    schema = handoff_form(Receivers(["b"], ["a"])).schema
    assert isinstance(schema, dict)
    assert '"enum": ["b", "a"]' in str(schema).replace("'", '"')
