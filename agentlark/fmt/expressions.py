"""Prints expressions: lines break where they did, items stand one to a line where a bracket was opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentlark.fmt.anchors import Anchors, breaks_between, is_bare
from agentlark.fmt.meaning import argument_rank
from agentlark.fmt.page import Page
from agentlark.fmt.written import Written
from agentlark.starlark.syntax import tree

INDENT = 4
PARAMETER_INDENT = 8


class ExpressionPrinter:
    """Prints one expression after the other onto a page."""

    def __init__(self, page: Page, written: Written, anchors: Anchors) -> None:
        self._page = page
        self._written = written
        self._anchors = anchors
        self._joined = False
        """Whether lines are joined: in a tuple without brackets there is no place for a break."""
        self.spelled: dict[tree.Node, str] = {}
        """Literals that are not written as they were: docstrings that move."""
        self._parenthesized: set[tree.Node] = set()
        """What gets parentheses that were not written, for buildifier reads it otherwise without them."""
        self._begun: dict[tree.Node, int] = {}
        """Where operands of a `not` are aligned: to buildifier it binds tighter than they do."""
        self._printers: dict[type, Callable[[Any], None]] = {
            tree.Name: lambda node: page.write(node.name),
            tree.Literal: lambda node: page.write(self.spelled.get(node) or written.literal(node)),
            tree.ListDisplay: lambda node: self._bracketed("[]", node, node.items),
            tree.TupleDisplay: self._tuple,
            tree.Paren: self._paren,
            tree.DictDisplay: lambda node: self._bracketed("{}", node, node.entries),
            tree.Entry: self._entry,
            tree.Comprehension: self._comprehension,
            tree.ForClause: self._for_clause,
            tree.IfClause: self._if_clause,
            tree.Unary: self._unary,
            tree.Binary: self._binary,
            tree.Choice: self._choice,
            tree.Lambda: self._lambda,
            tree.Parameter: self._parameter,
            tree.Keyword: lambda node: self.assignment(node.name, "=", node.value),
            tree.Star: self._star,
            tree.Call: self._call,
            tree.Attribute: self._attribute,
            tree.Index: self._index,
            tree.Slice: self._slice,
            tree.Symbol: self._symbol,
        }

    def print(self, node: tree.Node) -> None:
        """An expression, an item of a call, an entry or a clause, with its comments."""
        self._page.comment_lines(self._anchors.before.get(node, []))
        added = node in self._parenthesized
        if added:
            self._page.write("(")
            self._page.depth += 1
        self._printers[type(node)](node)
        if added:
            self._page.depth -= 1
            self._page.write(")")
        self.comments_behind(node)

    def comments_behind(self, node: tree.Node) -> None:
        """The comments behind a node wait for the end of the line."""
        self._page.comment_later(self._anchors.behind.get(node, []))

    def assignment(self, target: tree.Node, operator: str, value: tree.Node) -> None:
        """`target = value`, the value on the next line where it was."""
        breaks = self._breaks(target, value)
        margin = self._page.margin
        if breaks:
            self._page.margin = self._page.column + INDENT
        self.print(target)
        self._page.write(f" {operator}")
        self._space(breaks)
        self.print(value)
        self._page.margin = margin

    def parameters(self, node: tree.Define) -> None:
        """The parameters of a function, in parentheses."""
        opener = self._written.token_from(node.name.end)
        opens = [opener, *(param.end for param in node.params)]
        compact = not any(param in self._anchors.before for param in node.params) and all(
            self._written.same_line(end, param.start) for end, param in zip(opens, node.params, strict=False)
        )
        self._page.write("(")
        self._page.depth += 1
        if compact:
            self._in_line(node.params)
        else:
            with self._page.indented(PARAMETER_INDENT):
                for at, param in enumerate(node.params):
                    self._page.newline()
                    self.print(param)
                    if at + 1 < len(node.params):
                        self._page.write(",")
        self._page.depth -= 1
        self._page.write(")")

    def load(self, node: tree.Load) -> None:
        """A load, on one line if its brackets were."""
        self._page.write("load")
        items = [node.module, *node.symbols]
        self._sequence("()", node, items, in_line=self._written.same_line(node.start, node.end))

    def _breaks(self, left: tree.Node, right: tree.Node) -> bool:
        return breaks_between(self._written, left, right) and not (self._joined and not self._page.depth)

    def _space(self, breaks: bool) -> None:
        if breaks:
            self._page.break_line()
        else:
            self._page.write(" ")

    def _in_line(self, items: Sequence[tree.Node]) -> None:
        for at, item in enumerate(items):
            if at:
                self._page.write(", ")
            self.print(item)

    # What stands in brackets.

    def _bracketed(
        self, brackets: str, node: tree.Node, items: Sequence[tree.Node], opener: int = -1
    ) -> None:
        """Items in brackets: in line when each begins on the line on which the one before it ends."""
        ends = [node.start if opener < 0 else opener, *(item.end for item in items)]
        begins = [*(item.start for item in items), node.end - 1]
        in_line = not items or all(map(self._written.same_line, ends, begins))
        self._sequence(brackets, node, items, in_line=in_line)

    def _sequence(self, brackets: str, node: tree.Node, items: Sequence[tree.Node], *, in_line: bool) -> None:
        anchors = self._anchors
        closing = anchors.closing.get(node, [])
        commented = any(item in anchors.before or item in anchors.behind for item in items)
        self._page.write(brackets[0])
        self._page.depth += 1
        if in_line and not closing and not commented:
            self._in_line(items)
            if isinstance(node, tree.TupleDisplay) and len(items) == 1:
                self._page.write(",")
        else:
            self._one_a_line(node, items, closing)
        self._page.depth -= 1
        self._page.write(brackets[1])

    def _one_a_line(self, node: tree.Node, items: Sequence[tree.Node], closing: list[str]) -> None:
        with self._page.indented(INDENT):
            if items:
                self._page.waiting_first()
            for at, item in enumerate(items):
                self._page.newline()
                self.print(item)
                last = at + 1 == len(items)
                if not (last and (isinstance(node, tree.Paren) or isinstance(item, tree.Star))):
                    self._page.write(",")
            for comment in closing:
                self._page.newline()
                self._page.write(comment)
        self._page.newline()

    def _paren(self, node: tree.Paren) -> None:
        self._bracketed("()", node, [node.inner])

    def _tuple(self, node: tree.TupleDisplay) -> None:
        if not is_bare(node) or len(node.items) == 1:
            self._bracketed("()", node, node.items)
            return
        joined, self._joined = self._joined, True
        self._in_line(node.items)
        self._joined = joined

    def _call(self, node: tree.Call) -> None:
        self.print(node.callee)
        args = sorted(node.args, key=argument_rank)
        if args != node.args and not _may_sort(args):
            args = node.args
        self._bracketed("()", node, args, self._written.token_from(node.callee.end))

    def _comprehension(self, node: tree.Comprehension) -> None:
        clauses = node.clauses
        brackets = "{}" if isinstance(node.body, tree.Entry) else "[]"
        ends = [node.start, node.body.end, *(clause.end for clause in clauses)]
        begins = [node.body.start, *(clause.start for clause in clauses), node.end - 1]
        closing = self._anchors.closing.get(node, [])
        commented = closing or any(item in self._anchors.before for item in (node.body, *clauses))
        breaks = bool(commented) or not all(map(self._written.same_line, ends, begins))
        self._page.write(brackets[0])
        self._page.depth += 1
        with self._page.indented(INDENT if breaks else 0):
            if breaks:
                self._page.newline()
            self.print(node.body)
            for clause in clauses:
                self._space(breaks)
                self.print(clause)
            for comment in closing:
                self._page.newline()
                self._page.write(comment)
        if breaks:
            self._page.newline()
        self._page.write(brackets[1])
        self._page.depth -= 1

    def _entry(self, node: tree.Entry) -> None:
        self.print(node.key)
        self._page.write(": ")
        self.print(node.value)

    def _for_clause(self, node: tree.ForClause) -> None:
        self._page.write("for ")
        self.print(node.target)
        self._page.write(" in ")
        self.print(node.iterable)

    def _if_clause(self, node: tree.IfClause) -> None:
        self._page.write("if ")
        self.print(node.test)

    # Operators.

    def _unary(self, node: tree.Unary) -> None:
        self._begun[node.operand] = self._page.column
        self._page.write("not " if node.op == "not" else node.op)
        operand = node.operand
        inner = _leftmost(operand)
        if isinstance(inner, tree.Unary):
            self._parenthesized.add(inner)
        self.print(operand)

    def _binary(self, node: tree.Binary) -> None:
        chain = [node]
        while isinstance(chain[-1].left, tree.Binary):
            chain.append(chain[-1].left)
        page = self._page
        margin, column = page.margin, self._begun.get(node, page.column)
        breaks = [self._breaks(each.left, each.right) for each in chain]
        page.margin = column if any(breaks) else margin
        self.print(chain[-1].left)
        for at in reversed(range(len(chain))):
            page.margin = column if any(breaks[: at + 1]) else margin
            each = chain[at]
            page.write(f" {each.op}")
            self._space(breaks[at])
            self.print(each.right)
            if at:
                self.comments_behind(each)
        page.margin = margin

    def _choice(self, node: tree.Choice) -> None:
        self.print(node.then)
        self._page.write(" if ")
        self.print(node.test)
        self._page.write(" else ")
        if isinstance(node.other, tree.Lambda):
            self._parenthesized.add(node.other)
        self.print(node.other)

    def _lambda(self, node: tree.Lambda) -> None:
        self._page.write("lambda")
        for at, param in enumerate(node.params):
            self._page.write(", " if at else " ")
            self.print(param)
        self._page.write(": ")
        self.print(node.body)

    def _parameter(self, node: tree.Parameter) -> None:
        if node.default is not None and node.name is not None:
            self.assignment(node.name, "=", node.default)
            return
        self._page.write(node.prefix)
        if node.name is not None:
            self.print(node.name)

    def _star(self, node: tree.Star) -> None:
        self._page.write(node.prefix)
        if isinstance(node.value, tree.Unary | tree.Binary | tree.Lambda):
            self._parenthesized.add(node.value)
        self.print(node.value)

    def _attribute(self, node: tree.Attribute) -> None:
        self.print(node.object)
        breaks = self._breaks(node.object, node.name)
        with self._page.indented(INDENT if breaks else 0):
            if breaks:
                self._page.break_line()
            self._page.write(".")
            self.print(node.name)

    def _index(self, node: tree.Index) -> None:
        self.print(node.object)
        self._page.write("[")
        self.print(node.index)
        self._page.write("]")

    def _slice(self, node: tree.Slice) -> None:
        self.print(node.object)
        self._page.write("[")
        if node.low is not None:
            self.print(node.low)
        self._page.write(":")
        if node.high is not None:
            self.print(node.high)
        if node.step is not None:
            self._page.write(":")
            self.print(node.step)
        self._page.write("]")

    def _symbol(self, node: tree.Symbol) -> None:
        if node.local is not None and node.local.name != node.exported.value:
            self.print(node.local)
            self._page.write(" = ")
            self.print(node.exported)
        else:
            self.print(node.exported)


def _leftmost(node: tree.Node) -> tree.Node:
    """What an expression begins with, as far as operators go."""
    while True:
        if isinstance(node, tree.Binary):
            node = node.left
        elif isinstance(node, tree.Choice):
            node = node.then
        else:
            return node


def _may_sort(args: Sequence[tree.Node]) -> bool:
    """Whether named arguments may go before `*args`: no call in either can see what the other did."""
    values = [arg.value for arg in args if isinstance(arg, tree.Keyword)]
    if all(isinstance(value, tree.Name | tree.Literal) for value in values):
        return True
    return not any(_calls(arg) for arg in args if isinstance(arg, tree.Keyword | tree.Star))


def _calls(node: tree.Node) -> bool:
    return isinstance(node, tree.Call) or any(_calls(child) for child in tree.children(node))
