"""The methods of lists."""

from __future__ import annotations

from typing import Any

from agentlark.starlark.arguments import an_int, an_iterable_of, optional_int
from agentlark.starlark.compare import equal
from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread, too_large
from agentlark.starlark.text import brief
from agentlark.starlark.values import UNSET, List, Native, check_mutable


def _append(thread: Thread, items: List, value: Any) -> None:
    if items.state:
        check_mutable(items, "append to")
    if len(items) >= thread.limits.max_value_size:
        raise too_large(len(items) + 1, thread.limits)
    items.append(value)


def _clear(thread: Thread, items: List) -> None:
    check_mutable(items, "clear")
    items.clear()


def _extend(thread: Thread, items: List, more: Any) -> None:
    added = an_iterable_of(more, thread)
    check_mutable(items, "extend")
    added = list(added)
    thread.charge_size(len(items) + len(added))
    items += added


def _index(thread: Thread, items: List, value: Any, start: Any = UNSET, end: Any = UNSET) -> int:
    size = len(items)
    thread.charge_size(size)
    low, high, _ = slice(optional_int(start, 0, "start"), optional_int(end, size, "end")).indices(size)
    for at in range(low, high):
        if equal(items[at], value, thread):
            return at
    raise Fault("AL204", f"value {brief(value)} not found in list")


def _insert(thread: Thread, items: List, at: Any, value: Any) -> None:
    check_mutable(items, "insert into")
    thread.charge_size(len(items) + 1)
    items.insert(an_int(at, "index"), value)


def _pop(thread: Thread, items: List, at: Any = -1) -> Any:
    index = an_int(at, "index")
    size = len(items)
    if not -size <= index < size:
        detail = "empty list" if not size else f"valid range is {-size} to {size - 1}"
        raise Fault("AL205", f"index {index} out of range ({detail})")
    check_mutable(items, "pop from")
    return items.pop(index)


def _remove(thread: Thread, items: List, value: Any) -> None:
    check_mutable(items, "remove from")
    thread.charge_size(len(items))
    for at, item in enumerate(items):
        if equal(item, value, thread):
            del items[at]
            return
    raise Fault("AL204", f"element {brief(value)} not found in list")


LIST: dict[str, Native] = {
    "append": Native("append", _append, 1, 1),
    "clear": Native("clear", _clear, 0, 0),
    "extend": Native("extend", _extend, 1, 1),
    "index": Native("index", _index, 1, 3),
    "insert": Native("insert", _insert, 2, 2),
    "pop": Native("pop", _pop, 0, 1),
    "remove": Native("remove", _remove, 1, 1),
}
