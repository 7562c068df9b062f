"""What the compilation of a file's closures shares, and the table that finds the function for a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentlark.starlark.host import Origins, Site
from agentlark.starlark.limits import Limits
from agentlark.starlark.syntax import tree

Closure = Callable[[list[Any]], Any]
"""Evaluates an expression, or runs a statement, in a frame.

The result of a statement is None when control goes on to the next one, else `BREAK`, `CONTINUE`, `NOTHING`
for `return` without a value, or the value returned.
"""


class Signal:
    """How a statement ended, when not in the ordinary way."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        self.word = word


BREAK = Signal("break")
CONTINUE = Signal("continue")
NOTHING = Signal("return")


class Context:
    """The file being compiled: its globals, where they came from, the host's values, the limits."""

    def __init__(
        self, globals: list[Any], origins: Origins, known: Mapping[str, Any], limits: Limits
    ) -> None:
        self.globals = globals
        self.origins = origins
        self.known = known
        self.limits = limits
        self.names: dict[int, str] = {}

    def site(self, node: tree.Node) -> Site:
        """The node as a place for failures."""
        return Site(node, self.origins)

    def expression(self, node: tree.Node) -> Closure:
        """The closure that evaluates an expression."""
        return EXPRESSIONS[type(node)](self, node)

    def statement(self, node: tree.Node) -> Closure:
        """The closure that runs a statement."""
        return STATEMENTS[type(node)](self, node)

    def block(self, body: list[tree.Node]) -> Closure:
        """The closure that runs statements in turn."""
        closures = [self.statement(node) for node in body if not _is_pass(node)]
        if not closures:
            return _do_nothing
        if len(closures) == 1:
            return closures[0]
        if len(closures) == 2:
            return _pair(*closures)
        steps = tuple(closures)

        def run(f: list[Any]) -> Any:
            for step in steps:
                signal = step(f)
                if signal is not None:
                    return signal
            return None

        return run


def _is_pass(node: tree.Node) -> bool:
    return isinstance(node, tree.Flow) and node.word == "pass"


def _do_nothing(f: list[Any]) -> None:
    """What `pass` does."""


def _pair(first: Closure, second: Closure) -> Closure:
    def run(f: list[Any]) -> Any:
        signal = first(f)
        return second(f) if signal is None else signal

    return run


Compile = Callable[[Context, Any], Closure]
EXPRESSIONS: dict[type, Compile] = {}
STATEMENTS: dict[type, Compile] = {}
