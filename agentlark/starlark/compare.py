"""Equality and order of values; Python's own differ for bools and NaN, and recurse without end on cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cmp_to_key
from types import NoneType
from typing import Any

from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.values import BoundMethod, Dict, List, Range, Set, type_name

_MAX_NESTING = 200
_NATIVE = frozenset({str, int, bool, NoneType, bytes})
_NUMBERS = frozenset({int, float})


def equal(a: Any, b: Any, thread: Thread, depth: int = 0) -> bool:
    """What `a == b` gives.

    Raises:
        Fault: AL207 when the values nest too deeply, as cyclic ones do, or take too many steps.
    """
    kind = type(a)
    if kind is not type(b):
        return kind in _NUMBERS and type(b) in _NUMBERS and a == b
    if kind in _NATIVE:
        return bool(a == b)
    if kind is float:
        return bool(a == b or (a != a and b != b))
    if a is b:
        return True
    if kind is List or kind is tuple:
        if len(a) != len(b):
            return False
        depth = _deeper(depth, thread, len(a))
        return all(equal(x, y, thread, depth) for x, y in zip(a, b, strict=True))
    if kind is Dict:
        return len(a) == len(b) and _equal_dicts(a, b, thread, _deeper(depth, thread, len(a)))
    if kind is Set:
        return len(a) == len(b) and all(key in b for key in a)
    if kind is Range:
        return bool(a.range == b.range)
    if kind is BoundMethod:
        return a.native is b.native and a.owner is b.owner
    return False


def _deeper(depth: int, thread: Thread, size: int) -> int:
    thread.charge(1 + (size >> 2))
    if depth >= _MAX_NESTING:
        raise Fault("AL207", "comparison exceeded maximum recursion depth")
    return depth + 1


def _equal_dicts(a: Dict, b: Dict, thread: Thread, depth: int) -> bool:
    missing = object()
    for key, value in a.items():
        other = b.get(key, missing)
        if other is missing or not equal(value, other, thread, depth):
            return False
    return True


def order(a: Any, b: Any, thread: Thread, op: str = "<", depth: int = 0) -> int:
    """Negative, zero or positive as `a` sorts before, with or after `b`; NaN sorts after all numbers.

    Raises:
        Fault: AL201 when the two have no order, AL207 when they nest too deeply.
    """
    kind = type(a)
    if kind is not type(b) and not (kind in _NUMBERS and type(b) in _NUMBERS):
        raise not_ordered(a, b, op)
    if kind is float or type(b) is float:
        if a != a or b != b:
            return int(a != a) - int(b != b)
        return int(a > b) - int(a < b)
    if kind in _NATIVE and kind is not NoneType:
        return int(a > b) - int(a < b)
    if kind is List or kind is tuple:
        depth = _deeper(depth, thread, min(len(a), len(b)))
        for x, y in zip(a, b, strict=False):
            if not equal(x, y, thread, depth):
                return order(x, y, thread, op, depth)
        return len(a) - len(b)
    raise not_ordered(a, b, op)


def not_ordered(a: Any, b: Any, op: str) -> Fault:
    """The failure of comparing two values that have no order."""
    return Fault("AL201", f"{type_name(a)} {op} {type_name(b)} not implemented")


def compare(op: str) -> Callable[[Any, Any, Thread], bool]:
    """The function of an ordering operator."""
    accept: dict[str, Callable[[int], bool]] = {
        "<": lambda sign: sign < 0,
        "<=": lambda sign: sign <= 0,
        ">": lambda sign: sign > 0,
        ">=": lambda sign: sign >= 0,
    }
    test = accept[op]

    def function(a: Any, b: Any, thread: Thread) -> bool:
        if type(a) is Set and type(b) is Set:
            return _contained(a, b, op)
        return test(order(a, b, thread, op))

    return function


def _contained(a: Set, b: Set, op: str) -> bool:
    """The order of sets: whether one holds the other."""
    small, large = (a, b) if op[0] == "<" else (b, a)
    if len(small) > len(large) or (op in ("<", ">") and len(small) == len(large)):
        return False
    return all(key in large for key in small)


def in_order(
    items: Iterable[Any], key: Callable[[Any], Any] | None, reverse: bool, thread: Thread
) -> list[Any]:
    """The items sorted, stably also in reverse.

    Raises:
        Fault: AL201 when two of them have no order.
    """
    source = list(items)
    keys = [key(item) for item in source] if key else source
    kinds = set(map(type, keys))
    if kinds <= {int} or kinds <= {str}:
        ranks: list[Any] = keys
    else:
        rank = cmp_to_key(lambda a, b: order(a, b, thread))
        ranks = [rank(value) for value in keys]
    positions = sorted(range(len(keys)), key=ranks.__getitem__, reverse=reverse)
    return [source[at] for at in positions]
