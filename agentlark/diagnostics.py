"""What the user is told about a mistake: places in source texts, diagnostics, and how they are shown.

A place is kept as two offsets into a `Source`; lines and columns are counted only when somebody asks,
so that spans cost nothing on success. This module imports nothing of ours; the language room and the
compiler both speak through it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Literal, TypedDict

Severity = Literal["error", "warning", "note"]

SHOWN_LIMIT = 50
"""How many diagnostics a report prints before it only counts the rest."""

EXCERPT = 240
"""How many characters of a line are shown."""

_TAB = 4


class Source:
    """A named text, with its line starts found on first use."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column, in characters, of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a 1-based line, without its line break."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters in a source; equal spans of one source compare equal."""

    source: Source
    start: int
    end: int

    @property
    def file(self) -> str:
        """The name of the source, as shown to the user."""
        return self.source.name

    @property
    def line(self) -> int:
        """1-based line of the first character."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """1-based column, in characters, of the first character."""
        return self.source.position(self.start)[1]

    @property
    def end_line(self) -> int:
        """1-based line just after the last character."""
        return self.source.position(self.end)[0]

    @property
    def end_column(self) -> int:
        """1-based column just after the last character."""
        return self.source.position(self.end)[1]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.file}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in data that has no text lines: a JSON pointer into a named document."""

    file: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}" if self.pointer else self.file


Place = Span | Pointer


def _lines(place: Place | None) -> tuple[int, int, int, int] | tuple[None, None, None, None]:
    if isinstance(place, Span):
        return place.line, place.column, place.end_line, place.end_column
    return None, None, None, None


class RelatedJson(TypedDict):
    """A second place of a diagnostic, as JSON."""

    file: str | None
    line: int | None
    column: int | None
    message: str


class DiagnosticJson(TypedDict):
    """A diagnostic as JSON; lines and columns are 1-based, columns in characters."""

    code: str
    severity: Severity
    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    message: str
    help: str | None
    related: list[RelatedJson]
    fix: str | None


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains the first: the earlier definition, an edge of a cycle."""

    place: Place
    message: str

    def to_json(self) -> RelatedJson:
        """This place as JSON."""
        line, column, *_ = _lines(self.place)
        return {"file": self.place.file, "line": line, "column": column, "message": self.message}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to tell the user: what, where, why, and what to do about it.

    `help` is a sentence; `fix` is replacement text for the span when there is exactly one sensible one.
    """

    code: str
    message: str
    place: Place | None = None
    severity: Severity = "error"
    help: str | None = None
    related: tuple[Related, ...] = field(default=())
    fix: str | None = None

    def to_json(self) -> DiagnosticJson:
        """This diagnostic as JSON, the shape documented in docs/language.md."""
        line, column, end_line, end_column = _lines(self.place)
        message = self.message
        if isinstance(self.place, Pointer) and self.place.pointer:
            message = f"{self.place.pointer}: {message}"
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.place.file if self.place else None,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "message": message,
            "help": self.help,
            "related": [related.to_json() for related in self.related],
            "fix": self.fix,
        }


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to a misspelt one, or None when nothing is near."""
    found = get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)
    return found[0] if found else None


def visible(text: str) -> str:
    r"""The text with control and direction-changing characters spelled out (`\x1b`), newline and tab kept.

    What models and files contain is shown to people in terminals; an escape sequence must not act there.
    """
    if text.isascii() and text.isprintable():
        return text
    return _MAY_ACT.sub(_made_visible, text)


_MAY_ACT = re.compile(
    r"[^ -~\n\t\xa0-\xac\xae-\xff\u2010-\u2027\u2030-\u205e\u2190-\u2bff\u3000-\u303f\uff01-\uff60\w]"
)
"""What is worth a closer look: no letter or digit of any script, nor one of the common marks and symbols."""


def _made_visible(found: re.Match[str]) -> str:
    char = found[0]
    return _spell(char) if _acts(char) else char


def _acts(char: str) -> bool:
    code = ord(char)
    if code < 0x20 or 0x7F <= code <= 0x9F:
        return True
    if code < 0xAD:
        return False
    return unicodedata.category(char) in ("Cf", "Cs", "Zl", "Zp") and char not in "\u200c\u200d"


def _spell(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def render(diagnostics: Sequence[Diagnostic], limit: int = SHOWN_LIMIT) -> str:
    """All diagnostics as plain text: place, message, source line with carets, related places, help."""
    blocks = [_render_one(diagnostic) for diagnostic in diagnostics[:limit]]
    if len(diagnostics) > limit:
        blocks.append(f"… and {len(diagnostics) - limit} more")
    return "\n\n".join(blocks)


def _render_one(diagnostic: Diagnostic) -> str:
    head = f"{diagnostic.severity}[{diagnostic.code}]: {visible(diagnostic.message)}"
    lines = [f"{visible(str(diagnostic.place))}: {head}" if diagnostic.place else head]
    if isinstance(diagnostic.place, Span):
        lines += _excerpt(diagnostic.place)
    for related in diagnostic.related:
        lines.append(f"  {visible(str(related.place))}: {visible(related.message)}")
        if isinstance(related.place, Span):
            lines += _excerpt(related.place)
    if diagnostic.help:
        lines.append(f"  help: {visible(diagnostic.help)}")
    return "\n".join(lines)


def _excerpt(span: Span) -> list[str]:
    """The span's first line with carets under it; wide characters and tabs are accounted for."""
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    if not text.strip():
        return []
    end_line, end_column = span.source.position(span.end)
    stop = end_column - 1 if end_line == line else len(text)
    if len(text) > EXCERPT:  # a window around the place, so that a report stays readable
        start = max(0, column - 1 - EXCERPT // 4)
        text = text[start : start + EXCERPT]
        column, stop = column - start, min(stop - start, len(text))
    before = _columns(text[: column - 1])
    width = max(1, _columns(text[column - 1 : max(stop, column)]))
    number = str(line)
    shown = visible(text.replace("\t", " " * _TAB))
    return [f"  {number} | {shown}", f"  {' ' * len(number)} | {' ' * before}{'^' * width}"]


def _columns(text: str) -> int:
    """How many terminal cells the text takes once shown by `visible`."""
    if text.isascii() and text.isprintable():
        return len(text)
    cells = 0
    for char in text:
        if char == "\t":
            cells += _TAB
        elif _acts(char):
            cells += len(_spell(char))
        elif not unicodedata.combining(char):
            cells += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return cells
