"""What a host's builtin learns about its call: places of the call and its arguments, found when asked for.

A `Call` holds two references and finds everything else in the syntax tree, so it costs nothing to hand out
and may be kept after the program has ended.
"""

from __future__ import annotations

from typing import Any, NoReturn

from agentlark.diagnostics import Related, Source, Span
from agentlark.starlark.compare import equal
from agentlark.starlark.failures import Fault, StarlarkError
from agentlark.starlark.scopes import GLOBAL, SURE
from agentlark.starlark.syntax import tree
from agentlark.starlark.text import to_repr
from agentlark.starlark.values import Frame

_SHOWN_CALLS = 8
_MOST_FOLLOWED = 50


class Origins:
    """Where the globals of a file got their values: by slot, the value expression last assigned."""

    def __init__(self, source: Source, size: int) -> None:
        self.source = source
        self.nodes: list[tree.Node | None] = [None] * size

    def descend(
        self,
        node: tree.Node,
        path: tuple[str | int, ...],
        frame: Frame | None = None,
        *,
        key: bool = False,
        follow: bool = False,
    ) -> Span:
        """The place of an element: `path` leads through list positions and dict keys, as far as is known.

        Names are followed: a global to the expression assigned to it, a parameter of the function running in
        `frame` to the argument of its call; the last one only with `follow`. With `key`, the place of the
        last dict key instead of its value.
        """
        found = _Expression(node, self, frame)
        for at, step in enumerate(path):
            written = found.followed()
            element = _element(written.node, step)
            if element is None:
                break
            found = _Expression(element[0], written.origins, written.frame)
            if key and at == len(path) - 1 and element[1] is not None:
                found = _Expression(element[1], written.origins, written.frame)
        if follow:
            found = found.followed()
        return Span(found.origins.source, found.node.start, found.node.end)


class _Expression:
    """An expression, the file it is in, and the frame its names live in, while that is known."""

    __slots__ = ("frame", "node", "origins")

    def __init__(self, node: tree.Node, origins: Origins, frame: Frame | None) -> None:
        self.node = node
        self.origins = origins
        self.frame = frame

    def followed(self) -> _Expression:
        """The expression that gave a name its value, and so on; itself when it is no name."""
        here = self
        for _ in range(_MOST_FOLLOWED):
            node = tree.without_parens(here.node)
            before = here._before(node) if isinstance(node, tree.Name) else None
            if before is None:
                return _Expression(node, here.origins, here.frame)
            here = before
        return here

    def _before(self, name: tree.Name) -> _Expression | None:
        if name.scope == GLOBAL:
            node = self.origins.nodes[name.slot]
            return _Expression(node, self.origins, None) if node and node is not name else None
        if name.scope != SURE or not name.hops or self.frame is None or self.frame[3] is None:
            return None
        site: Site = self.frame[3]
        if not isinstance(site.node, tree.Call):
            return None
        found = _argument(site.node, name.name) or _argument(site.node, name.hops - 1)
        return _Expression(found[0], site.origins, self.frame[2]) if found else None


def _element(node: tree.Node, step: str | int) -> tuple[tree.Node, tree.Node | None] | None:
    if isinstance(node, tree.Display):
        if isinstance(step, int) and -len(node.items) <= step < len(node.items):
            return node.items[step], None
    elif isinstance(node, tree.DictDisplay):
        for entry in node.entries:
            key = tree.without_parens(entry.key)
            if isinstance(key, tree.Literal) and key.value == step:
                return entry.value, entry.key
    elif isinstance(node, tree.Call):
        return _argument(node, step)
    return None


def _argument(call: tree.Call, key: str | int) -> tuple[tree.Node, tree.Node | None] | None:
    """The value and, when given by keyword, the name of an argument; None when it is not written out."""
    for at, arg in enumerate(call.args):
        if isinstance(arg, tree.Keyword):
            if arg.name.name == key:
                return arg.value, arg.name
        elif isinstance(arg, tree.Star):
            if arg.prefix == "*" and isinstance(key, int):
                return arg.value, None
        elif at == key:
            return arg, None
    return None


