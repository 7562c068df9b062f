"""A JSON Schema as the Messages API can enforce it, or the finding that it cannot.

The API takes closed objects, simple arrays, unions and local references that do not recur; the SDK's own
transformation moves bounds and patterns into descriptions. What that would make stricter or wrong is not
sent at all: the prompt carries every schema, and the run validates every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import JsonValue

_LABELS = ("$schema", "$id", "$comment")

_BEYOND = frozenset(
    {
        "$anchor",
        "$dynamicRef",
        "allOf",
        "contains",
        "definitions",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)


class _Inexpressible(Exception):
    """A part of a schema that the API cannot enforce."""


def enforceable(schema: JsonValue) -> dict[str, JsonValue] | None:
    """The schema to send along, or None when the prompt alone has to do.

    Needs the SDK to be imported already: it is the one to know what the API accepts.
    """
    from anthropic import transform_schema

    if not isinstance(schema, dict) or schema.get("type") != "object":
        return None
    defs = schema.get("$defs")
    try:
        plain = _plain(schema, defs if isinstance(defs, dict) else {}, ())
        return cast(dict[str, JsonValue], transform_schema(plain))
    except (_Inexpressible, ValueError, TypeError, AttributeError, AssertionError):
        return None


def _plain(schema: JsonValue, defs: Mapping[str, JsonValue], above: tuple[str, ...]) -> dict[str, JsonValue]:
    """A copy of a schema that the SDK's transformation understands. Raises _Inexpressible.

    `above` are the references being followed; one that comes back to them recurs.
    """
    if not isinstance(schema, dict) or _BEYOND & schema.keys():
        raise _Inexpressible
    if "$ref" in schema:
        _check_reference(str(schema["$ref"]), defs, above)
    kind = schema.get("type")
    if isinstance(kind, list):
        return {"anyOf": [_plain({**schema, "type": one}, defs, above) for one in kind]}
    if kind == "object" and (not schema.get("properties") or schema.get("additionalProperties")):
        raise _Inexpressible
    if kind == "array" and "items" not in schema:
        raise _Inexpressible
    plain = {key: value for key, value in schema.items() if key not in _LABELS}
    for key, value in schema.items():
        if key in ("properties", "$defs") and isinstance(value, dict):
            plain[key] = {name: _plain(part, defs, above) for name, part in value.items()}
        elif key in ("anyOf", "oneOf") and isinstance(value, list):
            plain[key] = [_plain(part, defs, above) for part in value]
        elif key == "items":
            plain[key] = _plain(value, defs, above)
    return plain


def _check_reference(place: str, defs: Mapping[str, JsonValue], above: tuple[str, ...]) -> None:
    name = place.removeprefix("#/$defs/")
    if name == place or name not in defs or place in above:
        raise _Inexpressible
    _plain(defs[name], defs, (*above, place))
