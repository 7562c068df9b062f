"""The reference of fields is complete, and the language page shows what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentlark import reference
from agentlark.fields import AGENT_FIELDS, LIMITS_FIELDS, ORCHESTRATION_FIELDS, RELAY_FIELDS
from agentlark.model import Agent, Group, Limits, Orchestration, Relay

PAGE = Path(__file__).parents[2] / "docs" / "language.md"


def names(builtin: str) -> set[str]:
    found = reference.builtin(builtin)
    assert found is not None
    return {field.name for field in found.fields}


def test_the_page_shows_the_reference_as_it_is() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert reference.as_markdown() in text, "write `agentlark docs --markdown` into docs/language.md"


def test_every_field_that_can_be_written_is_in_it_and_no_other() -> None:
    assert names("agent") == {*AGENT_FIELDS, "limits"}
    assert names("define_relay") == set(RELAY_FIELDS)
    assert names("define_limits") == set(LIMITS_FIELDS)
    assert names("define_orchestration") == {*ORCHESTRATION_FIELDS, "relay"}
    assert names("group") == set(Group.model_fields)


def test_every_field_has_a_meaning_and_a_type_in_words() -> None:
    for builtin in reference.builtins():
        for field in builtin.fields:
            assert field.meaning.endswith("."), (builtin.name, field.name)
            assert field.type and "class" not in field.type, (builtin.name, field)


@pytest.mark.parametrize(
    ("model", "field", "words"),
    [
        (Agent, "depends_on", "list of ids"),
        (Agent, "retries", "int from 0 to 20"),
        (Agent, "timeout_s", "number > 0"),
        (Agent, "effort", '"low" or "medium" or "high" or "xhigh" or "max"'),
        (Agent, "follow_up_schema", "JSON value"),
        (Group, "agents", "list of agent(…)"),
        (Orchestration, "relay", "define_relay(…)"),
        (Orchestration, "max_waves", "int ≥ 1"),
        (Limits, "max_cost", "number from 0 to 1000000"),
        (Agent, "limits", "define_limits(…)"),
        (Relay, "graph", "dict of lists of ids by id"),
    ],
)
def test_types_are_told_in_the_words_of_the_language(model: type, field: str, words: str) -> None:
    info = model.model_fields[field]  # type: ignore[attr-defined]  # pydantic's
    assert reference.type_words(info.annotation, info.metadata) == words
