"""A text as its tokens tell it: brackets with what is called, strings with where they stand, names bound.

It works on any text, because an editor asks most while a file does not parse: a bracket that is never
closed reaches to the end, one that closes nothing is passed over, an open string ends with its first word.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.lexer import split
from agentlark.starlark.syntax.literals import leaf
from agentlark.starlark.syntax.tables import STRING

_CLOSERS = {")": "(", "]": "[", "}": "{"}
_AUGMENTED = re.compile(r"(?:[-+*/%&|^]|//|<<|>>)=")
_WORD = re.compile(r"[\w-]*")
_QUOTE = re.compile(r"[\"']")


@dataclass(eq=False, slots=True)
class Token:
    """A piece of text with its offsets; `kind` is `name`, `string`, `comment`, `line` or `mark`."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(eq=False, slots=True)
class Bracket:
    """An open bracket: what it calls, if anything, and where it stands in the bracket around it."""

    opener: str
    start: int
    end: int
    around: Bracket | None
    callee: Token | None = None
    argument: str | None = None
    """The keyword of the call around it that it is part of."""
    after_colon: bool = False
    """Whether it stands in the value of a dict entry."""
    keywords: dict[str, Token] = field(default_factory=dict)
    """The names of the arguments written in it, when it is a call."""

    @property
    def name(self) -> str | None:
        """What is called."""
        return self.callee.text if self.callee else None


@dataclass(eq=False, slots=True)
class Text:
    """A string literal: its value, where its content stands, and the bracket it is in."""

    value: str
    start: int
    end: int
    inside: tuple[int, int]
    """The offsets of what is between the quotes."""
    around: Bracket | None
    argument: str | None
    after_colon: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """A name where it gets its meaning; `scope` are the offsets between which it has it."""

    name: str
    start: int
    end: int
    kind: str
    """`variable`, `function`, `parameter` or `loaded`."""
    scope: tuple[int, int]
    source: tuple[str, str] | None = None
    """Of a loaded name: the file as written, and the name there."""


