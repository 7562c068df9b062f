"""What the builtins and their fields mean, in the words of the models and of the builtins' own table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agentlark.model import EFFORTS, Agent, Group, Orchestration, Relay
from agentlark.starlark.builtins import UNIVERSE

_MODELS: Mapping[str, type[BaseModel]] = {
    "agent": Agent,
    "group": Group,
    "define_orchestration": Orchestration,
    "define_relay": Relay,
}
_REQUIRED: Mapping[str, frozenset[str]] = {
    "agent": frozenset({"id", "role"}),
    "group": frozenset({"id", "agents"}),
}
_FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "prompt_file": ("prompt_file(path)", "The text of a file, relative to the one that calls."),
    "param": (
        "param(name, default)",
        "A value given with `--var name=value`, of the default's type; without a default it must be given.",
    ),
}
_KINDS: Mapping[str, str] = {
    "agents": "a list of agent(…)",
    "orchestration": "define_orchestration(…)",
    "relay": "define_relay(…)",
    "graph": "a dict from agent ids to lists of agent ids",
    "effort": "one of " + ", ".join(f'"{effort}"' for effort in EFFORTS),
    "follow_up_schema": "a JSON Schema, as a dict",
}

KEYWORDS = ("def", "for", "if", "elif", "else", "in", "not", "and", "or", "lambda", "return", "pass", "break",
            "continue", "load")  # fmt: skip


def builtins() -> dict[str, str]:
    """The signature of every name a configuration can use without defining it, by name."""
    own = {name: f"{name}({', '.join(fields(name))})" for name in _MODELS}
    own |= {name: signature for name, (signature, _) in _FUNCTIONS.items()}
    language = {name: f"{name}(…)" if name[0].islower() else name for name in UNIVERSE}
    return {**language, **own}


@cache
def fields(builtin: str) -> tuple[str, ...]:
    """The fields of a builtin, in order; empty for one that has none."""
    model = _MODELS.get(builtin)
    return tuple(model.model_fields) if model is not None else ()


def describe_builtin(name: str) -> str | None:
    """What a builtin is for, as Markdown; None for a name that is none."""
    model = _MODELS.get(name)
    if model is not None:
        lines = [f"- `{field}`: {_first_line(model.model_fields[field])}" for field in fields(name)]
        return "\n".join([f"```starlark\n{name}(…)\n```", model.__doc__ or "", "", *lines])
    if name in _FUNCTIONS:
        signature, meaning = _FUNCTIONS[name]
        return f"```starlark\n{signature}\n```\n{meaning}"
    if name in UNIVERSE:
        return f"```starlark\n{builtins()[name]}\n```\nOf the Starlark language."
    return None


def describe_field(builtin: str, field: str) -> str | None:
    """What a field is, as Markdown: its type, default and meaning; None for one that there is not."""
    model = _MODELS.get(builtin)
    info = model.model_fields.get(field) if model is not None else None
    if info is None:
        return None
    required = field in _REQUIRED.get(builtin, frozenset())
    default = "required" if required else _default(info)
    return f"```starlark\n{builtin}({field} = …)\n```\n{_first_line(info)}\n\n{_kind(field, info)}; {default}"


def _first_line(info: FieldInfo) -> str:
    return info.description or ""


def _kind(field: str, info: FieldInfo) -> str:
    if field in _KINDS:
        return _KINDS[field]
    shown = str(info.annotation)
    if "tuple" in shown:
        return "a list of strings"
    for word, kind in (("bool", "True or False"), ("int", "an int"), ("float", "a number of seconds")):
        if word in shown:
            return kind
    return "a string"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "by default from the role"
    value = info.default
    if value is None or isinstance(value, BaseModel):
        return "unset by default"
    return f"{[] if value == () else value} by default"
