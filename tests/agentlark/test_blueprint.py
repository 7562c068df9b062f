"""Blueprints, decisions and handoffs: what is read, and everything that is wrong with the rest."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentlark.blueprint import (
    MAX_AGENTS,
    MAX_HANDOFFS,
    Blueprint,
    Finished,
    Handoff,
    blueprint_schema,
    handoffs_schema,
    proposed,
    read_blueprint,
    read_decision,
    read_handoffs,
)

KNOWN, TAKEN = ["docs", "builder"], ["docs", "builder", "later"]


def entry(id: object = "x", **fields: Any) -> dict[str, Any]:
    return {"id": id, "role": "Builder", "prompt": "build", **fields}


def text(*agents: Any, **fields: Any) -> str:
    return json.dumps({"agents": list(agents), **fields})


def wrong(answer: str) -> list[tuple[str, str]]:
    found = read_blueprint(answer, known=KNOWN, taken=TAKEN)
    assert isinstance(found, list)
    return [(each.code, str(each.place)) for each in found]


def test_a_blueprint_is_read_with_its_handoffs() -> None:
    answer = text(
        entry("x", dependsOn=["docs"]), summary="s", handoffs=[{"from": "builder", "to": "x", "note": "n"}]
    )
    found = read_blueprint(answer, known=KNOWN, taken=TAKEN)
    assert isinstance(found, Blueprint)
    assert (found.summary, found.agents[0].depends_on) == ("s", ("docs",))
    assert found.handoffs == (Handoff(sender="builder", receiver="x", note="n"),)


@pytest.mark.parametrize(
    ("answer", "code", "place"),
    [
        ("no", "AL340", "blueprint"),
        ("[]", "AL341", "blueprint"),
        ("{}", "AL341", "/agents"),
        (text(), "AL341", "/agents"),
        (text(*(entry(f"n{place}") for place in range(MAX_AGENTS + 1))), "AL341", "/agents"),
        (text(entry(), note=1), "AL341", "/note"),
        (text(entry(model="m")), "AL341", "/agents/0/model"),
        (text(entry(depends_on=["docs"])), "AL341", "/agents/0/depends_on"),
        (text(entry(role="")), "AL341", "/agents/0/role"),
        (text(entry(id=3)), "AL341", "/agents/0/id"),
        (text(entry(dependsOn="docs")), "AL341", "/agents/0/dependsOn"),
        (text({"id": "x"}), "AL341", "/agents/0/role"),
        (text(entry(), handoffs=[{"sender": "a", "receiver": "x"}]), "AL341", "/handoffs/0/from"),
        (
            text(entry(), handoffs=[{"from": "a", "to": "x", "note": "n"}] * (MAX_HANDOFFS + 1)),
            "AL341",
            "/handoffs",
        ),
    ],
)
def test_whatever_has_another_form_is_told_with_its_place(answer: str, code: str, place: str) -> None:
    found = wrong(answer)
    assert any(each[0] == code and place in each[1] for each in found), found


@pytest.mark.parametrize(
    "id", ["", "X", "../x", "a/b", "x@2", "1x", "-x", "x" * 64, "ä", "timeline", "docs", "later"]
)
def test_an_id_that_is_none_reserved_or_taken_is_refused(id: str) -> None:
    assert "/agents/0/id" in wrong(text(entry(id)))[0][1]


@pytest.mark.parametrize(
    "agents",
    [
        [entry("x", dependsOn=["y"]), entry("y", dependsOn=["x"])],
        [entry("x", dependsOn=["x"])],
        [entry("x", dependsOn=["later"])],
        [entry("x", dependsOn=["ghost"])],
        [entry("x"), entry("x")],
    ],
)
def test_a_dag_that_is_none_is_refused(agents: list[dict[str, Any]]) -> None:
    assert wrong(text(*agents))


# Decisions


def decision(answer: str) -> object:
    return read_decision(answer, known=KNOWN, taken=TAKEN)


def test_a_decision_is_a_blueprint_or_the_reason_why_there_is_none() -> None:
    assert decision('{"done": " all is there "}') == Finished("all is there")
    assert isinstance(decision(text(entry())), Blueprint)


@pytest.mark.parametrize(
    "answer",
    [
        '{"done": ""}',
        '{"done": " "}',
        '{"done": true}',
        '{"done": null}',
        text(entry(), done="yes"),
        "done",
        "{}",
        '"done"',
    ],
)
def test_a_decision_that_is_neither_or_both_is_refused(answer: str) -> None:
    assert isinstance(decision(answer), list)


# Handoffs


def test_handoffs_are_read_with_their_sender() -> None:
    found = read_handoffs('{"handoffs": [{"to": "b", "note": ""}, {"to": "c", "note": "n"}]}', "a")
    assert found == (Handoff(sender="a", receiver="b"), Handoff(sender="a", receiver="c", note="n"))
    assert read_handoffs('{"handoffs": []}', "a") == ()


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", '{"handoffs": [{"to": "b"}]}', '{"handoffs": [], "x": 1}']
)
def test_handoffs_of_another_form_are_refused(answer: str) -> None:
    assert isinstance(read_handoffs(answer, "a"), list)


# Schemas


def test_what_is_proposed_is_known_whatever_its_ids_are() -> None:
    found = proposed(text(entry("docs")))
    assert found is not None
    assert found.agents[0].id == "docs"
    assert proposed("no") is None
    assert proposed('{"done": "x"}') is None


@pytest.mark.parametrize("handoffs", [False, True])
@pytest.mark.parametrize("may_finish", [False, True])
def test_the_schema_that_is_shown_admits_what_is_read(handoffs: bool, may_finish: bool) -> None:
    schema = blueprint_schema(handoffs=handoffs, may_finish=may_finish)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(json.loads(text(entry(dependsOn=["docs"]), summary="s")))
    assert validator.is_valid({"done": "x"}) is may_finish
    baton = {"from": "a", "to": "x", "note": "n"}
    assert validator.is_valid(json.loads(text(entry(), handoffs=[baton]))) is handoffs
    assert not validator.is_valid(json.loads(text(entry(), more=1)))


def test_the_schema_of_handoffs_names_who_may_receive() -> None:
    validator = jsonschema.Draft202012Validator(handoffs_schema(["b"]))
    assert validator.is_valid({"handoffs": [{"to": "b", "note": "n"}]})
    assert not validator.is_valid({"handoffs": [{"to": "c", "note": "n"}]})


keys = st.sampled_from(
    ["agents", "id", "role", "prompt", "dependsOn", "handoffs", "from", "to", "note", "done", "x"]
)
hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["x", "docs", "../x"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=25,
)


@given(hostile)
def test_no_answer_breaks_the_reader_and_what_it_admits_is_sound(value: object) -> None:
    answer = json.dumps(value)
    found = read_decision(answer, known=KNOWN, taken=TAKEN)
    read_handoffs(answer, "a")
    if isinstance(found, Blueprint):
        ids = [agent.id for agent in found.agents]
        assert 1 <= len(ids) == len(set(ids)) <= MAX_AGENTS
        assert not set(ids) & set(TAKEN)
        assert all({*agent.depends_on} <= {*KNOWN, *ids} for agent in found.agents)
    elif isinstance(found, list):
        assert found