class Outline:
    """What the tokens of a text tell; made by `outline`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.brackets: list[Bracket] = []
        self.texts: list[Text] = []
        self.bindings: list[Binding] = []
        self._starts = [token.start for token in self.tokens]
        self._blocks: list[tuple[int, int]] = []
        self._read()
        self._bind()

    def token_at(self, offset: int) -> Token | None:
        """The token that an offset is in, or at the end of."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0:
            return None
        token = self.tokens[at]
        if token.start == offset and at and token.kind not in ("name", "string"):
            before = self.tokens[at - 1]
            if before.end == offset:
                token = before
        return token if token.start <= offset <= token.end else None

    def token_before(self, offset: int) -> Token | None:
        """The last token that ends at an offset or before, comments and line breaks aside."""
        at = bisect_right(self._starts, offset) - 1
        while at >= 0:
            token = self.tokens[at]
            if token.end <= offset and token.kind not in ("comment", "line"):
                return token
            at -= 1
        return None

    def token_after(self, offset: int) -> Token | None:
        """The first token that begins at an offset or later, comments and line breaks aside."""
        for token in self.tokens[bisect_left(self._starts, offset) :]:
            if token.kind not in ("comment", "line"):
                return token
        return None

    def text_at(self, offset: int) -> Text | None:
        """The string whose content an offset is in, or next to."""
        for text in self.texts:
            if text.inside[0] <= offset <= text.inside[1]:
                return text
            if text.start > offset:
                return None
        return None

    def bracket_at(self, offset: int) -> Bracket | None:
        """The innermost bracket around an offset."""
        found = None
        for bracket in self.brackets:
            if bracket.start >= offset:
                break
            if offset < bracket.end or (offset == bracket.end and not self._is_closed(bracket)):
                found = bracket
        return found

    def binding(self, name: str, offset: int) -> Binding | None:
        """Where a name that stands at an offset gets its meaning: the first of the innermost scope."""
        known = [
            each for each in self.bindings if each.name == name and each.scope[0] <= offset < each.scope[1]
        ]
        return min(known, key=lambda each: (each.scope[1] - each.scope[0], each.start), default=None)

    def function_at(self, offset: int) -> tuple[int, int] | None:
        """The offsets of the innermost function around an offset; None outside functions."""
        around = [each.scope for each in self.bindings if each.kind == "body"]
        inner = [scope for scope in around if scope[0] <= offset < scope[1]]
        return min(inner, key=lambda scope: scope[1] - scope[0], default=None)

    def statement(self, offset: int) -> tuple[int, int]:
        """The offsets of the logical line an offset is in, and of what is indented below it."""
        at = bisect_right(self._blocks, (offset, len(self.text) + 1)) - 1
        return self._blocks[at] if at >= 0 else (offset, offset)

    def loads(self) -> Iterator[str]:
        """The files that are loaded, as written."""
        for bracket in self.brackets:
            if bracket.name == "load":
                first = next((text for text in self.texts if text.around is bracket), None)
                if first is not None:
                    yield first.value

    def _is_closed(self, bracket: Bracket) -> bool:
        return self.text[bracket.end - 1 : bracket.end] in _CLOSERS and bracket.end - 1 > bracket.start

    def _read(self) -> None:
        """Finds brackets and strings, each with the bracket around it."""
        stack: list[Bracket] = []
        arguments: list[str | None] = [None]
        colons: list[bool] = [False]
        before: Token | None = None
        for at, token in enumerate(self.tokens):
            if token.kind in ("comment", "line"):
                continue
            around = stack[-1] if stack else None
            text = token.text
            if text in ("(", "[", "{"):
                callee = before if text == "(" and before is not None and before.kind == "name" else None
                bracket = Bracket(
                    text, token.start, len(self.text), around, callee, arguments[-1], colons[-1]
                )
                self.brackets.append(bracket)
                stack.append(bracket)
                arguments.append(None)
                colons.append(False)
            elif text in _CLOSERS:
                self._close(stack, arguments, colons, token)
            elif text == ",":
                arguments[-1], colons[-1] = None, False
            elif text == ":":
                colons[-1] = True
            elif text == "=" and around is not None and before is not None and before.kind == "name":
                arguments[-1] = before.text
                around.keywords.setdefault(before.text, before)
            elif token.kind == "string":
                self.texts.append(_text(token, around, arguments[-1], colons[-1]))
            before = self.tokens[at]

    def _close(
        self, stack: list[Bracket], arguments: list[str | None], colons: list[bool], token: Token
    ) -> None:
        opener = _CLOSERS[token.text]
        if not any(bracket.opener == opener for bracket in stack):
            return
        while stack:
            bracket = stack.pop()
            arguments.pop()
            colons.pop()
            bracket.end = token.end
            if bracket.opener == opener:
                return

    def _bind(self) -> None:
        for line in _logical_lines(self.tokens):
            self._blocks.append(line.block)
            self.bindings += _bindings(self, line)


@lru_cache(maxsize=64)
def outline(text: str) -> Outline:
    """The outline of a text, whose lines end in line feeds; remembered for the texts last asked about."""
    return Outline(text)


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    skip = -1
    for index, piece in enumerate(split(text)):
        start, at = at, at + len(piece)
        part = piece[: len(text) - start]  # split adds a last line break
        if start < skip or not part:
            continue
        if index % 2:
            yield from _pieces(part, start)
            continue
        quote = _QUOTE.search(part)
        if quote is not None:
            opened = start + quote.start()
            word = _WORD.match(text, opened + 1)
            skip = word.end() if word else opened + 1
            yield Token("string", text[opened:skip], opened, skip)


def _pieces(part: str, start: int) -> Iterator[Token]:
    first = part[0]
    if first in "\n#":
        for found in re.finditer(r"#[^\n]*|\n[ \t]*", part):
            kind = "comment" if found[0][0] == "#" else "line"
            yield Token(kind, found[0], start + found.start(), start + found.end())
    elif part[-1] in "\"'":
        yield Token("string", part, start, start + len(part))
    elif first.isalpha() or first == "_":
        yield Token("name", part, start, start + len(part))
    elif first != "\\":
        yield Token("mark", part, start, start + len(part))


def _text(token: Token, around: Bracket | None, argument: str | None, after_colon: bool) -> Text:
    body = token.text.lstrip("rb")
    skip = len(token.text) - len(body)
    width = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    closed = len(body) >= 2 * width and body.endswith(body[:width])
    inside = (token.start + skip + width, token.end - (width if closed else 0))
    value = body[width : -width if closed else None]
    if closed and "\\" in value and "b" not in token.text[:skip]:
        try:
            node = leaf(STRING, token.text, 0, len(token.text))
            value = getattr(node, "value", value)
        except Fault:
            pass  # an escape that means nothing: what is written stands for itself
    return Text(value, token.start, token.end, inside, around, argument, after_colon)


