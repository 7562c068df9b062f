"""What each production of the grammar makes of its children: the nodes of `tree.py`.

An action gets the list of its children: nodes, lists of nodes for the rules that begin with an underscore,
and the start offset of every token that is no leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentlark.starlark.syntax import tree

Action = Callable[[list[Any]], Any]
"""A function from the children of a production to its value."""


def list_action(expansion: Sequence[str], is_rule: Callable[[str], bool]) -> Action:
    """The action of a production of a list rule: its nodes in order; the first child's list may be reused."""
    places = [at for at, symbol in enumerate(expansion) if is_rule(symbol)]
    inlined = [expansion[at].startswith("_") for at in places]
    if inlined == [False]:
        only = places[0]
        return lambda v: [v[only]]
    if inlined == [True]:
        return lambda v: v[0]
    if not inlined:
        return lambda v: []
    assert inlined[0] and len(inlined) == 2, "a list rule adds one thing at its end"
    last = places[1]
    return (lambda v: _extended(v[0], v[last])) if inlined[1] else grows


def _extended(items: list[tree.Node], more: list[tree.Node]) -> list[tree.Node]:
    items += more
    return items


def grows(v: list[Any]) -> list[tree.Node]:
    """A list with its last child added; the driver does this itself, without calling."""
    items: list[tree.Node] = v[0]
    items.append(v[-1])
    return items


def _items(v: list[Any]) -> list[Any]:
    """The nodes between brackets: a list, perhaps followed by a comma and a last node."""
    items: list[Any] = v[1] if isinstance(v[1], list) else []
    if isinstance(v[-2], tree.Node):
        items.append(v[-2])
    return items


def _bare_tuple(v: list[Any]) -> tree.Node:
    items = v[0]
    if len(v) == 3:
        items.append(v[2])
        return tree.TupleDisplay(items, items[0].start, items[-1].end)
    return tree.TupleDisplay(items, items[0].start, v[1] + 1)


def _slice(v: list[Any]) -> tree.Node:
    parts: list[tree.Node | None] = [None, None, None]
    at = 0
    for child in v[2:-1]:
        if isinstance(child, int):
            at += 1
        else:
            parts[at] = child
    return tree.Slice(v[0], (parts[0], parts[1], parts[2]), v[-1] + 1)


def _conditional(v: list[Any]) -> tree.Node:
    branches = [tree.Branch(v[1], v[3], v[0]), *v[4]]
    return tree.If(branches, v[7] if len(v) == 8 else [])


def _parameter(prefix: str) -> Action:
    def action(v: list[Any]) -> tree.Node:
        name = v[1] if prefix and len(v) == 2 else None
        return tree.Parameter(prefix, name, None, v[0], name.end if name else v[0] + 1)

    return action


def _plain_parameter(v: list[Any]) -> tree.Node:
    default = v[2] if len(v) == 3 else None
    return tree.Parameter("", v[0], default, v[0].start, (default or v[0]).end)


def _binary(op: str) -> Action:
    binary = tree.Binary
    return lambda v: binary(v[0], op, v[-1])


def _unary(op: str) -> Action:
    unary = tree.Unary
    return lambda v: unary(op, v[1], v[0])


def _augment(op: str) -> Action:
    return lambda v: tree.Assign(v[0], op[:-1], v[2])


def _flow(word: str) -> Action:
    return lambda v: tree.Flow(word, v[0])


_ACTIONS: dict[str, Action] = {
    "file": lambda v: v[0],
    "expression": lambda v: tree.Expression(v[0]),
    "assign": lambda v: tree.Assign(v[0], "", v[2]),
    "return": lambda v: tree.Return(v[1] if len(v) == 2 else None, v[0]),
    "load": lambda v: tree.Load(v[2], v[3], v[0], v[-1] + 1),
    "symbol": lambda v: tree.Symbol(v[0] if len(v) == 3 else None, v[-1]),
    "definition": lambda v: tree.Define(v[1], v[3] if isinstance(v[3], list) else [], v[-1], v[0]),
    "param": _plain_parameter,
    "param_star": _parameter("*"),
    "param_double_star": _parameter("**"),
    "loop": lambda v: tree.For(v[1], v[3], v[5], v[0]),
    "conditional": _conditional,
    "alternative": lambda v: tree.Branch(v[1], v[3], v[0]),
    "suite": lambda v: v[0] if len(v) == 1 else v[2],
    "bare_tuple": _bare_tuple,
    "choice": lambda v: tree.Choice(v[0], v[2], v[4]),
    "lambda": lambda v: tree.Lambda(v[1] if len(v) == 4 else [], v[-1], v[0]),
    "attribute": lambda v: tree.Attribute(v[0], v[2]),
    "call": lambda v: tree.Call(v[0], v[2] if len(v) > 3 else [], v[-1] + 1),
    "index": lambda v: tree.Index(v[0], v[2], v[3] + 1),
    "slice": _slice,
    "keyword": lambda v: tree.Keyword(v[0], v[2]),
    "star": lambda v: tree.Star("*", v[1], v[0]),
    "double_star": lambda v: tree.Star("**", v[1], v[0]),
    "tuple": lambda v: tree.TupleDisplay(_items(v), v[0], v[-1] + 1),
    "paren": lambda v: tree.Paren(v[1], v[0], v[2] + 1),
    "list": lambda v: tree.ListDisplay(v[1] if len(v) > 2 else [], v[0], v[-1] + 1),
    "list_comprehension": lambda v: tree.Comprehension(v[1], v[2], v[0], v[3] + 1),
    "dict": lambda v: tree.DictDisplay(v[1] if len(v) > 2 else [], v[0], v[-1] + 1),
    "dict_comprehension": lambda v: tree.Comprehension(v[1], v[2], v[0], v[3] + 1),
    "entry": lambda v: tree.Entry(v[0], v[2]),
    "for_clause": lambda v: tree.ForClause(v[1], v[3], v[0]),
    "if_clause": lambda v: tree.IfClause(v[1], v[0]),
}

_BY_OPERATOR: dict[str, Callable[[str], Action]] = {
    "binary": _binary,
    "unary": _unary,
    "augment": _augment,
    "break": _flow,
    "continue": _flow,
    "pass": _flow,
}


def action(alias: str, expansion: Sequence[str], is_rule: Callable[[str], bool]) -> Action:
    """The action of a production, from its alias (or rule name) and its symbols."""
    if alias.startswith("_"):
        return list_action(expansion, is_rule)
    if alias in _BY_OPERATOR:
        return _BY_OPERATOR[alias](" ".join(symbol for symbol in expansion if not is_rule(symbol)))
    return _ACTIONS[alias]
