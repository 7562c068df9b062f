"""Which schemas the API can enforce, and which are left to prompt and validation."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agentlark.blueprint import BLUEPRINT_SCHEMA
from orchestrator.backends.anthropic_api.schema import enforceable


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_the_blueprint_schema_is_enforced() -> None:
    sent = enforceable(BLUEPRINT_SCHEMA)
    assert sent is not None
    assert sent["required"] == ["agents"]
    assert sent["additionalProperties"] is False


@pytest.mark.parametrize(
    "schema",
    [
        obj(a={"type": "string", "pattern": "^x$", "maxLength": 3}),
        obj(a={"type": "array", "items": {"type": "integer"}, "minItems": 3}),
        obj(a={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        obj(a={"oneOf": [{"const": 1}, {"enum": ["x"]}]}),
        obj(a=obj(b={"type": "boolean"})),
        {**obj(a={"$ref": "#/$defs/x"}, b={"$ref": "#/$defs/x"}), "$defs": {"x": {"type": "string"}}},
        {**obj(a={"type": "string"}), "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x"},
    ],
)
def test_simple_objects_are_enforced_and_left_as_they_were(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)
    sent = enforceable(schema)
    assert sent is not None
    assert sent["additionalProperties"] is False
    assert schema == before


def test_a_list_of_types_is_sent_as_a_union() -> None:
    sent: Any = enforceable(obj(a={"type": ["string", "null"]}))
    assert sent["properties"]["a"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}


@pytest.mark.parametrize(
    "schema",
    [
        None,
        True,
        "text",
        {"type": "string"},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {**obj(a={"type": "string"}), "additionalProperties": {"type": "string"}},
        {**obj(a={"type": "string"}), "additionalProperties": True},
        obj(a={"type": "object", "additionalProperties": {"type": "string"}}),
        obj(a={"type": "array"}),
        obj(a={}),
        obj(a=True),
        obj(a={"allOf": [{"type": "string"}]}),
        obj(a={"not": {"type": "string"}}),
        obj(a={"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "string"}}),
        {**obj(a={"type": "string"}), "patternProperties": {"^x": {"type": "string"}}},
        {**obj(a={"$ref": "#/definitions/x"}), "definitions": {"x": {"type": "string"}}},
        obj(a={"$ref": "#/$defs/absent"}),
        obj(a={"$ref": "https://example.org/x.json"}),
        {**obj(a={"$ref": "#/$defs/n"}), "$defs": {"n": obj(next={"$ref": "#/$defs/n"})}},
        {
            **obj(a={"$ref": "#/$defs/x"}),
            "$defs": {"x": obj(y={"$ref": "#/$defs/y"}), "y": obj(x={"$ref": "#/$defs/x"})},
        },
    ],
)
def test_what_would_come_out_stricter_or_wrong_is_not_sent(schema: Any) -> None:
    assert enforceable(schema) is None
