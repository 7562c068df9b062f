"""Blueprints that the rehearsal backend makes are accepted by the checker that judges all blueprints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentlark.blueprint import (
    BLUEPRINT_SCHEMA,
    Blueprint,
    Finished,
    blueprint_schema,
    handoffs_schema,
    read_blueprint,
    read_decision,
    read_handoffs,
)
from agentlark.prompts import render_frame
from orchestrator.backends.rehearsal import Rehearsal
from orchestrator.backends.rehearsal.blueprint import blueprint_of, handoffs_of, is_blueprint, is_handoffs
from orchestrator.backends.rehearsal.validity import first_error
from orchestrator.core.turn import Done, Failed, Message, TurnId, TurnInput, TurnOrder
from orchestrator.run.prompting import Receivers, handoff_form, handoff_prompt
from orchestrator.run.sentence import json_sentence_faults, sentence_fault
from orchestrator.schedule.shapes import BuildersOnly

if TYPE_CHECKING:
    from tests.orchestrator.backends.conftest import FakeClock, Listener


def order_for(prompt: str, thread: tuple[Message, ...] = ()) -> TurnOrder:
    asked = TurnInput(
        agent="builder",
        purpose="follow-up",
        backend="rehearsal",
        model="m",
        prompt=prompt,
        output_schema=BLUEPRINT_SCHEMA,
    )
    return TurnOrder(
        id=TurnId("run", "builder", 2),
        key=asked.key(),
        input=asked,
        thread=thread,
        max_tokens=4_000,
        deadline_s=60,
    )


IDS = st.from_regex(r"\A[a-z][a-z0-9_-]{0,62}\Z") | st.sampled_from(
    ["tester", "tester-2", "documenter", "reviewer", "implementer", "api-implementer", "timeline"]
)
TASKS = st.text(max_size=200) | st.sampled_from(
    ["an api", "a web page with a database and a cli", "tests", "The task: speed", "# Task", ""]
)


@given(task=TASKS, taken=st.lists(IDS, max_size=8), four=st.booleans())
def test_every_blueprint_passes_the_checker_and_the_schema(task: str, taken: list[str], four: bool) -> None:
    shape = "\nShape: four independent agents" if four else ""
    order = order_for(f"Task: {task}\nTaken ids: {', '.join([*taken, 'builder'])}\n{shape}")
    value = blueprint_of(order)
    blueprint = read_blueprint(json.dumps(value), known=[], taken=[*taken, "builder"])
    assert not isinstance(blueprint, list), blueprint
    assert first_error(BLUEPRINT_SCHEMA, value) is None
    assert all("SIMULATED" in agent.prompt for agent in blueprint.agents)
    if four:
        assert [agent.depends_on for agent in blueprint.agents] == [(), (), (), ()]
    else:
        assert len(blueprint.agents) in {3, 4}
        assert any(agent.depends_on for agent in blueprint.agents)


def ids_of(order: TurnOrder) -> list[str]:
    blueprint = read_blueprint(json.dumps(blueprint_of(order)), known=[], taken=[])
    assert not isinstance(blueprint, list)
    return [agent.id for agent in blueprint.agents]


def test_ids_come_from_what_the_task_speaks_of() -> None:
    assert ids_of(order_for("Task: a REST API with a database"))[:2] == [
        "api-implementer",
        "store-implementer",
    ]
    assert ids_of(order_for("Task: Ship the MVP"))[0] == "implementer"


def test_a_repair_still_heeds_the_taken_ids_and_shape_of_the_prompt_it_repairs() -> None:
    thread = (
        Message(role="user", text="Task: x\nTaken ids: tester\nShape: four independent agents"),
        Message(role="assistant", text="{}"),
    )
    ids = ids_of(order_for("Your last answer cannot be used.", thread))
    assert "tester" not in ids
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (BLUEPRINT_SCHEMA, True),
        ({"$id": "https://example.org/schemas/blueprint.json"}, True),
        ({"$id": "Blueprint"}, True),
        ({"title": "Blueprint review"}, False),
        ({}, False),
        (True, False),
        (None, False),
    ],
)
def test_a_blueprint_schema_is_known_by_its_title_or_id(schema: object, expected: bool) -> None:
    assert is_blueprint(schema) is expected  # type: ignore[arg-type]  # any JSON


def test_a_schema_named_blueprint_that_wants_something_else_is_refused_not_answered_wrongly(
    order: Callable[..., TurnOrder], listener: Listener, clock: FakeClock
) -> None:
    schema = {"title": "Blueprint", "type": "object", "required": ["rooms"]}
    outcome = asyncio.run(Rehearsal(clock).perform(order(output_schema=schema), listener))
    assert isinstance(outcome, Failed)
    assert "rooms" in outcome.error


def frame(**more: object) -> str:
    """The text that demands a blueprint, as it is sent."""
    given = {"max_agents": 4, "taken": ["builder"], "known": ["builder"], "configured": ["builder"]}
    plain = {"shape": "free", "may_finish": False, "hands_on": False, "requires_note": False}
    plain |= {"forward": [], "back": []}
    return "# Task\nShip the web page\n" + render_frame("blueprint", {**given, **plain, **more})


def answered(order: TurnOrder) -> Blueprint | Finished:
    found = read_decision(json.dumps(blueprint_of(order)), known=["builder"], taken=["builder"])
    assert not isinstance(found, list), found
    return found


def with_schema(order: TurnOrder, schema: object) -> TurnOrder:
    asked = order.input.model_copy(update={"output_schema": schema})
    return order.model_copy(update={"input": asked, "key": asked.key()})


def test_builders_alone_are_given_where_they_are_asked_for() -> None:
    found = answered(order_for(frame(shape="builders")))
    assert isinstance(found, Blueprint)
    assert BuildersOnly().wishes(found) == []


def test_every_agent_of_a_relay_is_handed_its_baton_with_a_note() -> None:
    order = order_for(frame(hands_on=True, requires_note=True, forward=["docs", "tester"]))
    found = answered(with_schema(order, blueprint_schema(handoffs=True)))
    assert isinstance(found, Blueprint)
    own = [agent.id for agent in found.agents]
    assert [each.receiver for each in found.handoffs] == ["docs", "tester", *own]
    assert all("SIMULATED" in each.note for each in found.handoffs)
    waits = {agent.id: agent.depends_on for agent in found.agents}
    assert all(each.sender in (*waits.get(each.receiver, ()), "builder") for each in found.handoffs)


def test_who_may_finish_gives_one_wave_and_then_says_that_it_is_done() -> None:
    schema = blueprint_schema(may_finish=True)
    prompt = frame(may_finish=True, shape="builders")
    assert isinstance(answered(with_schema(order_for(prompt), schema)), Blueprint)
    later = answered(with_schema(order_for(f"{prompt}\n# Answer of builder@2\n{{}}"), schema))
    assert isinstance(later, Finished)
    assert later.reason.startswith("SIMULATED")
    others = answered(with_schema(order_for(f"{prompt}\n# Answer of planner@2\n{{}}"), schema))
    assert isinstance(others, Blueprint)


def handed_on(thread: str) -> list[tuple[str, str]]:
    receivers = Receivers(["tester", "docs"], ["planner", "researcher"], True)
    said = (Message(role="user", text=thread), Message(role="assistant", text="done"))
    order = with_schema(order_for(handoff_prompt(receivers), said), handoff_form(receivers).schema)
    found = read_handoffs(json.dumps(handoffs_of(order)), "builder")
    assert not isinstance(found, list), found
    assert all(each.note.startswith("SIMULATED") for each in found)
    return [(each.sender, each.receiver) for each in found]


def test_work_is_handed_to_all_ahead_and_back_only_the_first_time() -> None:
    ahead = [("builder", "tester"), ("builder", "docs")]
    assert handed_on("# Task\nShip it") == [*ahead, ("builder", "planner")]
    received = render_frame("received", {"notes": [("docs", "again")], "previous": "what I said"})
    assert handed_on(f"# Task\nShip it{received}") == ahead


def test_handoffs_are_known_by_their_schema() -> None:
    assert is_handoffs(handoffs_schema(["a"]))
    assert not is_handoffs(BLUEPRINT_SCHEMA)
    assert not is_handoffs(None)


def test_where_a_sentence_is_asked_for_all_texts_are_one(
    order: Callable[..., TurnOrder], listener: Listener, clock: FakeClock
) -> None:
    prose = order(prompt="# Task\nShip it. Now!\n" + render_frame("sentence", {"is_json": False}))
    said = asyncio.run(Rehearsal(clock).perform(prose, listener))
    assert isinstance(said, Done)
    assert sentence_fault(said.message.text) is None
    asked = order(
        prompt=frame() + render_frame("sentence", {"is_json": True}), output_schema=BLUEPRINT_SCHEMA
    )
    given = asyncio.run(Rehearsal(clock).perform(asked, listener))
    assert isinstance(given, Done)
    assert json_sentence_faults(json.loads(given.message.text)) == []
