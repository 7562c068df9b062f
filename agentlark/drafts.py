"""What a call of our builtins gives: fields as plain Python, and the call that wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from agentlark import starlark
from agentlark.diagnostics import Span


class Draft(starlark.HostValue):
    """What one of our builtins returned: its fields as plain Python, and the call that wrote them."""

    def __init__(self, type_name: str, call: starlark.Call, fields: Mapping[str, Any]) -> None:
        self.type_name = type_name
        self.call = call
        self.fields = fields

    def where(self, *path: str | int) -> Span:
        """The expression that gave a field, or something inside it, its value; the call when none did.

        Drafts held by fields are followed into their own calls.
        """
        held = self.fields.get(str(path[0])) if path else None
        if isinstance(held, Draft) and len(path) > 1:
            return held.where(*path[1:])
        return self.call.origin(*path) if path else self.call.span

    def where_key(self, *path: str | int) -> Span:
        """As `where`, but the place of the dict key that the path ends with."""
        held = self.fields.get(str(path[0]))
        return held.where_key(*path[1:]) if isinstance(held, Draft) else self.call.where_key(*path)


def is_draft(value: object, what: str) -> TypeGuard[Draft]:
    """Whether a value is what the builtin of that name gives."""
    return isinstance(value, Draft) and value.type_name == what
