"""What may be written into `group(…)`, `agent(…)` and their kin, field by field, and how it is read.

Each reader takes a value as Starlark gave it and gives back plain Python or a `Wrong` that says what was
expected. Meanings live with the models (`model.py`); here is only what a file's author may get wrong.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from agentlark import starlark
from agentlark.diagnostics import nearest
from agentlark.drafts import is_draft
from agentlark.model import (
    APPROVALS,
    EFFORTS,
    MAX_COST,
    MAX_DEADLINE_S,
    MAX_RETRIES,
    MAX_TOKENS,
    MAX_TURNS,
    MIN_MEMORY_CHARS,
    MIN_REVIEW_CHARS,
)

LONGEST_SHOWN = 60
"""So many characters of a value are repeated in advice at most."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a value cannot be used: a code, the reason, a remedy, and the path inside the value.

    `instead` is a word of it and the word to write for it, when only one can be meant; `more` is what else is
    wrong with the same value.
    """

    message: str
    help: str | None = None
    code: str = "AL303"
    path: tuple[str | int, ...] = ()
    instead: tuple[str, str] | None = None
    more: tuple[Wrong, ...] = ()


def all_wrong(found: Sequence[Wrong]) -> Wrong:
    """Everything that is wrong with one value."""
    return replace(found[0], more=tuple(found[1:]))


Reader: TypeAlias = Callable[[object], object]
"""Plain Python for a Starlark value, or a Wrong."""


def text(value: object) -> object:
    """A string."""
    return value if isinstance(value, str) else _expected("a string", value)


def flag(value: object) -> object:
    """True or False."""
    plain = _plain(value)
    return plain if isinstance(plain, bool) else _expected("True or False", value)


def integer(low: int, high: int | None = None) -> Reader:
    """A reader of an int from `low` to `high`."""

    def read(value: object) -> object:
        plain = _plain(value)
        if isinstance(plain, bool) or not isinstance(plain, int):
            return _expected("an int", value)
        if plain < low or (high is not None and plain > high):
            bounds = f"from {low} to {high}" if high is not None else f"at least {low}"
            return Wrong(f"must be {bounds}, not {plain}", code="AL312")
        return plain

    return read


def seconds(value: object) -> object:
    """A positive, finite number of seconds."""
    plain = _plain(value)
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        return _expected("a number of seconds", value)
    if not plain > 0 or math.isinf(plain):
        return Wrong(f"must be above 0, not {plain}", code="AL312")
    return float(plain)


def number(low: float, high: float, unit: str, *, above: bool = False) -> Reader:
    """A reader of a finite number of some unit from `low`, or `above` it, to `high`."""

    def read(value: object) -> object:
        plain = _plain(value)
        if isinstance(plain, bool) or not isinstance(plain, int | float):
            return _expected(f"a number of {unit}", value)
        if not low <= plain <= high or (above and plain == low):
            bounds = f"above {low:g}, and at most" if above else f"from {low:g} to"
            return Wrong(f"must be {bounds} {high:.0f}, not {plain}", code="AL312")
        return float(plain)

    return read


def texts(value: object) -> object:
    """A list of strings, as a tuple."""
    plain = _plain(value)
    if isinstance(plain, list) and all(isinstance(item, str) for item in plain):
        return tuple(plain)
    if isinstance(value, list | tuple):
        return all_wrong([_no_text(item, at) for at, item in enumerate(value) if not isinstance(item, str)])
    wrong = _expected("a list of strings", value)
    if isinstance(value, str):
        word = _quoted(value)
        return replace(wrong, help=f"write [{word}]", instead=(word, f"[{word}]"))
    if is_draft(value, "agent"):
        return replace(wrong, help=f"write a list of its id: [{_quoted(value.fields.get('id', '…'))}]")
    return wrong


def _no_text(item: object, at: int) -> Wrong:
    wrong = replace(_expected("a string", item), path=(at,))
    if not is_draft(item, "agent"):
        return wrong
    known = item.fields.get("id", "…")
    return replace(wrong, help=f"write its id: {_quoted(known)}", instead=(known, _quoted(known)))


def _quoted(text: str) -> str:
    return json.dumps(text if len(text) <= LONGEST_SHOWN else "…", ensure_ascii=False)


def choice(options: tuple[str, ...]) -> Reader:
    """A reader of one of some strings."""

    def read(value: object) -> object:
        if value in options and isinstance(value, str):
            return value
        if not isinstance(value, str):
            return _expected("a string", value)
        near = nearest(value, options)
        listed = ", ".join(repr(option) for option in options)
        return Wrong(
            f"must be one of {listed}, not {value!r}",
            f"did you mean {near!r}?" if near else None,
            code="AL312",
            instead=(value, near) if near else None,
        )

    return read


def json_value(value: object) -> object:
    """Anything that JSON can hold."""
    return _plain(value)


def graph(value: object) -> object:
    """A dict from ids to lists of ids, the lists as tuples."""
    if not isinstance(value, dict) or starlark.type_name(value) != "dict":
        return _expected("a dict of lists", value)
    if not all(isinstance(key, str) for key in value):
        return Wrong("expected a dict whose keys are strings")
    lists = {key: texts(items) for key, items in value.items()}
    wrong = [
        replace(each, path=(key, *each.path), more=())
        for key, found in lists.items()
        if isinstance(found, Wrong)
        for each in (found, *found.more)
    ]
    return all_wrong(wrong) if wrong else lists


def _plain(value: object) -> object:
    try:
        return starlark.to_python(value)
    except starlark.NotPlain as error:
        return Wrong(str(error), "use strings, numbers, True, False, None, lists and dicts")


def _expected(what: str, value: object) -> Wrong:
    if isinstance(value, Wrong):
        return value
    return Wrong(f"expected {what}, got {starlark.type_name(value)}")


AGENT_FIELDS: Mapping[str, Reader] = {
    "id": text,
    "role": text,
    "plan_prompt": text,
    "follow_up_prompt": text,
    "follow_up_schema": json_value,
    "follow_up_schema_rules": texts,
    "follow_up_enabled": flag,
    "depends_on": texts,
    "inputs": texts,
    "memory": texts,
    "memory_limit": integer(MIN_MEMORY_CHARS),
    "blueprint": flag,
    "backend": text,
    "model": text,
    "effort": choice(EFFORTS),
    "tools": texts,
    "max_output_tokens": integer(1),
    "timeout_s": seconds,
    "retries": integer(0, MAX_RETRIES),
}
"""Fields of `agent(…)`, `limits` aside."""

RELAY_FIELDS: Mapping[str, Reader] = {"enabled": flag, "require_handoff_note": flag, "graph": graph}
"""Fields of `define_relay(…)`."""

LIMITS_FIELDS: Mapping[str, Reader] = {
    "max_cost": number(0, MAX_COST, "US dollars"),
    "max_tokens": integer(0, MAX_TOKENS),
    "max_turns": integer(0, MAX_TURNS),
    "deadline_s": number(0, MAX_DEADLINE_S, "seconds", above=True),
}
"""Fields of `define_limits(…)`."""

ORCHESTRATION_FIELDS: Mapping[str, Reader] = {
    "autonomous": flag,
    "parallel": flag,
    "max_waves": integer(1),
    "approve": choice(APPROVALS),
    "review_limit": integer(MIN_REVIEW_CHARS),
}
"""Fields of `define_orchestration(…)`, `relay` aside."""

ELSEWHERE: Mapping[str, str] = {
    "name": "id",
    "title": "role",
    "description": "role",
    "prompt": "plan_prompt",
    "system_prompt": "plan_prompt",
    "instructions": "plan_prompt",
    "task": "plan_prompt",
    "deps": "depends_on",
    "needs": "depends_on",
    "after": "depends_on",
    "requires": "depends_on",
    "output_schema": "follow_up_schema",
    "schema": "follow_up_schema",
    "files": "inputs",
    "max_tokens": "max_output_tokens",
    "members": "agents",
}
"""What is called otherwise here, by its name in other tools."""
