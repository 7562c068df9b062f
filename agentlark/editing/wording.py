"""The reference of builtins and fields as an editor shows it, and every name that needs no definition."""

from __future__ import annotations

from functools import cache

from agentlark import reference
from agentlark.starlark.builtins import UNIVERSE

KEYWORDS = (
    *("def", "for", "if", "elif", "else", "in", "not", "and", "or", "lambda", "return", "pass", "break"),
    "continue",
)


@cache
def names() -> tuple[str, ...]:
    """Every name that a configuration can use without defining it, those of squads first."""
    return tuple(dict.fromkeys([*(each.name for each in reference.builtins()), *UNIVERSE]))


@cache
def fields(builtin: str) -> dict[str, str]:
    """What each field of a builtin is, as Markdown, in order; empty for one that has none."""
    if builtin not in reference.BUILTINS:
        return {}
    found = reference.builtin(builtin)
    return {each.name: _field(builtin, each) for each in found.fields} if found is not None else {}


@cache
def describe(name: str) -> str | None:
    """What a builtin is for, as Markdown; None for a name that is none."""
    found = reference.builtin(name)
    if found is not None:
        listed = [f"- `{field.name}`: {field.meaning}" for field in found.fields]
        return "\n".join([_code(found.signature), found.meaning, "", *listed])
    if name in UNIVERSE:
        return f"{_code(name)}\nOf the Starlark language."
    return None


def _field(builtin: str, field: reference.Field) -> str:
    default = field.default if field.default == "required" else f"default: {field.default}"
    return f"{_code(f'{builtin}({field.name} = …)')}\n{field.meaning}\n\n{field.type}; {default}"


def _code(text: str) -> str:
    return f"```starlark\n{text}\n```"
