"""Text in, tokens out: one split by a compiled expression, then the layout of lines and brackets.

`re.split` with the token pattern as its group returns gaps and tokens alternately, in one C call; offsets
are the running sum of their lengths, kinds come from a dict that learns new words as it meets them. The
layout pass then drops line breaks between brackets and puts INDENT and DEDENT where the indentation
changes. A gap that is not blank is a lexical error; finding out which one is left to `complaints.py`.
"""

from __future__ import annotations

import re
from itertools import accumulate

from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.tables import (
    BYTES,
    DEDENT,
    END,
    FLOAT,
    INDENT,
    INT,
    KIND_NUMBER,
    NAME,
    NEWLINE,
    OPENERS,
    PATTERNS,
    RESERVED,
    STRING,
)

SKIPPED = -1
"""The kind of a line break between brackets, or after a backslash."""
RESERVED_WORD = len(KIND_NUMBER)
"""The kind of a reserved word: no state of the parser has an action for it."""


class Tokens:
    """The tokens of a file as four lists of equal length: kind, start, end and text of each."""

    __slots__ = ("ends", "kinds", "starts", "texts")

    def __init__(self, kinds: list[int], starts: list[int], ends: list[int], texts: list[str]) -> None:
        self.kinds = kinds
        self.starts = starts
        self.ends = ends
        self.texts = texts

    def add(self, kind: int, offset: int) -> None:
        """Appends a token of the layout, which has no text."""
        self.kinds.append(kind)
        self.starts.append(offset)
        self.ends.append(offset)
        self.texts.append("")


def _pattern() -> str:
    """All tokens in one expression: first the frequent in their plain form, then all in full."""
    quoted = PATTERNS["STRING"].removeprefix("r?")
    assert PATTERNS["BYTES"] == "r?b" + quoted
    punctuation = [kind for kind in KIND_NUMBER if not kind[0].isalnum() and kind != "$END"]
    tails: dict[str, list[str]] = {}
    for word in sorted(punctuation, key=len, reverse=True):
        tails.setdefault(word[0], []).append(re.escape(word[1:]))
    single = "".join(re.escape(first) for first, rest in tails.items() if rest == [""] and first != ".")
    longer = [f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in tails.items() if rest != [""]]
    return "|".join(
        [
            f"[{single}]",
            r'"(?!"")[^"\\\n]*"',
            rf"rb?{quoted}|b{quoted}",
            PATTERNS["NAME"],
            r"\n *(?![ \n#\t])",
            rf"(?=[\n#]){PATTERNS['NEWLINE']}",
            rf"(?=[0-9.])(?:{PATTERNS['FLOAT']}|{PATTERNS['INT']})",
            quoted,
            *sorted(longer, key=lambda pattern: pattern[0] != "="),
            r"\.",
            r"\\\n",
        ]
    )


_SPLIT = re.compile(f"({_pattern()})")


class _Kinds(dict[str, int]):
    """The kind of every token text seen so far; a new text is told by its first and last character."""

    def __missing__(self, text: str) -> int:
        if text[-1] in "\"'":
            kind = BYTES if text[0] == "b" or text[:2] == "rb" else STRING
        elif text[0].isalpha() or text[0] == "_":
            kind = NAME
        elif text[0] in "\n#\\":
            kind = NEWLINE
        elif any(c in text for c in ".eE") and text[:2].lower() != "0x":
            kind = FLOAT
        else:
            kind = INT
        self[text] = kind
        return kind


_WORDS = {kind: number for kind, number in KIND_NUMBER.items() if not kind.isupper() and kind != "$END"}
_WORDS |= dict.fromkeys(RESERVED, RESERVED_WORD)


MAX_BRACKETS = 150
MAX_BLOCKS = 60


def split(text: str) -> list[str]:
    """The gaps and the tokens of a text, alternately, beginning with a gap."""
    return _SPLIT.split(text if text.endswith("\n") else text + "\n")


def scan(text: str) -> Tokens:
    """The tokens of a text whose lines end in line feeds, the layout's and a final `$END` included.

    Raises:
        Fault: AL007 when some character begins no token, AL003 for an indentation that matches no block,
            AL006 for a bracket or block nested too deeply.
    """
    return lay_out(tokenize(text), len(text))


