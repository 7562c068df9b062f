"""JSON as strictly as a model's answer is read: one value, no repeated keys, nothing guessed."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from pydantic import JsonValue

_LONE_SURROGATE_HINT = "\\ud"


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
