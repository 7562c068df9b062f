"""Where the comments inside a statement go: before an item, before a closing bracket, or to a line's end.

A comment on its own line can only be printed where a line begins: before an item of a bracket, a clause, an
operand after a broken line. It goes to the next such place of the item it stands in, else before that item.
A comment behind something waits for the end of the line on which that will be printed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentlark.fmt.written import Written
from agentlark.starlark.syntax import tree
from agentlark.starlark.syntax.comments import Comment


class Anchors:
    """The comments of a file that belong to nodes inside its statements."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self.before: dict[tree.Node, list[str]] = {}
        """Comments on lines of their own, by the node they stand before; an empty one is a blank line."""
        self.closing: dict[tree.Node, list[str]] = {}
        """The same before the closing bracket of a node."""
        self.behind: dict[tree.Node, list[str]] = {}
        """Comments at the end of the line, by the node they stand behind."""

    def attach(self, parts: Sequence[tree.Node], comments: Sequence[Comment]) -> list[Comment]:
        """Finds a place for comments within some nodes; gives back those that have none there."""
        if not comments:
            return []
        places = _Places(self._written, parts)
        nodes = sorted(enumerate(_all(parts)), key=lambda each: (each[1].end, -each[1].start, -each[0]))
        owners = [node for _, node in nodes]
        ends = [node.end for node in owners]
        left: list[Comment] = []
        for comment in comments:
            if comment.own_line or self._written.token_before(comment.start)[1] in ("(", "[", "{"):
                place = places.of(comment)
                if place is not None:
                    self._put_before(comment, place)
                    continue
            else:
                at = bisect_right(ends, comment.start)
                if at:
                    self.behind.setdefault(owners[at - 1], []).append(self._written.of(comment))
                    continue
            left.append(comment)
        return left

    def _put_before(self, comment: Comment, place: _Place) -> None:
        texts = (self.closing if place.closing else self.before).setdefault(place.node, [])
        follows = place.start > comment.start
        if follows and comment.own_line and self._written.blank_above(comment):
            texts.append("")
        texts.append(self._written.of(comment))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a line may begin: an item and its offsets, or the closing bracket of a node."""

    start: int
    end: int
    node: tree.Node
    closing: bool = False


class _Places:
    """The places of some nodes; asked for comments in order."""

    def __init__(self, written: Written, parts: Sequence[tree.Node]) -> None:
        self._places = sorted(_places(written, parts), key=lambda place: (place.start, -place.end))
        self._next = 0
        self._open: list[_Place] = []

    def of(self, comment: Comment) -> _Place | None:
        """The next place within the innermost item around a comment, else that item."""
        while self._next < len(self._places) and self._places[self._next].start < comment.start:
            self._open.append(self._places[self._next])
            self._next += 1
            while len(self._open) > 1 and self._open[-2].end <= self._open[-1].start:
                del self._open[-2]
        while self._open and self._open[-1].end <= comment.start:
            self._open.pop()
        following = self._places[self._next] if self._next < len(self._places) else None
        around = self._open[-1] if self._open else None
        if around is not None and (following is None or following.start >= around.end):
            return around
        return following


def _all(parts: Sequence[tree.Node]) -> Iterator[tree.Node]:
    todo = list(parts)
    while todo:
        node = todo.pop()
        yield node
        todo += tree.children(node)


def _places(written: Written, parts: Sequence[tree.Node]) -> Iterator[_Place]:
    todo: list[tuple[tree.Node, int]] = []
    for part in parts:
        parameter = isinstance(part, tree.Parameter)
        todo.append((part, int(parameter)))
        if parameter:
            yield _Place(part.start, part.end, part)
    while todo:
        node, depth = todo.pop()
        items = items_of(node)
        if items is not None:
            for item in items:
                yield _Place(item.start, item.end, item)
            yield _Place(node.end - 1, node.end, node, closing=True)
        elif depth and isinstance(node, tree.Binary) and breaks_between(written, node.left, node.right):
            yield _Place(node.right.start, node.right.end, node.right)
        elif depth and isinstance(node, tree.Keyword) and breaks_between(written, node.name, node.value):
            yield _Place(node.value.start, node.value.end, node.value)
        inner = set(items or ())
        todo += [(child, depth + (child in inner)) for child in tree.children(node)]


def items_of(node: tree.Node) -> Sequence[tree.Node] | None:
    """What stands between a node's brackets, one item a line when they are opened; None without brackets."""
    match node:
        case tree.Paren():
            return [node.inner]
        case tree.TupleDisplay() if is_bare(node):
            return None
        case tree.Display():
            return node.items
        case tree.DictDisplay():
            return node.entries
        case tree.Comprehension():
            return [node.body, *node.clauses]
        case tree.Call():
            return node.args
        case tree.Load():
            return [node.module, *node.symbols]
        case _:
            return None


def is_bare(node: tree.TupleDisplay) -> bool:
    """Whether a tuple is written without parentheses."""
    return bool(node.items) and node.items[0].start == node.start


def breaks_between(written: Written, left: tree.Node, right: tree.Node) -> bool:
    """Whether the right node begins on a later line than the left one ends."""
    return written.line(left.end) < written.line(right.start)