def tokenize(text: str) -> Tokens:
    """The tokens before their layout, all line breaks included. Raises Fault AL007."""
    parts = split(text)
    bounds = list(accumulate(map(len, parts)))
    texts = parts[1::2]
    kinds = list(map(_Kinds(_WORDS).__getitem__, texts))
    if "".join(parts[0::2]).strip(" \t"):
        raise Fault("AL007", "unexpected character")
    return Tokens(kinds, bounds[0:-1:2], bounds[1::2], texts)


def _misplace(fault: Fault, misplaced: list[Fault] | None) -> None:
    if misplaced is None:
        raise fault
    misplaced.append(fault)


def lay_out(tokens: Tokens, size: int, misplaced: list[Fault] | None = None) -> Tokens:
    """The tokens of a text of this size without line breaks between brackets, and with INDENT and DEDENT.

    With a list for them, lines whose indentation matches no block are noted there and taken into the nearest.
    Raises Fault, AL003 and AL006, as `scan` does.
    """
    kinds = tokens.kinds
    if tokens.starts[0] and kinds[0] != NEWLINE:
        place = (0, tokens.starts[0])
        _misplace(Fault("AL003", "unexpected indentation: no block is open here", place), misplaced)
    changes: list[tuple[int, int]] = []
    depth = 0
    columns = [0]
    for at in [at for at, kind in enumerate(kinds) if kind <= NEWLINE]:
        kind = kinds[at]
        if kind < NEWLINE:
            if kind > OPENERS:
                depth -= depth > 0
            else:
                depth += 1
                if depth > MAX_BRACKETS:
                    place = (tokens.starts[at], tokens.ends[at])
                    raise Fault("AL006", f"brackets nest deeper than {MAX_BRACKETS} levels", place)
            continue
        if depth:
            kinds[at] = SKIPPED
            continue
        text = tokens.texts[at]
        if text[0] == "\\":
            kinds[at] = SKIPPED
            continue
        column = indentation(text)
        if column != columns[-1] and tokens.ends[at] < size:
            changes += [(at + 1, kind) for kind in _indent(columns, column, tokens.ends[at], misplaced)]
    laid = _with_layout(tokens, changes) if changes else tokens
    for _ in columns[1:]:
        laid.add(DEDENT, size)
    laid.add(END, size)
    return laid


def indentation(text: str) -> int:
    """The column a line break's text leads to; a tab goes to the next multiple of eight."""
    indentation = text[text.rindex("\n") + 1 :]
    if "\t" not in indentation:
        return len(indentation)
    column = 0
    for char in indentation:
        column += 8 - column % 8 if char == "\t" else 1
    return column


def _indent(columns: list[int], column: int, offset: int, misplaced: list[Fault] | None) -> list[int]:
    """The INDENT, or the DEDENTs, that lead to a column; `columns` is brought up to date."""
    if column > columns[-1]:
        if len(columns) > MAX_BLOCKS:
            raise Fault("AL006", f"blocks nest deeper than {MAX_BLOCKS} levels", (offset, offset + 1))
        columns.append(column)
        return [INDENT]
    dedents = []
    while column < columns[-1]:
        columns.pop()
        dedents.append(DEDENT)
    if column != columns[-1]:
        place = (offset - column, offset)
        _misplace(Fault("AL003", "this indentation matches no block above", place), misplaced)
        columns.append(column)
        dedents.pop()
    return dedents


def _with_layout(tokens: Tokens, changes: list[tuple[int, int]]) -> Tokens:
    """The tokens with an INDENT or DEDENT put before each index in `changes`."""
    laid = Tokens([], [], [], [])
    done = 0
    for at, kind in [*changes, (len(tokens.kinds), -1)]:
        laid.kinds += tokens.kinds[done:at]
        laid.starts += tokens.starts[done:at]
        laid.ends += tokens.ends[done:at]
        laid.texts += tokens.texts[done:at]
        done = at
        if kind >= 0:
            laid.add(kind, laid.ends[-1])
    return laid
