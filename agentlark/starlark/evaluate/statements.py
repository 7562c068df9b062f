"""Statements; see `context.Closure` for what running one returns."""

from __future__ import annotations

from typing import Any

from agentlark.starlark.evaluate.context import (
    BREAK,
    CONTINUE,
    NOTHING,
    STATEMENTS,
    Closure,
    Context,
)
from agentlark.starlark.evaluate.expressions import begin
from agentlark.starlark.evaluate.targets import target
from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import steps_exhausted
from agentlark.starlark.operators import OPERATORS
from agentlark.starlark.scopes import GLOBAL, LOCAL, SURE
from agentlark.starlark.subscripts import get_index, set_index
from agentlark.starlark.syntax import tree
from agentlark.starlark.values import Dict, List, check_mutable, elements, items_of, put, size_of


def expression(context: Context, node: tree.Expression) -> Closure:
    """An expression for its effect."""
    value = context.expression(node.value)

    def run(f: list[Any]) -> None:
        value(f)

    return run


def assign(context: Context, node: tree.Assign) -> Closure:
    """`target = value`: the value is evaluated first."""
    if node.op:
        return _augmented(context, node)
    value = context.expression(node.value)
    name = tree.without_parens(node.target)
    if isinstance(name, tree.Name) and name.scope in (LOCAL, SURE):
        slot = name.slot

        def run(f: list[Any]) -> None:
            f[slot] = value(f)

        return run
    swap = _parallel(context, node)
    if swap:
        return swap
    store = target(context, node.target, node.value)

    def run_store(f: list[Any]) -> None:
        store(f, value(f))

    return run_store


def _parallel(context: Context, node: tree.Assign) -> Closure | None:
    """`a, b = b, a` of local variables, without making a tuple."""
    left, right = tree.without_parens(node.target), tree.without_parens(node.value)
    if not (isinstance(left, tree.TupleDisplay) and isinstance(right, tree.TupleDisplay)):
        return None
    if len(left.items) != 2 or len(right.items) != 2:
        return None
    slots = [item.slot for item in left.items if isinstance(item, tree.Name) and item.scope in (LOCAL, SURE)]
    if len(slots) != 2:
        return None
    first_slot, second_slot = slots
    first, second = (context.expression(item) for item in right.items)

    def run(f: list[Any]) -> None:
        a = first(f)
        b = second(f)
        f[first_slot] = a
        f[second_slot] = b

    return run


def augment(op: str, a: Any, b: Any, thread: Any) -> Any:
    """The new value of `a op= b`; a list grows in place by `+=`, a dict by `|=`."""
    if op == "+" and type(a) is List:
        items = elements(b)
        if items is not None:
            check_mutable(a, "extend")
            thread.charge_size(len(a) + size_of(b))
            a += list(items)
            return a
    elif op == "|" and type(a) is Dict and type(b) is Dict:
        check_mutable(a, "insert into")
        thread.charge_size(len(a) + len(b))
        for key, value in items_of(b):
            put(a, key, value)
        return a
    return OPERATORS[op](a, b, thread)


def _augmented(context: Context, node: tree.Assign) -> Closure:
    goal = tree.without_parens(node.target)
    if isinstance(goal, tree.Index):
        return _augmented_item(context, node, goal)
    site = context.site(node)
    op = node.op
    current = context.expression(goal)
    operand = context.expression(node.value)
    if isinstance(goal, tree.Name) and goal.scope in (LOCAL, SURE) and op in "+-":
        return _counted(context, node, current, operand, goal.slot)
    store = target(context, goal, node.value)

    def run(f: list[Any]) -> None:
        before = current(f)
        by = operand(f)
        try:
            value = augment(op, before, by, f[1])
        except Fault as fault:
            site.place(fault, f)
            raise
        store(f, value)

    return run


