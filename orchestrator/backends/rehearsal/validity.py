"""Whether a value is valid against a JSON Schema that may be none."""

from __future__ import annotations

from pydantic import JsonValue

from agentlark.schemas import schema_complaints, schema_problem


def first_error(schema: JsonValue, value: JsonValue) -> str | None:
    """What is wrong with a value under a schema, with its place; None when it is valid.

    A schema that is none, or that refers to something outside itself, counts as an error; nothing is fetched.
    """
    problem = schema_problem(schema)
    if problem is not None:
        return f"the schema cannot be used: {problem}"
    complaints = schema_complaints(schema, value)
    return complaints[0][:200] if complaints else None
