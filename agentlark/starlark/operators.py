"""The operators in full generality; the evaluator has quick ways for the frequent cases.

Every function takes the two operands and the thread that pays, and raises an unplaced `Fault`: AL201 for
operands it cannot take, AL203 for a division by zero, AL207 for a result that would be too large.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from agentlark.starlark.compare import compare, equal
from agentlark.starlark.failures import Fault
from agentlark.starlark.formatting import percent
from agentlark.starlark.limits import Limits, Thread
from agentlark.starlark.values import (
    Dict,
    Elems,
    List,
    Range,
    Set,
    as_key,
    type_name,
)

Operator = Callable[[Any, Any, Thread], Any]
_NUMBERS = frozenset({int, float})
_REPEATABLE = frozenset({str, bytes, List, tuple})


def unknown(a: Any, op: str, b: Any) -> Fault:
    """The failure of an operator that does not take operands of these types."""
    number = b if type(a) is str else a
    mixed = op == "+" and str in (type(a), type(b)) and type(number) in (int, float)
    help = "make the number a string with str(…)" if mixed else None
    return Fault("AL201", f"unknown binary op: {type_name(a)} {op} {type_name(b)}", help=help)


def checked(value: int, limits: Limits) -> int:
    """The int, if it is not too large."""
    if value.bit_length() > limits.max_int_bits:
        raise Fault("AL207", f"this int would have more than {limits.max_int_bits} bits (max_int_bits)")
    return value


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Fault("AL207", "int too large to convert to float") from None


def add(a: Any, b: Any, thread: Thread) -> Any:
    """`a + b`."""
    kind = type(a)
    if kind is type(b):
        if kind is int:
            return checked(a + b, thread.limits)
        if kind is str or kind is tuple or kind is bytes:
            thread.charge_size(len(a) + len(b))
            return a + b
        if kind is List:
            thread.charge_size(len(a) + len(b))
            return List(list.__add__(a, b))
        if kind is float:
            return a + b
    if kind in _NUMBERS and type(b) in _NUMBERS:
        return _as_float(a) + _as_float(b)
    raise unknown(a, "+", b)


def subtract(a: Any, b: Any, thread: Thread) -> Any:
    """`a - b`."""
    if type(a) is int and type(b) is int:
        return checked(a - b, thread.limits)
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        return _as_float(a) - _as_float(b)
    if type(a) is Set and type(b) is Set:
        return _like(a, [key for key in a if key not in b])
    raise unknown(a, "-", b)


def multiply(a: Any, b: Any, thread: Thread) -> Any:
    """`a * b`."""
    if type(a) is int and type(b) is int:
        return checked(a * b, thread.limits)
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        return _as_float(a) * _as_float(b)
    if type(b) is int and type(a) in _REPEATABLE:
        return _repeat(a, b, thread)
    if type(a) is int and type(b) in _REPEATABLE:
        return _repeat(b, a, thread)
    raise unknown(a, "*", b)


def _repeat(value: Any, times: int, thread: Thread) -> Any:
    size = len(value) * max(times, 0)
    if size > thread.limits.max_value_size:
        raise Fault("AL207", f"excessive repeat ({len(value)} * {times} elements)")
    thread.charge_size(size)
    times = times if value else 0
    return List(list.__mul__(value, times)) if type(value) is List else value * times


def divide(a: Any, b: Any, thread: Thread) -> Any:
    """`a / b`: always a float."""
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        divisor = _as_float(b)
        if divisor == 0:
            raise Fault("AL203", "floating-point division by zero")
        return _as_float(a) / divisor
    raise unknown(a, "/", b)


def floor_divide(a: Any, b: Any, thread: Thread) -> Any:
    """`a // b`: rounded towards minus infinity."""
    if type(a) is int and type(b) is int:
        if b == 0:
            raise Fault("AL203", "floored division by zero")
        return a // b
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        divisor = _as_float(b)
        if divisor == 0:
            raise Fault("AL203", "floored division by zero")
        return _floor(_as_float(a) / divisor)
    raise unknown(a, "//", b)


def _floor(value: float) -> float:
    return math.copysign(math.floor(value), value) if math.isfinite(value) else value


def modulo(a: Any, b: Any, thread: Thread) -> Any:
    """`a % b`: a remainder with the sign of the divisor, or formatting."""
    if type(a) is str:
        return percent(a, b, thread)
    if type(a) is int and type(b) is int:
        if b == 0:
            raise Fault("AL203", "integer modulo by zero")
        return a % b
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        divisor = _as_float(b)
        if divisor == 0:
            raise Fault("AL203", "floating-point modulo by zero")
        dividend = _as_float(a)
        return dividend % divisor if math.isfinite(dividend) else math.nan
    raise unknown(a, "%", b)


def union(a: Any, b: Any, thread: Thread) -> Any:
    """`a | b`."""
    if type(a) is int and type(b) is int:
        return a | b
    if type(a) is Dict and type(b) is Dict:
        thread.charge_size(len(a) + len(b))
        made = Dict(a)
        made.update(b)
        made.odd = a.odd or b.odd
        return made
    if type(a) is Set and type(b) is Set:
        thread.charge_size(len(a) + len(b))
        return _like(a, [*a, *b], b)
    raise unknown(a, "|", b)


def intersection(a: Any, b: Any, thread: Thread) -> Any:
    """`a & b`."""
    if type(a) is int and type(b) is int:
        return a & b
    if type(a) is Set and type(b) is Set:
        return _like(a, [key for key in a if key in b])
    raise unknown(a, "&", b)


def symmetric_difference(a: Any, b: Any, thread: Thread) -> Any:
    """`a ^ b`."""
    if type(a) is int and type(b) is int:
        return a ^ b
    if type(a) is Set and type(b) is Set:
        keys = [key for key in a if key not in b] + [key for key in b if key not in a]
        return _like(a, keys, b)
    raise unknown(a, "^", b)


def _like(a: Set, keys: list[Any], b: Set | None = None) -> Set:
    made = Set(dict.fromkeys(keys))
    made.odd = a.odd or (b is not None and b.odd)
    return made


def shift_left(a: Any, b: Any, thread: Thread) -> Any:
    """`a << b`."""
    if type(a) is int and type(b) is int:
        if b < 0:
            raise Fault("AL201", f"negative shift count: {b}")
        if b >= 512 or a.bit_length() + b > thread.limits.max_int_bits:
            raise Fault("AL207", f"shift count too large: {b}")
        return a << b
    raise unknown(a, "<<", b)


def shift_right(a: Any, b: Any, thread: Thread) -> Any:
    """`a >> b`."""
    if type(a) is int and type(b) is int:
        if b < 0:
            raise Fault("AL201", f"negative shift count: {b}")
        return a >> min(b, a.bit_length() + 1)
    raise unknown(a, ">>", b)


def contains(a: Any, b: Any, thread: Thread) -> bool:
    """`a in b`."""
    kind = type(b)
    if kind is Dict or kind is Set:
        return as_key(a) in b
    if kind is List or kind is tuple:
        thread.charge_size(len(b))
        return any(equal(a, item, thread) for item in b)
    if kind is str:
        if type(a) is not str:
            raise Fault("AL201", f"'in <string>' requires string as left operand, not {type_name(a)}")
        thread.charge_size(len(b))
        return a in b
    if kind is bytes:
        return _in_bytes(a, b, thread)
    if kind is Range:
        if type(a) is not int:
            raise Fault("AL201", f"'in <range>' requires integer as left operand, not {type_name(a)}")
        return a in b.range
    if kind is Elems:
        return any(equal(a, item, thread) for item in b.items)
    raise unknown(a, "in", b)


def _in_bytes(a: Any, b: bytes, thread: Thread) -> bool:
    thread.charge_size(len(b))
    if type(a) is bytes:
        return a in b
    if type(a) is int:
        if not 0 <= a <= 255:
            raise Fault("AL201", f"int in bytes: {a} out of range")
        return a in b
    raise Fault("AL201", f"'in bytes' requires bytes or int as left operand, not {type_name(a)}")


def not_contains(a: Any, b: Any, thread: Thread) -> bool:
    """`a not in b`."""
    return not contains(a, b, thread)


def _ordering(op: str) -> Operator:
    return compare(op)


OPERATORS: dict[str, Operator] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": modulo,
    "|": union,
    "&": intersection,
    "^": symmetric_difference,
    "<<": shift_left,
    ">>": shift_right,
    "in": contains,
    "not in": not_contains,
    "==": equal,
    "!=": lambda a, b, thread: not equal(a, b, thread),
    **{op: _ordering(op) for op in ("<", "<=", ">", ">=")},
}


def negate(value: Any) -> Any:
    """`-value`."""
    if type(value) in _NUMBERS:
        return -value
    raise Fault("AL201", f"unknown unary op: -{type_name(value)}")


def plus(value: Any) -> Any:
    """`+value`."""
    if type(value) in _NUMBERS:
        return value
    raise Fault("AL201", f"unknown unary op: +{type_name(value)}")


def invert(value: Any) -> Any:
    """`~value`."""
    if type(value) is int:
        return ~value
    raise Fault("AL201", f"unknown unary op: ~{type_name(value)}")


UNARY: dict[str, Callable[[Any], Any]] = {"-": negate, "+": plus, "~": invert, "not": lambda value: not value}
