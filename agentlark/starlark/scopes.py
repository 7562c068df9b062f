"""The scopes names are looked up in while a file is resolved: its globals, functions and blocks."""

from __future__ import annotations

from agentlark.starlark.syntax import tree
from agentlark.starlark.values import HEADER

LOCAL, SURE, FREE, GLOBAL, KNOWN = range(5)
"""Scopes of a name: a variable of the running function, one that is certainly set, one of an enclosing
function, one of the file, a value of the host or the language."""


class Globals:
    """The variables of a file: `slots` by name, in order of first binding; `loaded` are those of loads."""

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.loaded: set[str] = set()
        self.first: dict[str, tuple[tree.Node, tuple[tuple[int, int], ...], bool]] = {}
        self.frame_size = 0

    def slot(self, name: str) -> int:
        """The slot of a name, made when it is new."""
        return self.slots.setdefault(name, len(self.slots))


class FunctionScope:
    """A function being resolved: how many slots it needs, which are certainly set, loops around."""

    def __init__(self, outer: FunctionScope | None) -> None:
        self.outer = outer
        self.size = HEADER
        self.sure: set[int] = set()
        self.params: dict[int, int] = {}
        """Parameters that are never assigned to: slot to position + 1, or -1 when only taken by keyword."""
        self.loops = 0


class Block:
    """Names to slots of one lexical block: the body of a function, or a comprehension."""

    def __init__(self, function: FunctionScope, parent: Block | None) -> None:
        self.function = function
        self.parent = parent
        self.slots: dict[str, int] = {}

    def bind(self, name: str) -> int:
        """The slot of a name bound in this block, made when it is new."""
        slot = self.slots.get(name)
        if slot is None:
            slot = self.slots[name] = self.function.size
            self.function.size += 1
        return slot
