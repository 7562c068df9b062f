"""Turn keys: what an answer may depend on is in them, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.core.frozen import digest_of
from orchestrator.core.turn import Done, Message, TurnInput, Usage, thread_digest

INPUT: dict[str, Any] = {
    "agent": "planner",
    "purpose": "plan",
    "backend": "anthropic",
    "model": "m-1",
    "options": {"effort": "high"},
    "tools": ("shell",),
    "prompt": "Ship the MVP — 🚀",
    "output_schema": {"type": "object", "required": ["b", "a"]},
}


def test_the_key_of_an_input_never_changes() -> None:
    # Recorded in every journal: a new value here means that nobody's recorded turns are found again.
    assert TurnInput(**INPUT).key() == "1160abcd5660be0f4be065363f4fbca5972d8d42778de527f7e15a8df5a19900"


def test_the_body_under_the_key_is_the_input() -> None:
    asked = TurnInput(**INPUT)
    assert digest_of(asked.encoded()) == asked.key()
    assert TurnInput.model_validate_json(asked.encoded()) == asked


def test_a_turn_that_is_given_nothing_has_the_key_of_one_that_could_not_be() -> None:
    asked = TurnInput(**INPUT, inputs={}, memory=())
    assert not {"inputs", "memory"} & json.loads(asked.encoded()).keys()
    given = TurnInput(**INPUT, inputs={"docs/a.md": digest_of(b"x")})
    assert TurnInput.model_validate_json(given.encoded()) == given


@pytest.mark.parametrize(
    "changed",
    [
        {"agent": "builder"},
        {"purpose": "follow-up"},
        {"backend": "rehearsal"},
        {"model": "m-2"},
        {"options": {}},
        {"tools": ()},
        {"prompt": "Ship the MVP"},
        {"prior": digest_of(b"x")},
        {"output_schema": None},
        {"tree": digest_of(b"x")},
        {"inputs": {"docs/a.md": digest_of(b"x")}},
        {"memory": ({"agent": "planner", "type": "plan", "text": digest_of(b"x")},)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_everything_an_answer_may_depend_on_changes_the_key(changed: dict[str, Any]) -> None:
    assert TurnInput(**{**INPUT, **changed}).key() != TurnInput(**INPUT).key()


def test_the_order_of_keys_in_options_and_schema_does_not_change_the_key() -> None:
    schema = {"required": ["b", "a"], "type": "object"}
    assert TurnInput(**{**INPUT, "output_schema": schema}).key() == TurnInput(**INPUT).key()


def test_what_a_provider_wants_back_is_not_part_of_the_thread_digest() -> None:
    plain = [Message(role="user", text="a"), Message(role="assistant", text="b")]
    native = [plain[0], Message(role="assistant", text="b", native=[{"signature": "s"}])]
    assert thread_digest(native) == thread_digest(plain)


@pytest.mark.parametrize(
    "other",
    [
        [Message(role="assistant", text="a"), Message(role="user", text="b")],
        [Message(role="user", text="ab"), Message(role="assistant", text="")],
        [Message(role="user", text="a")],
    ],
)
def test_threads_that_differ_in_roles_or_texts_have_other_digests(other: list[Message]) -> None:
    thread = [Message(role="user", text="a"), Message(role="assistant", text="b")]
    assert thread_digest(other) != thread_digest(thread)


def test_a_thread_that_has_not_begun_has_no_digest() -> None:
    assert thread_digest([]) is None


def test_an_answer_survives_being_recorded() -> None:
    answer = Done(
        message=Message(role="assistant", text="é", native=[{"a": 1}]), usage=Usage(input=1), simulated=True
    )
    assert Done.model_validate_json(answer.encoded()) == answer


def test_usage_adds_up_and_one_estimate_makes_the_sum_one() -> None:
    total = Usage(input=1, output=2, cached=3, reasoning=4) + Usage(input=10, estimated=True)
    assert total == Usage(input=11, output=2, cached=3, reasoning=4, estimated=True)


def test_tokens_cannot_be_negative() -> None:
    with pytest.raises(ValidationError):
        Usage(output=-1)
