"""Blueprints: the JSON by which a model asks for more agents, and its word that there is no more work.

A blueprint is read strictly and never repaired by guesswork; its agents go through the same checker as a
configuration's (`check.check_agents`). Whoever asked is shown every complaint, to ask again with them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from agentlark.check import AgentHead, check_agents
from agentlark.diagnostics import Diagnostic, Pointer
from agentlark.strict_json import JsonRefused, strict_json

MAX_AGENTS = 4
MAX_HANDOFFS = 32

_AGENTS: dict[str, JsonValue] = {
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
}

_HANDOFFS: dict[str, JsonValue] = {
    "type": "array",
    "maxItems": MAX_HANDOFFS,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["from", "to", "note"],
        "properties": {"from": {"type": "string"}, "to": {"type": "string"}, "note": {"type": "string"}},
    },
}

BLUEPRINT_SCHEMA: dict[str, JsonValue] = {
    "title": "Blueprint",
    "type": "object",
    "additionalProperties": False,
    "required": ["agents"],
    "properties": {"summary": {"type": "string"}, "agents": _AGENTS},
}
"""The JSON Schema of a blueprint, as it is shown to models."""


def blueprint_schema(*, handoffs: bool = False, may_finish: bool = False) -> dict[str, JsonValue]:
    """The schema of a blueprint that may also say who hands what to whom, or that there is no more work."""
    properties: dict[str, JsonValue] = {"summary": {"type": "string"}, "agents": _AGENTS}
    if handoffs:
        properties["handoffs"] = _HANDOFFS
    if may_finish:
        properties["done"] = {"type": "string", "minLength": 1}
    required: list[JsonValue] = [] if may_finish else ["agents"]
    return BLUEPRINT_SCHEMA | {"required": required, "properties": properties}


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


class Handoff(_Model):
    """Work handed from one agent to another, with a note; on the wire `from`, `to`, `note`."""

    sender: str = Field(validation_alias="from")
    receiver: str = Field(validation_alias="to")
    note: str = ""


class Blueprint(_Model):
    """Up to four agents that join the squad, what they are for, and who hands what to whom."""

    summary: str = ""
    agents: tuple[Specialist, ...] = Field(min_length=1, max_length=MAX_AGENTS)
    handoffs: tuple[Handoff, ...] = Field(default=(), max_length=MAX_HANDOFFS)


@dataclass(frozen=True, slots=True)
class Finished:
    """The asked agent says that there is no more work, and why."""

    reason: str


def read_blueprint(
    text: str, known: Collection[str], taken: Collection[str], name: str = "blueprint"
) -> Blueprint | list[Diagnostic]:
    """The blueprint in a text, or everything that is wrong with it.

    `known` are the ids its agents may depend on, `taken` the ids they may not have.
    """
    try:
        value = strict_json(text)
    except JsonRefused as error:
        return [Diagnostic("AL340", str(error), Pointer(name, ""))]
    return _blueprint(value, known, taken, name)


def read_decision(
    text: str, known: Collection[str], taken: Collection[str], name: str = "blueprint"
) -> Blueprint | Finished | list[Diagnostic]:
    """As `read_blueprint`, for an answer that may also be `{"done": "why there is no more work"}`."""
    try:
        value = strict_json(text)
    except JsonRefused as error:
        return [Diagnostic("AL340", str(error), Pointer(name, ""))]
    if not (isinstance(value, dict) and "done" in value):
        return _blueprint(value, known, taken, name)
    reason = value["done"]
    if value.get("agents"):
        return [Diagnostic("AL341", "an answer has either done or agents, not both", Pointer(name, "/done"))]
    if not isinstance(reason, str) or not reason.strip():
        return [
            Diagnostic("AL341", "done says in a sentence why there is no more work", Pointer(name, "/done"))
        ]
    return Finished(reason.strip())


def proposed(text: str) -> Blueprint | None:
    """The blueprint in a text whatever its ids and dependencies are; None when there is none."""
    try:
        return Blueprint.model_validate(strict_json(text), by_alias=True, by_name=False)
    except (JsonRefused, ValidationError):
        return None


def check_blueprint(
    blueprint: Blueprint, known: Collection[str], taken: Collection[str], name: str = "blueprint"
) -> list[Diagnostic]:
    """What is wrong with a blueprint's ids and dependencies."""
    heads = [AgentHead(agent.id, agent.depends_on) for agent in blueprint.agents]

    def place(index: int, field: str, item: int | None = None) -> Pointer:
        wire = "dependsOn" if field == "depends_on" else field
        return Pointer(name, _pointer(("agents", index, wire, *(() if item is None else (item,)))))

    found = check_agents(heads, known=known, taken=taken, place=place)
    return [each for each in found if each.severity == "error"]


def handoffs_schema(receivers: Sequence[str]) -> dict[str, JsonValue]:
    """The schema of what an agent answers when it hands its work on to some of the receivers."""
    receiver: dict[str, JsonValue] = {"type": "string", "enum": list(receivers)}
    item: dict[str, JsonValue] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["to", "note"],
        "properties": {"to": receiver, "note": {"type": "string"}},
    }
    return {
        "title": "Handoffs",
        "type": "object",
        "additionalProperties": False,
        "required": ["handoffs"],
        "properties": {"handoffs": {"type": "array", "maxItems": MAX_HANDOFFS, "items": item}},
    }


class _Notes(_Model):
    class Note(_Model):
        to: str
        note: str

    handoffs: tuple[Note, ...] = Field(max_length=MAX_HANDOFFS)


def read_handoffs(text: str, sender: str) -> tuple[Handoff, ...] | list[Diagnostic]:
    """What an agent hands on, or everything that is wrong with how it says so."""
    try:
        notes = _Notes.model_validate(strict_json(text)).handoffs
    except JsonRefused as error:
        return [Diagnostic("AL340", str(error), Pointer("handoffs", ""))]
    except ValidationError as error:
        return _problems(error, "handoffs")
    return tuple(Handoff(sender=sender, receiver=each.to, note=each.note) for each in notes)


def _blueprint(
    value: JsonValue, known: Collection[str], taken: Collection[str], name: str
) -> Blueprint | list[Diagnostic]:
    try:
        blueprint = Blueprint.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        return _problems(error, name)
    return check_blueprint(blueprint, known, taken, name) or blueprint


def _problems(error: ValidationError, name: str) -> list[Diagnostic]:
    return [
        Diagnostic("AL341", problem["msg"], Pointer(name, _pointer(problem["loc"])))
        for problem in error.errors(include_url=False)
    ]


def _pointer(parts: tuple[int | str, ...]) -> str:
    return "".join(f"/{part}" for part in parts)