class Site:
    """A call expression in its file."""

    __slots__ = ("node", "origins")

    def __init__(self, node: tree.Node, origins: Origins) -> None:
        self.node = node
        self.origins = origins

    @property
    def span(self) -> Span:
        """The whole expression."""
        return Span(self.origins.source, self.node.start, self.node.end)

    def place(self, fault: Fault, frame: Frame) -> Fault:
        """The failure, placed here with the calls that led here, unless it has a place already."""
        if fault.place is None:
            fault.place = self._argument_span(fault.argument) or self.span
            fault.related += call_stack(frame)
        return fault

    def _argument_span(self, argument: str | int | None) -> Span | None:
        """The name of an argument, or the value of a positional one, if this is a call that has it."""
        if argument is None or not isinstance(self.node, tree.Call):
            return None
        found = _argument(self.node, argument)
        if found is None:
            return None
        node = found[1] or found[0]
        return Span(self.origins.source, node.start, node.end)


def call_stack(frame: Frame) -> tuple[Related, ...]:
    """The calls that led to a frame, innermost first."""
    calls: list[Related] = []
    while frame[3] is not None and len(calls) < _SHOWN_CALLS:
        calls.append(Related(frame[3].span, f"{_callee(frame[3].node)}called from here"))
        frame = frame[2]
    return tuple(calls)


def _callee(node: tree.Node) -> str:
    """The name of what a call calls, and a blank; nothing when it has none."""
    callee = node.callee if isinstance(node, tree.Call) else node
    name = callee.name if isinstance(callee, tree.Attribute) else callee
    return f"{name.name} " if isinstance(name, tree.Name) else ""


class Call:
    """A call of a host's builtin, for placing what is wrong with it."""

    __slots__ = ("_frame", "_site", "name")

    def __init__(self, site: Site, frame: Frame, name: str) -> None:
        self._site = site
        self._frame = frame
        self.name = name

    @property
    def span(self) -> Span:
        """The whole call expression."""
        return self._site.span

    @property
    def callee_span(self) -> Span:
        """What is called: the expression before the parenthesis."""
        node = self._site.node
        return self._span(node.callee if isinstance(node, tree.Call) else node)

    @property
    def stack(self) -> tuple[Related, ...]:
        """The Starlark calls that led to this one, innermost first."""
        return call_stack(self._frame)

    def where(self, argument: str | int, *path: str | int) -> Span:
        """The best known place of an argument's value, or of an element of it.

        `path` leads through positions of lists and tuples, keys of dicts and arguments of calls, as far as
        they are written out or are named by a global. Falls back to the nearest enclosing expression.
        """
        return self._find(argument, path, key=False)

    def origin(self, argument: str | int, *path: str | int) -> Span:
        """As `where`, but a name is followed once more: to the expression that gave it its value."""
        return self._find(argument, path, key=False, follow=True)

    def where_key(self, argument: str | int, *path: str | int) -> Span:
        """As `where`, but the place of the dict key that `path` ends with."""
        return self._find(argument, path, key=True)

    def name_span(self, argument: str) -> Span:
        """The keyword before the `=`; the whole call when the argument was not given by keyword."""
        node = self._site.node
        found = _argument(node, argument) if isinstance(node, tree.Call) else None
        return self._span(found[1]) if found and found[1] else self.span

    def error(
        self, message: str, span: Span | None = None, code: str = "AL210", help: str | None = None
    ) -> NoReturn:
        """Ends the program with an error at `span`, or at the call; the calls that led here are shown.

        Raises:
            StarlarkError: always.
        """
        place = span or self.span
        fault = Fault(code, message, place, help=help, related=self.stack)
        raise StarlarkError([fault.diagnostic(self._site.origins.source)])

    def equal(self, a: Any, b: Any) -> bool:
        """Whether two values are equal in Starlark, where `True` is not `1`."""
        return equal(a, b, self._frame[1])

    def repr(self, value: Any) -> str:
        """The value as the program's `repr` prints it."""
        return to_repr(value, self._frame[1])

    def invoke(self, function: Any, *args: Any) -> Any:
        """Calls a function of the program with positional arguments; its failures are placed at this call."""
        thread = self._frame[1]
        thread.frame, thread.site = self._frame, self._site
        return thread.invoke(thread, function, args)

    def _find(
        self, argument: str | int, path: tuple[str | int, ...], *, key: bool, follow: bool = False
    ) -> Span:
        node = self._site.node
        if not isinstance(node, tree.Call):
            return self.span
        origins = self._site.origins
        found = _argument(node, argument)
        if found:
            return origins.descend(found[0], path, self._frame, key=key, follow=follow)
        for arg in node.args:
            if isinstance(arg, tree.Star) and arg.prefix == "**" and isinstance(argument, str):
                return origins.descend(arg.value, (argument, *path), self._frame, key=key, follow=follow)
        return self.span

    def _span(self, node: tree.Node) -> Span:
        return Span(self._site.origins.source, node.start, node.end)
