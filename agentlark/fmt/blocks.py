"""Which comment belongs to which statement: the blocks that are printed.

A comment on a line of its own belongs to the statement that follows without a blank line, else to the one
right above, else it stands alone. Below a block its column decides: as far in as the block's statements, it
is the block's own. Where comments inside a statement go is the business of `anchors.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agentlark.fmt.anchors import Anchors
from agentlark.fmt.written import Written
from agentlark.starlark.syntax import tree
from agentlark.starlark.syntax.comments import Comment


@dataclass(slots=True, eq=False)
class Element:
    """A statement with its comments; without a node, comments that stand alone, in `after`."""

    node: tree.Node | None
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    blocks: list[list[Element]] = field(default_factory=list)
    """The bodies of a compound statement, in order."""
    behind_else: list[str] = field(default_factory=list)
    """Comments behind an `else:`."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A header of a compound statement and the body below it."""

    start: int
    heads: Sequence[tree.Node]
    body: Sequence[tree.Node]


def lay_out(written: Written, anchors: Anchors) -> list[Element]:
    """The elements of a file; comments inside statements go to `anchors`."""
    body = written.file.body
    size = len(written.text)
    first = body[0].start if body else size
    layout = _Layout(written, anchors)
    below = layout.own_lines(body[-1].end, size) if body else []
    return layout.block(body, layout.own_lines(0, first), below)


class _Layout:
    def __init__(self, written: Written, anchors: Anchors) -> None:
        self._written = written
        self._anchors = anchors

    def own_lines(self, start: int, end: int) -> list[Comment]:
        return [comment for comment in self._written.comments(start, end) if comment.own_line]

    def block(
        self, body: Sequence[tree.Node], above: Sequence[Comment], below: Sequence[Comment]
    ) -> list[Element]:
        """The elements of a block; `above` are the comments before its statements, `below` those after."""
        elements: list[Element] = []
        previous: Element | None = None
        gap = above
        for at, node in enumerate(body):
            following = body[at + 1] if at + 1 < len(body) else None
            before = self._place(elements, previous, gap, node)
            gap = below if following is None else self.own_lines(node.end, following.start)
            if isinstance(node, tree.Define | tree.For | tree.If):
                previous, gap = self._compound(node, gap)
            else:
                previous = self._simple(node, following)
            previous.before[:0] = before
            elements.append(previous)
        self._place(elements, previous, gap, None)
        return elements

    def _place(
        self,
        elements: list[Element],
        previous: Element | None,
        comments: Sequence[Comment],
        following: tree.Node | None,
    ) -> list[str]:
        """Puts comments behind the previous statement or alone; those of the following one are returned."""
        line = self._written.line
        for group in self._groups(comments):
            texts = [self._written.of(comment) for comment in group]
            if following is not None and line(group[-1].start) + 1 == line(following.start):
                return texts
            above = previous.node if previous and not previous.blocks and elements[-1] is previous else None
            if previous and above and line(above.end) + 1 == line(group[0].start):
                previous.after += texts
            else:
                elements.append(Element(None, after=texts))
        return []

    def _groups(self, comments: Sequence[Comment]) -> Iterator[list[Comment]]:
        """Comments on consecutive lines."""
        group: list[Comment] = []
        for comment in comments:
            if group and self._written.line(group[-1].start) + 1 != self._written.line(comment.start):
                yield group
                group = []
            group.append(comment)
        if group:
            yield group

    def _simple(self, node: tree.Node, following: tree.Node | None) -> Element:
        end = self._written.line_end(node.end)
        if following is not None:
            end = min(end, following.start)
        left = self._anchors.attach([node], self._written.comments(node.start, end))
        return Element(node, before=[self._written.of(comment) for comment in left])

    def _compound(
        self, node: tree.Define | tree.For | tree.If, below: Sequence[Comment]
    ) -> tuple[Element, Sequence[Comment]]:
        """The element, and those comments below it that do not belong to its last body."""
        element = Element(node)
        parts = self._parts(node)
        own, rest = self._own(parts[-1], below)
        for at, part in enumerate(parts):
            above = self._header(element, part, is_function=isinstance(node, tree.Define))
            last = at + 1 == len(parts)
            trailing = own if last else self.own_lines(part.body[-1].end, parts[at + 1].start)
            element.blocks.append(self.block(part.body, above, trailing))
        return element, rest

    def _parts(self, node: tree.Define | tree.For | tree.If) -> list[_Part]:
        if isinstance(node, tree.Define):
            return [_Part(node.start, node.params, node.body)]
        if isinstance(node, tree.For):
            return [_Part(node.start, [node.target, node.iterable], node.body)]
        parts = [_Part(branch.start, [branch.test], branch.body) for branch in node.branches]
        if node.otherwise:
            colon, _ = self._written.token_before(node.otherwise[0].start)
            parts.append(_Part(self._written.token_before(colon)[0], [], node.otherwise))
        return parts

    def _header(self, element: Element, part: _Part, *, is_function: bool) -> list[Comment]:
        """Attaches the comments of a header; gives those that stand above its body."""
        written = self._written
        first = part.body[0].start
        colon, _ = written.token_before(first)
        inside = written.comments(part.start, colon)
        behind = [comment for comment in written.comments(colon, first) if not comment.own_line]
        above = self.own_lines(colon, first)
        line = written.text[written.text.rfind("\n", 0, colon) + 1 : colon + 1]
        alone = (
            line.replace(" ", "") == "):"
        )  # what buildifier takes to belong to the body, so that it settles
        if not part.heads and not is_function:
            element.behind_else += [written.of(comment) for comment in behind]
            return above
        left = self._anchors.attach(part.heads, [*inside, *([] if alone else behind)])
        return [*left, *(behind if alone else []), *above]

    def _own(self, part: _Part, below: Sequence[Comment]) -> tuple[Sequence[Comment], Sequence[Comment]]:
        """The comments below a body that are its own, and those from the first that is further out."""
        written = self._written
        first = part.body[0].start
        if written.same_line(written.token_before(first)[0], first):
            return [], below
        column = written.column(first)
        for at, comment in enumerate(below):
            if written.column(comment.start) < column:
                return below[:at], below[at:]
        return below, []
