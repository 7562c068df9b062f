"""Prints blocks of statements with the comments and blank lines between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentlark.fmt.anchors import Anchors
from agentlark.fmt.blocks import Element
from agentlark.fmt.expressions import INDENT, ExpressionPrinter
from agentlark.fmt.page import Page
from agentlark.fmt.spelling import docstring
from agentlark.fmt.written import Written
from agentlark.starlark.syntax import tree


class StatementPrinter:
    """Prints the elements of a file onto a page."""

    def __init__(self, page: Page, written: Written, anchors: Anchors) -> None:
        self._page = page
        self._written = written
        self._expressions = ExpressionPrinter(page, written, anchors)
        self._printers: dict[type, Callable[[Any], None]] = {
            tree.Expression: lambda node: self._expressions.print(node.value),
            tree.Assign: lambda node: self._expressions.assignment(node.target, f"{node.op}=", node.value),
            tree.Return: self._return,
            tree.Flow: lambda node: page.write(node.word),
            tree.Load: self._expressions.load,
        }

    def file(self, elements: Sequence[Element]) -> None:
        """All of a file."""
        self._block(elements)
        if elements:
            self._page.newline()

    def _block(self, elements: Sequence[Element]) -> None:
        previous: Element | None = None
        for element in elements:
            if previous is not None:
                self._page.newline()
                if self._is_apart(previous, element):
                    self._page.newline()
            self._element(element)
            previous = element

    def _element(self, element: Element) -> None:
        self._page.comment_lines(element.before)
        node = element.node
        if isinstance(node, tree.Define):
            self._function(node, element)
        elif isinstance(node, tree.For):
            self._loop(node, element)
        elif isinstance(node, tree.If):
            self._conditional(element)
        elif node is not None:
            self._printers[type(node)](node)
            self._expressions.comments_behind(node)
        for at, comment in enumerate(element.after):
            if at or node is not None:
                self._page.newline()
            self._page.write(comment)

    def _is_apart(self, one: Element, other: Element) -> bool:
        """Whether a blank line stands between two elements."""
        if other.before or one.node is None or other.node is None or _ends_in_comment(one):
            return True
        loads = isinstance(one.node, tree.Load) + isinstance(other.node, tree.Load)
        if loads:
            return loads == 1
        if isinstance(one.node, tree.Define) or isinstance(other.node, tree.Define):
            return True
        return self._written.line(other.node.start) - self._written.line(one.node.end) > 1

    def _body(self, elements: Sequence[Element]) -> None:
        with self._page.indented(INDENT):
            self._page.newline()
            self._block(elements)

    def _function(self, node: tree.Define, element: Element) -> None:
        self._page.write(f"def {node.name.name}")
        self._expressions.parameters(node)
        self._page.write(":")
        self._place_docstring(element.blocks[0][0].node)
        self._body(element.blocks[0])

    def _place_docstring(self, node: tree.Node | None) -> None:
        if not isinstance(node, tree.Expression) or not isinstance(node.value, tree.Literal):
            return
        literal = node.value
        if isinstance(literal.value, str):
            token = self._written.literal(literal)
            column = self._written.column(literal.start)
            self._expressions.spelled[literal] = docstring(token, column, self._page.margin + INDENT)

    def _loop(self, node: tree.For, element: Element) -> None:
        self._page.write("for ")
        self._expressions.print(node.target)
        self._page.write(" in ")
        self._expressions.print(node.iterable)
        self._page.write(":")
        self._body(element.blocks[0])

    def _conditional(self, element: Element) -> None:
        """`if`, `elif` and `else`; an `else` that holds only an `if` becomes an `elif`."""
        word = "if"
        above: Element | None = None
        keyword = 0
        while True:
            node = element.node
            assert isinstance(node, tree.If)
            for branch, body in zip(node.branches, element.blocks, strict=False):
                self._next_branch(above, keyword if keyword else branch.start)
                self._page.write(f"{word} ")
                self._expressions.print(branch.test)
                self._page.write(":")
                self._body(body)
                above, word, keyword = body[-1], "elif", 0
            if not node.otherwise:
                return
            colon, _ = self._written.token_before(node.otherwise[0].start)
            keyword, _ = self._written.token_before(colon)
            nested = _only_conditional(element)
            if nested is None:
                break
            element = nested
        self._next_branch(above, keyword)
        self._page.write("else:")
        self._page.comment_later(element.behind_else)
        self._body(element.blocks[-1])

    def _next_branch(self, above: Element | None, keyword: int) -> None:
        """Begins the line of a branch, below a blank line where one was or comments end the one above."""
        if above is None:
            return
        self._page.newline()
        end = above.node.end if above.node else keyword
        if _ends_in_comment(above) or self._written.line(keyword) - self._written.line(end) > 1:
            self._page.newline()

    def _return(self, node: tree.Return) -> None:
        self._page.write("return")
        if node.value is not None:
            self._page.write(" ")
            self._expressions.print(node.value)


def _ends_in_comment(element: Element) -> bool:
    """Whether the last line of an element is a comment."""
    if element.after:
        return True
    return bool(element.blocks) and _ends_in_comment(element.blocks[-1][-1])


def _only_conditional(element: Element) -> Element | None:
    """The conditional that is all there is in an `else`."""
    *_, body = element.blocks
    only = body[0]
    bare = len(body) == 1 and isinstance(only.node, tree.If) and not only.before and not only.after
    return only if bare and not element.behind_else else None
