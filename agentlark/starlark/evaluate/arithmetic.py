"""Binary operators with quick ways for ints and strings; the general ways are in `operators.py`."""

from __future__ import annotations

from typing import Any

from agentlark.starlark.evaluate.context import Closure, Context
from agentlark.starlark.failures import Fault
from agentlark.starlark.host import Site
from agentlark.starlark.operators import OPERATORS, Operator
from agentlark.starlark.syntax import tree

_SMALL = 1 << 62
"""Ints below this in magnitude need no check of their size."""


def quick_binary(context: Context, node: tree.Binary, left: Closure, right: Closure) -> Closure:
    """The closure of one operator."""
    quick = _QUICK.get(node.op)
    if quick:
        return quick(left, right, context.site(node))
    return _general(OPERATORS[node.op], left, right, context.site(node))


def _general(apply: Operator, left: Closure, right: Closure, site: Site) -> Closure:
    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        try:
            return apply(a, b, f[1])
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def _slow(apply: Operator, a: Any, b: Any, f: list[Any], site: Site) -> Any:
    try:
        return apply(a, b, f[1])
    except Fault as fault:
        site.place(fault, f)
        raise


def _add(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["+"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        if type(a) is int and type(b) is int:
            total = a + b
            if -_SMALL < total < _SMALL:
                return total
        elif type(a) is str and type(b) is str and len(a) + len(b) < 64:
            return a + b
        return _slow(apply, a, b, f, site)

    return run


def _subtract(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["-"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        if type(a) is int and type(b) is int:
            difference = a - b
            if -_SMALL < difference < _SMALL:
                return difference
        return _slow(apply, a, b, f, site)

    return run


def _multiply(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["*"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        if type(a) is int and type(b) is int and -_SMALL < a < _SMALL and -_SMALL < b < _SMALL:
            return a * b
        return _slow(apply, a, b, f, site)

    return run


def _modulo(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["%"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        if type(a) is int and type(b) is int and b:
            return a % b
        return _slow(apply, a, b, f, site)

    return run


def _floor_divide(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["//"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        if type(a) is int and type(b) is int and b:
            return a // b
        return _slow(apply, a, b, f, site)

    return run


def _equal(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["=="]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        kind = type(a)
        if kind is type(b) and (kind is str or kind is int):
            return a == b
        return _slow(apply, a, b, f, site)

    return run


def _not_equal(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["!="]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        kind = type(a)
        if kind is type(b) and (kind is str or kind is int):
            return a != b
        return _slow(apply, a, b, f, site)

    return run


def _less(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS["<"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        if type(a) is int and type(b) is int:
            return a < b
        return _slow(apply, a, b, f, site)

    return run


def _greater(left: Closure, right: Closure, site: Site) -> Closure:
    apply = OPERATORS[">"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        if type(a) is int and type(b) is int:
            return a > b
        return _slow(apply, a, b, f, site)

    return run


_QUICK = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "%": _modulo,
    "//": _floor_divide,
    "==": _equal,
    "!=": _not_equal,
    "<": _less,
    ">": _greater,
}