@dataclass(frozen=True, slots=True)
class _Line:
    """A logical line: its tokens, those of comments and line breaks aside, and what it is indented by."""

    column: int
    tokens: tuple[Token, ...]
    block: tuple[int, int]
    """The offsets of the line and of everything indented below it."""


def _logical_lines(tokens: list[Token]) -> Iterator[_Line]:
    lines: list[tuple[int, list[Token]]] = []
    depth = 0
    column = 0
    fresh = True
    for token in tokens:
        if token.kind == "comment":
            continue
        if token.kind == "line":
            if depth == 0:
                column, fresh = len(token.text) - 1, True
            continue
        if fresh:
            lines.append((column, []))
            fresh = False
        lines[-1][1].append(token)
        depth += (token.text in ("(", "[", "{")) - (token.text in _CLOSERS)
        depth = max(depth, 0)
    open_blocks: list[int] = []
    ends = [tokens[-1].end + 1 if tokens else 0] * len(lines)
    for at, (indent, words) in enumerate(lines):
        while open_blocks and lines[open_blocks[-1]][0] >= indent:
            ends[open_blocks.pop()] = words[0].start
        open_blocks.append(at)
    for (indent, words), end in zip(lines, ends, strict=True):
        yield _Line(indent, tuple(words), (words[0].start, end))


def _bindings(known: Outline, line: _Line) -> Iterator[Binding]:
    whole = (0, len(known.text) + 1)
    scope = whole if line.column == 0 else known.function_at(line.tokens[0].start) or whole
    words = line.tokens
    if words[0].text == "def" and len(words) > 1 and words[1].kind == "name":
        yield Binding(words[1].text, words[1].start, words[1].end, "function", scope)
        yield from _parameters(words[2:], line.block)
    elif words[0].text == "load":
        yield from _loaded(known, words, scope)
    else:
        yield from _assigned(words, scope)
    yield from _looped(known, words, scope)


def _parameters(words: tuple[Token, ...], block: tuple[int, int]) -> Iterator[Binding]:
    yield Binding("", block[0], block[0], "body", block)
    depth = 0
    previous = ""
    for word in words:
        depth += (word.text in ("(", "[", "{")) - (word.text in _CLOSERS)
        if word.kind == "name" and depth == 1 and previous in ("(", ",", "*", "**"):
            yield Binding(word.text, word.start, word.end, "parameter", block)
        if depth == 0:
            return
        previous = word.text


def _assigned(words: tuple[Token, ...], scope: tuple[int, int]) -> Iterator[Binding]:
    """The names before the `=` of an assignment."""
    depth = 0
    targets: list[Token] = []
    for word in words:
        depth += (word.text in ("(", "[", "{")) - (word.text in _CLOSERS)
        if depth == 0 and (word.text == "=" or _AUGMENTED.fullmatch(word.text)):
            for target in targets:
                yield Binding(target.text, target.start, target.end, "variable", scope)
            return
        if word.kind == "name":
            targets.append(word)
        elif word.text not in (",", "(", ")", "[", "]"):
            return


def _looped(known: Outline, words: tuple[Token, ...], scope: tuple[int, int]) -> Iterator[Binding]:
    """The names between `for` and `in`; those of a comprehension live in its bracket."""
    targets: list[Token] | None = None
    for word in words:
        if word.text == "for":
            targets = []
        elif word.text == "in" and targets is not None:
            for target in targets:
                bracket = known.bracket_at(target.start)
                inner = (bracket.start, bracket.end) if bracket is not None else scope
                yield Binding(target.text, target.start, target.end, "variable", inner)
            targets = None
        elif targets is not None and word.kind == "name":
            targets.append(word)


def _loaded(known: Outline, words: tuple[Token, ...], scope: tuple[int, int]) -> Iterator[Binding]:
    texts = [text for text in known.texts if words[0].start <= text.start <= words[-1].end]
    for text in texts[1:]:
        before = known.token_before(text.start)
        source = (texts[0].value, text.value)
        if before is not None and before.text == "=":
            local = known.token_before(before.start)
            if local is not None:
                yield Binding(local.text, local.start, local.end, "loaded", scope, source)
        else:
            yield Binding(text.value, text.inside[0], text.inside[1], "loaded", scope, source)
