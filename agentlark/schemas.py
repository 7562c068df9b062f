"""JSON Schemas: whether a value is one, and whether another value satisfies it. Nothing is ever fetched.

jsonschema-rs judges; it is imported on first need, so that a squad without schemas compiles without it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import JsonValue

if TYPE_CHECKING:
    from jsonschema_rs import Validator

SHOWN_COMPLAINTS = 10


def schema_problem(schema: JsonValue) -> str | None:
    """Why a value is no JSON Schema, or refers to something outside itself; None when it can be used.

    The drafts that jsonschema-rs knows are told apart by `$schema`; 2020-12 is the default.
    """
    if not isinstance(schema, dict | bool):
        return f"it is {_kind(schema)}, not an object"
    from jsonschema_rs import ValidationError

    try:
        _validator(json.dumps(schema))
    except ValidationError as error:
        where = _pointer(error.instance_path)
        return f"{error.message} (at {where})" if where else error.message
    return None


def schema_complaints(schema: JsonValue, value: JsonValue) -> list[str]:
    """Why a value does not satisfy a usable schema, each with its JSON pointer; empty when it does."""
    errors = list(_validator(json.dumps(schema)).iter_errors(value))
    return [
        f"{_pointer(error.instance_path)}: {error.message}" if error.instance_path else error.message
        for error in errors[:SHOWN_COMPLAINTS]
    ]


@lru_cache(maxsize=64)
def _validator(schema: str) -> Validator:
    from jsonschema_rs import validator_for

    return validator_for(json.loads(schema), offline=True)


def _pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{part}" for part in path)


def _kind(value: JsonValue) -> str:
    names = {str: "a string", int: "an int", float: "a float", list: "a list"}
    return names.get(type(value), "nothing")
