"""The methods of sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentlark.starlark.arguments import an_iterable_of
from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.text import brief
from agentlark.starlark.values import Native, Set, add_element, as_key, check_mutable, from_key, make_set


def _operand(thread: Thread, value: Any) -> Set:
    return value if type(value) is Set else make_set(an_iterable_of(value, thread))


def _copy(items: Set, keys: Sequence[Any], other: Set | None = None) -> Set:
    made = Set(dict.fromkeys(keys))
    made.odd = items.odd or (other is not None and other.odd)
    return made


def _add(thread: Thread, items: Set, element: Any) -> None:
    if as_key(element) in items:
        return
    check_mutable(items, "insert into")
    thread.charge_size(len(items) + 1)
    add_element(items, element)


def _clear(thread: Thread, items: Set) -> None:
    check_mutable(items, "clear")
    items.clear()


def _discard(thread: Thread, items: Set, element: Any) -> None:
    key = as_key(element)
    if key in items:
        check_mutable(items, "delete from")
        del items[key]


def _remove(thread: Thread, items: Set, element: Any) -> None:
    key = as_key(element)
    if key not in items:
        raise Fault("AL204", f"missing key: {brief(element)}")
    check_mutable(items, "delete from")
    del items[key]


def _pop(thread: Thread, items: Set) -> Any:
    check_mutable(items, "delete from")
    if not items:
        raise Fault("AL204", "empty set")
    key = next(iter(items))
    del items[key]
    return from_key(key)


def _others(thread: Thread, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Set]:
    if kwargs:
        raise Fault("AL210", "unexpected keyword arguments")
    return [_operand(thread, arg) for arg in args]


def _union(thread: Thread, items: Set, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Set:
    made = _copy(items, list(items))
    _fill(thread, made, _others(thread, args, kwargs))
    return made


def _update(thread: Thread, items: Set, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    others = _others(thread, args, kwargs)
    check_mutable(items, "insert into")
    _fill(thread, items, others)


def _fill(thread: Thread, items: Set, others: list[Set]) -> None:
    for other in others:
        thread.charge_size(len(items) + len(other))
        items.update(other)
        items.odd = items.odd or other.odd


def _difference(thread: Thread, items: Set, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Set:
    others = _others(thread, args, kwargs)
    thread.charge_size(len(items))
    return _copy(items, [key for key in items if not any(key in other for other in others)])


def _intersection(thread: Thread, items: Set, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Set:
    others = _others(thread, args, kwargs)
    thread.charge_size(len(items))
    return _copy(items, [key for key in items if all(key in other for other in others)])


def _symmetric_difference(thread: Thread, items: Set, value: Any) -> Set:
    other = _operand(thread, value)
    keys = [key for key in items if key not in other] + [key for key in other if key not in items]
    return _copy(items, keys, other)


def _replace(items: Set, made: Set) -> None:
    if list(items) == list(made):
        return
    check_mutable(items, "insert into")
    items.clear()
    items.update(made)
    items.odd = made.odd


def _difference_update(thread: Thread, items: Set, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    _replace(items, _difference(thread, items, args, kwargs))


def _intersection_update(thread: Thread, items: Set, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    _replace(items, _intersection(thread, items, args, kwargs))


def _symmetric_difference_update(thread: Thread, items: Set, value: Any) -> None:
    _replace(items, _symmetric_difference(thread, items, value))


def _isdisjoint(thread: Thread, items: Set, value: Any) -> bool:
    other = _operand(thread, value)
    return not any(key in other for key in items)


def _issubset(thread: Thread, items: Set, value: Any) -> bool:
    other = _operand(thread, value)
    return all(key in other for key in items)


def _issuperset(thread: Thread, items: Set, value: Any) -> bool:
    return all(key in items for key in _operand(thread, value))


SET: dict[str, Native] = {
    "add": Native("add", _add, 1, 1),
    "clear": Native("clear", _clear, 0, 0),
    "difference": Native("difference", _difference, 0, None),
    "difference_update": Native("difference_update", _difference_update, 0, None),
    "discard": Native("discard", _discard, 1, 1),
    "intersection": Native("intersection", _intersection, 0, None),
    "intersection_update": Native("intersection_update", _intersection_update, 0, None),
    "isdisjoint": Native("isdisjoint", _isdisjoint, 1, 1),
    "issubset": Native("issubset", _issubset, 1, 1),
    "issuperset": Native("issuperset", _issuperset, 1, 1),
    "pop": Native("pop", _pop, 0, 0),
    "remove": Native("remove", _remove, 1, 1),
    "symmetric_difference": Native("symmetric_difference", _symmetric_difference, 1, 1),
    "symmetric_difference_update": Native("symmetric_difference_update", _symmetric_difference_update, 1, 1),
    "union": Native("union", _union, 0, None),
    "update": Native("update", _update, 0, None),
}
