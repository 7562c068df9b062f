"""The syntax tree: one class per construct, each with the offsets of its first and after its last character.

Expressions are `Name` to `Comprehension`, statements `Expression` to `Load`; `File` is the root. Offsets
count characters of the source text; `File.span(node)` makes a place of them. The resolver writes `scope`,
`hops` and `slot` into every `Name`; nothing else changes after parsing. The classes are written by hand
because a dataclass costs more to define than a small file costs to parse.
"""

from __future__ import annotations

from agentlark.diagnostics import Source, Span


class Node:
    """What every construct has: `start` and `end`, offsets into the text."""

    __slots__ = ("end", "start")
    start: int
    end: int


class Name(Node):
    """An identifier; the resolver sets `scope`, `slot`, and `hops`: how many functions further out it lives.

    Of a parameter that is never assigned to, `hops` says instead how it is given: position + 1, or -1 when
    only by keyword.
    """

    __slots__ = ("hops", "name", "scope", "slot")
    scope: int
    hops: int
    slot: int

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end


class Literal(Node):
    """A string, bytes, int or float; `value` is what it denotes."""

    __slots__ = ("value",)

    def __init__(self, value: str | bytes | int | float, start: int, end: int) -> None:
        self.value = value
        self.start = start
        self.end = end


class Display(Node):
    """What lists and tuples share: `items`, in order."""

    __slots__ = ("items",)

    def __init__(self, items: list[Node], start: int, end: int) -> None:
        self.items = items
        self.start = start
        self.end = end


class ListDisplay(Display):
    """`[a, b]`."""

    __slots__ = ()


class TupleDisplay(Display):
    """`(a, b)`, or `a, b` without parentheses."""

    __slots__ = ()


class Paren(Node):
    """`(x)`: an expression in parentheses."""

    __slots__ = ("inner",)

    def __init__(self, inner: Node, start: int, end: int) -> None:
        self.inner = inner
        self.start = start
        self.end = end


class Entry(Node):
    """`key: value` in a dict."""

    __slots__ = ("key", "value")

    def __init__(self, key: Node, value: Node) -> None:
        self.key = key
        self.value = value
        self.start = key.start
        self.end = value.end


class DictDisplay(Node):
    """`{key: value, ...}`."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[Entry], start: int, end: int) -> None:
        self.entries = entries
        self.start = start
        self.end = end


class ForClause(Node):
    """`for target in iterable` of a comprehension."""

    __slots__ = ("iterable", "target")

    def __init__(self, target: Node, iterable: Node, start: int) -> None:
        self.target = target
        self.iterable = iterable
        self.start = start
        self.end = iterable.end


class IfClause(Node):
    """`if test` of a comprehension."""

    __slots__ = ("test",)

    def __init__(self, test: Node, start: int) -> None:
        self.test = test
        self.start = start
        self.end = test.end


class Comprehension(Node):
    """`[body for ...]`, or `{key: value for ...}` when `body` is an `Entry`."""

    __slots__ = ("body", "clauses")

    def __init__(self, body: Node, clauses: list[ForClause | IfClause], start: int, end: int) -> None:
        self.body = body
        self.clauses = clauses
        self.start = start
        self.end = end


class Unary(Node):
    """`op operand`; `op` is one of `- + ~ not`."""

    __slots__ = ("op", "operand")

    def __init__(self, op: str, operand: Node, start: int) -> None:
        self.op = op
        self.operand = operand
        self.start = start
        self.end = operand.end


class Binary(Node):
    """`left op right`; `op` is the operator's text, `not in` with one space."""

    __slots__ = ("left", "op", "right")

    def __init__(self, left: Node, op: str, right: Node) -> None:
        self.left = left
        self.op = op
        self.right = right
        self.start = left.start
        self.end = right.end


class Choice(Node):
    """`then if test else other`."""

    __slots__ = ("other", "test", "then")

    def __init__(self, then: Node, test: Node, other: Node) -> None:
        self.then = then
        self.test = test
        self.other = other
        self.start = then.start
        self.end = other.end


class Parameter(Node):
    """A parameter; `prefix` is `""`, `"*"` or `"**"`; a bare `*` has no name."""

    __slots__ = ("default", "name", "prefix")

    def __init__(self, prefix: str, name: Name | None, default: Node | None, start: int, end: int) -> None:
        self.prefix = prefix
        self.name = name
        self.default = default
        self.start = start
        self.end = end


class Lambda(Node):
    """`lambda params: body`; the resolver sets `size`, the number of variables of a call."""

    __slots__ = ("body", "params", "size")
    size: int

    def __init__(self, params: list[Parameter], body: Node, start: int) -> None:
        self.params = params
        self.body = body
        self.start = start
        self.end = body.end


class Keyword(Node):
    """`name = value` in a call."""

    __slots__ = ("name", "value")

    def __init__(self, name: Name, value: Node) -> None:
        self.name = name
        self.value = value
        self.start = name.start
        self.end = value.end


