"""The left side of assignments: closures that store a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentlark.starlark.attributes import set_attribute
from agentlark.starlark.evaluate.context import Context
from agentlark.starlark.failures import Fault
from agentlark.starlark.scopes import GLOBAL
from agentlark.starlark.subscripts import set_index, unpack
from agentlark.starlark.syntax import tree
from agentlark.starlark.values import Dict

Store = Callable[[list[Any], Any], None]
"""Stores a value: the frame, the value."""


def target(context: Context, node: tree.Node, origin: tree.Node | None = None) -> Store:
    """The closure that assigns to a target; `origin` is the expression the value comes from, if one does."""
    node = tree.without_parens(node)
    if isinstance(node, tree.Name):
        return _global(context, node, origin) if node.scope == GLOBAL else _local(node)
    if isinstance(node, tree.Display):
        return _unpacking(context, node, origin)
    if isinstance(node, tree.Index):
        return _item(context, node)
    assert isinstance(node, tree.Attribute), "the resolver refuses other targets"
    return _attribute(context, node)


def _local(node: tree.Name) -> Store:
    slot = node.slot

    def store(f: list[Any], value: Any) -> None:
        f[slot] = value

    return store


def _global(context: Context, node: tree.Name, origin: tree.Node | None) -> Store:
    variables = context.globals
    origins = context.origins.nodes
    slot = node.slot
    expression = origin or node

    def store(f: list[Any], value: Any) -> None:
        variables[slot] = value
        origins[slot] = expression

    return store


def _unpacking(context: Context, node: tree.Display, origin: tree.Node | None) -> Store:
    origin = tree.without_parens(origin) if origin else None
    count = len(node.items)
    sources: list[tree.Node | None] = [origin] * count
    if isinstance(origin, tree.Display) and len(origin.items) == count:
        sources = list(origin.items)
    stores = [target(context, item, source) for item, source in zip(node.items, sources, strict=True)]
    site = context.site(node)

    def store(f: list[Any], value: Any) -> None:
        try:
            items = value if type(value) is tuple and len(value) == count else unpack(value, count)
        except Fault as fault:
            site.place(fault, f)
            raise
        for put, item in zip(stores, items, strict=True):
            put(f, item)

    return store


def _item(context: Context, node: tree.Index) -> Store:
    owner = context.expression(node.object)
    key = context.expression(node.index)
    site = context.site(node)

    def store(f: list[Any], value: Any) -> None:
        container = owner(f)
        at = key(f)
        if type(container) is Dict and type(at) is str and not container.state:
            container[at] = value
            return
        try:
            set_index(container, at, value)
        except Fault as fault:
            site.place(fault, f)
            raise

    return store


def _attribute(context: Context, node: tree.Attribute) -> Store:
    owner = context.expression(node.object)
    site = context.site(node)
    wanted = node.name.name

    def store(f: list[Any], value: Any) -> None:
        try:
            set_attribute(owner(f), wanted)
        except Fault as fault:
            site.place(fault, f)
            raise

    return store
