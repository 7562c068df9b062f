"""Any ordinary JSON Schema gets a valid value; the others are refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from orchestrator.backends.rehearsal.draw import Draw
from orchestrator.backends.rehearsal.filler import Unfillable, fill
from orchestrator.backends.rehearsal.validity import first_error

KEY = "0" * 64


def filled(schema: Any, key: str = KEY) -> Any:
    return fill(schema, Draw(key, "schema"))


def _strings() -> st.SearchStrategy[dict[str, Any]]:
    lengths = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda pair: {"type": "string", "minLength": pair[0], "maxLength": pair[0] + pair[1]}
    )
    return lengths | st.just({"type": "string"})


def _numbers() -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(
        st.sampled_from(["integer", "number"]), st.integers(-1000, 1000), st.integers(2, 1000), st.booleans()
    ).map(
        lambda drawn: {
            "type": drawn[0],
            ("exclusiveMinimum" if drawn[3] else "minimum"): drawn[1],
            ("exclusiveMaximum" if drawn[3] else "maximum"): drawn[1] + drawn[2],
        }
    )


def _object(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["a", "b", "verdict", "x y", "ü"])
    return st.tuples(st.dictionaries(names, parts, max_size=4), st.sets(names), st.booleans()).map(
        lambda drawn: {
            "type": "object",
            "properties": drawn[0],
            "required": sorted(name for name in drawn[1] if name in drawn[0] or drawn[2]),
            **({} if drawn[2] else {"additionalProperties": False}),
        }
    )


def _array(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(parts, st.integers(0, 4), st.integers(0, 3)).map(
        lambda drawn: {
            "type": "array",
            "items": drawn[0],
            "minItems": drawn[1],
            "maxItems": drawn[1] + drawn[2],
        }
    )


SCHEMAS = st.recursive(
    _strings()
    | _numbers()
    | st.sampled_from(
        [{"type": "boolean"}, {"type": "null"}, {"enum": ["a", 1, None]}, {"const": {"k": [1]}}, {}]
    ),
    lambda parts: (
        _object(parts)
        | _array(parts)
        | st.lists(parts, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches})
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(schema=SCHEMAS, key=st.sampled_from([KEY, "f" * 64]))
def test_a_schema_of_ordinary_parts_is_filled_with_a_valid_value(schema: dict[str, Any], key: str) -> None:
    value = filled(schema, key)
    Draft202012Validator(schema).validate(value)
    assert value == filled(schema, key)


TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "required": ["name", "children"],
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
        }
    },
}


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "string"}},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
        {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "integer"}},
        {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "boolean"}},
        {"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}], "items": False, "minItems": 2},
        {"type": "array", "contains": {"const": "x"}},
        {"type": ["string", "null"], "minLength": 2},
        {"type": "object", "minProperties": 3},
        {"type": "object", "minProperties": 2, "properties": {"a": {}, "b": {}, "c": {}}, "maxProperties": 2},
        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
        {"allOf": [{"properties": {"a": {"type": "integer"}}}, {"required": ["a"]}], "type": "object"},
        {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 5}]},
        {"type": "object", "required": ["a"], "anyOf": [{"required": ["b"]}, {"required": ["c"]}]},
        {"type": "number", "multipleOf": 7, "minimum": 20, "maximum": 22},
        {"type": "integer", "minimum": 5},
        {"type": "integer", "exclusiveMaximum": -5},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "string", "format": "date-time"},
        {"type": "string", "pattern": "^[A-Z]{3}-\\d+$"},
        {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,62}$"},
        {"type": "string", "pattern": "^(red|green)$"},
        {"type": "string", "pattern": "^v?\\d+\\.\\d+\\.\\d+$"},
        {"type": "string", "pattern": "^[^\\s]+$", "minLength": 12},
        {"type": "string", "pattern": "^(a)b\\1$"},
        {"type": "string", "pattern": "^.{3,}$", "minLength": 9, "maxLength": 9},
        {"type": "string", "pattern": "^\\w+@\\w+\\.com$"},
        {"definitions": {"id": {"type": "string"}}, "properties": {"i": {"$ref": "#/definitions/id"}}},
        {"enum": ["only", 3], "type": "integer"},
        {"type": "string", "minLength": 50, "anyOf": [{"maxLength": 2}, {"minLength": 60}]},
        {"type": "object", "properties": {"a": False, "b": {"type": "integer"}}},
        {"type": "array", "items": False},
        {"type": "string", "pattern": "^a.c$"},
        {"type": "string", "pattern": "^[\\u4e00-\\u9fff]{2}$"},
        {"type": "string", "pattern": "^[qwx]\\D\\W\\S[^a-z]$"},
        True,
        {},
    ],
)
def test_less_ordinary_schemas_are_filled_as_well(schema: Any) -> None:
    for key in (KEY, "a" * 64, "b" * 64):
        Draft202012Validator(schema).validate(filled(schema, key))


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (False, "nothing is allowed"),
        ({"type": "string", "pattern": "(?=a)b"}, "no string found"),
        ({"type": "string", "minLength": 5, "maxLength": 2}, "no string found"),
        ({"type": "string", "minLength": 10**9}, "no string found"),
        ({"type": "string", "pattern": "^((a{9999}){9999}){9999}$"}, "no string found"),
        ({"type": "array", "minItems": 10**9}, "items"),
        ({"$ref": "#/$defs/absent"}, "not part of it"),
        ({"$ref": "https://example.org/x.json"}, "not part of it"),
        ({"$ref": "#"}, "without end"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}, "without end"),
        ({"type": "no such type"}, "no such type"),
        ({"type": "integer", "minimum": 3, "maximum": 1}, "cannot fill"),
        ({"not": {}}, "cannot fill"),
        ({"anyOf": [False]}, "nothing is allowed"),
        ({"anyOf": []}, "cannot fill"),
        ({"type": "string", "pattern": "["}, "no string found"),
        ({"type": "string", "pattern": "^[^\\s\\S]$"}, "no string found"),
        ({"patternProperties": {"[": {}}, "minProperties": 1}, "regex"),
        ({"if": {"$ref": "#/absent"}, "then": {}}, "absent"),
        ({"type": "integer", "minimum": float("inf")}, "cannot fill"),
        ({"enum": []}, "no value listed"),
        ("no schema", "a string, not an object"),
        ({"type": "array", "uniqueItems": True, "minItems": 3, "items": {"type": "boolean"}}, "different"),
    ],
)
def test_a_schema_without_a_value_is_refused_with_the_reason(schema: Any, reason: str) -> None:
    with pytest.raises(Unfillable, match=reason):
        filled(schema)


def test_strings_say_that_they_are_simulated_where_the_schema_leaves_room() -> None:
    schema = {"type": "object", "properties": {"summary": {"type": "string"}}}
    assert filled(schema) == {"summary": "SIMULATED summary"}


def test_a_schema_that_only_refers_to_itself_does_not_exhaust_the_stack() -> None:
    assert first_error({"$ref": "#"}, 1) is None


def test_the_place_of_an_invalid_value_is_named() -> None:
    schema: Any = {"properties": {"a": {"items": {"type": "integer"}}}}
    error = first_error(schema, {"a": [1, "x"]})
    assert error is not None and error.startswith("/a/1: ")
