"""The text as it was written: on which line something stood, and the tokens that the tree leaves out."""

from __future__ import annotations

from bisect import bisect_left

from agentlark import starlark
from agentlark.fmt.spelling import number, string
from agentlark.starlark.syntax import tree
from agentlark.starlark.syntax.comments import Comment
from agentlark.starlark.syntax.lexer import scan


class Written:
    """A parsed file with its comments and its tokens (those of the layout aside)."""

    def __init__(self, file: tree.File) -> None:
        self.file = file
        self.text = file.source.text
        self._comments = starlark.comments(file.source)
        self._comment_starts = [comment.start for comment in self._comments]
        tokens = scan(self.text)
        real = [at for at, text in enumerate(tokens.texts) if text and text[0] not in "\n#\\"]
        self._starts = [tokens.starts[at] for at in real]
        self._tokens = [tokens.texts[at] for at in real]

    def line(self, offset: int) -> int:
        """The 1-based line of an offset."""
        return self.file.source.position(offset)[0]

    def column(self, offset: int) -> int:
        """How many characters stand before an offset in its line."""
        return self.file.source.position(offset)[1] - 1

    def same_line(self, one: int, other: int) -> bool:
        """Whether two offsets are on one line."""
        return self.line(one) == self.line(other)

    def line_end(self, offset: int) -> int:
        """The offset of the line break after an offset."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    def comments(self, start: int, end: int) -> list[Comment]:
        """The comments that begin in a range of offsets."""
        low, high = bisect_left(self._comment_starts, start), bisect_left(self._comment_starts, end)
        return self._comments[low:high]

    def of(self, comment: Comment) -> str:
        """What a comment says, its `#` included."""
        return self.text[comment.start : comment.end].strip()

    def blank_above(self, comment: Comment) -> bool:
        """Whether a blank line stands above a comment."""
        start = self.text.rfind("\n", 0, comment.start)
        before = self.text.rfind("\n", 0, max(start, 0))
        return start >= 0 and not self.text[before + 1 : start].strip()

    def token_from(self, offset: int) -> int:
        """The offset of the first token that begins there or later."""
        return self._starts[bisect_left(self._starts, offset)]

    def token_before(self, offset: int) -> tuple[int, str]:
        """Where the last token before an offset begins, and its text."""
        at = bisect_left(self._starts, offset) - 1
        return (self._starts[at], self._tokens[at]) if at >= 0 else (0, "")

    def literal(self, node: tree.Literal) -> str:
        """A literal as it was written, in the formatter's spelling."""
        token = self.text[node.start : node.end]
        value = node.value
        if isinstance(value, str):
            return string(token, value)
        return token if isinstance(value, bytes) else number(token)
