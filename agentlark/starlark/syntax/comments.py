"""Comments, which the tree leaves out: found again in the text when a formatter or an editor asks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentlark.diagnostics import Source
from agentlark.starlark.syntax.lexer import split

_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#` to the end of its line, as offsets; `own_line` when nothing stands before it."""

    start: int
    end: int
    own_line: bool


def comments(source: Source) -> list[Comment]:
    """All comments of a source that parses, in order."""
    found: list[Comment] = []
    text = source.text
    at = 0
    for index, part in enumerate(split(text)):
        if index % 2 and part[0] in "#\n":
            for match in _COMMENT.finditer(part):
                start = at + match.start()
                line = text.rfind("\n", 0, start) + 1
                found.append(Comment(start, at + match.end(), not text[line:start].strip()))
        at += len(part)
    return found
