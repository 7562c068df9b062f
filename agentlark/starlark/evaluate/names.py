"""Names, literals and the displays of lists, tuples and dicts."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from agentlark.starlark.evaluate.context import EXPRESSIONS, Closure, Context
from agentlark.starlark.failures import Fault
from agentlark.starlark.scopes import FREE, GLOBAL, KNOWN, LOCAL, SURE
from agentlark.starlark.syntax import tree
from agentlark.starlark.text import brief
from agentlark.starlark.values import UNSET, Dict, List, put


def literal(context: Context, node: tree.Literal) -> Closure:
    """A constant."""
    value = node.value
    return lambda f: value


def name(context: Context, node: tree.Name) -> Closure:
    """A variable, or a value of the host or the language."""
    if node.scope == SURE:
        return itemgetter(node.slot)
    if node.scope == KNOWN:
        value = context.known[node.name]
        return lambda f: value
    if node.scope == GLOBAL:
        return _global(context, node)
    return _local(context, node) if node.scope == LOCAL else _free(context, node)


def _unset(kind: str, context: Context, node: tree.Name, f: list[Any]) -> Fault:
    hides = node.name in context.known
    help = f"{node.name} is a builtin that the assignment hides: assign to another name" if hides else None
    fault = Fault("AL212", f"{kind} variable {node.name} referenced before assignment", help=help)
    return context.site(node).place(fault, f)


def _global(context: Context, node: tree.Name) -> Closure:
    variables = context.globals
    slot = node.slot

    def run(f: list[Any]) -> Any:
        value = variables[slot]
        if value is UNSET:
            raise _unset("global", context, node, f)
        return value

    return run


def _local(context: Context, node: tree.Name) -> Closure:
    slot = node.slot

    def run(f: list[Any]) -> Any:
        value = f[slot]
        if value is UNSET:
            raise _unset("local", context, node, f)
        return value

    return run


def _free(context: Context, node: tree.Name) -> Closure:
    slot = node.slot
    hops = node.hops
    assert node.scope == FREE

    def run(f: list[Any]) -> Any:
        frame = f
        for _ in range(hops):
            frame = frame[0]
        value = frame[slot]
        if value is UNSET:
            raise _unset("local", context, node, f)
        return value

    return run


def paren(context: Context, node: tree.Paren) -> Closure:
    """What is between the parentheses."""
    return context.expression(node.inner)


def all_literals(items: list[tree.Node]) -> list[Any] | None:
    """The values of the items when all are literals."""
    values = []
    for item in items:
        if not isinstance(item, tree.Literal):
            return None
        values.append(item.value)
    return values


def list_display(context: Context, node: tree.ListDisplay) -> Closure:
    """A new list."""
    values = all_literals(node.items)
    if values is not None:
        return lambda f: List(values)
    items = [context.expression(item) for item in node.items]
    if len(items) == 1:
        only = items[0]
        return lambda f: List((only(f),))
    return lambda f: List([item(f) for item in items])


def tuple_display(context: Context, node: tree.TupleDisplay) -> Closure:
    """A tuple; one of literals is made once."""
    values = all_literals(node.items)
    if values is not None:
        constant = tuple(values)
        return lambda f: constant
    items = [context.expression(item) for item in node.items]
    if len(items) == 2:
        first, second = items
        return lambda f: (first(f), second(f))
    return lambda f: tuple([item(f) for item in items])


def dict_display(context: Context, node: tree.DictDisplay) -> Closure:
    """A new dict; a key that comes twice is refused where it comes again."""
    keys = all_literals([entry.key for entry in node.entries])
    values = [context.expression(entry.value) for entry in node.entries]
    if keys is None or len(set(keys)) < len(keys):
        return _dict_of_anything(context, node, values)
    constants = all_literals([entry.value for entry in node.entries])
    if constants is not None:
        template = dict(zip(keys, constants, strict=True))
        return lambda f: Dict(template)
    pairs = list(zip(keys, values, strict=True))
    if len(pairs) == 1:
        only, value = pairs[0]
        return lambda f: Dict({only: value(f)})
    return lambda f: Dict({key: value(f) for key, value in pairs})


def _dict_of_anything(context: Context, node: tree.DictDisplay, values: list[Closure]) -> Closure:
    entries = [
        (context.expression(entry.key), value, context.site(entry.key))
        for entry, value in zip(node.entries, values, strict=True)
    ]

    def run(f: list[Any]) -> Any:
        made = Dict()
        for key_of, value_of, site in entries:
            key = key_of(f)
            value = value_of(f)
            size = len(made)
            try:
                put(made, key, value)
                if len(made) == size:
                    raise Fault("AL107", f"duplicate key: {brief(key)}")
            except Fault as fault:
                site.place(fault, f)
                raise
        return made

    return run


EXPRESSIONS.update(
    {
        tree.Literal: literal,
        tree.Name: name,
        tree.Paren: paren,
        tree.ListDisplay: list_display,
        tree.TupleDisplay: tuple_display,
        tree.DictDisplay: dict_display,
    }
)
