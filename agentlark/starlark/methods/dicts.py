"""The methods of dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.subscripts import missing_key
from agentlark.starlark.values import (
    Dict,
    List,
    Native,
    as_key,
    check_mutable,
    elements,
    from_key,
    items_of,
    keys_of,
    put,
    type_name,
)

_MISSING = object()


def update_from(thread: Thread, target: Dict, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Adds what `dict(...)` and `update` take: a dict or an iterable of pairs, and keywords.

    Raises:
        Fault: AL210 for more than one positional argument, AL201 for what is no pair.
    """
    if len(args) > 1:
        raise Fault("AL210", f"got {len(args)} arguments, want at most 1")
    for source in args:
        for key, value in _pairs(source):
            put(target, key, value)
        thread.charge_size(len(target))
    for name, value in kwargs.items():
        target[name] = value


def _pairs(source: Any) -> list[tuple[Any, Any]]:
    if type(source) is Dict:
        return items_of(source)
    found = elements(source)
    if found is None:
        raise Fault("AL201", f"got {type_name(source)}, want iterable")
    pairs = []
    for at, item in enumerate(found):
        parts = elements(item)
        if parts is None:
            raise Fault(
                "AL201", f"dictionary update sequence element #{at} is not iterable ({type_name(item)})"
            )
        pair = list(parts)
        if len(pair) != 2:
            message = (
                f"dictionary update sequence element #{at} has length {len(pair)}, want 2: non-pair element"
            )
            raise Fault("AL201", message)
        pairs.append((pair[0], pair[1]))
    return pairs


def _clear(thread: Thread, items: Dict) -> None:
    check_mutable(items, "clear")
    items.clear()


def _get(thread: Thread, items: Dict, key: Any, default: Any = None) -> Any:
    return items.get(key if type(key) is str else as_key(key), default)


def _items(thread: Thread, items: Dict) -> List:
    thread.charge_size(len(items))
    return List(items_of(items))


def _keys(thread: Thread, items: Dict) -> List:
    thread.charge_size(len(items))
    return List(keys_of(items))


def _values(thread: Thread, items: Dict) -> List:
    thread.charge_size(len(items))
    return List(items.values())


def _pop(thread: Thread, items: Dict, key: Any, default: Any = _MISSING) -> Any:
    check_mutable(items, "delete from")
    value = items.pop(as_key(key), default)
    if value is _MISSING:
        fault = missing_key(items, key)
        fault.message = f"missing key: {fault.message}"
        raise fault
    return value


def _popitem(thread: Thread, items: Dict) -> tuple[Any, Any]:
    check_mutable(items, "delete from")
    if not items:
        raise Fault("AL204", "empty dict")
    key = next(iter(items))
    return from_key(key), items.pop(key)


def _setdefault(thread: Thread, items: Dict, key: Any, default: Any = None) -> Any:
    known = as_key(key)
    if known in items:
        return items[known]
    check_mutable(items, "insert into")
    thread.charge_size(len(items) + 1)
    put(items, key, default)
    return default


def _update(thread: Thread, items: Dict, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    check_mutable(items, "insert into")
    update_from(thread, items, args, kwargs)


DICT: dict[str, Native] = {
    "clear": Native("clear", _clear, 0, 0),
    "get": Native("get", _get, 1, 2),
    "items": Native("items", _items, 0, 0),
    "keys": Native("keys", _keys, 0, 0),
    "pop": Native("pop", _pop, 1, 2),
    "popitem": Native("popitem", _popitem, 0, 0),
    "setdefault": Native("setdefault", _setdefault, 1, 2),
    "update": Native("update", _update, 0, None),
    "values": Native("values", _values, 0, 0),
}
