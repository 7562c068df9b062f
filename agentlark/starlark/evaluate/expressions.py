"""Operators, attributes, subscripts, choices and comprehensions."""

from __future__ import annotations

from typing import Any

from agentlark.starlark.attributes import get_attribute
from agentlark.starlark.evaluate.arithmetic import quick_binary
from agentlark.starlark.evaluate.context import EXPRESSIONS, Closure, Context
from agentlark.starlark.evaluate.targets import target
from agentlark.starlark.failures import Fault
from agentlark.starlark.host import Site
from agentlark.starlark.limits import steps_exhausted
from agentlark.starlark.operators import OPERATORS, UNARY, Operator
from agentlark.starlark.subscripts import get_index, get_slice, not_iterable
from agentlark.starlark.syntax import tree
from agentlark.starlark.values import Dict, List, Set, elements, put, size_of

_LONG_CHAIN = 12


def unary(context: Context, node: tree.Unary) -> Closure:
    """`-x`, `not x`; a row of signs is applied in a loop, not by recursion."""
    row: list[tree.Unary] = []
    inner: tree.Node = node
    while isinstance(inner, tree.Unary):
        row.append(inner)
        inner = inner.operand
    operand = context.expression(inner)
    if len(row) == 1 and node.op == "not":
        return lambda f: not operand(f)
    steps = [(UNARY[sign.op], context.site(sign)) for sign in reversed(row)]

    def run(f: list[Any]) -> Any:
        value = operand(f)
        for apply, site in steps:
            try:
                value = apply(value)
            except Fault as fault:
                site.place(fault, f)
                raise
        return value

    return run


def binary(context: Context, node: tree.Binary) -> Closure:
    """An operator and its operands; a long chain such as `a + b + ...` is evaluated in a loop."""
    if node.op in ("and", "or"):
        return _logical(context, node)
    chain: list[tree.Binary] = [node]
    while isinstance(chain[-1].left, tree.Binary) and chain[-1].left.op not in ("and", "or"):
        chain.append(chain[-1].left)
    if len(chain) > _LONG_CHAIN:
        return _chained(context, chain)
    closure = context.expression(chain[-1].left)
    for link in reversed(chain):
        closure = quick_binary(context, link, closure, context.expression(link.right))
    return closure


def _chained(context: Context, chain: list[tree.Binary]) -> Closure:
    first = context.expression(chain[-1].left)
    steps: list[tuple[Operator, Closure, Site]] = [
        (OPERATORS[link.op], context.expression(link.right), context.site(link)) for link in reversed(chain)
    ]

    def run(f: list[Any]) -> Any:
        value = first(f)
        thread = f[1]
        for apply, operand, site in steps:
            right = operand(f)
            try:
                value = apply(value, right, thread)
            except Fault as fault:
                site.place(fault, f)
                raise
        return value

    return run


def _logical(context: Context, node: tree.Binary) -> Closure:
    operands: list[tree.Node] = [node.right]
    left = node.left
    while isinstance(left, tree.Binary) and left.op == node.op:
        operands.append(left.right)
        left = left.left
    operands.append(left)
    closures = [context.expression(operand) for operand in reversed(operands)]
    if len(closures) == 2:
        first, second = closures
        if node.op == "and":
            return lambda f: first(f) and second(f)
        return lambda f: first(f) or second(f)
    *before, last = closures
    stop = node.op == "or"

    def run(f: list[Any]) -> Any:
        for closure in before:
            value = closure(f)
            if bool(value) is stop:
                return value
        return last(f)

    return run


def choice(context: Context, node: tree.Choice) -> Closure:
    """`then if test else other`."""
    test = context.expression(node.test)
    then = context.expression(node.then)
    other = context.expression(node.other)
    return lambda f: then(f) if test(f) else other(f)


