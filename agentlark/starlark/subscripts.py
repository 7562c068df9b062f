"""Indexing, slicing, unpacking and iteration."""

from __future__ import annotations

from typing import Any

from agentlark.diagnostics import nearest
from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.text import brief
from agentlark.starlark.values import (
    Dict,
    Elems,
    List,
    Range,
    as_key,
    check_mutable,
    elements,
    put,
    range_size,
    type_name,
)

_MISSING = object()
_FEW = 5
"""How many keys are listed at most."""
_INDEXABLE = frozenset({List, tuple, str, bytes})


def get_index(container: Any, index: Any) -> Any:
    """`container[index]`.

    Raises:
        Fault: AL204 for a missing key, AL205 for an index out of range, AL201 for what cannot be indexed.
    """
    kind = type(container)
    if kind is Dict:
        value = container.get(as_key(index), _MISSING)
        if value is _MISSING:
            raise missing_key(container, index)
        return value
    if kind in _INDEXABLE:
        at = position(container, index, len(container))
        return container[at : at + 1] if kind is bytes else container[at]
    if kind is Elems:
        return container.items[position(container, index, len(container.items))]
    if kind is Range:
        steps = container.range
        at = position(container, index, range_size(steps))
        return steps.start + at * steps.step
    raise Fault("AL201", f"unhandled index operation {type_name(container)}[{type_name(index)}]")


def position(container: Any, index: Any, size: int) -> int:
    """The position an index means, counted from the start."""
    if type(index) is not int:
        raise Fault("AL201", f"{type_name(container)} index: got {type_name(index)}, want int")
    if not -size <= index < size:
        detail = "empty" if not size else f"valid range is {-size} to {size - 1}"
        raise Fault("AL205", f"{type_name(container)} index {index} out of range ({detail})")
    return index + size if index < 0 else index


def missing_key(container: Dict, key: Any) -> Fault:
    """The failure of looking up a key that is not there, with the nearest that is."""
    near = nearest(key, (known for known in container if type(known) is str)) if type(key) is str else None
    help = f'did you mean "{near}"?' if near else _its_keys(container)
    return Fault("AL204", f"key {brief(key)} not in dict", help=help)


def _its_keys(container: Dict) -> str | None:
    """What keys there are, when they are few enough to be read."""
    if not container:
        return "the dict is empty"
    return f"its keys are {', '.join(map(brief, container))}" if len(container) <= _FEW else None


def set_index(container: Any, index: Any, value: Any) -> None:
    """`container[index] = value`.

    Raises:
        Fault: AL206 when the container may not change, AL205 or AL201 as for reading.
    """
    kind = type(container)
    if kind is List:
        at = position(container, index, len(container))
        if container.state:
            check_mutable(container, "assign to element of")
        container[at] = value
    elif kind is Dict:
        if container.state:
            as_key(index)
            check_mutable(container, "insert into")
        put(container, index, value)
    else:
        raise Fault("AL201", f"{type_name(container)} value does not support item assignment")


def _bound(value: Any, what: str) -> int | None:
    if value is None or type(value) is int:
        return value
    raise Fault("AL201", f"invalid {what} index: got {type_name(value)}, want int")


def get_slice(container: Any, low: Any, high: Any, step: Any, thread: Thread) -> Any:
    """`container[low:high:step]`: a new value of the same type.

    Raises:
        Fault: AL201.
    """
    kind = type(container)
    if kind not in _INDEXABLE and kind is not Range:
        raise Fault("AL201", f"invalid slice operand {type_name(container)}")
    if step is not None and type(step) is not int:
        raise Fault("AL201", f"invalid slice step: got {type_name(step)}, want int")
    if step == 0:
        raise Fault("AL201", "zero is not a valid slice step")
    part = slice(_bound(low, "start"), _bound(high, "end"), step)
    if kind is Range:
        return Range(container.range[part])
    thread.charge_size(len(container))
    return List(list.__getitem__(container, part)) if kind is List else container[part]


def iterate(value: Any) -> Any:
    """The elements of an iterable value.

    Raises:
        Fault: AL201 when it is none.
    """
    found = elements(value)
    if found is None:
        raise not_iterable(value)
    return found


def not_iterable(value: Any) -> Fault:
    """The failure of iterating over a value that has no elements."""
    help = "use .elems() for the characters of a string" if type(value) is str else None
    return Fault("AL201", f"{type_name(value)} value is not iterable", help=help)


def unpack(value: Any, count: int) -> list[Any]:
    """The elements of a value, as many as there are targets.

    Raises:
        Fault: AL201.
    """
    found = elements(value)
    if found is None:
        raise Fault("AL201", f"got {type_name(value)} in sequence assignment", help=not_iterable(value).help)
    kind = type(value)
    size = range_size(value.range) if kind is Range else len(value.items if kind is Elems else value)
    if size != count:
        word = "many" if size > count else "few"
        raise Fault("AL201", f"too {word} values to unpack (got {size}, want {count})")
    return list(found)
