"""Blueprints: the JSON by which a model asks for more agents.

A blueprint is read strictly and never repaired by guesswork; its agents go through the same checker as a
configuration's (`check.check_agents`). Whoever asked is shown every complaint, to ask again with them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from agentlark.check import AgentHead, check_agents
from agentlark.diagnostics import Diagnostic, Pointer

MAX_AGENTS = 4

_LONE_SURROGATE_HINT = "\\ud"

BLUEPRINT_SCHEMA: dict[str, JsonValue] = {
    "title": "Blueprint",
    "type": "object",
    "additionalProperties": False,
    "required": ["agents"],
    "properties": {
        "summary": {"type": "string"},
        "agents": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_AGENTS,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "role", "prompt"],
                "properties": {
                    "id": {"type": "string"},
                    "role": {"type": "string"},
                    "prompt": {"type": "string"},
                    "dependsOn": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
"""The JSON Schema of a blueprint, as it is shown to models."""


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, defer_build=True
    )


class Specialist(_Model):
    """An agent that a blueprint asks for; its prompt is a value, never a template."""

    id: str
    role: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    depends_on: tuple[str, ...] = Field(default=(), validation_alias="dependsOn")


class Blueprint(_Model):
    """Up to four agents that join the squad, and what they are for."""

    summary: str = ""
    agents: tuple[Specialist, ...] = Field(min_length=1, max_length=MAX_AGENTS)


class JsonRefused(ValueError):
    """A text that is not exactly one JSON value, or repeats a key."""


def strict_json(text: str) -> JsonValue:
    """The one JSON value in a text. Raises JsonRefused for prose, duplicate keys, NaN, a cut text."""
    try:
        value: JsonValue = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        if _LONE_SURROGATE_HINT in text.lower():
            _refuse_half_characters(value)
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 20) : error.pos + 20]
        raise JsonRefused(
            f"it is not JSON: {error.msg} at line {error.lineno} column {error.colno}, near {near!r}"
        ) from error
    except RecursionError:
        raise JsonRefused("it is nested too deeply") from None
    except JsonRefused:
        raise
    except ValueError as error:
        raise JsonRefused(f"it holds a number of too many digits: {error}") from error
    return value


def read_blueprint(
    text: str, known: Collection[str], taken: Collection[str], name: str = "blueprint"
) -> Blueprint | list[Diagnostic]:
    """The blueprint in a text, or everything that is wrong with it.

    `known` are the ids its agents may depend on, `taken` the ids they may not have.
    """
    try:
        blueprint = Blueprint.model_validate(strict_json(text))
    except JsonRefused as error:
        return [Diagnostic("AL340", str(error), Pointer(name, ""))]
    except ValidationError as error:
        return [
            Diagnostic("AL341", problem["msg"], Pointer(name, _pointer(problem["loc"])))
            for problem in error.errors(include_url=False)
        ]
    heads = [AgentHead(agent.id, agent.depends_on) for agent in blueprint.agents]

    def place(index: int, field: str, item: int | None = None) -> Pointer:
        wire = "dependsOn" if field == "depends_on" else field
        return Pointer(name, _pointer(("agents", index, wire, *(() if item is None else (item,)))))

    found = check_agents(heads, known=known, taken=taken, place=place)
    return [each for each in found if each.severity == "error"] or blueprint


def _pointer(parts: tuple[int | str, ...]) -> str:
    return "".join(f"/{part}" for part in parts)


def _refuse_half_characters(value: JsonValue) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.start + 1]
        raise JsonRefused(f"it holds half a character: {half!r}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonRefused(f"the key {key!r} stands twice in one object")
            seen.add(key)
    return found


def _no_constant(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is not JSON")