def attribute(context: Context, node: tree.Attribute) -> Closure:
    """`object.name`."""
    owner = context.expression(node.object)
    wanted = node.name.name
    site = Site(tree.Name(wanted, node.name.start, node.name.end), context.origins)

    def run(f: list[Any]) -> Any:
        value = owner(f)
        try:
            return get_attribute(value, wanted)
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def index(context: Context, node: tree.Index) -> Closure:
    """`object[index]`."""
    owner = context.expression(node.object)
    key = context.expression(node.index)
    site = context.site(node)

    def run(f: list[Any]) -> Any:
        container = owner(f)
        at = key(f)
        kind = type(at)
        if kind is str:
            if type(container) is Dict and at in container:
                return container[at]
        elif kind is int and type(container) is List and 0 <= at < len(container):
            return container[at]
        try:
            return get_index(container, at)
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def slice_(context: Context, node: tree.Slice) -> Closure:
    """`object[low:high:step]`."""
    parts = [
        context.expression(part) if part else (lambda f: None)
        for part in (node.object, node.low, node.high, node.step)
    ]
    owner, low, high, step = parts
    site = context.site(node)

    def run(f: list[Any]) -> Any:
        container = owner(f)
        bounds = low(f), high(f), step(f)
        try:
            return get_slice(container, *bounds, f[1])
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def comprehension(context: Context, node: tree.Comprehension) -> Closure:
    """A list or dict made by loops; containers are locked while they are iterated over."""
    if isinstance(node.body, tree.Entry):
        step = _dict_step(context, node.body)
    else:
        step = _list_step(context, node.body)
    simple = _simple_list(context, node)
    if simple:
        return simple
    for clause in reversed(node.clauses):
        if isinstance(clause, tree.IfClause):
            step = _filter(context.expression(clause.test), step)
        else:
            step = _each(context, clause, step)
    kind = Dict if isinstance(node.body, tree.Entry) else List

    def run(f: list[Any]) -> Any:
        made = kind()
        step(f, made)
        return made

    return run


def _list_step(context: Context, body: tree.Node) -> Any:
    value = context.expression(body)

    def step(f: list[Any], made: Any) -> None:
        made.append(value(f))

    return step


def _dict_step(context: Context, body: tree.Entry) -> Any:
    key_of = context.expression(body.key)
    value_of = context.expression(body.value)
    site = context.site(body.key)

    def step(f: list[Any], made: Any) -> None:
        key = key_of(f)
        value = value_of(f)
        if type(key) is str:
            made[key] = value
            return
        try:
            put(made, key, value)
        except Fault as fault:
            site.place(fault, f)
            raise

    return step


def _filter(test: Closure, inner: Any) -> Any:
    def step(f: list[Any], made: Any) -> None:
        if test(f):
            inner(f, made)

    return step


def _each(context: Context, clause: tree.ForClause, inner: Any) -> Any:
    iterable = context.expression(clause.iterable)
    store = target(context, clause.target)
    site = context.site(clause.iterable)

    def step(f: list[Any], made: Any) -> None:
        container, items = begin(f, iterable(f), site, 1)
        try:
            for item in items:
                store(f, item)
                inner(f, made)
        finally:
            if container is not None:
                container.state -= 1

    return step


def _simple_list(context: Context, node: tree.Comprehension) -> Closure | None:
    """`[body for name in iterable if test]` with at most one test, without calls in between."""
    clause = node.clauses[0]
    if isinstance(node.body, tree.Entry) or len(node.clauses) > 2 or not isinstance(clause, tree.ForClause):
        return None
    target_node = tree.without_parens(clause.target)
    if not isinstance(target_node, tree.Name):
        return None
    test: Closure | None = None
    if len(node.clauses) == 2:
        second = node.clauses[1]
        if not isinstance(second, tree.IfClause):
            return None
        test = context.expression(second.test)
    iterable = context.expression(clause.iterable)
    body = context.expression(node.body)
    slot = target_node.slot
    site = context.site(clause.iterable)

    def run(f: list[Any]) -> Any:
        container, items = begin(f, iterable(f), site, 1)
        made = List()
        append = made.append
        try:
            if test is None:
                for f[slot] in items:
                    append(body(f))
            else:
                for f[slot] in items:
                    if test(f):
                        append(body(f))
        finally:
            if container is not None:
                container.state -= 1
        return made

    return run


def begin(f: list[Any], value: Any, site: Site, weight: int) -> tuple[Any, Any]:
    """Locks a value for iteration and charges for all of its elements: what to unlock, what to iterate over.

    Raises:
        Fault: AL201 when it is not iterable, AL207 when its elements cost more steps than are left.
    """
    items = elements(value)
    if items is None:
        raise site.place(not_iterable(value), f)
    thread = f[1]
    thread.left -= size_of(value) * weight
    if thread.left < 0:
        raise site.place(steps_exhausted(thread.limits), f)
    kind = type(value)
    if (kind is List or kind is Dict or kind is Set) and value.state >= 0:
        value.state += 1
        return value, items
    return None, items


EXPRESSIONS.update(
    {
        tree.Unary: unary,
        tree.Binary: binary,
        tree.Choice: choice,
        tree.Attribute: attribute,
        tree.Index: index,
        tree.Slice: slice_,
        tree.Comprehension: comprehension,
    }
)