class Star(Node):
    """`*value` or `**value` in a call; `prefix` tells which."""

    __slots__ = ("prefix", "value")

    def __init__(self, prefix: str, value: Node, start: int) -> None:
        self.prefix = prefix
        self.value = value
        self.start = start
        self.end = value.end


class Call(Node):
    """`callee(args)`; `args` holds plain expressions, `Keyword` and `Star`, in written order."""

    __slots__ = ("args", "callee")

    def __init__(self, callee: Node, args: list[Node], end: int) -> None:
        self.callee = callee
        self.args = args
        self.start = callee.start
        self.end = end


class Attribute(Node):
    """`object.name`."""

    __slots__ = ("name", "object")

    def __init__(self, object: Node, name: Name) -> None:
        self.object = object
        self.name = name
        self.start = object.start
        self.end = name.end


class Index(Node):
    """`object[index]`."""

    __slots__ = ("index", "object")

    def __init__(self, object: Node, index: Node, end: int) -> None:
        self.object = object
        self.index = index
        self.start = object.start
        self.end = end


class Slice(Node):
    """`object[low:high:step]`; what was left out is None."""

    __slots__ = ("high", "low", "object", "step")

    def __init__(self, object: Node, parts: tuple[Node | None, Node | None, Node | None], end: int) -> None:
        self.object = object
        self.low, self.high, self.step = parts
        self.start = object.start
        self.end = end


class Expression(Node):
    """An expression as a statement."""

    __slots__ = ("value",)

    def __init__(self, value: Node) -> None:
        self.value = value
        self.start = value.start
        self.end = value.end


class Assign(Node):
    """`target = value`; with `op`, as in `+`, an augmented assignment."""

    __slots__ = ("op", "target", "value")

    def __init__(self, target: Node, op: str, value: Node) -> None:
        self.target = target
        self.op = op
        self.value = value
        self.start = target.start
        self.end = value.end


class Return(Node):
    """`return`, perhaps with a value."""

    __slots__ = ("value",)

    def __init__(self, value: Node | None, start: int) -> None:
        self.value = value
        self.start = start
        self.end = value.end if value else start + len("return")


class Flow(Node):
    """`pass`, `break` or `continue`, as `word` says."""

    __slots__ = ("word",)

    def __init__(self, word: str, start: int) -> None:
        self.word = word
        self.start = start
        self.end = start + len(word)


class Define(Node):
    """`def name(params): body`; the resolver sets `size`, the number of variables of a call."""

    __slots__ = ("body", "name", "params", "size")
    size: int

    def __init__(self, name: Name, params: list[Parameter], body: list[Node], start: int) -> None:
        self.name = name
        self.params = params
        self.body = body
        self.start = start
        self.end = body[-1].end


class For(Node):
    """`for target in iterable: body`."""

    __slots__ = ("body", "iterable", "target")

    def __init__(self, target: Node, iterable: Node, body: list[Node], start: int) -> None:
        self.target = target
        self.iterable = iterable
        self.body = body
        self.start = start
        self.end = body[-1].end


class Branch(Node):
    """The `if` or one `elif` of a conditional statement."""

    __slots__ = ("body", "test")

    def __init__(self, test: Node, body: list[Node], start: int) -> None:
        self.test = test
        self.body = body
        self.start = start
        self.end = body[-1].end


class If(Node):
    """`if`, `elif` ... and `else`; `otherwise` is empty without an `else`."""

    __slots__ = ("branches", "otherwise")

    def __init__(self, branches: list[Branch], otherwise: list[Node]) -> None:
        self.branches = branches
        self.otherwise = otherwise
        self.start = branches[0].start
        self.end = (otherwise or branches)[-1].end


class Symbol(Node):
    """One name of a `load`: `exported` is the literal, `local` the name it gets here, if another."""

    __slots__ = ("exported", "local")

    def __init__(self, local: Name | None, exported: Literal) -> None:
        self.local = local
        self.exported = exported
        self.start = local.start if local else exported.start
        self.end = exported.end


class Load(Node):
    """`load("module", "name", other = "name")`."""

    __slots__ = ("module", "symbols")

    def __init__(self, module: Literal, symbols: list[Symbol], start: int, end: int) -> None:
        self.module = module
        self.symbols = symbols
        self.start = start
        self.end = end


class File(Node):
    """A whole file: its statements, and the text they were read from."""

    __slots__ = ("body", "source")

    def __init__(self, body: list[Node], source: Source) -> None:
        self.body = body
        self.source = source
        self.start = 0
        self.end = len(source.text)

    def span(self, node: Node) -> Span:
        """The place of a node of this file."""
        return Span(self.source, node.start, node.end)


def without_parens(node: Node) -> Node:
    """The expression inside any number of parentheses."""
    while type(node) is Paren:
        node = node.inner
    return node


def children(node: Node) -> list[Node]:
    """The nodes directly below a node; their order is by field, not by place."""
    found: list[Node] = []
    for owner in type(node).__mro__:
        for field in getattr(owner, "__slots__", ()):
            value = getattr(node, field, None)
            if isinstance(value, Node):
                found.append(value)
            elif isinstance(value, list):
                found += [item for item in value if isinstance(item, Node)]
    return found