def _counted(context: Context, node: tree.Assign, current: Closure, operand: Closure, slot: int) -> Closure:
    """`local += value` and `local -= value`, quickly for ints."""
    site = context.site(node)
    op = node.op
    limit = 1 << 62
    adds = op == "+"

    def run(f: list[Any]) -> None:
        a = f[slot]
        b = operand(f)
        if type(a) is int and type(b) is int:
            total = a + b if adds else a - b
            if -limit < total < limit:
                f[slot] = total
                return
        try:
            f[slot] = augment(op, current(f), b, f[1])
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def _augmented_item(context: Context, node: tree.Assign, goal: tree.Index) -> Closure:
    owner = context.expression(goal.object)
    key = context.expression(goal.index)
    operand = context.expression(node.value)
    site = context.site(node)
    op = node.op

    def run(f: list[Any]) -> None:
        container = owner(f)
        at = key(f)
        try:
            before = get_index(container, at)
            set_index(container, at, augment(op, before, operand(f), f[1]))
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def return_(context: Context, node: tree.Return) -> Closure:
    """`return value`; None is sent as `NOTHING`, since None means that no statement returned."""
    if node.value is None:
        return lambda f: NOTHING
    value = context.expression(node.value)

    def run(f: list[Any]) -> Any:
        result = value(f)
        return NOTHING if result is None else result

    return run


def flow(context: Context, node: tree.Flow) -> Closure:
    """`pass`, `break` or `continue`."""
    signal = {"pass": None, "break": BREAK, "continue": CONTINUE}[node.word]
    return lambda f: signal


def conditional(context: Context, node: tree.If) -> Closure:
    """`if`, `elif`, `else`."""
    branches = [(context.expression(branch.test), context.block(branch.body)) for branch in node.branches]
    otherwise = context.block(node.otherwise)
    if len(branches) == 1:
        test, body = branches[0]
        if not node.otherwise:
            return lambda f: body(f) if test(f) else None
        return lambda f: body(f) if test(f) else otherwise(f)

    def run(f: list[Any]) -> Any:
        for test, body in branches:
            if test(f):
                return body(f)
        return otherwise(f)

    return run


def loop(context: Context, node: tree.For) -> Closure:
    """`for`: all steps are charged on entry, unless the loop may end early; then each as it begins."""
    iterable = context.expression(node.iterable)
    store = target(context, node.target, node.iterable)
    body = context.block(node.body)
    site = context.site(node.iterable)
    weight = 1 + weigh(node.body)
    upfront = 0 if _may_leave(node.body) else weight
    each = weight - upfront
    name = tree.without_parens(node.target)
    if isinstance(name, tree.Name) and name.scope != GLOBAL and not each:
        return _counted_loop(iterable, name.slot, body, site, weight)

    def run(f: list[Any]) -> Any:
        container, items = begin(f, iterable(f), site, upfront)
        thread = f[1]
        try:
            for item in items:
                thread.left -= each
                if thread.left < 0:
                    raise site.place(steps_exhausted(thread.limits), f)
                store(f, item)
                signal = body(f)
                if signal is not None and signal is not CONTINUE:
                    return None if signal is BREAK else signal
        finally:
            if container is not None:
                container.state -= 1
        return None

    return run


def _counted_loop(iterable: Closure, slot: int, body: Closure, site: Any, weight: int) -> Closure:
    def run(f: list[Any]) -> Any:
        container, items = begin(f, iterable(f), site, weight)
        try:
            for f[slot] in items:
                body(f)
        finally:
            if container is not None:
                container.state -= 1

    return run


def weigh(body: list[tree.Node]) -> int:
    """How many statements one run of the body may take, nested loops counted once."""
    total = 0
    for node in body:
        total += 1
        if isinstance(node, tree.If):
            total += max([weigh(branch.body) for branch in node.branches] + [weigh(node.otherwise)])
    return total


def _may_leave(body: list[tree.Node], nested: bool = False) -> bool:
    """Whether the body has a `return`, or a `break` of its own loop."""
    for node in body:
        if isinstance(node, tree.Return) or (
            isinstance(node, tree.Flow) and node.word == "break" and not nested
        ):
            return True
        if isinstance(node, tree.If):
            bodies = [branch.body for branch in node.branches] + [node.otherwise]
            if any(_may_leave(part, nested) for part in bodies):
                return True
        elif isinstance(node, tree.For) and _may_leave(node.body, True):
            return True
    return False


STATEMENTS.update(
    {
        tree.Expression: expression,
        tree.Assign: assign,
        tree.Return: return_,
        tree.Flow: flow,
        tree.If: conditional,
        tree.For: loop,
    }
)
