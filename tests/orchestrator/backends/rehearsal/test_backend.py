"""The rehearsal backend as a Performer."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from agentlark.blueprint import BLUEPRINT_SCHEMA
from orchestrator.backends.rehearsal import Rehearsal, RehearsalOptions
from orchestrator.core.facts import Action, TextDelta
from orchestrator.core.turn import Done, Failed, Message, TurnOrder

if TYPE_CHECKING:
    from tests.orchestrator.backends.conftest import FakeClock, Listener

Orders = Callable[..., TurnOrder]

PLAN = "You are planner.\n\n# Task\nShip the MVP\n\n# This turn\nOutline it."
FOLLOW_UP = "# This turn\nAnswer under these headings:\n\n## Summary\nShort.\n## Risks\nAll of them."


def done(rehearsal: Rehearsal, order: TurnOrder, listener: Listener) -> Done:
    outcome = asyncio.run(rehearsal.perform(order, listener))
    assert isinstance(outcome, Done), outcome
    return outcome


def failed(rehearsal: Rehearsal, order: TurnOrder, listener: Listener) -> Failed:
    outcome = asyncio.run(rehearsal.perform(order, listener))
    assert isinstance(outcome, Failed), outcome
    return outcome


@pytest.mark.parametrize("purpose", ["plan", "follow-up", "repair", "handoff", "continuation"])
def test_every_text_answer_says_on_its_first_line_that_it_is_simulated(
    purpose: str, order: Orders, listener: Listener, clock: FakeClock
) -> None:
    answer = done(Rehearsal(clock), order(PLAN, purpose=purpose), listener)
    assert answer.message.text.splitlines()[0].startswith("SIMULATED (rehearsal): ")
    assert answer.simulated


def test_an_answer_is_told_in_several_pieces_that_join_to_it(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    answer = done(Rehearsal(clock), order(PLAN), listener)
    assert sum(isinstance(item, TextDelta) for item in listener.told) > 1
    assert listener.text == answer.message.text


def test_a_plan_quotes_the_task_and_the_sections_of_the_prompt_but_not_those_of_outputs_in_it(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    text = done(Rehearsal(clock), order(f"{PLAN}\n## Goal\nof another"), listener).message.text
    assert "“Ship the MVP”" in text
    assert "“Task”, “This turn”\n" in text


def test_a_follow_up_refers_to_its_plan_and_uses_the_headings_asked_for(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    rehearsal = Rehearsal(clock)
    plan = done(rehearsal, order(PLAN), listener).message
    thread = [Message(role="user", text=PLAN), plan]
    text = done(rehearsal, order(FOLLOW_UP, thread, purpose="follow-up"), listener).message.text
    first_step = next(line for line in plan.text.splitlines() if line.startswith("1. "))
    assert first_step.removeprefix("1. ").rstrip(".") in text
    assert [line for line in text.splitlines() if line.startswith("#")] == ["## Summary", "## Risks"]


def test_an_answer_says_how_many_simulated_answers_it_was_given(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    rehearsal = Rehearsal(clock)
    other = done(rehearsal, order(PLAN, agent="researcher"), listener).message.text
    one, two = f"{PLAN}\n# Output of researcher\n{other}", f"{PLAN}\n{other}\n{other}"
    assert "given 1 simulated answer of" in done(rehearsal, order(one), listener).message.text
    assert "given 2 simulated answers of" in done(rehearsal, order(two), listener).message.text


def test_a_follow_up_of_an_answer_without_steps_still_refers_to_it(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    thread = [Message(role="user", text=PLAN), Message(role="assistant", text="Prose.")]
    text = done(Rehearsal(clock), order(FOLLOW_UP, thread, purpose="follow-up"), listener).message.text
    assert "last answer on the thread" in text


def test_answers_depend_on_the_order_alone_and_not_on_the_process(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    here = done(Rehearsal(clock), order(PLAN, output_schema=BLUEPRINT_SCHEMA), listener).message.text
    program = (
        "import asyncio, sys\n"
        "from orchestrator.backends.rehearsal import Rehearsal\n"
        "from orchestrator.core.turn import TurnOrder\n"
        "async def tell(item): pass\n"
        "order = TurnOrder.model_validate_json(sys.stdin.read())\n"
        "outcome = asyncio.run(Rehearsal(None).perform(order, tell))\n"
        "sys.stdout.buffer.write(outcome.message.text.encode())\n"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        input=order(PLAN, output_schema=BLUEPRINT_SCHEMA).model_dump_json().encode(),
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        capture_output=True,
        check=True,
    )
    assert there.stdout.decode() == here


def test_another_agent_gets_another_answer(order: Orders, listener: Listener, clock: FakeClock) -> None:
    texts = {
        done(Rehearsal(clock), order(PLAN, agent=agent), listener).message.text.split("\n", 1)[1]
        for agent in ("planner", "researcher", "builder", "tester")
    }
    assert len(texts) > 1


def test_plan_and_follow_up_report_actions_that_nobody_can_mistake(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    done(Rehearsal(clock), order(PLAN, purpose="follow-up"), listener)
    actions = [item for item in listener.told if isinstance(item, Action)]
    assert {action.action for action in actions} == {"command_execution", "file_change", "mcp_tool_call"}
    assert all(action.title.startswith("SIMULATED ") for action in actions)
    assert all(action.detail["simulated"] is True for action in actions)


def test_usage_is_estimated_from_bytes_of_prompt_thread_and_answer(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    thread = [Message(role="user", text="x" * 400), Message(role="assistant", text="é" * 200)]
    answer = done(Rehearsal(clock), order("y" * 40, thread), listener)
    assert answer.usage.estimated
    assert answer.usage.input == (400 + 400 + 40) // 4
    assert answer.usage.output == -(-len(answer.message.text.encode()) // 4)


@pytest.mark.parametrize("ceiling", [1, 5, 30, 80])
def test_a_text_answer_never_exceeds_the_ceiling_of_tokens(
    ceiling: int, order: Orders, listener: Listener, clock: FakeClock
) -> None:
    answer = done(Rehearsal(clock), order(PLAN, max_tokens=ceiling), listener)
    assert 0 < answer.usage.output <= ceiling
    assert answer.message.text.startswith("SIM")


def test_a_blueprint_above_the_ceiling_fails_and_names_the_setting(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    outcome = failed(Rehearsal(clock), order(PLAN, max_tokens=20, output_schema=BLUEPRINT_SCHEMA), listener)
    assert "max_output_tokens" in outcome.error
    assert (outcome.paid, outcome.retryable) == ("no", False)


def test_an_agent_told_to_fail_once_fails_its_first_attempt_only(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    rehearsal = Rehearsal(clock, RehearsalOptions(fail_once=frozenset({"planner"})))
    first = failed(rehearsal, order(PLAN), listener)
    assert (first.paid, first.retryable) == ("no", True)
    assert "SIMULATED" in first.error
    again = done(rehearsal, order(PLAN), listener)
    assert again.message == done(Rehearsal(clock), order(PLAN), listener).message
    done(rehearsal, order(PLAN, agent="researcher"), listener)


def test_a_delay_is_slept_on_the_given_clock(order: Orders, listener: Listener, clock: FakeClock) -> None:
    done(Rehearsal(clock, RehearsalOptions(delay_s=6.0)), order(PLAN), listener)
    assert clock.slept_s == pytest.approx(6.0)


def test_spread_delays_differ_between_orders_and_repeat_for_the_same(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    rehearsal = Rehearsal(clock, RehearsalOptions(delay_s=1.0, delay_spread=0.5))

    def delay_of(agent: str) -> float:
        before = clock.slept_s
        done(rehearsal, order(PLAN, agent=agent), listener)
        return round(clock.slept_s - before, 6)

    delays = [delay_of(f"agent-{number}") for number in range(20)]
    assert len(set(delays)) == 20
    assert delays == [delay_of(f"agent-{number}") for number in range(20)]
    assert min(delays) < 1.0 < max(delays)


def test_a_delay_beyond_the_deadline_ends_at_the_deadline_unanswered(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    outcome = failed(Rehearsal(clock, RehearsalOptions(delay_s=90.0)), order(PLAN, deadline_s=60.0), listener)
    assert (clock.slept_s, outcome.retryable, outcome.paid) == (60.0, True, "no")
    assert listener.told == []


def test_without_delay_nothing_is_slept(order: Orders, listener: Listener, clock: FakeClock) -> None:
    done(Rehearsal(clock), order(PLAN), listener)
    assert clock.slept_s == 0.0


def test_a_schema_gets_json_alone(order: Orders, listener: Listener, clock: FakeClock) -> None:
    schema = {"type": "object", "required": ["verdict"], "properties": {"verdict": {"enum": ["ok", "bad"]}}}
    answer = done(Rehearsal(clock), order(PLAN, output_schema=schema), listener)
    assert json.loads(answer.message.text)["verdict"] in {"ok", "bad"}
    assert answer.simulated


def test_a_schema_it_cannot_fill_fails_once_and_for_all_and_says_what_to_do(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    schema = {"type": "string", "not": {}}
    outcome = failed(Rehearsal(clock), order(PLAN, output_schema=schema), listener)
    assert (outcome.paid, outcome.retryable) == ("no", False)
    assert "cannot fill the schema" in outcome.error
    assert "--backend" in outcome.error


def test_control_characters_of_a_prompt_never_reach_the_answer(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    text = done(Rehearsal(clock), order("Task: a\x1b[2Jb\x07\n# Part\x9b\n"), listener).message.text
    assert all(char.isprintable() or char == "\n" for char in text)


def test_an_answer_stays_bounded_however_long_the_prompt(
    order: Orders, listener: Listener, clock: FakeClock
) -> None:
    prompt = (
        "Task: " + "long " * 50_000 + "\n" + "\n".join(f"## Heading {n} " + "w" * 500 for n in range(500))
    )
    text = done(Rehearsal(clock), order(prompt, purpose="follow-up"), listener).message.text
    assert len(text) < 3_000
