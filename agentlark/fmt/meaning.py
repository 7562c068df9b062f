"""Whether two trees are the same program.

Positions and parentheses do not matter, nor what the formatter may change because nothing depends on it:
the order of loads, which only bind names of their file; `else: if` for `elif`; whether named arguments are
written before `*args`; the white space in a function's docstring, which no program can read.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import zip_longest

from agentlark.diagnostics import Span
from agentlark.starlark.syntax import tree

_NOT_WRITTEN = frozenset({"start", "end", "scope", "hops", "slot", "size"})


def difference(one: tree.File, other: tree.File) -> Span | None:
    """Where in the first file the two begin to differ; None when they are the same program."""
    if _loads(one) != _loads(other):
        return Span(one.source, 0, 0)
    pairs: list[tuple[tree.Node | None, tree.Node | None, int]] = []

    def add(left: list[tree.Node | None], right: list[tree.Node | None], at: int) -> None:
        pairs.extend((a, b, at) for a, b in reversed(list(zip_longest(left, right))))

    add(_without_loads(one), _without_loads(other), 0)
    while pairs:
        left, right, at = pairs.pop()
        if left is None or right is None:
            if left is not right:
                return Span(one.source, at, at)
            continue
        left, right = tree.without_parens(left), tree.without_parens(right)
        key, below = _parts(left)
        other_key, other_below = _parts(right)
        if type(left) is not type(right) or key != other_key:
            return Span(one.source, left.start, left.end)
        add(below, other_below, left.start)
    return None


def _loads(file: tree.File) -> set[tuple[str, str, str]]:
    return {
        (str(node.module.value), exported, symbol.local.name if symbol.local else exported)
        for node in file.body
        if isinstance(node, tree.Load)
        for symbol in node.symbols
        for exported in [str(symbol.exported.value)]
    }


def _without_loads(file: tree.File) -> list[tree.Node | None]:
    return [node for node in file.body if not isinstance(node, tree.Load)]


def _parts(node: tree.Node) -> tuple[Hashable, list[tree.Node | None]]:
    """What a node says itself, and the nodes below it."""
    if isinstance(node, tree.Literal):
        return (type(node.value), repr(node.value)), []
    if isinstance(node, tree.If):
        first, *more = node.branches
        otherwise: list[tree.Node] = [tree.If(more, node.otherwise)] if more else node.otherwise
        return (len(first.body), len(otherwise)), [first.test, *first.body, *otherwise]
    if isinstance(node, tree.Call):
        return len(node.args), [node.callee, *sorted(node.args, key=argument_rank)]
    if isinstance(node, tree.Define):
        text = docstring_of(node)
        body = node.body[1:] if text is not None else node.body
        words = text.split() if text is not None else ()
        return (tuple(words), len(node.params)), [node.name, *node.params, *body]
    return _generic(node)


def _generic(node: tree.Node) -> tuple[Hashable, list[tree.Node | None]]:
    key: list[Hashable] = []
    below: list[tree.Node | None] = []
    for owner in type(node).__mro__:
        for field in getattr(owner, "__slots__", ()):
            if field in _NOT_WRITTEN:
                continue
            value = getattr(node, field)
            if isinstance(value, list):
                key.append(len(value))
                below += value
            elif value is None or isinstance(value, tree.Node):
                below.append(value)
            else:
                key.append(value)
    return tuple(key), below


def argument_rank(argument: tree.Node) -> int:
    """Where buildifier puts an argument: positional, named, `*args`, `**kwargs`."""
    if isinstance(argument, tree.Star):
        return 3 if argument.prefix == "**" else 2
    return 1 if isinstance(argument, tree.Keyword) else 0


def docstring_of(node: tree.Define) -> str | None:
    """The text that a function begins with, if it does."""
    first = node.body[0]
    if isinstance(first, tree.Expression) and isinstance(first.value, tree.Literal):
        value = first.value.value
        return value if isinstance(value, str) else None
    return None
