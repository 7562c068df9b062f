"""Which statements of a file can still be judged after one of them has failed.

A statement depends on the globals it mentions, on those that the statements binding them mention, and so on.
One that failed, or was left out, leaves in doubt what it binds and every changeable value it depends on,
since it may have changed that, or ought to have. Statements that depend on nothing doubtful run as if nothing
had happened: what they get wrong is wrong, and is told in the same run. Nothing here runs for a file without
mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from agentlark.starlark.scopes import GLOBAL
from agentlark.starlark.syntax import tree
from agentlark.starlark.values import Dict, List, Set


class Aftermath:
    """What is in doubt among the globals of a file, by slot."""

    def __init__(self, body: Sequence[tree.Node], slots: Mapping[str, int], values: Sequence[Any]) -> None:
        self._values = values
        self._mentions: dict[int, set[int]] = {}
        self._binds: dict[int, set[int]] = {}
        self._behind: dict[int, set[int]] = {}
        """By slot: what the statements mention that bind it."""
        self._doubtful: set[int] = set()
        for node in body:
            mentioned = {name.slot for name in _globals(node)}
            bound = set(_bound(node, slots))
            self._mentions[node.start] = mentioned
            self._binds[node.start] = bound
            for slot in bound:
                self._behind.setdefault(slot, set()).update(mentioned)

    def touches(self, node: tree.Node) -> bool:
        """Whether a statement of the file depends on something doubtful."""
        return not self._doubtful.isdisjoint(self._closure(node))

    def is_doubtful(self, slot: int) -> bool:
        """Whether a global may have another value than it ought to."""
        return not self._doubtful.isdisjoint(self._reach([slot]))

    def spoil(self, node: tree.Node) -> None:
        """Takes note that a statement of the file did not do what it says."""
        self._doubtful |= self._binds[node.start]
        if _may_act(node):
            self._doubtful.update(slot for slot in self._closure(node) if _may_change(self._values[slot]))

    def _closure(self, node: tree.Node) -> set[int]:
        return self._reach(self._mentions[node.start])

    def _reach(self, slots: Iterable[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(slots)
        while waiting:
            slot = waiting.pop()
            if slot not in found:
                found.add(slot)
                waiting += self._behind.get(slot, ())
        return found


def _may_act(node: tree.Node) -> bool:
    """Whether a statement may change values: by a call, `x[i] = ...` or `x += ...`."""
    return any(
        isinstance(found, tree.Call)
        or (isinstance(found, tree.Assign) and (found.op or not isinstance(found.target, tree.Name)))
        for found in _walk(node)
    )


def _may_change(value: Any) -> bool:
    """Whether a value can be changed, or may hold one that can."""
    return isinstance(value, List | Dict | Set | tuple)


def _children(node: tree.Node) -> Iterator[tree.Node]:
    for kind in type(node).__mro__:
        for slot in getattr(kind, "__slots__", ()):
            value = getattr(node, slot, None)
            if isinstance(value, tree.Node):
                yield value
            elif isinstance(value, list):
                yield from (item for item in value if isinstance(item, tree.Node))


def _walk(node: tree.Node) -> Iterator[tree.Node]:
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting += _children(here)


def _globals(node: tree.Node) -> Iterator[tree.Name]:
    """The names of globals in a statement, those that it binds among them."""
    for found in _walk(node):
        if isinstance(found, tree.Name) and getattr(found, "scope", None) == GLOBAL:
            yield found


def _bound(node: tree.Node, slots: Mapping[str, int]) -> Iterator[int]:
    """The globals that a statement may bind."""
    for found in _walk(node):
        if isinstance(found, tree.Load):
            for symbol in found.symbols:
                name = symbol.local.name if symbol.local else str(symbol.exported.value)
                if name in slots:
                    yield slots[name]
        elif isinstance(found, tree.Assign | tree.For):
            yield from (name.slot for name in _globals(found.target))
        elif isinstance(found, tree.Define) and getattr(found.name, "scope", None) == GLOBAL:
            yield found.name.slot
