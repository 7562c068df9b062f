"""Blueprints that the rehearsal backend makes are accepted by the checker that judges all blueprints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentlark.blueprint import BLUEPRINT_SCHEMA, read_blueprint
from orchestrator.backends.rehearsal import Rehearsal
from orchestrator.backends.rehearsal.blueprint import blueprint_of, is_blueprint
from orchestrator.backends.rehearsal.validity import first_error
from orchestrator.core.turn import Failed, Message, TurnId, TurnInput, TurnOrder

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
