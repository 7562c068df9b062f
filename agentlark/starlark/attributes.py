"""What `value.name` finds: the methods of a type from an explicit table, or what a host's value offers.

Python's own attribute look-up is never used, so no program reaches anything that is not in a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentlark.diagnostics import nearest
from agentlark.starlark.failures import Fault
from agentlark.starlark.methods import BYTES, DICT, LIST, SET, STRING
from agentlark.starlark.values import BoundMethod, Dict, HostValue, List, Native, Set, type_name

METHODS: dict[type, Mapping[str, Native]] = {str: STRING, bytes: BYTES, List: LIST, Dict: DICT, Set: SET}
_ELSEWHERE = {
    "push": "use .append(x)",
    "add": "use .append(x) for a list, .update(…) for a dict",
    "length": "use len(x)",
    "size": "use len(x)",
    "has_key": "use key in x",
    "contains": "use key in x",
    "includes": "use key in x",
    "sort": "use sorted(x), which gives a new list",
    "copy": "use list(x) or dict(x)",
}
"""What methods of other languages are called here."""
_NONE: Mapping[str, Native] = {}


def get_attribute(value: Any, name: str) -> Any:
    """`value.name`.

    Raises:
        Fault: AL202 when there is no such attribute, with the nearest there is.
    """
    native = METHODS.get(type(value), _NONE).get(name)
    if native is not None:
        return BoundMethod(native, value)
    if isinstance(value, HostValue):
        attributes = value.attributes()
        if name in attributes:
            return attributes[name]
    raise no_attribute(value, name)


def no_attribute(value: Any, name: str) -> Fault:
    """The failure of looking up an attribute that is not there."""
    near = nearest(name, attribute_names(value))
    help = f"did you mean .{near}?" if near else _ELSEWHERE.get(name)
    return Fault("AL202", f"{type_name(value)} has no .{name} field or method", help=help)


def set_attribute(value: Any, name: str) -> None:
    """`value.name = ...`, which no value allows.

    Raises:
        Fault: always, AL206.
    """
    raise Fault("AL206", f"can't assign to .{name} field of {type_name(value)}")


def attribute_names(value: Any) -> list[str]:
    """The names of all attributes, sorted."""
    names = set(METHODS.get(type(value), _NONE))
    if isinstance(value, HostValue):
        names.update(value.attributes())
    return sorted(names)
