"""Binary operators with quick ways for ints and strings; the general ways are in `operators.py`.

A closure costs more to call than an int costs to add. So an operand that is a local variable or a constant is
read in place, in the shapes that occur most.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from agentlark.starlark.evaluate.context import Closure, Context
from agentlark.starlark.failures import Fault
from agentlark.starlark.host import Site
from agentlark.starlark.operators import OPERATORS, Operator
from agentlark.starlark.scopes import SURE
from agentlark.starlark.syntax import tree

_SMALL = 1 << 62
"""Ints below this in magnitude need no check of their size."""
_TINY = 1 << 31
"""Factors below this in magnitude have a small product."""

_NATIVE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
"""What Python does with two ints, when both are tiny; what it does with two strings, for comparisons."""


def quick_binary(context: Context, node: tree.Binary, left: Closure, right: Closure) -> Closure:
    """The closure of one operator."""
    site = context.site(node)
    constant = _constant(node.right)
    if constant is not None:
        with_constant = _WITH_CONSTANT.get(node.op)
        if with_constant and (constant or node.op not in ("%", "//")):
            return with_constant(left, constant, site)
    quick = _QUICK.get(node.op)
    if quick:
        return quick(left, right, site)
    native = _NATIVE.get(node.op)
    if native is None:
        return _general(OPERATORS[node.op], left, right, site)
    slots = _slot(node.left), _slot(node.right)
    if slots[0] is not None and slots[1] is not None:
        return _two_variables(native, OPERATORS[node.op], (slots[0], slots[1]), site)
    return _of_one_type(native, OPERATORS[node.op], left, right, site)


def _slot(node: tree.Node) -> int | None:
    """The slot of a local variable that is certainly set."""
    return node.slot if isinstance(node, tree.Name) and node.scope == SURE else None


def _constant(node: tree.Node) -> int | None:
    """The value of a literal that is a tiny int."""
    if isinstance(node, tree.Literal) and type(node.value) is int and node.value < _TINY:
        return node.value
    return None


def _slow(apply: Operator, a: Any, b: Any, f: list[Any], site: Site) -> Any:
    try:
        return apply(a, b, f[1])
    except Fault as fault:
        site.place(fault, f)
        raise


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


def _two_variables(
    native: Callable[[Any, Any], Any], apply: Operator, slots: tuple[int, int], site: Site
) -> Closure:
    first, second = slots

    def run(f: list[Any]) -> Any:
        a = f[first]
        b = f[second]
        if type(a) is int and type(b) is int and -_TINY < a < _TINY and -_TINY < b < _TINY:
            return native(a, b)
        return _slow(apply, a, b, f, site)

    return run


def _of_one_type(
    native: Callable[[Any, Any], Any], apply: Operator, left: Closure, right: Closure, site: Site
) -> Closure:
    compares = native not in (operator.sub, operator.mul)

    def run(f: list[Any]) -> Any:
        a = left(f)
        b = right(f)
        kind = type(a)
        if kind is type(b):
            if kind is int:
                if -_TINY < a < _TINY and -_TINY < b < _TINY:
                    return native(a, b)
            elif compares and kind is str:
                return native(a, b)
        return _slow(apply, a, b, f, site)

    return run


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


def _add_constant(left: Closure, constant: int, site: Site) -> Closure:
    apply = OPERATORS["+"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        if type(a) is int and -_SMALL < a < _SMALL:
            return a + constant
        return _slow(apply, a, constant, f, site)

    return run


def _subtract_constant(left: Closure, constant: int, site: Site) -> Closure:
    apply = OPERATORS["-"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        if type(a) is int and -_SMALL < a < _SMALL:
            return a - constant
        return _slow(apply, a, constant, f, site)

    return run


def _modulo_constant(left: Closure, constant: int, site: Site) -> Closure:
    apply = OPERATORS["%"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        if type(a) is int:
            return a % constant
        return _slow(apply, a, constant, f, site)

    return run


def _equals_constant(left: Closure, constant: int, site: Site) -> Closure:
    apply = OPERATORS["=="]

    def run(f: list[Any]) -> Any:
        a = left(f)
        if type(a) is int:
            return a == constant
        return _slow(apply, a, constant, f, site)

    return run


def _less_than_constant(left: Closure, constant: int, site: Site) -> Closure:
    apply = OPERATORS["<"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        if type(a) is int:
            return a < constant
        return _slow(apply, a, constant, f, site)

    return run


def _greater_than_constant(left: Closure, constant: int, site: Site) -> Closure:
    apply = OPERATORS[">"]

    def run(f: list[Any]) -> Any:
        a = left(f)
        if type(a) is int:
            return a > constant
        return _slow(apply, a, constant, f, site)

    return run


_WITH_CONSTANT: dict[str, Callable[[Closure, int, Site], Closure]] = {
    "+": _add_constant,
    "-": _subtract_constant,
    "%": _modulo_constant,
    "==": _equals_constant,
    "<": _less_than_constant,
    ">": _greater_than_constant,
}
_QUICK: dict[str, Callable[[Closure, Closure, Site], Closure]] = {
    "+": _add,
    "%": _modulo,
    "//": _floor_divide,
}
