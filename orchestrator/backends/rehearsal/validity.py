"""Whether a value is valid against a JSON Schema, asked without fetching anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


def first_error(schema: JsonValue, value: JsonValue) -> str | None:
    """What is most wrong with a value under a schema, with its place; None when it is valid.

    A schema that is none, or that refers to something outside itself, counts as an error; nothing is fetched.
    """
    from jsonschema.exceptions import SchemaError, best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(_validator(schema).iter_errors(value))
    except SchemaError as problem:
        return f"it is not a JSON Schema: {problem.message}"
    except Unresolvable as problem:
        return f"it refers to {problem.ref!r}, which is not part of it"
    except RecursionError:
        return "it refers to itself without end"
    return None if error is None else f"at {error.json_path}: {error.message[:200]}"


def _validator(schema: JsonValue) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    if isinstance(schema, bool):
        schema = {} if schema else {"not": {}}
    if not isinstance(schema, dict):
        raise SchemaError("a schema is an object or a boolean")
    chosen = validator_for(schema, default=Draft202012Validator)
    chosen.check_schema(schema)
    validator: Validator = chosen(schema, registry=Registry())
    return validator
